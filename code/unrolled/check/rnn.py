"""Checks of ``exercises/rnn.md``: lengths, padding, a gate in another place, swaps, parity."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unrolled.check.chapter import Chapter
from unrolled.check.trial import Trial, as_array
from unrolled.rnn import RecurrentModel

CHAPTER = Chapter("rnn", 3)
progress, export = CHAPTER.progress, CHAPTER.export


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@CHAPTER.task("The last memory of texts of different lengths", minutes=7)
def last_memory(trial: Trial, answer: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Check a choice: ``answer(hidden (B, T, H), lengths (B,))`` to memories (B, H)."""
    cases = [(torch.arange(6.0).reshape(1, 3, 2), torch.tensor([2]))]
    for seed, (B, T, H) in enumerate([(4, 4, 3), (5, 7, 7), (3, 9, 2)]):
        lengths = torch.randint(1, T, (B,), generator=_generator(seed))
        lengths[0] = 1
        cases.append((torch.randn(B, T, H, generator=_generator(seed + 9)), lengths))
    for hidden, lengths in cases:
        rows = torch.arange(len(lengths))
        T = hidden.shape[1]
        given = f"hidden of shape {tuple(hidden.shape)} and lengths {lengths.tolist()}"
        trial.same(
            trial.call(answer, hidden, lengths, given=given),
            hidden[rows, lengths - 1],
            {
                "the last column: in a short text that is the memory of padding": hidden[:, -1],
                "one place too far: the memory after 3 tokens stands at place 2, counted from 0": (
                    hidden[rows, lengths.clamp(max=T - 1)]
                ),
                "the mean of all real memories, not the last one": torch.stack(
                    [h[:n].mean(0) for h, n in zip(hidden, lengths, strict=True)]
                ),
            },
        )
    trial.holds("batches of texts with 1 to T - 1 tokens")
    full = torch.randn(2, 3, 4, generator=_generator(1))
    trial.same(trial.call(answer, full, torch.tensor([3, 3])), full[:, -1])
    trial.holds("texts without padding")


def surprise(logits: Tensor, targets: Tensor, lengths: Tensor, shift: int = 0) -> Tensor:
    """The reference of `masked_nats`."""
    nats = -logits.log_softmax(-1).gather(2, targets[..., None])[..., 0]  # (B, T)
    real = torch.arange(targets.shape[1]) < (lengths + shift)[:, None]
    return nats[real].mean()


@CHAPTER.task("A mask that hides too much", minutes=10)
def masked_nats(trial: Trial, answer: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    """Check a loss in nats: ``answer(logits (B, T, V), targets (B, T), lengths (B,))``."""
    for seed, (B, T, V) in enumerate([(2, 3, 4), (4, 6, 5), (3, 8, 9)]):
        logits = 2 * torch.randn(B, T, V, generator=_generator(seed))
        targets = torch.randint(1, V, (B, T), generator=_generator(seed + 5))
        lengths = torch.randint(2, T, (B,), generator=_generator(seed + 7))
        lengths[0] = T - 1  # the texts have different lengths ...
        lengths[1] = 1 if seed else 2
        for row, n in enumerate(lengths.tolist()):
            targets[row, n - 1 :] = 0  # ... end in a real boundary token, and are padded with 0
        nats = -logits.log_softmax(-1).gather(2, targets[..., None])[..., 0]
        real = torch.arange(T) < lengths[:, None]
        rows = torch.stack([row[:n].mean() for row, n in zip(nats, lengths, strict=True)])
        given = f"logits of shape {(B, T, V)} and lengths {lengths.tolist()}"
        trial.same(
            trial.call(answer, logits, targets, lengths, given=given),
            nats[real].mean(),
            {
                "padding is scored too": nats.mean(),
                "targets of 0 are left out; but the 0 that ends a text is a real boundary token": (
                    nats[targets != 0].mean()
                ),
                "the first padding of each text is scored as well": surprise(
                    logits, targets, lengths, 1
                ),
                "each text's last token, its boundary, is left out": surprise(
                    logits, targets, lengths, -1
                ),
                "the mean of the texts' means: a token of a short text counts for more": (
                    rows.mean()
                ),
                "divided by all B T places, those of padding too": (nats * real).sum() / (B * T),
                "a sum; the task asks for nats per token": nats[real].sum(),
                "these are bits; the task asks for nats": nats[real].mean() / math.log(2),
            },
            tolerance=1e-5,
        )
    trial.holds("texts of different lengths, each with its own boundary token scored")


def gru(x: Tensor, h: Tensor, W_x: Tensor, W_s: Tensor, b: Tensor, slip: str = "") -> Tensor:
    """The reference of `gru_step`: Cho et al.'s GRU; `slip` names a known mistake."""
    x_r, x_z, x_n = (x @ W_x.T + b).chunk(3, dim=1)
    W_r, W_z, W_n = (part.T if slip == "transposed" else part for part in W_s.chunk(3))
    r, z = torch.sigmoid(x_r + h @ W_r.T), torch.sigmoid(x_z + h @ W_z.T)
    if slip == "order":
        r, z = z, r
    inner = x_n + (r * (h @ W_n.T) if slip == "after" else (r * h) @ W_n.T)
    n = torch.sigmoid(inner) if slip == "sigmoid" else torch.tanh(inner)
    if slip == "reset":
        n = torch.tanh(x_n + h @ W_n.T)
    return (1 - z) * h + z * n if slip == "turned" else z * h + (1 - z) * n


GRU_SLIPS = {
    "after": "r is multiplied after the matrix, as PyTorch and the chapter do; here it comes "
    "before: the matrix sees r times h",
    "turned": "z is the share of the old memory that stays; here it is the share that goes",
    "order": "the stacked rows are r, then z, then n; two of them changed places",
    "sigmoid": "the candidate n goes through tanh: it is a value, not a gate",
    "reset": "the candidate sees the whole memory: r is not used",
    "transposed": "W_s is used transposed; it is square, so no shape complains",
}


@CHAPTER.task("The GRU as its inventors wrote it", minutes=12)
def gru_step(trial: Trial, answer: Callable[..., Tensor]) -> None:
    """Check a step: ``answer(x (B, C), h (B, H), W_x (3H, C), W_s (3H, H), b (3H,))`` to (B, H)."""
    for seed, (B, C, H) in enumerate([(1, 1, 2), (3, 4, 3), (5, 2, 6)]):
        make = _generator(seed)
        shapes = [(B, C), (B, H), (3 * H, C), (3 * H, H), (3 * H,)]
        inputs = [
            1.5 * torch.randn(*shape, generator=make, dtype=torch.float64) for shape in shapes
        ]
        given = f"B = {B}, C = {C}, H = {H}"
        trial.same(
            trial.call(answer, *inputs, given=given),
            gru(*inputs),
            {says: gru(*inputs, slip) for slip, says in GRU_SLIPS.items()},
            name="the new memory",
        )
        if seed == 0:
            trial.holds("two numbers of memory, one text")
    trial.holds("batches, with memories smaller and larger than the input")


def distances(model: RecurrentModel, first: Tensor, second: Tensor, text: Tensor) -> Tensor:
    """The reference of `swap`."""
    told = []
    with torch.no_grad():
        for before in (first, second):
            hidden, _ = model.run(text, model.run(before)[1])
            told.append(model.head(hidden).softmax(-1)[0])  # (T, V)
    return (told[0] - told[1]).abs().sum(-1) / 2


@CHAPTER.task("Another past, the same present", minutes=13)
def swap(trial: Trial, answer: Callable[..., Tensor]) -> None:
    """Check swaps: ``answer(model, first (1, A), second (1, B), text (1, T))`` to (T,)."""
    for seed, kind in enumerate(("vanilla", "gru", "lstm")):
        torch_state = torch.get_rng_state()
        torch.manual_seed(seed)
        model = RecurrentModel(7, 4, 6, kind)
        with torch.no_grad():
            model.head.weight.mul_(6)
        torch.set_rng_state(torch_state)
        first, second, text = (
            torch.randint(0, 7, (1, n), generator=_generator(seed + n)) for n in (5, 8, 6)
        )
        given = f"a {kind} network and texts of 5, 8 and 6 tokens"
        got = trial.call(lambda *a, m=model: answer(m, *a), first, second, text, given=given)
        with torch.no_grad():
            whole = [model(torch.cat([past, text], 1)) for past in (first, second)]
            p, q = (scores[0, -6:].softmax(-1) for scores in whole)
            early = [
                model(torch.cat([past, text], 1))[0, -7:-1].softmax(-1) for past in (first, second)
            ]
            logits = [scores[0, -6:] for scores in whole]
        trial.same(
            got,
            distances(model, first, second, text),
            {
                "the memory of the two beginnings is not carried on: both readings start from "
                "zeros": torch.zeros(6),
                "the sum of the differences; half of it is the probability that moved": (
                    (p - q).abs().sum(-1)
                ),
                "logits were compared, not probabilities": (
                    (logits[0] - logits[1]).abs().sum(-1) / 2
                ),
                "the largest change of one token; the task asks for half the sum of all": (
                    (p - q).abs().amax(-1)
                ),
                "one place too early: the first distance is that after the text's first token": (
                    (early[0] - early[1]).abs().sum(-1) / 2
                ),
            },
            name="the distance",
            tolerance=1e-5,
        )
        trial.holds(f"a {kind} network")


def run_relu(weights: tuple[np.ndarray, ...], bits: np.ndarray) -> np.ndarray:
    """What the weights (W_x, W_s, b, W_y) of a ReLU network make of bits (T,): (T,) outputs."""
    W_x, W_s, b, W_y = weights
    h, out = np.zeros(2), []
    for bit in bits:
        h = np.maximum(W_x * bit + W_s @ h + b, 0)
        out.append(W_y @ h)
    return np.array(out)


@CHAPTER.task("Two numbers that know odd from even", minutes=16)
def parity(trial: Trial, W_x: Any, W_s: Any, b: Any, W_y: Any) -> None:
    """Check weights by hand: W_x (2,), W_s (2, 2), b (2,), W_y (2,)."""
    arrays = tuple(as_array(part).astype(float) for part in (W_x, W_s, b, W_y))
    shapes = [part.shape for part in arrays]
    trial.that(
        shapes == [(2,), (2, 2), (2,), (2,)],
        f"expected shapes (2,), (2, 2), (2,), (2,), got {shapes}",
    )
    random = np.random.default_rng(8)
    texts = [np.array(bits) for bits in ([1], [0], [1, 0], [1, 1], [1, 0, 1, 1])]
    texts += [random.integers(0, 2, size) for size in (20, 200)] + [np.ones(50, int)]
    for bits in texts:
        trial.doing = f"the bits {bits.tolist()}" if len(bits) < 9 else f"{len(bits)} bits"
        truth = np.cumsum(bits) % 2
        got = run_relu(arrays, bits)
        known = {
            "it counts the ones and never comes back to 0": np.cumsum(bits),
            "it remembers that there was a one, not how many": np.minimum(np.cumsum(bits), 1),
            "it says what the last bit is; the memory plays no part": bits,
            "odd and even changed places": 1 - truth,
        }
        hint = next((says for says, value in known.items() if np.allclose(got, value)), "")
        if _works_transposed(arrays, bits) and len(bits) > 1:
            hint = "row i of W_s says what the new number i is made of; yours works transposed"
        wrong = np.flatnonzero(~np.isclose(got, truth, atol=1e-6))
        if len(wrong):
            t = int(wrong[0])
            trial.that(False, f"after {t + 1} of them expected {truth[t]}, got {got[t]:.4g}", hint)
        if len(bits) == 4:
            trial.holds("short texts")
    trial.holds("200 random bits and 50 ones: still exact")


def _works_transposed(weights: tuple[np.ndarray, ...], bits: np.ndarray) -> bool:
    W_x, W_s, b, W_y = weights
    return np.allclose(run_relu((W_x, W_s.T, b, W_y), bits), np.cumsum(bits) % 2)
