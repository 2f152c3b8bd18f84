"""Checks of ``exercises/attention.md``: padding, groups of heads, distance, order, chunks."""

from __future__ import annotations

import gc
import math
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unrolled.check import attention_references as references
from unrolled.check.chapter import Chapter
from unrolled.check.trial import Trial, as_array

CHAPTER = Chapter("attention", 6)
progress, export = CHAPTER.progress, CHAPTER.export

RISING = "-500, then 0, then 500"
"""Scores of which each chunk has far larger ones than the chunk before."""

FURTHEST = 60
"""How many words back the nearest name may stand."""


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@CHAPTER.task("Padding in front", minutes=11)
def padded_mask(trial: Trial, answer: Callable[[Tensor, int], Tensor]) -> None:
    """Check a mask: ``answer(starts (B,), T)`` to booleans (B, T, T)."""
    for starts, T in [([2], 5), ([0, 2, 3], 5), ([4, 0, 1, 2], 5), ([0], 1)]:
        first = torch.tensor(starts)
        got = trial.call(answer, first, T, given=f"starts {starts} and T = {T}")
        truth = references.padded_mask(first, T)
        trial.that(
            getattr(got, "dtype", None) in (torch.bool, np.dtype(bool)),
            f"expected booleans, got {getattr(got, 'dtype', type(got).__name__)}",
            "a mask of numbers is added to the scores, and adding 1 forbids nothing"
            if hasattr(got, "dtype")
            else "expected one tensor",
        )
        trial.same(
            got,
            truth,
            {
                "True means here that looking is allowed": ~truth,
                "rows look, columns are looked at; the two changed places": truth.mT,
            }
            | {
                says: references.padded_mask(first, T, slip)
                for slip, says in references.MASK_SLIPS.items()
            },
            name="the mask",
        )
        trial.holds(f"starts {starts}")


@CHAPTER.task("Fewer keys than queries", minutes=15)
def grouped(trial: Trial, answer: Callable[..., Tensor]) -> None:
    """Check heads: ``answer(Q (B, T, C), K, V (B, T, G D), n_heads, n_groups)`` to (B, T, C)."""
    cases = [(1, 4, 1, 1, 2), (2, 3, 2, 2, 4), (2, 5, 4, 2, 3), (3, 4, 6, 2, 2), (2, 6, 4, 1, 5)]
    for seed, (B, T, H, G, D) in enumerate(cases):
        make = _generator(seed)
        inputs = [2 * torch.randn(B, T, n * D, generator=make).double() for n in (H, G, G)]
        given = f"B = {B}, T = {T}, n_heads = {H}, n_groups = {G}, D = {D}"
        trial.same(
            trial.call(answer, *inputs, H, G, given=given),
            references.grouped(*inputs, H, G),
            {
                says: references.grouped(*inputs, H, G, slip)
                for slip, says in references.GROUP_SLIPS.items()
            },
            name="the output",
        )
        trial.holds(given)


@CHAPTER.task("What distance costs", minutes=10)
def alibi(trial: Trial, answer: Callable[[int, Tensor, int], Tensor]) -> None:
    """Check a bias: ``answer(T, slopes (H,), window)`` to what is added to scores (H, T, T)."""
    for T, numbers, window in [(4, [0.5], 4), (5, [0.5, 0.125], 3), (6, [1.0, 0.25, 2.0], 1)]:
        slopes = torch.tensor(numbers)
        trial.same(
            trial.call(
                answer, T, slopes, window, given=f"T = {T}, slopes {numbers}, window {window}"
            ),
            references.alibi(T, slopes, window),
            {
                says: references.alibi(T, slopes, window, slip)
                for slip, says in references.ALIBI_SLIPS.items()
            },
            name="the bias",
        )
        trial.holds(f"T = {T}, slopes {numbers}, window {window}")


def _texts() -> Iterator[tuple[str, list[int]]]:
    """Texts, as where their names stand: how many words back from the asker, nearest first."""
    yield "two names side by side, just before the asker", [1, 2]
    yield f"one name, {FURTHEST} words back", [FURTHEST]
    yield f"three names, {FURTHEST - 2} to {FURTHEST} words back", [58, 59, FURTHEST]
    yield "names in every place", list(range(1, FURTHEST + 1))
    for seed in range(20):
        random = np.random.default_rng(seed)
        size = random.integers(1, 9)
        places = np.sort(random.choice(np.arange(1, FURTHEST + 1), size, replace=False)).tolist()
        yield f"names {places} words back", places


@CHAPTER.task("The nearest name", minutes=8)
def nearest(trial: Trial, name_score: Any, slope: Any) -> None:
    """Check two numbers: the score of a name, and the cost of a step back."""
    height, cost = (float(as_array(part)) for part in (name_score, slope))
    trial.doing = f"name_score {height:g} and slope {cost:g}"
    trial.that(math.isfinite(height) and math.isfinite(cost), "expected two finite numbers")
    trial.that(height <= 300, "the score of a name is above 300")
    back = np.arange(FURTHEST + 1)  # the asker looks at itself at 0
    for text, places in _texts():
        named = np.isin(back, places)
        scores = height * named - cost * back
        weights = np.exp(scores - scores.max())
        weights /= weights.sum()
        others = weights[named].sum() - weights[places[0]]
        hint = (
            "other names get too much: a step back must cost more"
            if others > weights[~named].sum()
            else "words that are no names get too much: what is a name worth after that many steps?"
        )
        if cost < 0:
            hint = "with a slope below 0 far words are favored"
        found = weights[places[0]]
        trial.that(found >= 0.99, f"the nearest name gets {found:.5f} with {text}, not .99", hint)
    trial.holds("one name or many, near and far: the nearest one gets .99 at least")


def _recurrent(seed: int, size: int) -> Callable[[Tensor], Tensor]:
    """A reading (T, C) to (T, C) in which order matters, by a recurrent network."""
    W = torch.randn(2, size, size, generator=_generator(seed)).double()

    def read(x: Tensor) -> Tensor:
        memories, h = [], torch.zeros(size).double()
        for row in x:
            h = torch.tanh(row @ W[0] + h @ W[1])
            memories.append(h)
        return torch.stack(memories)

    return read


def _mean(x: Tensor) -> Tensor:
    """A reading in which order plays no part at the last place."""
    return x + x.cumsum(0) / torch.arange(1, len(x) + 1)[:, None]


@CHAPTER.task("Who tells the order?", minutes=8)
def moved(trial: Trial, answer: Callable[..., float]) -> None:
    """Check a measurement: ``answer(read, x (T, C), order (T - 1,))`` to one number."""
    for seed, T in enumerate((4, 7, 9)):
        x = torch.randn(T, 3, generator=_generator(seed)).double()
        order = torch.randperm(T - 1, generator=_generator(seed + 8))
        for name, read in {"recurrent": _recurrent(seed, 3), "mean": _mean}.items():
            after = read(references.after_order(x, order))
            change = after - read(x)
            inverse = read(references.after_order(x, order.argsort())) - read(x)
            trial.same(
                trial.call(
                    lambda *a, r=read: answer(r, *a), x, order, given=f"a {name} reading, T = {T}"
                ),
                change[-1].abs().max(),
                {
                    "all places are compared, but those before hold other words now": (
                        change.abs().max()
                    ),
                    "a mean; the task asks for the largest change": change[-1].abs().mean(),
                    "the largest change upward; a change downward is one too": change[-1].max(),
                    "a difference with its sign; a change upward is one too": -change[-1].min(),
                    "the last word was moved away, or left out; it stays where it is": (
                        read(x[order]) - read(x)[-1]
                    )[-1]
                    .abs()
                    .max(),
                    "a norm; the task asks for the largest change of one number": change[-1].norm(),
                    "the words were put back by this order, not into it": inverse[-1].abs().max(),
                },
                name="the change",
            )
        trial.holds(f"readings with and without an order, T = {T}")


def _blocks() -> dict[int, int]:
    """The memory of all tensors that are alive: where each block begins, and its bytes."""
    storages = (x.untyped_storage() for x in gc.get_objects() if type(x) is Tensor)
    return {storage.data_ptr(): storage.nbytes() for storage in storages}


class _Chunks:
    """Hands out chunks once, and notes how much of them is alive at the same time.

    A copy of a chunk, or a part of one, is no longer the chunk. So what PyTorch makes is counted
    too: of all that was handed out or made since the start, the numbers that are still alive.
    """

    def __init__(self, chunks: list[references.Chunk]) -> None:
        self.waiting = [(keys.clone(), values.clone()) for keys, values in chunks][::-1]
        self.alive: list[weakref.ref] = []
        self.most, self.ended, self.held = 0, False, 0
        self.own = {part.data_ptr() for chunk in self.waiting for part in chunk}
        self.before = _blocks().keys() - self.own

    def __iter__(self) -> _Chunks:
        if self.ended:  # an iterator that isn't at its end may be asked for itself again
            raise ValueError("the chunks were gone through twice; they come only once")
        return self

    def __next__(self) -> references.Chunk:
        if not self.waiting:
            self.ended = True
            raise StopIteration
        keys, values = self.waiting.pop()
        if not self.waiting:
            others = self.before | {keys.data_ptr(), values.data_ptr()}
            self.held = sum(size for block, size in _blocks().items() if block not in others)
        self.alive.append(weakref.ref(values))
        self.most = max(self.most, sum(one() is not None for one in self.alive))
        return keys, values


@CHAPTER.task("A text that doesn't fit", minutes=14)
def in_chunks(trial: Trial, answer: Callable[..., Tensor]) -> None:
    """Check one query: ``answer(q (D,), chunks)``, pairs of keys (S, D), values (S, E), to (E,)."""
    cases = [([4], 1.0, 0.0), ([3, 3, 3], 2.0, 0.0), ([5, 1, 2, 4], 2.0, 0.0)]
    cases += [([3, 4, 2], 60.0, 1000.0), ([3, 4, 2], 60.0, -1000.0), ([2, 2, 2, 1], 400.0, 0.0)]
    cases += [([2, 3, 2], 2.0, RISING), ([200] * 16, 2.0, 0.0)]
    for seed, (sizes, spread, level) in enumerate(cases):
        make, D = _generator(seed), 4
        q = torch.randn(D, generator=make)
        chunks = []
        for i, size in enumerate(sizes):
            middle = (-500.0, 0.0, 500.0)[i] if level is RISING else level
            wanted = spread * torch.randn(size, generator=make) + middle  # the scores
            keys = wanted[:, None] * math.sqrt(D) * q / (q @ q)
            chunks.append((keys, torch.randn(size, 3, generator=make)))
        handed = _Chunks(chunks)
        around = (
            f"scores around {level if level is RISING else f'{level:g}'}"
            if level
            else f"scores up to {spread * 3:.0f} or so"
        )
        shown = sizes if len(sizes) < 9 else f"{len(sizes)} times {sizes[0]}"
        given = f"chunks of {shown} keys, {around}"
        got = trial.call(lambda a, h=handed: answer(a, h), q, given=given)
        trial.same(
            got,
            references.in_chunks(q, chunks),
            {
                says: lambda s=slip, c=chunks, a=q: references.in_chunks(a, c, s)
                for slip, says in references.CHUNK_SLIPS.items()
            },
            name="the output",
            tolerance=1e-3,
        )
        trial.that(
            handed.most <= 2 and (len(sizes) < 9 or handed.held <= 5 * 4 * sizes[0] * (D + 3)),
            f"{handed.most} chunks were in memory at the same time"
            if handed.most > 2
            else "copies or parts of the earlier chunks were still in memory at the last one",
            "the result is right, but a text that fits into memory needs none of this: take from "
            "each chunk what you need, and let it go",
        )
        trial.holds(given)
