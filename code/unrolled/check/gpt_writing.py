"""Exercises on writing with a GPT: top-p, beam search, and an example that defeats two beams."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unrolled.check.trial import Trial, Wrong, as_array, shown

Ask = Callable[[Tensor], Tensor]
"""Texts (K, T) to the log-probabilities (K, V) of their next tokens, in nats."""


def kept(logits: Tensor, p: float, temperature: float, cut_first: bool, slip: str = "") -> Tensor:
    """The reference of `nucleus`: probabilities (B, V); `slip` names a known mistake."""
    if slip == "times":
        temperature = 1 / temperature
    seen = logits if cut_first != (slip == "order") else logits / temperature
    ranked, ids = seen.softmax(-1).sort(dim=-1, descending=slip != "rare", stable=True)
    together = ranked.cumsum(-1)
    stay = {"crosses": together <= p, "each": ranked >= 1 - p}.get(slip, together - ranked < p)
    if p == 1 and slip != "rounded":
        stay = torch.ones_like(stay)
    if slip == "one more":
        stay = torch.cat([stay[:, :1], stay[:, :-1]], dim=1)
    if slip == "first row":
        stay = stay[:1].expand_as(stay)
    if slip == "equals":
        least = ranked.masked_fill(~stay, math.inf).amin(-1, keepdim=True)
        stay = ranked >= least - 1e-12
    if slip != "unsorted":
        stay = torch.zeros_like(stay).scatter(-1, ids, stay)
    if slip == "first ids":
        stay = stay[:1].expand_as(stay)
    if slip == "share":
        return (logits / temperature).softmax(-1) * stay
    return (logits / temperature).masked_fill(~stay, -math.inf).softmax(-1)


HEATED = "the logits are divided by the temperature, not multiplied"
KEPT_SLIPS = {
    "crosses": "the token that crosses the line is left out: what stays has less than p, and "
    "where the first has more than p, nothing stays",
    "one more": "one token too many stays",
    "unsorted": "you cut the sorted list; its places must be led back to the tokens' own",
    "order": "the set was chosen on the wrong side of the temperature: look at cut_first",
    "first row": "as many tokens stay in all rows as in the first row",
    "first ids": "in all rows the first row's tokens stay",
    "equals": "all tokens as likely as the last one stay; the smallest set takes the lower id",
    "each": "each token is compared with a limit of its own; it is their sum that must reach p",
    "rare": "the sum begins with the rarest token",
    "rounded": "with p = 1 all must stay: rounded, the sum is 1 before the last token",
    "times": HEATED,
}


def nucleus(trial: Trial, answer: Callable[[Tensor, float, float, bool], Tensor]) -> None:
    """Check top-p: ``answer(logits (B, V), p, temperature, cut_first)`` to (B, V)."""
    by_hand = torch.tensor([[0.15, 0.5, 0.05, 0.3]], dtype=torch.float64).log()
    tied = torch.tensor([[0.2, 0.1, 0.2, 0.1, 0.2, 0.2]], dtype=torch.float64).log()
    make = torch.Generator().manual_seed(0)
    batch = torch.randn(4, 12, generator=make, dtype=torch.float64)
    batch = batch * torch.tensor([[6.0], [0.3], [2.0], [1.0]])
    tail = torch.tensor([[-45.0, 0.0, -40.0, 0.0]], dtype=torch.float64)
    cases = [
        ("the probabilities [0.15, 0.5, 0.05, 0.3]", by_hand, 0.6, 1.0, False),
        ("the probabilities [0.2, 0.1, 0.2, 0.1, 0.2, 0.2]", tied, 0.5, 1.0, False),
        ("four rows, sure to unsure", batch, 0.8, 1.0, False),
        ("four rows, sure to unsure", batch, 0.8, 2.0, False),
        ("four rows, sure to unsure", batch, 0.8, 2.0, True),
        ("four rows, sure to unsure", batch, 0.6, 0.5, True),
        ("the logits [-45, 0, -40, 0]", tail, 1.0, 1.0, False),
    ]
    for what, logits, p, temperature, first in cases:
        given = f"{what}, p = {p}, temperature {temperature}, cut_first={first}"
        got = as_array(trial.call(answer, logits, p, temperature, first, given=given))

        def known(slip: str = "", case: tuple = (logits, p, temperature, first)) -> np.ndarray:
            return kept(*case, slip=slip).numpy()

        def reheated(factor: float, logits: Tensor = logits) -> Tensor:
            stays = torch.from_numpy(known() > 0)
            return (logits * factor).masked_fill(~stays, -math.inf).softmax(-1)

        with np.errstate(invalid="ignore"):
            trial.same(
                (got > 0).astype(int),
                (known() > 0).astype(int),
                {says: (known(slip) > 0).astype(int) for slip, says in KEPT_SLIPS.items()},
                name="what stays (1 or 0)",
            )
        trial.same(
            got,
            known(),
            {
                "what stays must be divided by its sum": known("share"),
                "the right set, but the temperature isn't applied to what stays": reheated(1),
                HEATED: reheated(temperature),
            },
            name="the probability",
        )
        if p == 0.5:
            trial.holds("the examples by hand, one with equals")
        if first and p == 0.8:
            trial.holds("a batch, hot: cut before the temperature and after it")
    trial.holds("cold, and p = 1")


class Teller:
    """A small random model whose next token depends on the whole text: an `Ask`."""

    def __init__(self, vocab_size: int, seed: int) -> None:
        make = torch.Generator().manual_seed(seed)
        self.inner = torch.randn(vocab_size, 8, generator=make, dtype=torch.float64)
        self.outer = 1.5 * torch.randn(8, vocab_size, generator=make, dtype=torch.float64)
        self.most = 0  # the largest number of texts it was asked at once

    def __call__(self, texts: Tensor) -> Tensor:
        self.most = max(self.most, len(texts))
        fading = 0.8 ** torch.arange(texts.shape[1] - 1, -1, -1.0, dtype=torch.float64)
        memory = torch.tanh((self.inner[texts] * fading[:, None]).sum(1))  # (K, 8)
        return (memory @ self.outer).log_softmax(-1)


def best_text(ask: Ask, start: Tensor, n: int, width: int, slip: str = "") -> tuple[Tensor, float]:
    """The reference of `beam`; `slip` names a known mistake."""
    texts, scores = start[None], torch.zeros(1, dtype=torch.float64)
    for _ in range(n):
        told = ask(texts)  # (K, V)
        V = told.shape[1]
        added = told.exp() if slip == "sum" else told
        total = told if slip == "last" else scores[:, None] + added
        if slip == "own" and len(texts) > 1:  # each beam goes on with its own best
            scores, best = total.max(-1)
            flat = best + V * torch.arange(len(texts))
        else:
            scores, flat = total.flatten().topk(min(width, total.numel()))
        parents = flat // V
        if slip == "parent":
            parents = torch.arange(len(flat)).clamp(max=len(texts) - 1)
        texts = torch.cat([texts[parents], flat[:, None] % V], dim=1)
    at = int(scores.argmin() if slip == "worst" else scores.argmax())
    return texts[at], float(scores[at])


BEAM_SLIPS = {
    "own": "each beam keeps its own best continuation; the best of all K x V must be kept, and "
    "one beam may have several of them",
    "last": "the score of a text is the sum of all its steps, not the last one",
    "parent": "the new tokens were appended to the wrong texts: the best of K x V say which beam "
    "they go on from",
    "sum": "probabilities were added; logarithms are what adds up",
    "worst": "of the beams at the end, the likeliest is wanted",
}

BEAM_CASES = [(4, 3, 1, (0, 1)), (7, 9, 3, (153, 206, 314)), (6, 6, 4, (131, 240, 354))]
BEAM_CASES += [(3, 4, 81, (237, 1923, 2509))]
"""V, n, width, and models for which each of the mistakes writes another text (a test tells)."""


def beam(trial: Trial, answer: Callable[..., tuple[Tensor, float]]) -> None:
    """Check beam search: ``answer(ask, start (T,), n, width)`` to (tokens (T + n,), nats)."""
    start = torch.tensor([0, 2])
    for V, n, width, seeds in BEAM_CASES:
        for seed in seeds:
            ask = Teller(V, seed)
            given = f"{V} tokens, n = {n}, width = {width}"
            got = trial.call(lambda *a, ask=ask: answer(ask, *a), start, n, width, given=given)
            try:
                tokens, score = got
            except (TypeError, ValueError):
                raise Wrong(f"expected tokens and a number, got {shown(got)}") from None
            asked = ask.most
            right, nats = best_text(ask, start, n, width)
            greedy, _ = best_text(ask, start, n, 1)
            known = {
                says: best_text(ask, start, n, width, slip)[0] for slip, says in BEAM_SLIPS.items()
            }
            twins = "this is what greedy writes: are your beams copies of one another?"
            known = {twins: greedy, **known} if width > 1 else known
            trial.same(tokens, right, known, name="the text")
            trial.that(
                asked <= width,
                f"the model was asked about {asked} texts at once",
                "no more than `width` beginnings are kept alive at a time",
            )
            trial.same(
                score,
                nats,
                {
                    "that is a probability; its logarithm is asked for": math.exp(nats),
                    "the sum is wanted, not the mean per token": nats / n,
                    "the sign: a log-probability is below 0": -nats,
                    **{
                        BEAM_SLIPS[x]: best_text(ask, start, n, width, x)[1]
                        for x in ("last", "sum")
                    },
                },
                name="the log-probability",
            )
        if width < 4:
            trial.holds("width 1, which is greedy" if width == 1 else "three beams")
    trial.holds("more beams, up to so many that none is dropped")


def _pair(first: np.ndarray, second: np.ndarray, width: int) -> float:
    alive = np.argsort(-first, kind="stable")[:width]
    return float(max(first[i] * second[i].max() for i in alive))


def trap(trial: Trial, first: Any, second: Any) -> None:
    """Check an example: probabilities first (3,) and, row by row, second (3, 3)."""
    first, second = as_array(first).astype(float), as_array(second).astype(float)
    shapes = (first.shape, second.shape)
    trial.that(shapes == ((3,), (3, 3)), f"expected shapes (3,) and (3, 3), got {shapes}")
    trial.that(bool((first >= 0).all() and (second >= 0).all()), "a probability is below 0")
    trial.that(
        abs(first.sum() - 1) < 1e-6,
        f"the first probabilities sum to {first.sum():.4g}, not to 1",
    )
    sums = second.sum(1)
    columns = np.allclose(second.sum(0), 1) and not np.allclose(sums, 1)
    joint = abs(second.sum() - 1) < 1e-6
    hint = "row i holds the second token's probabilities after token i"
    hint += "; your columns sum to 1, not your rows" if columns else ""
    hint += "; yours are products already: give P(second | first)" if joint else ""
    trial.that(
        bool(np.allclose(sums, 1, atol=1e-6)), f"the rows sum to {np.round(sums, 4).tolist()}", hint
    )
    trial.holds("probabilities")
    ranked = np.sort(first)[::-1]
    trial.that(
        bool((np.diff(ranked) < -1e-9).all()),
        "two first tokens are equally likely",
        "which of them is kept is then up to chance; make them differ",
    )
    best = max(first[i] * second[i].max() for i in range(3))
    one, two = _pair(first, second, 1), _pair(first, second, 2)
    trial.that(
        best > one * (1 + 1e-9),
        f"greedy finds the likeliest pair ({best:.4g})",
        "the likeliest first token must have no good second one",
    )
    trial.holds("greedy misses the likeliest pair")
    trial.that(
        best > two * (1 + 1e-9),
        f"two beams find the likeliest pair ({best:.4g})",
        "two beams keep the two likeliest first tokens: the best pair must begin with the third",
    )
    trial.that(
        best >= 2 * two - 1e-9,
        f"the likeliest pair has {best:.4g}, two beams find {two:.4g}",
        "it should be twice as likely: what are the worst seconds that a first token can have, "
        "and how likely can the third token be?",
    )
    trial.holds("two beams miss it, by a factor of two or more")
