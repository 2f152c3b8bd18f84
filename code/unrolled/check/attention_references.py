"""What right and wrong answers to ``exercises/attention.md`` give; `attention` compares with it.

Each reference takes a `slip`, the name of a known mistake; the tables beside them say what each
mistake is told.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

Chunk = tuple[Tensor, Tensor]
"""Some keys (S, D) and their values (S, E)."""


def padded_mask(starts: Tensor, T: int, slip: str = "") -> Tensor:
    """The reference of `padded_mask`: (B, T, T), True where row i may look at column j."""
    places = torch.arange(T)
    starts = starts + {"late": 1, "early": -1}.get(slip, 0)
    real = places >= starts[:, None]  # (B, T)
    if slip == "right":
        real = places < T - starts[:, None]
    causal = places[:, None] >= places + (slip == "diagonal")
    seen = real[:, :, None] if slip == "rows" else real[:, None, :]
    itself = torch.eye(T, dtype=torch.bool)
    if slip == "padding":
        return causal.expand(len(starts), T, T)
    if slip == "open":
        return (seen | itself).expand(len(starts), T, T)
    if slip == "past":  # padding rows may look at the padding before them
        return causal & (seen | ~real[:, :, None])
    if slip == "all":  # padding rows may look at everything
        return (causal & seen) | ~real[:, :, None]
    allowed = causal & seen
    return allowed if slip in ("nothing", "diagonal") else allowed | itself


MASK_SLIPS = {
    "nothing": "a row of padding may look at nothing: the softmax of nothing is 0 / 0, nan, and "
    "one nan is soon everywhere; let it look at itself",
    "padding": "padding is looked at: the causal mask alone does not hide what stands in front",
    "diagonal": "your mask also hides the diagonal: a word may look at itself",
    "rows": "the rows of padding are hidden, not its columns: what is looked at is a column",
    "right": "the padding stands in front here, not behind",
    "open": "what comes later is not hidden",
    "late": "the first real word is hidden: it stands at place `start`, counted from 0",
    "early": "the last word of padding is taken for a real one",
    "all": "rows of padding may look at themselves alone, not at everything",
    "past": "rows of padding may look at themselves alone, not at the padding before them",
}


def grouped(Q: Tensor, K: Tensor, V: Tensor, n_heads: int, n_groups: int, slip: str = "") -> Tensor:
    """The reference of `grouped`: (B, T, C)."""
    (B, T, C), D = Q.shape, Q.shape[-1] // n_heads

    def cut(x: Tensor, H: int) -> Tensor:
        return x.reshape(B, H, T, D) if slip == "cut" else x.view(B, T, H, D).transpose(1, 2)

    share = n_heads // n_groups
    queries, keys, values = cut(Q, n_heads), cut(K, n_groups), cut(V, n_groups)
    if slip == "dealt":
        keys, values = keys.repeat(1, share, 1, 1), values.repeat(1, share, 1, 1)
    elif slip == "first":
        keys, values = keys[:, :1], values[:, :1]
    else:
        keys, values = keys.repeat_interleave(share, 1), values.repeat_interleave(share, 1)
    width = {"bare": 1, "whole": C}.get(slip, D)
    scores = queries @ keys.transpose(-2, -1) / math.sqrt(width)
    ones = torch.ones(T, T, dtype=torch.bool)
    hidden = {
        "open": ~ones,
        "diagonal": ones.triu(),
        "ahead": ones.tril(-1),
    }.get(slip, ones.triu(1))
    unmasked = scores
    scores = unmasked.masked_fill(hidden, 0 if slip == "zero" else -math.inf)
    A = scores.softmax(-2 if slip == "axis" else -1)
    if slip == "after":
        A = unmasked.softmax(-1).masked_fill(hidden, 0)
    out = A @ values  # (B, H, T, D)
    return out.reshape(B, T, C) if slip == "join" else out.transpose(1, 2).reshape(B, T, C)


GROUP_SLIPS = {
    "cut": "the heads were cut by the short cut, straight to (B, H, T, D): a head then holds whole "
    "tokens, not a part of each; cut to (B, T, H, D) and exchange two axes",
    "join": "the heads were joined without exchanging time and heads back",
    "bare": "the scores were not divided by the root of the width",
    "whole": "the width is that of one head, D, not C: each dot product has D terms",
    "open": "there is no mask: later words are looked at",
    "diagonal": "your mask also hides the diagonal: the first word is left with nothing",
    "ahead": "the mask is turned around: it hides the past and shows the future",
    "zero": "hidden scores were set to 0, and exp(0) is 1; they must be minus infinity",
    "after": "the weights were hidden after the softmax: later words have already taken their "
    "share, and what is left of a row no longer sums to 1",
    "axis": "the softmax runs along the askers; each row, an asker, has 1 to share out",
    "dealt": "the groups are dealt out in turn; neighboring heads share one: heads 0 and 1 the "
    "first, for two heads a group",
    "first": "all heads use the keys and values of the first group",
}


def alibi(T: int, slopes: Tensor, window: int, slip: str = "") -> Tensor:
    """The reference of `alibi`: what is added to the scores, (H, T, T)."""
    places = torch.arange(T)
    back = places[:, None] - places  # (T, T): how many steps row i looks back to column j
    window += {"wide": 1, "narrow": -1}.get(slip, 0)
    hidden = (back < 0) | (back >= window)
    if slip == "far":
        hidden = back < 0
    elif slip in ("ahead", "signed"):
        hidden = (back.abs() if slip == "ahead" else back) >= window
    slopes = slopes[:, None, None]
    cost = -slopes * (back if slip == "signed" else back.abs())
    if slip == "turned":
        cost = -cost
    elif slip == "power":
        cost = slopes ** back.clamp(min=0)
    elif slip == "flat":
        cost = 0 * cost
    return cost.masked_fill(hidden, 0.0 if slip == "zero" else -math.inf)


ALIBI_SLIPS = {
    "turned": "far words are favored: the cost must be subtracted",
    "far": "words beyond the window are not hidden",
    "ahead": "later words are not hidden",
    "signed": "later words are not hidden, and a step ahead even earns something",
    "wide": "the window is one too wide: it counts the word itself",
    "narrow": "the window is one too narrow: a window of 1 still sees the word itself",
    "power": "the slope is a cost for each step: multiply it with the steps, don't raise it",
    "flat": "distance costs nothing here: where are the slopes?",
    "zero": "hidden places must be minus infinity; 0 is the best score there is here",
}


def after_order(x: Tensor, order: Tensor) -> Tensor:
    """Words (T, C) with all but the last in another order."""
    return torch.cat([x[:-1][order], x[-1:]])


def in_chunks(q: Tensor, chunks: list[Chunk], slip: str = "") -> Tensor:
    """The reference of `in_chunks`: one query's output (E,) from all keys and values."""
    root = 1 if slip == "bare" else math.sqrt(len(q))
    scores = [keys @ q / root for keys, _ in chunks]
    values = [part for _, part in chunks]
    if slip in ("mean", "sizes"):
        outputs = torch.stack([s.softmax(0) @ v for s, v in zip(scores, values, strict=True)])
        sizes = (
            torch.tensor([len(s) for s in scores]) if slip == "sizes" else torch.ones(len(scores))
        )
        return (sizes / sizes.sum()).to(outputs) @ outputs
    if slip == "last":
        return scores[-1].softmax(0) @ values[-1]
    if slip in ("own", "first", "unscaled", "sum only", "mixed only"):
        return _carried(scores, values, slip)
    shares = torch.cat(scores).exp() if slip == "naive" else torch.cat(scores).softmax(0)
    return shares @ torch.cat(values) / shares.sum()


def _carried(scores: list[Tensor], values: list[Tensor], slip: str) -> Tensor:
    """Sums carried from chunk to chunk, with what is forgotten when the scale changes."""
    most = total = mixed = None
    for own, part in zip(scores, values, strict=True):
        new = own.max() if most is None or slip == "own" else torch.maximum(most, own.max())
        new = most if slip == "first" and most is not None else new
        shares = (own - new).exp()
        if most is None:
            total, mixed = shares.sum(), shares @ part
        else:
            shrink = (most - new).exp()
            total = total * (shrink if slip == "sum only" else 1) + shares.sum()
            mixed = mixed * (shrink if slip == "mixed only" else 1) + shares @ part
        most = new
    return mixed / total


CHUNK_SLIPS = {
    "mean": "the chunks' outputs were averaged, as if each had the same share of the weight",
    "sizes": "the chunks' outputs were averaged by their sizes; their share is their part of the "
    "sum of exponentials",
    "own": "each chunk subtracts its own largest score, and the sums of different scales are added",
    "first": "the largest score of the first chunk is subtracted from all; a later chunk may have "
    "a far larger one",
    "unscaled": "when a larger score turns up, what was summed before must shrink by the "
    "exponential of the difference",
    "sum only": "the sum of exponentials shrinks to the new scale, the weighted sum of values "
    "isn't brought along",
    "mixed only": "the weighted sum of values shrinks to the new scale, the sum of exponentials "
    "isn't brought along",
    "bare": "the scores were not divided by the root of the width",
    "last": "only the last chunk counts",
    "naive": "exp(1000) is infinite in float32, exp(-1000) is 0: subtract the largest score first",
}
