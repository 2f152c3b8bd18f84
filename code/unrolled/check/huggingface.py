"""Checks of ``exercises/huggingface.md``: padding, packing, a processor, windows, a split."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from unrolled.check import huggingface_tables
from unrolled.check.chapter import Chapter
from unrolled.check.huggingface_models import (
    forbidden,
    row_scores,
    slide,
    tiny,
    tokenizer,
)
from unrolled.check.trial import Trial, as_array, shown

CHAPTER = Chapter("huggingface", 9)
progress, export = CHAPTER.progress, CHAPTER.export


collate = CHAPTER.task("A collator for rows that end", minutes=8)(huggingface_tables.collate)

SCORE_SLIPS: dict[str, dict[str, Any]] = {
    "the padding is looked at: is the attention mask passed on?": {"seen": False},
    "the padding is looked at, and the columns are numbered: no mask, no position_ids": {
        "seen": False,
        "placed": False,
    },
    "the columns are numbered, padding included: with padding on the left the first real token "
    "must have position 0": {"placed": False},
    "padding is scored": {"by": "all"},
    "a row padded on the left has its first token scored, as predicted from padding": {
        "by": "target"
    },
    "a row padded on the right has the first padding scored": {"by": "source"},
    "a sum; the mean per predicted token is asked for": {"by": "sum"},
    "divided by all columns, those of padding too": {"by": "columns"},
}


@CHAPTER.task("Scores that change with the padding", minutes=13)
def scores(trial: Trial, answer: Callable[[Any, Tensor, Tensor], Tensor]) -> None:
    """Check scores: ``answer(model, input_ids (B, T), attention_mask (B, T))`` to (B,) nats."""
    for seed, sides in enumerate([("right",) * 3, ("left",) * 3, ("right", "left", "left")]):
        model = tiny(seed)
        make = torch.Generator().manual_seed(seed)
        texts = [torch.randint(30, (1, n), generator=make) for n in (3, 9, 5)]
        ids, mask = torch.zeros(3, 9 + seed, dtype=torch.long), torch.zeros(3, 9 + seed).long()
        for row, (text, side) in enumerate(zip(texts, sides, strict=True)):
            n = text.shape[1]
            where = slice(0, n) if side == "right" else slice(ids.shape[1] - n, None)
            ids[row, where], mask[row, where] = text[0], 1
        given = f"rows of 3, 9 and 5 tokens, padded on the {', '.join(dict.fromkeys(sides))}"
        got = trial.call(lambda *a, m=model: answer(m, *a), ids, mask, given=given)
        alone = torch.cat([row_scores(model, text, torch.ones_like(text)) for text in texts])
        known = {says: row_scores(model, ids, mask, **how) for says, how in SCORE_SLIPS.items()}
        known["one number for the batch; each row has its own"] = alone.mean()
        trial.same(got, alone, known, name="the score", tolerance=1e-4)
        trial.holds(f"padding on the {', '.join(dict.fromkeys(sides))}: as each text alone")


fences = CHAPTER.task("Fences in a packed row", minutes=12)(huggingface_tables.fences)


@CHAPTER.task("Writing without a letter", minutes=12)
def lipogram(trial: Trial, answer: Callable[[Any, str], Any]) -> None:
    """Check a LogitsProcessor: ``answer(tokenizer, letters)``, then called with ids and scores."""
    from transformers import LogitsProcessorList

    tok, make = tokenizer(), torch.Generator().manual_seed(0)
    for letters in ("e", "e\n", "xz", "o "):  # none that leaves a slip with nothing to forbid
        given = f"the letters {letters!r}"
        processor = trial.call(answer, tok, letters, given=given)
        ids = torch.randint(len(tok), (2, 4), generator=make)
        points = torch.randn(2, len(tok), generator=make) * 3
        got = trial.call(processor, ids, points, given=f"{given} and scores {tuple(points.shape)}")
        banned = forbidden(tok, letters)
        out = torch.as_tensor(as_array(got))
        if out.shape == points.shape:
            low = out < -1e4
            known = {
                "capitals count as well": forbidden(tok, letters, "case"),
                "look at what a token writes: in the vocabulary a space is Ġ and a line break Ċ": (
                    forbidden(tok, letters, "strings")
                ),
                "special tokens write nothing; without its end token a text can't end": (
                    forbidden(tok, letters, "special")
                ),
                "longer tokens have the letter in them, too": forbidden(tok, letters, "single"),
                "True and False changed places: the letter is all that is left": ~banned,
            }
            known = {says: rows.expand(2, -1).int() for says, rows in known.items()}
            if bool((out[:, banned] == 0).all()):
                known["a score of 0 is no ban: only minus infinity has probability 0"] = low.int()
            trial.same(low.int(), banned.expand(2, -1).int(), known, name="the ban (1) of token")
        trial.same(
            out.masked_fill(banned, -math.inf) if out.shape == points.shape else out,
            points.masked_fill(banned, -math.inf),
            {"scores go out, not probabilities": points.masked_fill(banned, -math.inf).softmax(-1)},
            name="the score",
            tolerance=1e-5,
        )
        trial.holds(f"scores, without {letters!r}")
    model = tiny(3, vocab_size=len(tok))
    start = torch.tensor([tok.encode("The three")])

    def written(*_: Any) -> Tensor:
        flags = {"max_new_tokens": 50, "do_sample": True, "top_k": 0, "temperature": 2.0}
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(0)
            processors = LogitsProcessorList([answer(tok, "e")])
            return model.generate(start, logits_processor=processors, **flags)

    new = trial.call(written, given="50 tokens by generate")[0, start.shape[1] :]
    text = tok.decode(new, skip_special_tokens=True)
    trial.that("e" not in text.lower(), f"the letter came: {shown(text)}")
    trial.holds("50 tokens by generate, after a beginning that has the letter")


@CHAPTER.task("A text longer than the window", minutes=12)
def sliding(trial: Trial, answer: Callable[[Any, Tensor, int, int], float]) -> None:
    """Check a score: ``answer(model, ids (N,), window, stride)`` to nats per token."""
    for seed, (N, window, stride) in enumerate([(6, 9, 3), (11, 5, 2), (30, 8, 7), (41, 12, 4)]):
        model = tiny(seed)
        ids = torch.randint(30, (N,), generator=torch.Generator().manual_seed(seed))
        given = f"{N} tokens, window {window}, stride {stride}"
        got = trial.call(lambda *a, m=model: answer(m, *a), ids, window, stride, given=given)
        right = slide(model, ids, window, stride)
        known = {
            "the mean of the windows' means: the first window scores more tokens": "means",
            "what two windows share is scored twice": "twice",
            "at each seam the first new token is not scored": "seam",
            "the first window predicts one token less than it holds: its mean weighs too much": (
                "weights"
            ),
            "the last, shorter window is forgotten": "rest",
        }
        hints: dict[str, Any] = {
            says: (lambda s=slip, a=(model, ids, window, stride): slide(*a, s))
            for says, slip in known.items()
            if slip != "rest" or window < N
        }
        hints |= {
            "the whole text at once: more is seen than the window": (
                lambda a=(model, ids, N, 1): slide(*a)
            ),
            "the stride isn't used: the windows hardly overlap": (
                lambda a=(model, ids, window, window - 1): slide(*a)
            ),
            "each window moves on by one token; use the stride": (
                lambda a=(model, ids, window, 1): slide(*a)
            ),
            "divided by N; of N tokens N - 1 are predicted": right * (N - 1) / N,
            "a sum; the mean per predicted token is asked for": right * (N - 1),
            "that is the perplexity; nats are asked for": math.exp(right),
            "these are bits; nats are asked for": right / math.log(2),
        }
        trial.same(got, right, hints, name="the score", tolerance=1e-4)
        if window > N:
            trial.holds("a text shorter than the window")
    trial.holds("longer texts, each token scored once")


by_play = CHAPTER.task("A split that can't leak", minutes=8)(huggingface_tables.by_play)
