"""Texts as rows for a pretrained model, and their surprise: references, and known slips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SKIPPED = -100
ROWS = 8  # at a time, when a model is measured


def packed(
    texts: Sequence[Sequence[int]], end: int, length: int, slip: str = ""
) -> tuple[Tensor, Tensor]:
    """The reference of `pack`, and what known slips make of it."""
    parts = [[*text, end] if slip == "after" else [end, *text] for text in texts]
    if slip == "no end":
        parts = [list(text) for text in texts]
    if slip == "one end":
        parts = [[end], *map(list, texts)]
    rows, labels = [], []
    apart = slip in ("no overlap", "blocks")
    step = length if apart else length - 1
    for row in parts if slip == "apart" else [[i for part in parts for i in part]]:
        stop = len(row) if apart or slip == "empty row" else len(row) - 1
        for start in range(0, stop, step):
            part = row[start : start + length]
            missing = length - len(part)
            if missing and slip in ("dropped", "blocks"):
                break
            rows.append(part + [end] * missing)
            labels.append(part + [end if slip == "scored" else SKIPPED] * missing)
    ids, targets = torch.tensor(rows), torch.tensor(labels)
    if slip == "by id":
        targets = ids.masked_fill(ids == end, SKIPPED)
    if slip == "shifted":
        targets = F.pad(targets[:, 1:], (0, 1), value=SKIPPED)
    if slip == "ids too":
        ids = targets
    return ids, targets


PACKING_SLIPS = {
    "no end": "no `end` stands between the texts",
    "one end": "`end` stands before the first text only",
    "after": "`end` stands after each text; put it before, so that it announces the first token",
    "no overlap": "each row begins where the one before ended, so that the first token of each row "
    "is never scored: begin with the last token of the row before",
    "blocks": "these are the chapters' blocks: no row begins with the last token of the one "
    "before, and the rest at the end is dropped",
    "dropped": "what fills no whole row was dropped",
    "apart": "each text got rows of its own; lay the texts end to end first",
    "empty row": "the last row scores nothing: its one token was scored by the row before",
    "ids too": "-100 stands among the input ids, where it names no token; it belongs in the labels",
}
LABEL_SLIPS = {
    "scored": "what the last row was filled up with is scored",
    "by id": "labels went by the id: the true ends of texts lost theirs, too",
    "shifted": "the labels are shifted; the model shifts them itself",
}


def tiny(seed: int) -> PreTrainedModel:
    """A Llama with large random weights, which drops half of its attention while it trains."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=30, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=32,
        attention_dropout=0.5, bos_token_id=0, eos_token_id=0, pad_token_id=None,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
        for weight in model.parameters():
            weight.data.mul_(8 if weight.dim() > 1 else 1)
    return model


@torch.no_grad()
def nats(model: PreTrainedModel, ids: Tensor, labels: Tensor, ahead: int = 1) -> Tensor:
    """Surprise at each label `ahead` of its place, 0 where none is scored: (N, T - ahead)."""
    targets = labels[:, ahead:]
    parts = []
    for rows, goals in zip(ids.split(ROWS), targets.split(ROWS), strict=True):
        logits = model(rows, use_cache=False).logits[:, : goals.shape[1]].float()
        parts.append(F.cross_entropy(logits.mT, goals, ignore_index=SKIPPED, reduction="none"))
    return torch.cat(parts).double()


def bits_slips(
    model: PreTrainedModel, ids: Tensor, labels: Tensor, characters: int, got: float
) -> dict[str, float]:
    """What known slips make of bits per character; of several means, the nearest to `got`."""
    each, scored = nats(model, ids, labels), labels[:, 1:] != SKIPPED
    total, n, unit = each.sum().item(), scored.sum().item(), characters * math.log(2)
    slips = {
        "these are nats; divide by the logarithm of 2": total / characters,
        "these are bits per token: divide by the characters, not by the tokens": (
            total / n / math.log(2)
        ),
        "these are nats per token": total / n,
        "the mean surprise was multiplied by all places, those that aren't scored too": (
            total / n * scored.numel() / unit
        ),
        "the mean was multiplied by all tokens; each row scores one less than it holds": (
            total / n * (labels != SKIPPED).sum().item() / unit
        ),
        "each place is scored by its own token; it must predict the next one": (
            nats(model, ids, labels, 0).sum().item() / unit
        ),
        "the labels are shifted twice: each place is scored by the token after next": (
            nats(model, ids, labels, 2).sum().item() / unit
        ),
    }
    means = []
    for size in range(1, ROWS + 1):
        parts = zip(each.split(size), scored.split(size), strict=True)
        mean = torch.stack([part.sum() / count.sum() for part, count in parts]).mean().item()
        means += [mean * n / unit, mean / math.log(2), mean]
    nearest = min(means, key=lambda mean: abs(mean - got))
    return slips | {
        "the mean of the batches' means: a batch with fewer tokens must weigh less": nearest
    }
