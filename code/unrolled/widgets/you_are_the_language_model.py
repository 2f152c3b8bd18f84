"""You are the language model: the reader bets on the next character, beside a counted model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import traitlets

from unrolled.widgets.interactive import Interactive
from unrolled.widgets.modules import module, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unrolled.ngram import NGram

DIGITS = 6  # of every probability and every number of bits that the page holds
EXPECTED = 5  # characters of the n-gram's expectation that can be shown
CONTEXT = 160  # characters before the stretch that the reader sees


@dataclass(frozen=True)
class Stretch:
    """Characters to guess: `length` of them from `start` of a text, under a title."""

    title: str
    start: int
    length: int = 40


class YouAreTheLanguageModel(Interactive):
    """Guess the next character of held-out text; bits per character beside the n-gram's.

    A bet puts ``confidence`` on one character and spreads the rest over the alphabet by the
    unigram, so that it is a distribution and its surprise is as good as a model's:

        P(w) = confidence [w = guess] + (1 - confidence) P_unigram(w)

    The n-gram sees all the text before each character, as on the yardstick. Used in
    ``book/language-models.md``.

    Raises ValueError for no stretches, or a stretch that leaves the text.
    """

    widget_name = "you-are-the-language-model"
    _esm = module("you_are_the_language_model.js")
    _css = style("you_are_the_language_model.css")

    alphabet = traitlets.List(traitlets.Unicode()).tag(sync=True)
    unigram = traitlets.List(traitlets.Float()).tag(sync=True)  # (V,)
    stretches = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(
        self,
        model: NGram,
        text: str,
        stretches: Sequence[Stretch],
        *,
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        if not stretches:
            raise ValueError("expected at least one stretch of text to guess, got none")
        for stretch in stretches:
            end = stretch.start + stretch.length
            if stretch.start < 0 or stretch.length < 1 or end > len(text):
                raise ValueError(
                    f"expected a stretch within the text's {len(text)} characters, "
                    f"got {stretch.start} to {end}"
                )
        super().__init__(
            caption=caption,
            still=still,
            still_alt=still_alt,
            alphabet=list(model.vocabulary.tokens),
            unigram=_rounded(model.with_(order=1).distribution()),
            stretches=[_played(model, text, stretch) for stretch in stretches],
        )


def _played(model: NGram, text: str, stretch: Stretch) -> dict:
    """What the page needs of one stretch, the n-gram's part worked out."""
    start, end = stretch.start, stretch.start + stretch.length
    tokens = model.vocabulary.encode(text[:end])
    before = np.array([0, *tokens[:-1]])[max(0, start - model.order) :]
    rows = model.probabilities(before)[-stretch.length :]  # (length, V)
    target = np.array(tokens[start:])
    best = np.argsort(-rows, axis=1, kind="stable")[:, :EXPECTED]
    return {
        "title": stretch.title,
        "context": text[max(0, start - CONTEXT) : start],
        "target": text[start:end],
        "bits": _rounded(-np.log2(rows[np.arange(len(target)), target])),
        "top": [
            [[model.vocabulary.tokens[i], p] for i, p in zip(ids, _rounded(row[ids]), strict=True)]
            for ids, row in zip(best, rows, strict=True)
        ],
    }


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), DIGITS) for value in values]
