"""Each plausible wrong answer is caught, with the hint that belongs to it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from wrong_answers import assert_caught, assert_passed

from unrolled import bptt
from unrolled.check import bptt as check
from unrolled.check import bptt_references as references
from unrolled.check.tape_meter import most_kept
from unrolled.rnn import detached


def clipped(gradients, limit, norms=None, stretch=False):
    squares = torch.stack([(g**2).flatten(1).sum(1) for g in gradients])
    norms = squares.sum(0).sqrt() if norms is None else norms(squares)
    scales = (limit / norms).expand(len(gradients), -1)
    scales = scales if stretch else scales.clamp(max=1)
    return [
        torch.einsum("b,b...->...", s, g) / len(s) for s, g in zip(scales, gradients, strict=True)
    ]


def after_the_mean(gradients, limit):
    means = [nn.Parameter(g[0]) for g in gradients]
    for mean, g in zip(means, gradients, strict=True):
        mean.grad = g.mean(0)
    nn.utils.clip_grad_norm_(means, limit)
    return [mean.grad for mean in means]


def by_division(gradients, limit):
    squares = sum((g**2).flatten(1).sum(1) for g in gradients)
    scale = limit / torch.maximum(squares.sqrt(), torch.tensor(limit))
    zero = squares.sqrt() / squares.sqrt()  # nan for a text of zeros
    return [torch.einsum("b,b...->...", scale * zero, g) / len(scale) for g in gradients]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (after_the_mean, "already drowned the others"),
        (lambda g, c: clipped(g, c, lambda s: s.sqrt()), "each tensor was clipped alone"),
        (lambda g, c: clipped(g, c, stretch=True), "only ever shortens"),
        (lambda g, c: [t.clamp(-c, c).mean(0) for t in g], "single numbers were clipped"),
        (lambda g, c: clipped(g, c, lambda s: s.sqrt().sum(0)), "the norms were added"),
        (lambda g, c: clipped(g, c, lambda s: s.sum(0)), "a root is missing"),
        (lambda g, c: [len(g[0]) * t for t in clipped(g, c)], "the task asks for their mean"),
        (by_division, "0 / 0 is no number"),
        (lambda g, c: clipped(g, c)[0], "expected a list of 1 tensors"),
    ],
)
def test_clip_each(answer, words) -> None:
    words = words.replace("the norms were", "the tensors' norms were")
    assert_caught(check.clip_each(answer), words)


def test_clip_each_passes_text_by_text_with_pytorch_s_own_clipping() -> None:
    def one_by_one(gradients, limit):
        rows = []
        for b in range(len(gradients[0])):
            own = [nn.Parameter(g[b]) for g in gradients]
            for parameter, g in zip(own, gradients, strict=True):
                parameter.grad = g[b].clone()
            nn.utils.clip_grad_norm_(own, limit)
            rows.append([parameter.grad for parameter in own])
        return [torch.stack(parts).mean(0) for parts in zip(*rows, strict=True)]

    assert_passed(check.clip_each, one_by_one)


def by_autograd(x, W_x1, W_s1, W_x2, W_s2, at_top, cut=""):
    """Two layers by PyTorch; `cut` drops some of the gradients' ways."""
    leaves = [torch.tensor(W, requires_grad=True) for W in (W_x1, W_s1, W_x2, W_s2)]
    A, S, D, U = leaves
    lower = upper = torch.zeros(len(x), len(W_s1), dtype=torch.float64)
    loss = torch.zeros((), dtype=torch.float64)
    for t in range(x.shape[1]):
        before1 = lower.detach() if cut == "below" else lower
        before2 = upper.detach() if cut == "above" else upper
        lower = torch.tanh(torch.tensor(x[:, t]) @ A.T + before1 @ S.T)
        seen = lower.detach() if cut == "last" and t < x.shape[1] - 1 else lower
        upper = torch.tanh(seen @ D.T + before2 @ U.T)
        loss = loss + (upper * torch.tensor(at_top[:, t])).sum()
    loss.backward()
    return tuple(leaf.grad.numpy() for leaf in leaves)


def twice_the_chapter_s(x, W_x1, W_s1, W_x2, W_s2, at_top):
    """The book's own one-layer `backward`, called for each layer."""
    one, none = np.eye(len(W_s1)), np.zeros(len(W_s1))
    first, second = bptt.Weights(W_x1, W_s1, one, none), bptt.Weights(W_x2, W_s2, one, none)
    lower = bptt.forward(first, x)
    upper = bptt.forward(second, lower[:, 1:])
    down = bptt.backward(second, lower[:, 1:], upper, at_top)
    last = bptt.backward(first, x, lower, down.x)
    return last.weights.W_x, last.weights.W_s, down.weights.W_x, down.weights.W_s


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda *a: by_autograd(*a, cut="below"), "what the next step reports is missing"),
        (lambda *a: by_autograd(*a, cut="above"), "hears only its own loss"),
        (lambda *a: by_autograd(*a, cut="last"), "not at the last one alone"),
        (lambda *a: references.two_layers(*a, "slope"), "upper layer's tanh was left out"),
        (lambda *a: references.two_layers(*a, "wrong slope"), "has the slope 1 - h^2"),
        (lambda *a: references.two_layers(*a, "transposed"), "through the transpose"),
        (lambda *a: references.two_layers(*a, "now"), "the memory of the step before"),
        (lambda *a: [g / len(a[0]) for g in by_autograd(*a)], "divided by the number of texts"),
        (lambda *a: by_autograd(*a)[:2], "expected the gradients of the four matrices"),
    ],
)
def test_two_layers(answer, words) -> None:
    assert_caught(check.two_layers(answer), words)


def test_two_layers_pass_by_autograd_and_by_the_book_s_own_backward() -> None:
    assert_passed(check.two_layers, by_autograd)
    assert_passed(check.two_layers, twice_the_chapter_s)


def surprise(model, h, targets, reduction="mean"):
    return F.cross_entropy(model.head(h).flatten(0, 1), targets.flatten(), reduction=reduction)


def friend(model, inputs, targets, state):
    nats = []
    for t in range(inputs.shape[1]):
        h, state = model.run(inputs[:, t : t + 1], state)
        state = detached(state)
        nats.append(F.cross_entropy(model.head(h[:, 0]), targets[:, t]))
    return torch.stack(nats).mean(), state


def chunk(model, inputs, targets, state, cut=detached, **how):
    h, state = model.run(inputs, state)
    return surprise(model, h, targets, **how), cut(state)


def gone_back(*inputs):
    loss, state = chunk(*inputs)
    loss.backward()
    return loss, state


def cut_at_entry(model, inputs, targets, state):
    state = None if state is None else detached(state)
    return chunk(model, inputs, targets, state, cut=lambda s: s)


def half_cut(state):
    return (state[0].detach(), state[1]) if isinstance(state, tuple) else state.detach()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (friend, "truncation with k = 1"),
        (lambda *a: chunk(*a, cut=lambda s: s), "still has its tape"),
        (lambda *a: chunk(*a, cut=half_cut), "h and c both need the cut"),
        (lambda m, x, y, s: chunk(m, x, y, None), "handed in is not used"),
        (lambda m, x, y, s: (chunk(m, x, y, s)[0], s), "the state to go on from"),
        (lambda *a: (chunk(*a)[0].detach(), chunk(*a)[1]), "no tape to go back on"),
        (lambda m, x, y, s: (x.shape[1] * chunk(m, x, y, s)[0], s), "mean over the steps"),
        (lambda *a: chunk(*a)[0], "expected a loss and a state"),
        (lambda *a: (chunk(*a)[0], None), "isn't made of tensors"),
        (lambda *a: gone_back(*a), "the caller calls `backward`"),
    ],
)
def test_mended(answer, words) -> None:
    assert_caught(check.mended(answer), words)


def test_mended_passes_in_one_run_or_step_by_step() -> None:
    assert_passed(check.mended, chunk)
    assert_passed(check.mended, references.chunk)
    assert_passed(check.mended, cut_at_entry)


def windows(model, inputs, targets, window, stride, slip=""):
    """Overlapping windows by one long reading each; `slip` breaks one thing."""
    T = inputs.shape[1]
    scored, nats, backward = 0, [], []
    for start in range(0, T, stride):
        end = min(start + window, T)
        with torch.set_grad_enabled(slip == "attached"):
            state = model.run(inputs[:, :start])[1] if start else None
        h = model.run(inputs[:, start:end], None if slip == "zeros" else state)[0]
        first = start if slip == "twice" else scored
        part = surprise(model, h[:, first - start :], targets[:, first:end], "none")
        nats.append(part)
        backward.append(part.mean() if slip == "means" else part.sum() / targets.numel())
        scored = end
        if end == T:
            break
    loss = torch.stack(backward).mean() if slip == "means" else sum(backward)
    if slip != "silent":
        loss.backward()
    return torch.cat(nats).mean().item() if slip == "twice" else loss.item()


def from_the_end(model, inputs, targets, window, stride):
    scored, state, total = 0, None, 0
    for start in range(0, inputs.shape[1], stride):
        h, state = model.run(inputs[:, start : start + window], state)
        part = surprise(model, h[:, scored - start :], targets[:, scored : start + window], "sum")
        total += part / targets.numel()
        state, scored = detached(state), start + window
        if scored >= inputs.shape[1]:
            break
    total.backward()
    return total.item()


def in_chunks(model, inputs, targets, size):
    return windows(model, inputs, targets, size, size)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda *a: windows(*a, "twice"), "scored twice"),
        (from_the_end, "it needs the memory after `stride` steps"),
        (lambda *a: windows(*a, "zeros"), "hand the memory on"),
        (lambda m, x, y, w, s: in_chunks(m, x, y, s), "in chunks of `stride` steps"),
        (lambda m, x, y, w, s: in_chunks(m, x, y, w), "in chunks of `window` steps"),
        (lambda *a: windows(*a, "attached"), "the gradient of the whole text"),
        (lambda *a: windows(*a, "means"), "the mean of the windows' means"),
        (lambda *a: windows(*a, "silent"), "is a `backward()` missing?"),
    ],
)
def test_overlapped(answer, words) -> None:
    assert_caught(check.overlapped(answer), words)


def test_windows_read_from_the_start_pass() -> None:
    assert_passed(check.overlapped, windows)


SHIFT = np.eye(8, k=1)


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (0.9 * np.linalg.qr(np.random.default_rng(0).normal(size=(8, 8)))[0], "hands on from"),
        (0.9 * np.eye(8), "hands on from"),
        (SHIFT, "nothing at all is left"),
        (np.ones((8, 8)), "it grows for ever"),
        (0.9 * np.eye(8) + 9 * SHIFT, "allowed are numbers from -1 to 1"),
        (0.5 * np.eye(8) + 0.2 * SHIFT, "a product that never grew"),
        (np.eye(7), "expected a matrix (8, 8)"),
        (np.full((8, 8), np.nan), "expected finite numbers"),
    ],
)
def test_growth(matrix, words) -> None:
    assert_caught(check.growth(matrix), words)


def test_growth_passes_with_any_order_of_the_chain() -> None:
    assert_passed(check.growth, 0.9 * np.eye(8) + SHIFT)
    order = np.random.default_rng(1).permutation(8)
    assert_passed(check.growth, (0.9 * np.eye(8) + np.tril(np.ones((8, 8)), -1))[order][:, order])


def all_at_once(model, inputs, targets, segment):
    loss = surprise(model, model.run(inputs)[0], targets)
    loss.backward()
    return loss.item()


def recomputed(model, inputs, targets, segment, slip=""):
    """By PyTorch's own checkpoints, or broken."""

    def work(tokens, goals, state):
        h, end = model.run(tokens, state)
        how = "mean" if slip == "means" else "sum"
        return surprise(model, h, goals, how), end

    starts = range(0, inputs.shape[1], segment)
    state = torch.zeros(1, len(inputs), 6, dtype=torch.float64)
    parts = []
    for start in starts:
        own = slice(start, start + segment)
        nats, end = torch.utils.checkpoint.checkpoint(
            work, inputs[:, own], targets[:, own], state, use_reentrant=False
        )
        parts.append(nats)
        state = {"cut": end.detach(), "zeros": torch.zeros_like(end)}.get(slip, end)
    loss = sum(parts) / (len(parts) if slip == "means" else targets.numel())
    loss.backward()
    return loss.item()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (all_at_once, "too much of the tape was kept"),
        (lambda *a: recomputed(*a, "cut"), "the gradient of truncated BPTT"),
        (lambda *a: recomputed(*a, "zeros"), "starts with an empty memory"),
        (lambda *a: recomputed(*a, "means"), "the mean of the segments' means"),
        (lambda m, x, y, s: surprise(m, m.run(x)[0], y).item(), "is a `backward()` missing?"),
    ],
)
def test_checkpointed(answer, words) -> None:
    assert_caught(check.checkpointed(answer), words)


def test_pytorch_s_own_checkpoints_pass() -> None:
    assert_passed(check.checkpointed, recomputed)


def test_zeros_of_the_reader_s_own_pass_and_leave_pytorch_s_default_alone() -> None:
    def from_zeros(model, inputs, targets, segment):
        h, _ = model.run(inputs, torch.zeros(1, len(inputs), 6))
        raise KeyError(str(h.dtype))

    assert_caught(check.checkpointed(from_zeros), "float64")
    assert torch.get_default_dtype() == torch.float32


def test_the_meter_counts_what_pytorch_keeps_and_lets_go() -> None:
    x = torch.zeros(1000, requires_grad=True)  # 4,000 bytes each time it is transformed
    assert most_kept(lambda: x.exp()) == 4000  # exp keeps its result
    assert most_kept(lambda: x.exp().exp().sum().backward()) == 8000
    assert most_kept(lambda: [x.exp().sum().backward() for _ in range(5)]) == 4000
    assert most_kept(lambda: x.detach().exp()) == 0
    layer = nn.Linear(3, 3)
    data = torch.zeros(2, 3, requires_grad=True)
    assert most_kept(lambda: layer(data), layer) == 24  # the input, not the weights


def test_a_check_leaves_pytorch_s_own_chance_alone() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    check.mended(chunk)
    assert torch.equal(torch.get_rng_state(), before)
