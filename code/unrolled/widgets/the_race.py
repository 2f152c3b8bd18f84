"""The race: two training runs on one clock, with what each model writes on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import traitlets

from unrolled.widgets.interactive import Interactive
from unrolled.widgets.modules import module, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AXES = ("seconds", "steps", "operations")
"""What the horizontal axis may count."""


@dataclass(frozen=True)
class Mark:
    """A look at a run on its way; all counts are from the start of the run.

    Raises ValueError for a loss or a count that is not above 0.
    """

    step: int
    seconds: float  # of training, measured
    nats: float  # per character of the validation text
    operations: float  # of floating-point arithmetic in matrices
    characters: int  # read in training
    text: str  # what the model writes, the prompt included

    def __post_init__(self) -> None:
        for name in ("step", "seconds", "nats", "operations", "characters"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ValueError(f"expected {name} above 0, got {value}")


@dataclass(frozen=True)
class Lane:
    """One run: its name, how many numbers its model learns, its marks from first to last.

    Raises ValueError for no marks, or marks of which one does not come after the one before.
    """

    name: str
    parameters: int
    marks: Sequence[Mark]

    def __post_init__(self) -> None:
        if not self.marks:
            raise ValueError(f"expected at least one mark of {self.name}, got none")
        for before, after in pairwise(self.marks):
            if not (before.step < after.step and before.seconds < after.seconds):
                raise ValueError(
                    f"expected marks of {self.name} in order, "
                    f"got step {after.step} after {before.step}"
                )

    def reaches(self, target: float) -> Mark | None:
        """The first mark at `target` nats per character or below."""
        return next((mark for mark in self.marks if mark.nats <= target), None)


class TheRace(Interactive):
    """Guess when the second lane reaches the target, then let the clock run and see.

    At each moment of the clock the page shows the curves so far, and beside them what each model
    wrote at its last mark, its loss, and what it has done: steps, characters read, operations. The
    horizontal axis counts seconds, steps or operations. Seconds are measured, so they are a trait
    of their own that no digest sees. Used in ``book/speedrun.md``.

    Raises ValueError unless there are two lanes that both reach the target.
    """

    widget_name = "the-race"
    _esm = module("the_race.js")
    _css = style("chart.css", "the_race.css")

    lanes = traitlets.List(traitlets.Dict()).tag(sync=True)
    seconds = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True, measured=True)
    target = traitlets.Float().tag(sync=True)
    prompt = traitlets.Unicode().tag(sync=True)
    guess = traitlets.Float(0.0).tag(sync=True)
    clock = traitlets.Float(0.0).tag(sync=True)
    axis = traitlets.Enum(AXES, "seconds").tag(sync=True)
    powers = traitlets.Bool(True).tag(sync=True)

    def __init__(
        self,
        lanes: Sequence[Lane],
        target: float,
        prompt: str,
        *,
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        if len(lanes) != 2:
            raise ValueError(f"expected two lanes, got {len(lanes)}")
        for lane in lanes:
            if lane.reaches(target) is None:
                best = min(mark.nats for mark in lane.marks)
                raise ValueError(
                    f"expected a target that {lane.name} reaches, "
                    f"got {target:.4f}, and its best is {best:.4f}"
                )
        super().__init__(
            caption=caption,
            still=still,
            still_alt=still_alt,
            lanes=[_shown(lane, prompt) for lane in lanes],
            seconds=[[float(mark.seconds) for mark in lane.marks] for lane in lanes],
            target=_rounded(target),
            prompt=prompt,
        )


def _shown(lane: Lane, prompt: str) -> dict[str, object]:
    """What the page needs of a lane, as JSON, without its measured times."""
    return {
        "name": lane.name,
        "parameters": lane.parameters,
        "steps": [mark.step for mark in lane.marks],
        "nats": [_rounded(mark.nats) for mark in lane.marks],
        "operations": [_rounded(mark.operations) for mark in lane.marks],
        "characters": [mark.characters for mark in lane.marks],
        "texts": [mark.text.removeprefix(prompt) for mark in lane.marks],
    }


def _rounded(value: float) -> float:
    """Six significant digits; what is not above the target stays so."""
    return float(f"{value:.6g}")
