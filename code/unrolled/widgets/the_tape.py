"""The tape: a recurrent chain of one number, and every term of its gradient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import traitlets

from unrolled.widgets.interactive import Interactive
from unrolled.widgets.modules import module, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WEIGHT_RANGE = (-2.0, 2.0)
LONGEST = 50
"""Steps that the slider of the length goes up to."""
ONE_PUSH = (1.0,)
"""The default inputs: one at the first step, then silence."""
VIEWS = ("loss", "memory")


class TheTape(Interactive):
    """Drag the recurrent weight, the length and the window; see every term dL_t/dh_k.

        h_t = f(W_s h_{t-1} + x_t),   h_0 = 0,   L_t = h_t,   f the identity or tanh (`squash`)

        dL_t/dh_k = product over j = k+1 ... t of W_s f'_j,   0 where the tape is cut

    Truncation at `window` cuts the tape behind every `window` steps, where a training loop
    calls `detach`; forward arrows stay. `view` "loss" shows one loss back to every memory, whose
    terms add up to dL_t/dW_s; "memory" shows one memory from every loss, whose terms add up
    to dL/dh_k. `step` is that loss's or memory's, the last one unless said. `inputs` beyond those
    given are 0. All numbers are worked out in the page. Used in ``book/bptt.md``.

    Raises ValueError for a weight, length, window, step, view or inputs out of range.
    """

    widget_name = "the-tape"
    _esm = module("the_tape.js")
    _css = style("the_tape.css")

    weight = traitlets.Float().tag(sync=True)
    weight_range = traitlets.Dict().tag(sync=True)
    length = traitlets.Int().tag(sync=True)
    window = traitlets.Int().tag(sync=True)
    step = traitlets.Int().tag(sync=True)
    squash = traitlets.Bool(False).tag(sync=True)
    view = traitlets.Unicode("loss").tag(sync=True)
    inputs = traitlets.List(traitlets.Float()).tag(sync=True)

    def __init__(
        self,
        weight: float = 0.9,
        length: int = 12,
        window: int | None = None,
        *,
        step: int | None = None,
        squash: bool = False,
        view: str = "loss",
        inputs: Sequence[float] = ONE_PUSH,
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        window = length if window is None else window
        step = length if step is None else step
        _check(weight, length, window, step, view, inputs)
        low, high = WEIGHT_RANGE
        super().__init__(
            caption=caption,
            still=still,
            still_alt=still_alt,
            weight=float(weight),
            weight_range={"min": low, "max": high, "step": 0.05},
            length=length,
            window=min(window, length),
            step=step,
            squash=squash,
            view=view,
            inputs=[*map(float, inputs), *[0.0] * (LONGEST - len(inputs))],
        )


def _check(
    weight: float, length: int, window: int, step: int, view: str, inputs: Sequence[float]
) -> None:
    low, high = WEIGHT_RANGE
    if not low <= weight <= high:
        raise ValueError(f"expected a weight from {low} to {high}, got {weight}")
    if not 2 <= length <= LONGEST:
        raise ValueError(f"expected a length from 2 to {LONGEST} steps, got {length}")
    if window < 1:
        raise ValueError(f"expected a window of at least 1 step, got {window}")
    if not 1 <= step <= length:
        raise ValueError(f"expected a step from 1 to {length}, got {step}")
    if view not in VIEWS:
        raise ValueError(f"expected a view out of {', '.join(VIEWS)}, got {view!r}")
    if not 1 <= len(inputs) <= LONGEST:
        raise ValueError(f"expected 1 to {LONGEST} inputs, got {len(inputs)}")
    if not all(math.isfinite(x) for x in inputs):
        raise ValueError(f"expected finite inputs, got {list(inputs)}")
