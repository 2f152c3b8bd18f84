"""The difference vector: walk from a word along the mean of many pairs' differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import traitlets

from unrolled.widgets.modules import module, style
from unrolled.widgets.packed_vectors import WordVectorInteractive, require_known

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unrolled.vectors import WordVectors

STARTS = (
    ("king", ""),
    ("actor", ""),
    ("brother", "Is its answer there because its own pair is part of the mean? Leave that out."),
    ("uncle", "Try the mean, then one pair's difference alone: does each find aunt?"),
    ("doctor", "A doctor is a man or a woman; whatever comes out is what the texts assumed."),
    ("table", "A word without gender: does the step take it anywhere sensible?"),
)


class DifferenceVector(WordVectorInteractive):
    """A slider `position` t: which words are nearest to ``word + t * difference``?

    The difference is the mean over `pairs` of ``second - first``, or that mean without the
    start word's own pair, or one pair's alone. A table tells how well each pair's own
    difference agrees with the mean (cosine), and with the mean of the other pairs, which it is
    not part of. `starts` are words to begin with, each with a remark (or an empty one) that
    stands under the result. Used in ``book/embeddings.md``.

    Raises ValueError for words that the vectors don't have, for no pairs, and for pairs
    that are not two different words.
    """

    widget_name = "difference-vector"
    _esm = module("difference_vector.js")
    _css = style("words.css", "difference_vector.css")

    pairs = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    starts = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    word = traitlets.Unicode().tag(sync=True)
    position = traitlets.Float(1.0).tag(sync=True)
    direction = traitlets.Unicode("mean").tag(sync=True)
    exclude_start = traitlets.Bool(True).tag(sync=True)

    def __init__(
        self,
        glove: WordVectors,
        pairs: Sequence[tuple[str, str]],
        *,
        starts: Sequence[tuple[str, str]] = STARTS,
        word: str = "king",
        position: float = 1.0,
        exclude_start: bool = True,
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        if not pairs:
            raise ValueError("expected at least one pair of words, got none")
        for pair in pairs:
            if len(pair) != 2 or pair[0] == pair[1]:
                raise ValueError(f"expected pairs of two different words, got {pair!r}")
        if not -0.5 <= position <= 1.5:
            raise ValueError(f"expected a position from -0.5 to 1.5, got {position}")
        require_known(glove, word, *(w for pair in pairs for w in pair), *(w for w, _ in starts))
        super().__init__(
            glove,
            caption=caption,
            still=still,
            still_alt=still_alt,
            pairs=[list(pair) for pair in pairs],
            starts=[list(start) for start in starts],
            word=word,
            position=float(position),
            exclude_start=exclude_start,
        )
