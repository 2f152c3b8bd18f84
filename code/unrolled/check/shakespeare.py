"""Checks of ``exercises/shakespeare.md``: a model fine-tuned on a text that the reader chose.

What a text must be, `own_text` knows; how it becomes rows, `text_in_rows`; and what a folder
with a model must be, `saved_model`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unrolled.check import own_text, saved_model
from unrolled.check.chapter import Chapter
from unrolled.check.text_in_rows import (
    LABEL_SLIPS,
    PACKING_SLIPS,
    ROWS,
    SKIPPED,
    bits_slips,
    nats,
    packed,
    tiny,
)
from unrolled.check.trial import Trial, Wrong, as_array, shown

CHAPTER = Chapter("shakespeare", 10)
progress, export = CHAPTER.progress, CHAPTER.export

LENGTH = 128  # of a row, in `better`
BALCONY = "but soft what light through yonder window breaks it is the east"
HEARD = "what light in yonder window speaks"


@CHAPTER.task("A text, and what stays out of it", minutes=8)
def choose(trial: Trial, texts: list[str], held_out: str) -> None:
    """Check a choice: a list of texts to learn from, and a text that shares no line with them."""
    own_text.judge(trial, texts, held_out)


@CHAPTER.task("Rows in which nothing is lost", minutes=12)
def pack(trial: Trial, answer: Callable[..., tuple[Tensor, Tensor]]) -> None:
    """Check packing: ``answer(texts, end, length)`` to input_ids and labels, (N, length) each."""
    random = np.random.default_rng(3)
    by_hand = [([[5, 6, 7], [8, 9]], 1, 4), ([[5, 6], [7], [8, 9, 3]], 0, 5)]
    cases = by_hand.copy()
    for length, sizes in [(6, (11, 2, 9)), (8, (3, 1, 20, 7)), (2, (3, 4)), (5, (8, 8, 2))]:
        texts = [random.integers(2, 50, size).tolist() for size in sizes]
        cases.append((texts, 1, length))
    for texts, end, length in cases:
        size = sum(map(len, texts))
        short = f"texts = {texts}, end = {end}, length = {length}"
        given = short if size < 8 else f"{len(texts)} texts of {size} tokens, length = {length}"
        got = trial.call(answer, texts, end, length, given=given)
        pair = isinstance(got, (tuple, list)) and len(got) == 2
        trial.that(pair, f"expected a pair, input_ids and labels, got {shown(got)}")

        def known(slips: dict[str, str], part: int, case: tuple = (texts, end, length)) -> dict:
            made = {says: packed(*case, slip)[part] for slip, says in slips.items()}
            return {says: value for says, value in made.items() if value.numel()}

        ids, labels = packed(texts, end, length)
        trial.same(got[0], ids, known(PACKING_SLIPS, 0), name="input_ids")
        unscored = known(LABEL_SLIPS, 1)
        if _without_first(got[1], labels):  # the first label of a row is nobody's target
            for rows in (labels, *unscored.values()):
                rows[:, 0] = SKIPPED
        trial.same(got[1], labels, unscored, name="labels")
        if (texts, end, length) == by_hand[-1]:
            trial.holds("two small cases by hand")
    trial.holds("every token is scored once, the ends of texts too, and nothing else is")


def _without_first(got: Any, labels: Tensor) -> bool:
    try:
        result = as_array(got)
    except (TypeError, ValueError):
        return False
    return result.shape == tuple(labels.shape) and bool((result[:, 0] == SKIPPED).all())


@CHAPTER.task("Bits per character, whatever the tokens are", minutes=11, limit=90)
def bits_per_character(trial: Trial, answer: Callable[..., float]) -> None:
    """Check a measure: ``answer(model, input_ids (N, T), labels (N, T), characters)``."""
    for seed, (N, T, filled, characters) in enumerate(
        [(2, 5, 0, 31), (9, 6, 4, 120), (19, 7, 3, 402)]
    ):
        model = tiny(seed)
        ids = torch.randint(0, 30, (N, T), generator=torch.Generator().manual_seed(seed))
        labels = ids.clone()
        labels[-1, T - filled :] = SKIPPED
        rows: list[int] = []
        model.model.embed_tokens.register_forward_pre_hook(
            lambda _, inputs, rows=rows: rows.append(len(inputs[0]))
        )
        given = f"{N} rows of {T} tokens, {filled} of them filled up, in training mode"
        model.train()
        got = trial.call(lambda *a, m=model: answer(m, *a), ids, labels, characters, given=given)
        most = max(rows, default=0)
        trial.that(
            most <= ROWS,
            f"the model got {most} rows at once",
            f"logits are large: at most {ROWS} rows at a time",
        )
        model.train()
        again = trial.call(lambda *a, m=model: answer(m, *a), ids, labels, characters, given=given)
        trial.that(
            bool(np.isclose(float(got), float(again), rtol=1e-6)),
            "two measurements of the same model differ",
            "dropout is on: call `model.eval()` before you measure",
        )
        model.eval()
        trial.same(
            got,
            nats(model, ids, labels).sum() / characters / math.log(2),
            bits_slips(model, ids, labels, characters, float(got)),
            name="the bits per character",
            tolerance=1e-4,
        )
    trial.holds("few rows and many, filled up and not; dropout is off; never more than 8 rows")


@CHAPTER.task("Fine-tune, save, load", minutes=14, limit=180)
def finetuned(trial: Trial, base: str, place: str | Path) -> None:
    """Check a folder: a whole model that any ``from_pretrained`` loads, with other weights."""
    saved_model.judge(trial, base, place)


@CHAPTER.task("Did it get better?", minutes=5, limit=300)
def better(
    trial: Trial, base: str, place: str | Path, held_out: str, before: float, after: float
) -> None:
    """Check two measurements on the start of a held-out text, by measuring again."""
    from unrolled.finetune.blocks import document_end
    from unrolled.pretrained import ModelError, load_model, load_tokenizer

    trial.that(isinstance(held_out, str), f"expected a held-out text, got {shown(held_out)}")
    text, tokenizer = held_out[: own_text.LEAST], load_tokenizer(base)
    end = document_end(tokenizer)
    ids, labels = packed([tokenizer.encode(text, add_special_tokens=False)], end, LENGTH)
    found = {}
    for name, source in (("before", base), ("after", place)):
        try:
            model = load_model(source, dtype=torch.float32)
        except ModelError as error:
            raise Wrong(str(error), "task 4 comes first: the folder is what is measured") from None
        found[name] = nats(model, ids, labels).sum().item()
    others = {"before": "after", "after": "before"}
    tokens = (labels[:, 1:] != SKIPPED).sum().item()
    for name, stated in (("before", before), ("after", after)):
        unit = len(text) * math.log(2)
        known = {
            "these are nats; divide by the logarithm of 2": found[name] / len(text),
            "these are bits per token": found[name] / tokens / math.log(2),
            "these are nats per token": found[name] / tokens,
            f"that is the figure of `{others[name]}`: was the right model measured?": (
                found[others[name]] / unit
            ),
        }
        otherwise = f"measure the first {len(text):,} characters, in rows of {LENGTH} tokens"
        try:
            trial.value(stated, found[name] / unit, known, 0.02, otherwise)
        except Wrong as wrong:
            raise Wrong(f"`{name}`: {wrong.problem}", wrong.hint) from None
        trial.holds(f"`{name}`, measured again")
    gain = (found["before"] - found["after"]) / len(text) / math.log(2)
    same = "nearly nothing was learned: more steps, or a higher rate (0.001 and more for LoRA)"
    worse = "a rate too high, or the training text learned by heart: look along the way"
    direction = "less" if gain > 0 else "more"
    trial.doing = ""
    trial.that(
        gain > 0.01,
        f"the held-out text costs {abs(gain):.3f} bits per character {direction}",
        same if gain > -0.01 else worse,
    )
    trial.holds(f"the held-out text costs {gain:.2f} bits per character less")


def longest_near(sample: Sequence[str], source: Sequence[str], slips: int = 1) -> int:
    """The reference of `near_copy`: the longest stretch with at most `slips` words replaced."""
    numbers = {word: n for n, word in enumerate(dict.fromkeys([*source, *sample]))}
    words = np.array([numbers[word] for word in source])
    runs = np.zeros((slips + 1, len(words) + 1), dtype=np.int64)  # ending before each place
    best = 0
    for word in sample:
        hit = words == numbers[word]
        ended = runs[:, :-1] + 1
        runs[1:, 1:] = np.where(hit, ended[1:], ended[:-1])
        runs[0, 1:] = np.where(hit, ended[0], 0)
        best = max(best, int(runs[-1].max()))
    return best


def restarted(sample: Sequence[str], source: Sequence[str]) -> int:
    """The slip that forgets all at the second change, instead of going on from the first."""
    best = 0
    for shift in range(-len(sample) + 1, len(source)):
        run = slips = 0
        for i in range(max(0, -shift), min(len(sample), len(source) - shift)):
            slips += sample[i] != source[i + shift]
            run, slips = (0, 0) if slips > 1 else (run + 1, slips)
            best = max(best, run)
    return best


@CHAPTER.task("A copy with one word changed", minutes=10, limit=60)
def near_copy(trial: Trial, answer: Callable[..., int]) -> None:
    """Check a search: ``answer(sample, source)``, lists of words, to a number of words."""
    source = BALCONY.split()
    edges = [["light", "through", "yonder", "window", "opens"], ["that", "is", "the", "east"]]
    cases = [(HEARD.split(), source), *((edge, source) for edge in edges), (["east"], source)]
    random = np.random.default_rng(5)
    for size in (12, 30, 60, 25):
        place = int(random.integers(200))
        words = [f"w{n}" for n in random.integers(0, 25, 400)]
        sample = words[place : place + size]
        for change in random.choice(size, 4, replace=False):
            sample[change] = "new"
        cases.append((["x", "y", *sample], words))
    cases.append((words[:20], words[7:]))
    for sample, text in cases:
        whole = text is source
        given = f"{sample} in {text}" if whole else f"{len(sample)} words in {len(text)}"
        known = {
            "a changed word is not forgiven": longest_near(sample, text, 0),
            "two changed words are forgiven": longest_near(sample, text, 2),
            "the changed word counts, too: lengths are those of the stretch": (
                longest_near(sample, text) - 1
            ),
            "at the second change all is forgotten; go on from behind the first": (
                restarted(sample, text)
            ),
            "only one place of the source was compared": _aligned(sample, text),
            "words that are somewhere in the source, in any order": len(set(sample) & set(text)),
            "these are characters; count words": len(" ".join(sample)),
        }
        if sample in edges:
            known = {"it may begin or end with the replaced word": len(sample) - 1}
        trial.same(
            trial.call(answer, sample, text, given=given),
            longest_near(sample, text),
            known,
            name="the length",
        )
        if text is source and len(sample) == 1:
            trial.holds("lines of the balcony scene")
    trial.holds("long texts with several changes; the best place is found")


def _aligned(sample: Sequence[str], source: Sequence[str]) -> int:
    """The slip that lays the two side by side only, from their beginnings."""
    differs = [n for n, pair in enumerate(zip(sample, source, strict=False)) if len(set(pair)) > 1]
    ends = [-1, *differs, min(len(sample), len(source))]
    return max(late - early - 1 for early, late in zip(ends, ends[2:] or ends[1:], strict=False))
