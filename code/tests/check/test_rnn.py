"""Each plausible wrong answer is caught, with the hint that belongs to it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from wrong_answers import assert_caught, assert_passed

from unrolled.check import rnn as check


def off_by_one(hidden, lengths):
    return torch.stack([h[min(n, len(h) - 1)] for h, n in zip(hidden, lengths, strict=True)])


def averaged(hidden, lengths):
    return torch.stack([h[:n].mean(0) for h, n in zip(hidden, lengths, strict=True)])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda hidden, lengths: hidden[:, -1], "the memory of padding"),
        (off_by_one, "one place too far"),
        (averaged, "the mean of all real memories"),
        (lambda hidden, lengths: hidden[:, lengths - 1], "of shape (1, 2), got (1, 1, 2)"),
    ],
)
def test_last_memory(answer, words) -> None:
    assert_caught(check.last_memory(answer), words)


def test_what_pytorch_packs_agrees() -> None:
    """The reference is what `nn.GRU` gives back for packed sequences."""
    core = nn.GRU(2, 3, batch_first=True)
    x, lengths = torch.randn(3, 5, 2), torch.tensor([5, 2, 3])
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, True, enforce_sorted=False)
    last = core(packed)[1][0]
    by_lengths = core(x)[0][torch.arange(3), lengths - 1]
    assert torch.allclose(last, by_lengths, atol=1e-6)
    rows = torch.arange
    assert_passed(check.last_memory, lambda h, n: h[rows(len(n)), n - 1])


def nats(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none").view(
        targets.shape
    )


def real(targets, lengths, more=0):
    return torch.arange(targets.shape[1]) < (lengths + more)[:, None]


def mean_of_means(logits, targets, lengths):
    kept = real(targets, lengths)
    return ((nats(logits, targets) * kept).sum(1) / lengths).mean()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x, y, n: nats(x, y).mean(), "padding is scored too"),
        (
            lambda x, y, n: F.cross_entropy(x.flatten(0, 1), y.flatten(), ignore_index=0),
            "a real boundary token",
        ),
        (lambda x, y, n: nats(x, y)[real(y, n, 1)].mean(), "first padding"),
        (lambda x, y, n: nats(x, y)[real(y, n, -1)].mean(), "is left out"),
        (mean_of_means, "the mean of the texts' means"),
        (lambda x, y, n: (nats(x, y) * real(y, n)).mean(), "those of padding too"),
        (lambda x, y, n: nats(x, y)[real(y, n)].sum(), "a sum"),
        (lambda x, y, n: nats(x, y)[real(y, n)].mean() / math.log(2), "these are bits"),
    ],
)
def test_masked_nats(answer, words) -> None:
    assert_caught(check.masked_nats(answer), words)


def test_masked_nats_passes() -> None:
    def marked(logits, targets, lengths):
        marks = targets.masked_fill(~real(targets, lengths), -100)
        return F.cross_entropy(logits.flatten(0, 1), marks.flatten())

    assert_passed(check.masked_nats, marked)


def step(x, h, W_x, W_s, b, slip=""):
    H = h.shape[1]
    a = x @ W_x.T + b
    W = [W_s[i * H : (i + 1) * H] for i in range(3)]
    if slip == "transposed":
        W = [part.T for part in W]
    r, z = (torch.sigmoid(a[:, i * H : (i + 1) * H] + h @ W[i].T) for i in (0, 1))
    if slip == "order":
        r, z = z, r
    inside = r * (h @ W[2].T) if slip == "after" else (h if slip == "reset" else r * h) @ W[2].T
    n = (torch.sigmoid if slip == "sigmoid" else torch.tanh)(a[:, 2 * H :] + inside)
    return h + z * (n - h) if slip == "turned" else n + z * (h - n)


def pytorch(x, h, W_x, W_s, b):
    cell = nn.GRUCell(x.shape[1], h.shape[1], dtype=torch.float64)
    with torch.no_grad():
        for own, given in zip(cell.parameters(), (W_x, W_s, b, 0 * b), strict=True):
            own.copy_(given)
        return cell(x, h)


@pytest.mark.parametrize(
    ("slip", "words"),
    [
        ("after", "multiplied after the matrix"),
        ("turned", "the share that goes"),
        ("order", "changed places"),
        ("sigmoid", "goes through tanh"),
        ("reset", "r is not used"),
        ("transposed", "used transposed"),
    ],
)
def test_gru_step(slip, words) -> None:
    assert_caught(check.gru_step(lambda *inputs: step(*inputs, slip)), words)


def test_pytorch_s_own_cell_is_the_other_kind() -> None:
    """An oracle: nn.GRUCell is what the check calls r after the matrix."""
    assert_caught(check.gru_step(pytorch), "multiplied after the matrix")
    assert_passed(check.gru_step, step)


def told(model, first, second, text, carry=True, measure="half"):
    rows = []
    with torch.no_grad():
        for past in (first, second):
            state = model.run(past)[1] if carry else None
            logits = model.head(model.run(text, state)[0])[0]
            rows.append(logits if measure == "logits" else logits.softmax(-1))
    gap = (rows[0] - rows[1]).abs()
    return {"max": gap.amax(-1), "sum": gap.sum(-1)}.get(measure, gap.sum(-1) / 2)


def early(model, first, second, text):
    moved = [torch.cat([past, text], 1) for past in (first, second)]
    p, q = (model(tokens)[0, -len(text[0]) - 1 : -1].softmax(-1) for tokens in moved)
    return (p - q).abs().sum(-1) / 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda *a: told(*a, carry=False), "is not carried on"),
        (lambda *a: told(*a, measure="sum"), "half of it is the probability that moved"),
        (lambda *a: told(*a, measure="logits"), "logits were compared"),
        (lambda *a: told(*a, measure="max"), "the largest change of one token"),
        (early, "one place too early"),
    ],
)
def test_swap(answer, words) -> None:
    assert_caught(check.swap(answer), words)


def test_swap_by_reading_everything_again_passes() -> None:
    def again(model, first, second, text):
        tokens = [torch.cat([past, text], 1) for past in (first, second)]
        p, q = (model(row)[0, -text.shape[1] :].softmax(-1) for row in tokens)
        return (p - q).abs().sum(-1) / 2

    assert_passed(check.swap, again)


GOOD = ([1, 1], [[1, -2], [1, -2]], [0, -1], [1, -2])


def changed(**parts):
    names = ("W_x", "W_s", "b", "W_y")
    return tuple(
        np.array(parts.get(name, good), float) for name, good in zip(names, GOOD, strict=True)
    )


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (changed(W_s=[[1, 0], [0, 0]], W_y=[1, 0]), "counts the ones and never comes back"),
        (changed(W_s=[[0, 0], [0, 0]]), "the memory plays no part"),
        (changed(W_s=[[1, -1], [1, -1]], W_y=[1, -1]), "that there was a one, not how many"),
        (changed(W_s=[[1, 1], [-2, -2]]), "works transposed"),
        (changed(b=[0.0, 0.0]), "expected 1, got"),
        (changed(b=[0, -1, 0]), "expected shapes"),
        (changed(W_y=[[1, -2]]), "expected shapes"),
    ],
)
def test_parity(weights, words) -> None:
    assert_caught(check.parity(*weights), words)


def test_parity_passes_with_either_order_of_the_two_numbers() -> None:
    assert_passed(check.parity, *changed())
    swapped = ([1, 1], [[-2, 1], [-2, 1]], [-1, 0], [-2, 1])
    assert_passed(check.parity, *swapped)
