"""One head, by hand: choose queries and keys until a head can look things up."""

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

LARGEST = 9
"""A reader's numbers go from -9 to 9."""
KEY_SOURCES = ("this", "before")


class OneHeadByHand(Interactive):
    """Set the query and the key of each token so that one head solves an induction task.

    A sequence holds every token once, in some order, and then one of them again; wanted is the
    token that followed it the first time. Queries and keys have two numbers, a key is made from
    the token itself or from the one before it (`key_from`), values say which token stands there.
    The page works out the weights and the share of each token in the output, on every sequence
    there is.

    `found_queries` and `found_keys` (n, 2) are those of a head that training found, with keys
    made from the token before. Used in ``book/attention.md``.

    Raises ValueError for other than 3 or 4 different tokens, or arrays of another shape.
    """

    widget_name = "one-head-by-hand"
    _esm = module("one_head_by_hand.js")
    _css = style("weight_table.css", "one_head_by_hand.css")

    tokens = traitlets.List(traitlets.Unicode()).tag(sync=True)
    query_vectors = traitlets.List().tag(sync=True)
    key_vectors = traitlets.List().tag(sync=True)
    found_queries = traitlets.List().tag(sync=True)
    found_keys = traitlets.List().tag(sync=True)
    key_from = traitlets.Unicode("this").tag(sync=True)
    showing = traitlets.Unicode("mine").tag(sync=True)
    task = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        tokens: Sequence[str],
        found_queries: ArrayLike,
        found_keys: ArrayLike,
        *,
        queries: ArrayLike | None = None,
        keys: ArrayLike | None = None,
        key_from: str = "this",
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        n = len(tokens)
        if not 3 <= n <= 4 or len(set(tokens)) != n:
            raise ValueError(f"expected 3 or 4 different tokens, got {list(tokens)}")
        if key_from not in KEY_SOURCES:
            raise ValueError(f"expected key_from out of {', '.join(KEY_SOURCES)}, got {key_from!r}")
        given = {
            "found_queries": found_queries,
            "found_keys": found_keys,
            "query_vectors": np.tile([1, 0], (n, 1)) if queries is None else queries,
            "key_vectors": np.tile([1, 0], (n, 1)) if keys is None else keys,
        }
        super().__init__(
            caption=caption,
            still=still,
            still_alt=still_alt,
            tokens=list(tokens),
            key_from=key_from,
            **{name: _pairs(name, x, n) for name, x in given.items()},
        )


def _pairs(name: str, x: ArrayLike, n: int) -> list[list[float]]:
    array = np.asarray(x, dtype=float)
    if array.shape != (n, 2) or not (np.abs(array) <= LARGEST).all():
        raise ValueError(
            f"expected {name} as ({n}, 2) numbers from -{LARGEST} to {LARGEST}, "
            f"got {array.tolist()}"
        )
    return array.round(2).tolist()
