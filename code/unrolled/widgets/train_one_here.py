"""Train one here: a recurrent network learns a toy language in the reader's browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import traitlets

from unrolled.corpus import BOUNDARY
from unrolled.widgets.interactive import Interactive
from unrolled.widgets.modules import module, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KEYS = tuple(
    f"the {noun} to the {other} {verb} lost"
    for noun, verb in (("key", "is"), ("keys", "are"))
    for other in ("cabinet", "cabinets", "door", "doors")
)
"""Eight sentences whose verb must agree with a noun four words back, and with no nearer one."""
LEARNING_RATES = (0.0001, 0.3)
MOST_TOKENS, MOST_UNITS = 40, 64


class TrainOneHere(Interactive):
    """Start, and backpropagation through time, written in JavaScript, trains a network here.

        h_t = tanh(W_x[:, x_t] + W_s h_{t-1} + b),   P(token | past) = softmax(W_y h_t + c)

    Each step draws `batch_size` sentences of the `language`, all equally likely, and takes
    one step of Adam on their mean loss in nats per token. The tape is cut behind every `window`
    steps of a sentence (by default behind none), the gradient's norm clipped at `clip_norm`.
    After `steps` steps it rests. Sentences are split into words, or, where none has a blank,
    into characters. Everything random follows from `seed`. The default language needs a
    memory of four words. Used in ``book/bptt.md``.

    Raises ValueError for a language or numbers that don't fit.
    """

    widget_name = "train-one-here"
    _esm = module("train_one_here.js")
    _css = style("chart.css", "train_one_here.css")

    units = traitlets.List(traitlets.Unicode()).tag(sync=True)
    sentences = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    joint = traitlets.Unicode(" ").tag(sync=True)
    hidden = traitlets.Int().tag(sync=True)
    seed = traitlets.Int().tag(sync=True)
    window = traitlets.Int().tag(sync=True)
    learning_rate = traitlets.Float().tag(sync=True)
    batch_size = traitlets.Int().tag(sync=True)
    clip_norm = traitlets.Float().tag(sync=True)
    steps = traitlets.Int().tag(sync=True)

    def __init__(
        self,
        language: Sequence[str] = KEYS,
        hidden: int = 16,
        seed: int = 0,
        *,
        window: int | None = None,
        learning_rate: float = 0.01,
        batch_size: int = 8,
        clip_norm: float = 1.0,
        steps: int = 600,
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        sentences = split_sentences(language)
        longest = 1 + max(map(len, sentences))
        window = longest if window is None else window
        limits = {
            "hidden": (hidden, 1, MOST_UNITS),
            "window": (window, 1, longest),
            "learning_rate": (learning_rate, *LEARNING_RATES),
            "batch_size": (batch_size, 1, 64),
            "steps": (steps, 1, 100_000),
            "clip_norm": (clip_norm, 1e-6, 1e6),
        }
        for name, (value, low, high) in limits.items():
            if not low <= value <= high:
                raise ValueError(f"expected {name} from {low} to {high}, got {value}")
        super().__init__(
            caption=caption,
            still=still,
            still_alt=still_alt,
            units=[BOUNDARY, *sorted({unit for sentence in sentences for unit in sentence})],
            sentences=sentences,
            joint=" " if any(" " in sentence for sentence in language) else "",
            **{name: value for name, (value, _, _) in limits.items()},
            seed=seed,
        )


def split_sentences(language: Sequence[str]) -> list[list[str]]:
    """Split into words, or into characters where no sentence has a blank.

    >>> split_sentences(["ab", "ba"])
    [['a', 'b'], ['b', 'a']]

    Raises ValueError for less than two sentences, repeated or empty or overlong ones.
    """
    if isinstance(language, str) or len(language) < 2:
        raise ValueError(f"expected a list of at least two sentences, got {language!r}")
    if len(set(language)) < len(language):
        raise ValueError(f"expected different sentences, got {list(language)!r}")
    by_words = any(" " in sentence for sentence in language)
    found = [sentence.split() if by_words else list(sentence) for sentence in language]
    for sentence, units in zip(language, found, strict=True):
        if not 1 <= len(units) <= MOST_TOKENS:
            raise ValueError(
                f"expected sentences of 1 to {MOST_TOKENS} tokens, "
                f"got {len(units)} in {sentence[:40]!r}"
            )
        if BOUNDARY in units:
            raise ValueError(f"expected no boundary {BOUNDARY} in a sentence, got {sentence!r}")
    return found
