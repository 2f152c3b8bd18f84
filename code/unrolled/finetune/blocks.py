"""Texts as rows of equal length, and the order in which a run reads them.

Language models learn from rows (B, T). Padding short texts to the length of the longest would spend
most of the work on nothing; so all texts are laid end to end, parted by the token that the model
knows as the end of a document, and cut every T tokens. No place is empty.

The order is a function of the seed and the step alone, so a run that goes on after an interruption
has no order to remember, and every process of many can find its own share.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def document_end(tokenizer: PreTrainedTokenizerBase) -> int | None:
    """The id that parted documents when the model was pretrained; None if it knows none.

    GPT-2 and its many heirs call it ``<|endoftext|>``, also where chats end otherwise; for other
    models it is the token that begins a text, or ends one.
    """
    if "<|endoftext|>" in tokenizer.get_vocab():
        return tokenizer.convert_tokens_to_ids("<|endoftext|>")
    return tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id


def pack(texts: Iterable[str], tokenizer: PreTrainedTokenizerBase, block_length: int) -> Tensor:
    """Lay texts end to end and cut them into blocks: (N, T) int64, T = `block_length`.

    A document's end stands before each text. What is left over at the very end, less than
    a block, is dropped.

    Raises:
        ValueError: A block of less than 2 tokens, or not enough text for one.
    """
    if block_length < 2:
        raise ValueError(f"expected a block_length of at least 2, got {block_length}")
    end = document_end(tokenizer)
    tokens: list[int] = []
    for text in texts:
        tokens.extend([] if end is None else [end])
        tokens.extend(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
    n = len(tokens) // block_length
    if n == 0:
        raise ValueError(f"expected at least {block_length} tokens of text, got {len(tokens)}")
    return torch.tensor(tokens[: n * block_length]).view(n, block_length)


def count_characters(blocks: Tensor, tokenizer: PreTrainedTokenizerBase) -> int:
    """How many characters the scored tokens of blocks (N, T) stand for: all but each first one.

    What turns nats per token into bits per character.
    """
    rows = tokenizer.batch_decode(blocks[:, 1:].tolist(), skip_special_tokens=True)
    return sum(len(row) for row in rows)


def batch_at(step: int, n_blocks: int, batch_size: int, seed: int) -> Tensor:
    """Which blocks a step reads, counted from 1: (B,) int64, the same whoever asks.

    Every pass through the blocks has an order of its own, drawn from seed and pass; a batch may
    take the last blocks of one pass and the first of the next.
    """
    places = torch.arange((step - 1) * batch_size, step * batch_size)
    orders = {
        number: torch.randperm(n_blocks, generator=_generator(seed, number))
        for number in (places // n_blocks).unique().tolist()
    }
    return torch.stack([orders[p // n_blocks][p % n_blocks] for p in places.tolist()])


def _generator(seed: int, number: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed * 1_000_003 + number)
