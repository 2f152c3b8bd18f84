"""Mask it: which words may look at which, and what leaks when the mask is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import traitlets

from unrolled.widgets.interactive import Interactive
from unrolled.widgets.modules import module, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

LONGEST = 8
"""Words; more cells than 8 x 8 no longer fit a phone."""
FILLS = ("minus-infinity", "zero")


class MaskIt(Interactive):
    """Toggle or drag the cells of a mask and see the weights of every row.

        A = softmax(s + M),   s_ij = q_i . k_j / sqrt(D),   M_ij = 0 or -infinity

    `queries` and `keys` (T, D) and `values` (T, E) belong to the `words`. `mask[i][j]` is True
    where word i may look at word j; it begins as the causal mask unless given. `fill` says what
    stands in the place of a forbidden score: ``"minus-infinity"``, or ``"zero"``, the mistake.
    All numbers are worked out in the page. Used in ``book/attention.md``.

    Raises ValueError where words, queries, keys, values and mask don't fit together.
    """

    widget_name = "mask-it"
    _esm = module("mask_it.js")
    _css = style("weight_table.css", "mask_it.css")

    words = traitlets.List(traitlets.Unicode()).tag(sync=True)
    query_vectors = traitlets.List().tag(sync=True)
    key_vectors = traitlets.List().tag(sync=True)
    value_vectors = traitlets.List().tag(sync=True)
    mask = traitlets.List().tag(sync=True)
    fill = traitlets.Unicode("minus-infinity").tag(sync=True)
    row = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        words: Sequence[str],
        queries: ArrayLike,
        keys: ArrayLike,
        values: ArrayLike,
        *,
        mask: ArrayLike | None = None,
        fill: str = "minus-infinity",
        row: int | None = None,
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        T = len(words)
        if isinstance(words, str) or not 2 <= T <= LONGEST:
            raise ValueError(f"expected 2 to {LONGEST} words, got {words!r}")
        Q, K, V = (_table(name, x, T) for name, x in _named(queries, keys, values))
        if Q.shape != K.shape:
            raise ValueError(f"expected queries and keys of one width, got {Q.shape} and {K.shape}")
        allowed = np.tri(T, dtype=bool) if mask is None else np.asarray(mask)
        if allowed.dtype != bool or allowed.shape != (T, T):
            raise ValueError(
                f"expected a boolean mask ({T}, {T}), got {allowed.shape} of {allowed.dtype}"
            )
        if fill not in FILLS:
            raise ValueError(f"expected a fill out of {', '.join(FILLS)}, got {fill!r}")
        row = T - 1 if row is None else row
        if not 0 <= row < T:
            raise ValueError(f"expected a row from 0 to {T - 1}, got {row}")
        super().__init__(
            caption=caption,
            still=still,
            still_alt=still_alt,
            words=list(words),
            query_vectors=Q.tolist(),
            key_vectors=K.tolist(),
            value_vectors=V.tolist(),
            mask=allowed.tolist(),
            fill=fill,
            row=row,
        )


def _named(queries: ArrayLike, keys: ArrayLike, values: ArrayLike) -> list[tuple[str, ArrayLike]]:
    return [("queries", queries), ("keys", keys), ("values", values)]


def _table(name: str, x: ArrayLike, T: int) -> np.ndarray:
    array = np.asarray(x, dtype=float)
    if array.ndim != 2 or len(array) != T or array.shape[1] < 1:
        raise ValueError(f"expected {name} as {T} rows of numbers, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"expected finite {name}, got some that are infinite or not a number")
    return array
