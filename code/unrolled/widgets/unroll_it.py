"""Unroll it: a sentence read word by word, the memory and the expectation at every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import traitlets

from unrolled.corpus import BOUNDARY, UNKNOWN, words
from unrolled.widgets.interactive import Interactive
from unrolled.widgets.modules import module, style
from unrolled.widgets.packed_recurrence import pack_model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unrolled.corpus import WordVocabulary
    from unrolled.rnn import RecurrentModel

READINGS = ("words", "punctuation", "boundary")
MOST_NODES = 12
MOST_CELLS = 64
"""A longer memory no longer fits a phone's screen, cell by cell."""


class UnrollIt(Interactive):
    """Step through a sentence: each word enters, the memory changes, a word is expected.

    The page computes ``h_t = tanh(W_x x_t + W_s h_{t-1} + b)`` from ``h_0 = 0`` and
    ``softmax(W_y h_t + b_y)`` with the weights of `model` (GRU and LSTM work too). `reading`
    says what counts as a node: ``"words"`` alone, ``"punctuation"`` too, or the ``"boundary"``
    token before them; "How are you?" then has 3, 4 or 5 nodes. The last target is always the
    boundary token. `sentences` are the ones to begin with. Used in ``book/rnn.md``.

    Raises ValueError where model, vocabulary and sentences don't fit together, for more than 12
    nodes and for a memory of more than 64 cells.
    """

    widget_name = "unroll-it"
    _esm = module("unroll_it.js")
    _css = style("words.css", "memory_strip.css", "unroll_it.css")

    weights = traitlets.Bytes().tag(sync=True)
    shape = traitlets.Dict().tag(sync=True)
    words = traitlets.Bytes().tag(sync=True)
    first_word = traitlets.Int(1).tag(sync=True)
    known = traitlets.Int().tag(sync=True)
    sentences = traitlets.List(traitlets.Unicode()).tag(sync=True)
    sentence = traitlets.Unicode().tag(sync=True)
    reading = traitlets.Unicode("punctuation").tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        model: RecurrentModel,
        vocabulary: WordVocabulary,
        *,
        sentences: Sequence[str] = ("How are you?",),
        reading: str = "punctuation",
        step: int = 0,
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        tokens = tuple(vocabulary.tokens)
        packed = pack_model(model, len(tokens))
        if packed.shape["hidden"] > MOST_CELLS:
            raise ValueError(
                f"expected a memory of at most {MOST_CELLS} cells, got {packed.shape['hidden']}"
            )
        if reading not in READINGS:
            raise ValueError(f"expected a reading among {', '.join(READINGS)}, got {reading!r}")
        special = sum(token in (BOUNDARY, UNKNOWN) for token in tokens)
        _check_sentences(sentences, set(tokens[special:]))
        super().__init__(
            caption=caption,
            still=still,
            still_alt=still_alt,
            weights=packed.weights,
            shape=packed.shape,
            words="\n".join(tokens).encode(),
            first_word=special,
            known=len(tokens) - special,
            sentences=list(sentences),
            sentence=sentences[0],
            reading=reading,
            step=step,
        )


def _check_sentences(sentences: Sequence[str], known: set[str]) -> None:
    if isinstance(sentences, str) or not sentences:
        raise ValueError(f"expected a sequence of at least one sentence, got {sentences!r}")
    for sentence in sentences:
        pieces = words(sentence)
        if not any(piece[0].isalnum() for piece in pieces):
            raise ValueError(f"expected sentences of at least one word, got {sentence!r}")
        if len(pieces) >= MOST_NODES:
            raise ValueError(
                f"expected sentences of at most {MOST_NODES - 1} words and signs, got {len(pieces)}"
            )
        if unknown := [piece for piece in pieces if piece not in known]:
            raise ValueError(
                f"expected sentences in the vocabulary's words, got {', '.join(unknown)}"
            )
