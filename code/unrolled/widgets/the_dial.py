"""The dial: checkpoints along a fine-tuning run; style, held-out bits and copying move together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import traitlets

from unrolled.memorization import Source
from unrolled.widgets.interactive import Interactive
from unrolled.widgets.modules import module, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKED_FROM = 20
"""Characters from which on a copied stretch is marked, at first."""
DIGITS = 3
"""Decimals of the bits that the page holds."""


@dataclass(frozen=True)
class Checkpoint:
    """A model on its way: what it wrote, and how surprised it is by two texts.

    `own_bits` and `held_out_bits` are bits per character on (part of) the run's own training text
    and on a text that it wasn't trained on. `sample` is what was written, without the prompt.
    """

    step: int
    own_bits: float
    held_out_bits: float
    sample: str


@dataclass(frozen=True)
class Run:
    """A fine-tuning run: its name, a word about it, its checkpoints.

    Raises ValueError for a run without a name, fewer than two checkpoints, steps that don't grow
    from 0, bits that are no positive numbers, and an empty sample.
    """

    name: str
    about: str
    checkpoints: Sequence[Checkpoint]

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.about.strip():
            raise ValueError(
                f"expected a name and a word about it, got {self.name!r}, {self.about!r}"
            )
        steps = [checkpoint.step for checkpoint in self.checkpoints]
        if len(steps) < 2 or steps[0] != 0 or sorted(set(steps)) != steps:
            raise ValueError(f"expected two or more growing steps from 0 on, got {steps}")
        for checkpoint in self.checkpoints:
            bits = (checkpoint.own_bits, checkpoint.held_out_bits)
            if not all(math.isfinite(value) and value > 0 for value in bits):
                raise ValueError(f"expected bits per character above 0, got {bits}")
            if not checkpoint.sample:
                raise ValueError(f"expected a sample at step {checkpoint.step}, got an empty one")

    def shown(self, source: Source) -> dict[str, object]:
        """What the page needs, as JSON; copies are those of `source`."""
        checkpoints = [_shown(checkpoint, source) for checkpoint in self.checkpoints]
        return {"name": self.name, "about": self.about, "checkpoints": checkpoints}


def _shown(checkpoint: Checkpoint, source: Source) -> dict[str, object]:
    before, copied, after = source.lines(source.longest(checkpoint.sample))
    return {
        "step": checkpoint.step,
        "own": round(float(checkpoint.own_bits), DIGITS),
        "held_out": round(float(checkpoint.held_out_bits), DIGITS),
        "sample": checkpoint.sample,
        "lengths": source.lengths(checkpoint.sample).tolist(),
        "nearest": {"before": before, "copied": copied, "after": after},
    }


class TheDial(Interactive):
    """Turn a dial through the checkpoints of a run; commit to a guess, then see the curve.

    At each checkpoint the page shows the sample, with every stretch marked that stands in the
    `source` and is long enough; the lines of the source which share the longest stretch; and, once
    the reader has said where held-out text will surprise the model least, the bits per character.
    `by_chance` is the longest stretch that a text of about that length shares with the source
    although nobody copied it; `by_chance_of` says which text that is. Which stretches are marked
    is worked out in the page. Used in ``book/capstone.md``.

    Raises ValueError for no runs, for characters that JavaScript counts as two, and for
    `marked_from` below 1; a `Run` checks itself.
    """

    widget_name = "the-dial"
    _esm = module("the_dial.js")
    _css = style("chart.css", "the_dial.css")

    prompt = traitlets.Unicode().tag(sync=True)
    runs = traitlets.List(traitlets.Dict()).tag(sync=True)
    by_chance = traitlets.Int().tag(sync=True)
    by_chance_of = traitlets.Unicode().tag(sync=True)
    marked_from = traitlets.Int().tag(sync=True)
    run = traitlets.Int(0).tag(sync=True)
    place = traitlets.Int(0).tag(sync=True)
    guesses = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(
        self,
        runs: Sequence[Run],
        source: Source,
        *,
        prompt: str,
        by_chance: int,
        by_chance_of: str,
        marked_from: int = MARKED_FROM,
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        if not runs:
            raise ValueError("expected at least one run, got none")
        if marked_from < 1:
            raise ValueError(f"expected marked_from of at least 1 character, got {marked_from}")
        samples = [checkpoint.sample for run in runs for checkpoint in run.checkpoints]
        if any(ord(character) > 0xFFFF for sample in samples for character in sample):
            raise ValueError("expected samples of characters up to U+FFFF, got one beyond")
        super().__init__(
            caption=caption,
            still=still,
            still_alt=still_alt,
            prompt=prompt,
            runs=[run.shown(source) for run in runs],
            by_chance=by_chance,
            by_chance_of=by_chance_of,
            marked_from=marked_from,
            guesses=[-1 for _ in runs],
        )
