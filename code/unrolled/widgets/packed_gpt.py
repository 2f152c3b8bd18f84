"""A GPT and its tokenizer as bytes that a page can carry and its JavaScript can run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import traitlets
from torch import nn

from unrolled.corpus import CharacterVocabulary, WordVocabulary
from unrolled.widgets import packed_merges
from unrolled.widgets.interactive import Interactive
from unrolled.yardstick import bits_per_character

if TYPE_CHECKING:
    from unrolled.bpe import BytePairTokenizer
    from unrolled.gpt import GPT

LARGEST = 127
"""Of an 8-bit integer; -128 is left out, so that a row and its negative lose the same."""
NORM_EPSILON = 1e-5
"""What the page's LayerNorm adds to a variance."""


@dataclass(frozen=True)
class PackedGPT:
    """A model's numbers, little-endian, and what they are the numbers of.

    A matrix travels as an 8-bit integer for each number and one float32 scale for each row, the
    largest size in the row / 127; a vector (bias, gain) as float32. First come all float32
    numbers (a matrix's scales or a vector's values) in the order of `gpt_tensors`, then all
    integers in the same order. `shape` holds ``vocabulary_size``, ``context_length``,
    ``layers``, ``heads``, ``width``.
    """

    weights: bytes
    shape: dict[str, int]


def gpt_tensors(model: GPT) -> Iterator[tuple[nn.Parameter | None, int]]:
    """The arrays of a GPT in the order in which they travel, each with its number of rows.

    Token embedding (V, C), which is the head too, position embedding (T, C); for each block gain
    and bias of norm_1, weight and bias of project_in (3C, C) and project_out (C, C), gain and bias
    of norm_2, weight and bias of expand (4C, C) and contract (C, 4C); gain and bias of the last
    norm. None stands for a bias that the model leaves out.
    """
    modules = [model.token_embedding, model.position_embedding]
    for block in model.blocks:
        modules += [block.norm_1, block.attention.project_in, block.attention.project_out]
        modules += [block.norm_2, block.feed_forward.expand, block.feed_forward.contract]
    for module in [*modules, model.norm]:
        yield module.weight, len(module.weight)
        if not isinstance(module, nn.Embedding):
            yield module.bias, len(module.weight)


def quantize(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round a matrix (rows, columns) to int8 and one float32 scale a row: W is about q * scale."""
    scales = (np.abs(matrix).max(axis=1) / LARGEST).astype(np.float32)
    safe = np.where(scales > 0, scales, 1)[:, None]
    return np.clip(np.rint(matrix / safe), -LARGEST, LARGEST).astype(np.int8), scales


def pack_gpt(model: GPT, vocabulary_size: int) -> PackedGPT:
    """Pack a GPT for the page: one byte a weight, a float32 for each row and each bias.

    Raises:
        ValueError: Another vocabulary, a head of its own, a context of fewer than 2 tokens,
            a norm the page doesn't have, or weights that aren't finite.
    """
    V, C = model.token_embedding.weight.shape
    T = model.position_embedding.weight.shape[0]
    if vocabulary_size != V:
        raise ValueError(f"expected a vocabulary of {V} tokens, got {vocabulary_size}")
    if model.head.weight is not model.token_embedding.weight or model.head.bias is not None:
        raise ValueError("expected a head that is the token embedding, got one of its own")
    if T < 2:
        raise ValueError(f"expected a context of at least 2 tokens, got {T}")
    epsilons = {part.eps for part in model.modules() if isinstance(part, nn.LayerNorm)}
    if epsilons != {NORM_EPSILON}:
        raise ValueError(f"expected norms with eps = {NORM_EPSILON}, got {sorted(epsilons)}")
    floats, integers = [], []
    for tensor, rows in gpt_tensors(model):
        array = np.zeros(rows, np.float32) if tensor is None else tensor.detach().cpu().numpy()
        if not np.isfinite(array).all():
            raise ValueError("expected finite weights, got some that are infinite or not a number")
        if array.ndim == 2:
            rounded, array = quantize(array.astype(np.float32))
            integers.append(rounded)
        floats.append(array)
    weights = b"".join(array.astype("<f4").tobytes() for array in floats)
    weights += b"".join(array.tobytes() for array in integers)
    heads = model.blocks[0].attention.n_heads
    shape = {"vocabulary_size": V, "context_length": T, "layers": len(model.blocks)}
    return PackedGPT(weights, {**shape, "heads": heads, "width": C})


@torch.no_grad()
def dequantized(model: GPT) -> GPT:
    """The model as the page has it: a copy with each matrix rounded to int8 and back."""
    rounded = deepcopy(model).float().eval()
    for tensor, _ in gpt_tensors(rounded):
        if tensor is not None and tensor.ndim == 2:
            integers, scales = quantize(tensor.numpy())
            tensor.copy_(torch.from_numpy(integers * scales[:, None]))
    return rounded


def quantization_cost(
    model: GPT, vocabulary: CharacterVocabulary | BytePairTokenizer, text: str
) -> float:
    """What rounding to int8 costs, in bits per character of a text: the page's minus the model's.

    Both read the text as the yardstick does, in windows of the model's context. It may be
    negative: rounding is noise.
    """
    window = model.position_embedding.weight.shape[0]
    exact, rounded = (
        bits_per_character(one, vocabulary, text, window) for one in (model, dequantized(model))
    )
    return rounded - exact


@torch.no_grad()
def rounding_note(model: GPT, tokens: list[int]) -> str:
    """A sentence for the reader: the most that rounding moves a probability in this text."""
    seen = torch.tensor([tokens[: model.position_embedding.weight.shape[0]]])
    exact, rounded = (one(seen).double().softmax(-1) for one in (model, dequantized(model)))
    error = (exact - rounded).abs().max().item()
    digit = 10.0 ** math.floor(math.log10(error)) if error else 0.0
    limit = f"{100 * math.ceil(error / digit) * digit:.2g}" if error else "0"
    return (
        "The weights travel as 8-bit integers, with one scale for each row of a matrix: in the "
        f"text given here, no probability is off by more than {limit} percentage points."
    )


def pack_vocabulary(
    vocabulary: CharacterVocabulary | BytePairTokenizer,
) -> tuple[dict[str, object], bytes]:
    """What the page needs to turn text into the vocabulary's ids and back, and its merges.

    ``{"kind": "characters", "tokens": [...]}`` without merges, or ``{"kind": "bytes",
    "special": [...], "bytes": [...]}`` with merges as `unrolled.widgets.packed_merges` packs them.
    """
    if isinstance(vocabulary, WordVocabulary):
        raise ValueError("expected a vocabulary of characters or byte pairs, got words")
    if isinstance(vocabulary, CharacterVocabulary):
        return {"kind": "characters", "tokens": list(vocabulary.tokens)}, b""
    if not hasattr(vocabulary, "merges"):
        kind = type(vocabulary).__name__
        raise ValueError(f"expected a CharacterVocabulary or a BytePairTokenizer, got {kind}")
    packed = packed_merges.pack(vocabulary)
    return {"kind": "bytes", "special": packed.special, "bytes": packed.alphabet}, packed.merges


class GPTInteractive(Interactive):
    """An interactive in which a trained GPT and its vocabulary travel to the page.

    `tokens` are the ids of the first text that the page shows: on them the note for the reader
    says what rounding the weights did.

    Raises ValueError where model and vocabulary don't fit together.
    """

    weights = traitlets.Bytes().tag(sync=True)
    shape = traitlets.Dict().tag(sync=True)
    vocabulary = traitlets.Dict().tag(sync=True)
    merges = traitlets.Bytes().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        model: GPT,
        vocabulary: CharacterVocabulary | BytePairTokenizer,
        tokens: list[int],
        **traits: object,
    ) -> None:
        tokens_of, merges = pack_vocabulary(vocabulary)
        packed = pack_gpt(model, len(vocabulary))
        super().__init__(
            weights=packed.weights,
            shape=packed.shape,
            vocabulary=tokens_of,
            merges=merges,
            note=rounding_note(model, tokens),
            **traits,
        )
