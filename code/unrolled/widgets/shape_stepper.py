"""Shape stepper: follow every number through view, transpose and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from unrolled.widgets.interactive import Interactive
from unrolled.widgets.modules import module, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_NUMBERS = 48
"""More cells no longer fit a screen."""
ROADS = ("right", "split", "merge")


class ShapeStepper(Interactive):
    """Step from (B, T, C) to the heads and back; each number keeps its color and its label.

    `road` "right" is ``view(B, T, H, D).transpose(1, 2)`` and back; "split" views straight to
    (B, H, T, D), "merge" forgets to transpose back. The page works out what `torch` would do,
    strides included, and says which rows mix tokens. Used in ``book/attention.md``.

    Raises ValueError for sizes below 1, more than 48 numbers, heads that don't divide the
    channels, or another road.
    """

    widget_name = "shape-stepper"
    _esm = module("shape_stepper.js")
    _css = style("shape_stepper.css")

    batch = traitlets.Int().tag(sync=True)
    time = traitlets.Int().tag(sync=True)
    channels = traitlets.Int().tag(sync=True)
    heads = traitlets.Int().tag(sync=True)
    road = traitlets.Unicode().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        batch: int = 2,
        time: int = 3,
        channels: int = 4,
        heads: int = 2,
        *,
        road: str = "right",
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        sizes = {"batch": batch, "time": time, "channels": channels, "heads": heads}
        if any(size < 1 for size in sizes.values()):
            raise ValueError(f"expected sizes of at least 1, got {sizes}")
        if batch * time * channels > MOST_NUMBERS:
            raise ValueError(
                f"expected at most {MOST_NUMBERS} numbers, got {batch * time * channels}"
            )
        if channels % heads:
            raise ValueError(f"expected heads that divide {channels} channels, got {heads}")
        if road not in ROADS:
            raise ValueError(f"expected a road out of {', '.join(ROADS)}, got {road!r}")
        super().__init__(caption=caption, still=still, still_alt=still_alt, road=road, **sizes)
