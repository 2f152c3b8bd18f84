"""Byte-pair tokenizers as the page needs them: two numbers of 16 bits for each merge."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unrolled.corpus import BOUNDARY

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from unrolled.bpe import BytePairTokenizer

LARGEST_ID = 2**16 - 1


@dataclass(frozen=True)
class PackedTokenizer:
    """A tokenizer as `static/bpe.js` reads it.

    Ids count the special tokens first, then the bytes, then the merges: merge k makes id
    ``len(special) + len(alphabet) + k``. So two ids a merge are all that has to be stored, and
    the tokens' texts follow from them.
    """

    special: list[str]  # names of the first ids
    alphabet: list[int]  # values of the bytes that have an id, in the order of their ids
    merges: bytes  # (M, 2) uint16, little-endian: the ids that merge k joins


def pack(tokenizer: BytePairTokenizer) -> PackedTokenizer:
    """Pack a tokenizer of the book. Raises ValueError for one of more than 65,536 tokens."""
    return PackedTokenizer([BOUNDARY], list(range(256)), _packed(tokenizer.merges))


def pack_pretrained(tokenizer: PreTrainedTokenizerFast) -> PackedTokenizer:
    """Pack a byte-level BPE tokenizer of transformers, whose ids are in the order of its merges.

    Raises ValueError for a tokenizer of another kind.
    """
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    if model["type"] != "BPE":
        raise ValueError(f"expected a tokenizer of type BPE, got {model['type']}")
    ids, merges = model["vocab"], [tuple(merge) for merge in model["merges"]]
    names = sorted(ids, key=ids.get)
    base = len(names) - len(merges)
    values = {character: value for value, character in enumerate(byte_characters())}
    first = next(i for i, name in enumerate(names) if name in values)
    alphabet = [values.get(name) for name in names[first:base]]
    if None in alphabet or [left + right for left, right in merges] != names[base:]:
        raise ValueError(
            "expected ids in the order: special tokens, bytes, merges; got a tokenizer whose "
            "vocabulary is in another order"
        )
    pairs = [(ids[left], ids[right]) for left, right in merges]
    return PackedTokenizer(names[:first], alphabet, _packed(pairs))


def byte_characters() -> list[str]:
    """The character by which GPT-2's vocabulary shows each byte: 0 to 255 in their order.

    A printable byte shows as itself; the others, such as the space, as the characters from 256
    on (Radford et al. 2019, in their published encoder).
    """
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(value if value in printable else next(others)) for value in range(256)]


def _packed(pairs: Sequence[tuple[int, int]]) -> bytes:
    highest = max((max(pair) for pair in pairs), default=0)
    if highest > LARGEST_ID:
        raise ValueError(f"expected ids up to {LARGEST_ID}, got {highest}")
    return np.array(pairs, dtype="<u2").tobytes()
