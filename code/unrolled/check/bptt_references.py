"""What right and wrong answers to ``exercises/bptt.md`` give; `bptt` compares with it.

Each reference takes a `slip`, the name of a known mistake; the tables beside them say what each
mistake is told.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from unrolled.rnn import RecurrentModel, State, detached

Gradients = dict[str, np.ndarray]
"""The gradient in each parameter of a model, by name."""


def clip_each(gradients: list[Tensor], limit: float, slip: str = "") -> list[Tensor]:
    """The reference of `clip_each`: each text's gradient shortened to the limit, then the mean."""
    flat = [g.flatten(1) for g in gradients]
    squares = torch.stack([(g**2).sum(1) for g in flat])  # (parameters, B)
    norms = squares.sum(0).sqrt().expand(len(flat), -1)
    if slip == "tensor":
        norms = squares.sqrt()
    elif slip == "sum":
        norms = squares.sqrt().sum(0).expand(len(flat), -1)
    elif slip == "squared":
        norms = squares.sum(0).expand(len(flat), -1)
    scales = limit / norms
    if slip != "always":
        scales = scales.clamp(max=1)
    scaled = [g * s[:, None] for g, s in zip(flat, scales, strict=True)]
    if slip == "numbers":
        scaled = [g.clamp(-limit, limit) for g in flat]
    means = [g.sum(0) if slip == "added" else g.mean(0) for g in scaled]
    if slip == "after":
        means = [g.mean(0) for g in flat]
        norm = torch.stack([(g**2).sum() for g in means]).sum().sqrt()
        means = [g * (limit / norm).clamp(max=1) for g in means]
    return [m.reshape(g.shape[1:]) for m, g in zip(means, gradients, strict=True)]


CLIP_SLIPS = {
    "after": "the mean was clipped, and one wild text has already drowned the others in it; "
    "clip each text first",
    "tensor": "each tensor was clipped alone, which turns the direction; a text's norm is that of "
    "all its tensors together",
    "always": "short gradients were stretched up to the limit; clipping only ever shortens",
    "numbers": "single numbers were clipped, not the norm",
    "sum": "the tensors' norms were added; the norm of all is the root of the sum of squares",
    "squared": "a root is missing: this is the squared norm",
    "added": "the texts' gradients were added; the task asks for their mean",
}


def two_layers(
    x: np.ndarray,
    W_x1: np.ndarray,
    W_s1: np.ndarray,
    W_x2: np.ndarray,
    W_s2: np.ndarray,
    at_top: np.ndarray,
    slip: str = "",
) -> tuple[np.ndarray, ...]:
    """The reference of `two_layers`: the gradients in the four matrices."""
    B, T, _ = x.shape
    lower, upper = np.zeros((2, B, T + 1, len(W_s1)))
    for t in range(1, T + 1):
        lower[:, t] = np.tanh(x[:, t - 1] @ W_x1.T + lower[:, t - 1] @ W_s1.T)
        upper[:, t] = np.tanh(lower[:, t] @ W_x2.T + upper[:, t - 1] @ W_s2.T)
    sums = [np.zeros_like(W) for W in (W_x1, W_s1, W_x2, W_s2)]
    later1, later2 = np.zeros((2, B, len(W_s1)))
    back = [W.T if slip == "transposed" else W for W in (W_s1, W_x2, W_s2)]
    for t in range(T, 0, -1):
        before = t if slip == "now" else t - 1
        at_upper = at_top[:, t - 1] + later2
        inside2 = at_upper * (1 - upper[:, t] ** 2)
        down = (at_upper if slip == "slope" else inside2) @ back[1]
        at_lower = (down if t == T or slip != "last" else 0) + later1
        inside1 = at_lower * (1 - (upper if slip == "wrong slope" else lower)[:, t] ** 2)
        for total, inside, seen in zip(
            sums,
            (inside1, inside1, inside2, inside2),
            (x[:, t - 1], lower[:, before], lower[:, t], upper[:, before]),
            strict=True,
        ):
            total += inside.T @ seen
        later1 = 0 * inside1 if slip == "below" else inside1 @ back[0]
        later2 = 0 * inside2 if slip == "above" else inside2 @ back[2]
    return tuple(total / B if slip == "mean" else total for total in sums)


LAYER_SLIPS = {
    "below": "the lower memory is used twice: by the upper layer and by its own next step; what "
    "the next step reports is missing",
    "above": "the upper memory hears only its own loss; what its next step reports is missing",
    "last": "the upper layer speaks to the lower one at every step, not at the last one alone",
    "slope": "on the way down the upper layer's tanh was left out",
    "wrong slope": "the lower layer's tanh has the slope 1 - h^2 of the lower memory, not of the "
    "upper",
    "transposed": "a gradient goes back through the transpose of what went forward: "
    "`v @ W.T` forward is `v @ W` back; all is square here, so no shape complains",
    "now": "W_s multiplied the memory of the step before, not the one it made",
    "mean": "divided by the number of texts; what the uses ask for adds up",
}


def gradients_of(model: RecurrentModel) -> Gradients:
    """What stands in `.grad`; zeros where nothing does. W_s comes first: there mistakes show."""
    named = sorted(model.named_parameters(), key=lambda pair: "weight_hh" not in pair[0])
    return {
        name: (p.grad if p.grad is not None else torch.zeros_like(p)).detach().numpy().copy()
        for name, p in named
    }


def chunk(
    model: RecurrentModel, inputs: Tensor, targets: Tensor, state: State | None, slip: str = ""
) -> tuple[Tensor, State]:
    """The reference of `mended`: mean surprise of a chunk in nats, and the state to go on from."""
    nats, state = [], None if slip == "zeros" else state
    for t in range(inputs.shape[1]):
        h, state = model.run(inputs[:, t : t + 1], state)
        if slip == "every":
            state = detached(state)
        nats.append(F.cross_entropy(model.head(h[:, 0]), targets[:, t]))
    loss = torch.stack(nats)
    return (loss.sum() if slip == "sum" else loss.mean()), detached(state)


def overlapped(
    model: RecurrentModel,
    inputs: Tensor,
    targets: Tensor,
    window: int,
    stride: int,
    slip: str = "",
) -> tuple[float, Gradients]:
    """The reference of `overlapped`: mean surprise in nats, and its truncated gradient."""
    model.zero_grad()
    if slip in ("short", "wide"):
        window = stride = stride if slip == "short" else window
    T = inputs.shape[1]
    state, scored, parts = None, 0, []
    for start in range(0, T, stride):
        end, move = min(start + window, T), min(start + stride, T)
        first, after = model.run(inputs[:, start:move], None if slip == "zeros" else state)
        rest, last = model.run(inputs[:, move:end], after) if move < end else (first[:, :0], after)
        new = start if slip == "twice" else scored
        h = torch.cat([first, rest], 1)[:, new - start :]
        goals = targets[:, new:end].flatten()
        parts.append(F.cross_entropy(model.head(h).flatten(0, 1), goals, reduction="none"))
        state, scored = last if slip == "end" else after, end
        state = state if slip == "attached" else detached(state)
        if end == T:
            break
    every = torch.cat(parts)
    total = torch.stack([p.mean() for p in parts]).mean() if slip == "means" else every.mean()
    total.backward()
    found = gradients_of(model)
    model.zero_grad()
    return total.item(), found


OVERLAP_SLIPS = {
    "twice": "steps where two windows overlap are scored twice; score what is new in each",
    "end": "the next window starts with the memory of this window's end; but it starts earlier, so "
    "it needs the memory after `stride` steps",
    "zeros": "each window starts with an empty memory; hand the memory on",
    "short": "this is truncation without overlap, in chunks of `stride` steps",
    "wide": "this is truncation without overlap, in chunks of `window` steps",
    "attached": "this is the gradient of the whole text: the memory was handed on with its tape",
    "means": "the mean of the windows' means: a target in a window with few new ones counts for "
    "more",
}


def whole(
    model: RecurrentModel, inputs: Tensor, targets: Tensor, segment: int, slip: str = ""
) -> tuple[float, Gradients]:
    """The reference of `checkpointed`: mean surprise in nats, and its gradient."""
    model.zero_grad()
    state, parts = None, []
    for start in range(0, inputs.shape[1], segment):
        h, end = model.run(inputs[:, start : start + segment], None if slip == "zeros" else state)
        goals = targets[:, start : start + segment].flatten()
        parts.append(F.cross_entropy(model.head(h).flatten(0, 1), goals, reduction="none"))
        state = detached(end) if slip == "cut" else end
    total = torch.stack([p.mean() for p in parts]).mean() if slip == "means" else None
    total = total if total is not None else torch.cat(parts).mean()
    total.backward()
    found = gradients_of(model)
    model.zero_grad()
    return total.item(), found


WHOLE_SLIPS = {
    "cut": "this is the gradient of truncated BPTT: what a segment says about the memory it "
    "started from must go on into the segment before",
    "zeros": "each segment starts with an empty memory",
    "means": "the mean of the segments' means: the last segment may be shorter, and its targets "
    "then count for more",
}
