"""Each plausible wrong answer is caught, with the hint that belongs to it."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F
from wrong_answers import assert_caught, assert_passed

from unrolled import attention as book
from unrolled.check import attention as check


def friend(starts, T):
    places = torch.arange(T)
    return (places[:, None] >= places) & (places >= starts[:, None])[:, None, :]


def by_loops(starts, T):
    mask = torch.zeros(len(starts), T, T, dtype=torch.bool)
    for b, start in enumerate(starts.tolist()):
        for i in range(T):
            mask[b, i, i] = True
            mask[b, i, start : i + 1] = True
    return mask


def no_self(starts, T):
    return friend(starts, T) & ~torch.eye(T, dtype=torch.bool)


def by_rows(starts, T):
    real = torch.arange(T) >= starts[:, None]
    return book.causal_mask(T) & real[:, :, None] | torch.eye(T, dtype=torch.bool)


def open_to_the_future(starts, T):
    real = torch.arange(T) >= starts[:, None]
    return real[:, None, :].expand(-1, T, -1) | torch.eye(T, dtype=torch.bool)


def padding_sees_all(starts, T):
    return friend(starts, T) | (torch.arange(T) < starts[:, None])[:, :, None]


def padded_behind(starts, T):
    real = torch.arange(T) < (T - starts)[:, None]
    return book.causal_mask(T) & real[:, None, :] | torch.eye(T, dtype=torch.bool)


def one_too_early(starts, T):
    places = torch.arange(T)
    real = places >= starts[:, None] - 1
    return book.causal_mask(T) & real[:, None, :] | torch.eye(T, dtype=torch.bool)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (friend, "a row of padding may look at nothing"),
        (lambda s, T: book.causal_mask(T).expand(len(s), T, T), "padding is looked at"),
        (no_self, "your mask also hides the diagonal"),
        (by_rows, "not its columns"),
        (padded_behind, "stands in front here"),
        (open_to_the_future, "what comes later is not hidden"),
        (lambda s, T: by_loops(s + 1, T), "the first real word is hidden"),
        (one_too_early, "taken for a real one"),
        (
            lambda s, T: padding_sees_all(s, T) & book.causal_mask(T),
            "not at the padding before them",
        ),
        (lambda s, T: by_loops(s, T).tolist(), "expected one tensor"),
        (padding_sees_all, "look at themselves alone"),
        (lambda s, T: ~by_loops(s, T), "True means here that looking is allowed"),
        (lambda s, T: by_loops(s, T).mT, "the two changed places"),
        (lambda s, T: by_loops(s, T).float(), "expected booleans"),
        (lambda s, T: by_loops(s, T)[0], "expected the mask of shape (1, 5, 5)"),
    ],
)
def test_padded_mask(answer, words) -> None:
    assert_caught(check.padded_mask(answer), words)


def test_a_padded_text_gives_what_it_gives_alone() -> None:
    """What the mask is for: two layers of the book's attention, with padding and without."""
    assert_passed(check.padded_mask, by_loops)
    Q, K, V = torch.randn(3, 1, 6, 4).unbind(0)
    start = 2
    out = book.attend(Q, K, V, by_loops(torch.tensor([start]), 6))
    alone = book.attend(*(x[:, start:] for x in (Q, K, V)), book.causal_mask(6 - start))
    assert torch.allclose(out[:, start:], alone, atol=1e-6)
    with pytest.raises(ValueError, match="one allows nothing"):
        book.attend(Q, K, V, friend(torch.tensor([start]), 6))


def pytorch(Q, K, V, n_heads, n_groups):
    D = Q.shape[-1] // n_heads
    parts = (x.unflatten(2, (-1, D)).transpose(1, 2) for x in (Q, K, V))
    out = F.scaled_dot_product_attention(*parts, is_causal=True, enable_gqa=True)
    return out.transpose(1, 2).flatten(2)


def heads(Q, K, V, n_heads, n_groups, slip=""):
    """By a loop over heads, one slip at a time."""
    (B, T, C), D = Q.shape, Q.shape[-1] // n_heads
    outputs = []
    for h in range(n_heads):
        g = {"dealt": h % n_groups, "first": 0}.get(slip, h * n_groups // n_heads)
        if slip == "cut":
            q, k, v = (x.reshape(B, -1, T, D)[:, i] for x, i in ((Q, h), (K, g), (V, g)))
        else:
            q, k, v = (x[..., i * D : (i + 1) * D] for x, i in ((Q, h), (K, g), (V, g)))
        scores = q @ k.mT / math.sqrt({"bare": 1, "whole": C}.get(slip, D))
        allowed = book.causal_mask(T)
        allowed = {"diagonal": allowed.tril(-1), "ahead": allowed.T}.get(slip, allowed)
        if slip == "after":
            outputs.append(scores.softmax(2).masked_fill(~allowed, 0) @ v)
            continue
        if slip != "open":
            scores = scores.masked_fill(~allowed, 0.0 if slip == "zero" else -math.inf)
        outputs.append(scores.softmax(1 if slip == "axis" else 2) @ v)
    if slip == "join":
        return torch.stack(outputs, 1).reshape(B, T, C)
    return torch.cat(outputs, -1)


@pytest.mark.parametrize(
    ("slip", "words"),
    [
        ("cut", "were cut by the short cut"),
        ("join", "without exchanging time and heads back"),
        ("bare", "not divided by the root"),
        ("whole", "the width is that of one head"),
        ("open", "there is no mask"),
        ("diagonal", "your mask also hides the diagonal"),
        ("ahead", "the mask is turned around"),
        ("zero", "exp(0) is 1"),
        ("after", "hidden after the softmax"),
        ("axis", "runs along the askers"),
        ("dealt", "neighboring heads share one"),
        ("first", "of the first group"),
    ],
)
def test_grouped(slip, words) -> None:
    assert_caught(check.grouped(lambda *inputs: heads(*inputs, slip)), words)


def test_grouped_agrees_with_loops_and_with_pytorch() -> None:
    assert_passed(check.grouped, heads)
    assert_passed(check.grouped, pytorch)


def bias(T, slopes, window, hidden=-math.inf, cost=lambda m, back: -m * back, ahead=False):
    rows = torch.full((len(slopes), T, T), float(hidden))
    for h, m in enumerate(slopes.tolist()):
        for i in range(T):
            for j in range(T):
                back = i - j
                if back < window and (back >= 0 or (ahead and -back < window)):
                    rows[h, i, j] = cost(m, abs(back))
    return rows


def later_words_win(T, slopes, window):
    back = torch.arange(T)[:, None] - torch.arange(T)
    return (-slopes[:, None, None] * back).masked_fill(back >= window, -math.inf)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda *a: bias(*a, cost=lambda m, back: m * back), "far words are favored"),
        (lambda T, m, w: bias(T, m, T), "beyond the window are not hidden"),
        (lambda *a: bias(*a, ahead=True), "later words are not hidden"),
        (lambda T, m, w: later_words_win(T, m, w), "even earns something"),
        (lambda T, m, w: bias(T, m, w + 1), "one too wide"),
        (lambda T, m, w: bias(T, m, w - 1), "one too narrow"),
        (lambda *a: bias(*a, cost=lambda m, back: m**back), "don't raise it"),
        (lambda *a: bias(*a, cost=lambda m, back: 0), "where are the slopes?"),
        (lambda *a: bias(*a, hidden=0), "hidden places must be minus infinity"),
        (lambda *a: bias(*a)[0], "expected the bias of shape (1, 4, 4)"),
    ],
)
def test_alibi(answer, words) -> None:
    assert_caught(check.alibi(answer), words)


def test_alibi_passes() -> None:
    assert_passed(check.alibi, bias)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((290, 1.0), "a step back must cost more"),
        ((100, 4.7), "what is a name worth after that many steps?"),
        ((300, 4.6), "gets 0.98995 "),  # not "0.990, not .99"
        ((290, 5.0), "what is a name worth after that many steps?"),
        ((290, -4.7), "far words are favored"),
        ((1000, 10.0), "above 300"),
        ((math.nan, 4.7), "expected two finite numbers"),
        (("high", 4.7), "can't make sense"),
    ],
)
def test_nearest(numbers, words) -> None:
    assert "for  " not in check.nearest(*numbers).problem
    assert_caught(check.nearest(*numbers), words)


@pytest.mark.parametrize("numbers", [(290, 4.7), (282, 4.61), (300, 4.9)])
def test_nearest_passes(numbers) -> None:
    assert_passed(check.nearest, *numbers)


def change(read, x, order):
    return read(torch.cat([x[:-1][order], x[-1:]])) - read(x)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda *a: change(*a).abs().max(), "all places are compared"),
        (lambda *a: change(*a)[-1].abs().mean(), "a mean"),
        (lambda *a: change(*a)[-1].max(), "the largest change upward"),
        (lambda *a: (-change(*a)[-1]).max(), "a difference with its sign"),
        (lambda r, x, o: (r(x[o]) - r(x)[-1])[-1].abs().max(), "stays where it is"),
        (lambda *a: change(*a)[-1].norm(), "a norm"),
        (lambda r, x, o: change(r, x, o.argsort())[-1].abs().max(), "not into it"),
        (lambda r, x, o: change(r, x, o)[-1], "expected the change of shape ()"),
    ],
)
def test_moved(answer, words) -> None:
    assert_caught(check.moved(answer), words)


def test_moved_passes() -> None:
    assert_passed(check.moved, lambda *a: change(*a)[-1].abs().max().item())


def gathered(q, chunks):
    keys, values = (torch.cat(parts) for parts in zip(*chunks, strict=True))
    return F.scaled_dot_product_attention(q[None], keys, values)[0]


def averaged(q, chunks, by=lambda keys: 1):
    total, size = 0, 0
    for keys, values in chunks:
        total = total + by(keys) * ((keys @ q / math.sqrt(len(q))).softmax(0) @ values)
        size += by(keys)
    return total / size


def streamed(q, chunks, start=-math.inf, shrink_sum=True, shrink_mixed=True, width=None):
    most, total, mixed = torch.tensor(start), torch.zeros(()), torch.zeros(3)
    for keys, values in chunks:
        scores = keys @ q / math.sqrt(width or len(q))
        new = torch.maximum(most, scores.max())
        less = (most - new).exp()
        shares = (scores - new).exp()
        total = total * (less if shrink_sum else 1) + shares.sum()
        mixed = mixed * (less if shrink_mixed else 1) + shares @ values
        most = new
    return mixed / total


def own_scale(q, chunks):
    total, mixed = 0, 0
    for keys, values in chunks:
        scores = keys @ q / math.sqrt(len(q))
        shares = (scores - scores.max()).exp()
        total, mixed = total + shares.sum(), mixed + shares @ values
    return mixed / total


def naive(q, chunks):
    total, mixed = 0, 0
    for keys, values in chunks:
        shares = (keys @ q / math.sqrt(len(q))).exp()
        total, mixed = total + shares.sum(), mixed + shares @ values
    return mixed / total


def last_alone(q, chunks):
    for keys, values in chunks:
        out = (keys @ q / math.sqrt(len(q))).softmax(0) @ values
    return out


def twice(q, chunks):
    largest = max((keys @ q).max() for keys, _ in chunks) / math.sqrt(len(q))
    total, mixed = torch.zeros(()), torch.zeros(3)
    for keys, values in chunks:
        shares = (keys @ q / math.sqrt(len(q)) - largest).exp()
        total, mixed = total + shares.sum(), mixed + shares @ values
    return mixed / total


def first_scale(q, chunks):
    most, total, mixed = None, 0, 0
    for keys, values in chunks:
        scores = keys @ q / math.sqrt(len(q))
        most = scores.max() if most is None else most
        shares = (scores - most).exp()
        total, mixed = total + shares.sum(), mixed + shares @ values
    return mixed / total


def copied(q, chunks):
    return gathered(q, [(keys.clone(), values.clone()) for keys, values in chunks])


def views(q, chunks):
    return gathered(q, [(keys[:], values[:]) for keys, values in chunks])


def twice_in_floats(q, chunks):
    largest = max((keys @ q).max() for keys, _ in chunks) / math.sqrt(len(q))
    total = 0.0
    for keys, _ in chunks:
        total += (keys @ q / math.sqrt(len(q)) - largest).exp().sum()
    return 1.0 / total


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (first_scale, "of the first chunk is subtracted from all"),
        (copied, "copies or parts of the earlier chunks"),
        (views, "chunks were in memory at the same time"),
        (twice_in_floats, "they come only once"),
        (gathered, "chunks were in memory at the same time"),
        (averaged, "as if each had the same share"),
        (lambda q, c: averaged(q, c, len), "averaged by their sizes"),
        (own_scale, "sums of different scales are added"),
        (lambda q, c: streamed(q, c, shrink_sum=False, shrink_mixed=False), "must shrink by"),
        (lambda q, c: streamed(q, c, shrink_mixed=False), "the weighted sum of values isn't"),
        (lambda q, c: streamed(q, c, shrink_sum=False), "the sum of exponentials isn't"),
        (naive, "subtract the largest score first"),
        (lambda q, c: streamed(q, c, start=0.0), "subtract the largest score first"),
        (lambda q, c: streamed(q, c, width=1), "not divided by the root of the width"),
        (last_alone, "only the last chunk counts"),
        (twice, "they come only once"),
    ],
)
def test_in_chunks(answer, words) -> None:
    assert_caught(check.in_chunks(answer), words)


def test_streaming_passes() -> None:
    assert_passed(check.in_chunks, streamed)
    doubles = lambda chunks: ((keys.double(), values.double()) for keys, values in chunks)  # noqa: E731
    assert_passed(check.in_chunks, lambda q, c: streamed(q.double(), doubles(c)))


def test_asking_for_the_iterator_first_passes() -> None:
    def next_and_for(q, chunks):
        rest = iter(chunks)
        keys, values = next(rest)
        scores = keys @ q / math.sqrt(len(q))
        most = scores.max()
        total, mixed = (scores - most).exp().sum(), (scores - most).exp() @ values
        for keys, values in rest:  # a second `iter`, of the same iterator
            scores = keys @ q / math.sqrt(len(q))
            new = torch.maximum(most, scores.max())
            shares = (scores - new).exp()
            total = total * (most - new).exp() + shares.sum()
            mixed = mixed * (most - new).exp() + shares @ values
            most = new
        return mixed / total

    assert_passed(check.in_chunks, next_and_for)
