"""Gradient detective: what went wrong, judged by plots of losses and gradients alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import traitlets

from unrolled.widgets.interactive import Interactive
from unrolled.widgets.modules import module, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIAGNOSES = ("vanishing", "exploding", "truncated", "missing detach", "wrong shift")
DIGITS = 4
"""Significant digits of every number that the page holds."""
MOST_LINES = 4
"""Dashes that a chart tells apart."""


@dataclass(frozen=True)
class Case:
    """Curves to diagnose: `series` maps a line's name to its values.

    `title`, `x_label`, `y_label` and the lines' names are seen before the reader commits,
    so they must not give the answer away. `x` defaults to 1, 2, 3, ...; `powers` asks for
    a scale of powers of ten. Values that are infinite or not a number leave a gap.

    Raises ValueError for an unknown diagnosis, no explanation, no or too many lines, and lines of
    different length.
    """

    title: str
    series: Mapping[str, Sequence[float]]
    x_label: str
    y_label: str
    diagnosis: str
    explanation: str
    x: Sequence[float] | None = None
    powers: bool = False

    def __post_init__(self) -> None:
        if self.diagnosis not in DIAGNOSES:
            expected = ", ".join(DIAGNOSES)
            raise ValueError(f"expected a diagnosis out of {expected}, got {self.diagnosis!r}")
        for name in ("title", "x_label", "y_label", "explanation"):
            if not getattr(self, name).strip():
                raise ValueError(f"expected a text for {name}, got an empty one")
        if not 1 <= len(self.series) <= MOST_LINES:
            raise ValueError(f"expected 1 to {MOST_LINES} lines, got {len(self.series)}")
        lengths = {name: len(values) for name, values in self.series.items()}
        if self.x is not None:
            lengths["x"] = len(self.x)
        if len(set(lengths.values())) != 1 or 0 in lengths.values():
            raise ValueError(f"expected lines of the same length above 0, got {lengths}")

    def shown(self) -> dict[str, object]:
        """What the page needs, as JSON."""
        length = len(next(iter(self.series.values())))
        x = [_rounded(value) for value in (self.x if self.x is not None else range(1, length + 1))]
        if None in x:
            raise ValueError(f"expected finite numbers for x, got {list(self.x)}")
        series = [
            {"label": label, "x": x, "y": [_rounded(value) for value in values]}
            for label, values in self.series.items()
        ]
        names = ("title", "x_label", "y_label", "diagnosis", "explanation", "powers")
        return {"series": series} | {name: getattr(self, name) for name in names}


def _rounded(value: float) -> float | None:
    value = float(value)
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


class GradientDetective(Interactive):
    """Look at the curves of a training run, commit to a diagnosis, then see the right one and why.

    The score is kept as long as the page is open. Used in ``book/bptt.md``.

    Raises ValueError for no cases; a `Case` checks itself.
    """

    widget_name = "gradient-detective"
    _esm = module("gradient_detective.js")
    _css = style("chart.css", "gradient_detective.css")

    cases = traitlets.List(traitlets.Dict()).tag(sync=True)
    diagnoses = traitlets.List(traitlets.Unicode()).tag(sync=True)
    answers = traitlets.List(traitlets.Unicode()).tag(sync=True)
    current = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        cases: Sequence[Case],
        *,
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        if not cases:
            raise ValueError("expected at least one case, got none")
        super().__init__(
            caption=caption,
            still=still,
            still_alt=still_alt,
            cases=[case.shown() for case in cases],
            diagnoses=list(DIAGNOSES),
            answers=["" for _ in cases],
        )
