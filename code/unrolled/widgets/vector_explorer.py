"""The vector explorer: any word's neighbors, their map, and analogies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import traitlets

from unrolled.widgets.modules import module, style
from unrolled.widgets.packed_vectors import WordVectorInteractive, require_known

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unrolled.vectors import WordVectors

ANCHORS = ("music", "germany", "water", "football", "computer", "tuesday")


class VectorExplorer(WordVectorInteractive):
    """Type a word: its ten nearest words by cosine, and a map of them all.

    The map shows the principal components of the word, its neighbors and a few `anchors`
    far from one another, all scaled to length 1. Below, the analogy ``a : b :: c : ?`` is
    answered by the words nearest to ``b - a + c``; with `exclude_inputs` the three words
    themselves don't count. Used in ``book/embeddings.md``.

    Raises ValueError for words that the vectors don't have, and for an analogy of other than
    three words.
    """

    widget_name = "vector-explorer"
    _esm = module("vector_explorer.js")
    _css = style("words.css", "vector_explorer.css")

    word = traitlets.Unicode().tag(sync=True)
    anchors = traitlets.List(traitlets.Unicode()).tag(sync=True)
    analogy = traitlets.List(traitlets.Unicode()).tag(sync=True)
    exclude_inputs = traitlets.Bool(True).tag(sync=True)

    def __init__(
        self,
        glove: WordVectors,
        *,
        word: str = "king",
        analogy: Sequence[str] = ("man", "king", "woman"),
        anchors: Sequence[str] = ANCHORS,
        exclude_inputs: bool = True,
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        if len(analogy) != 3:
            raise ValueError(f"expected three words a, b, c for the analogy, got {len(analogy)}")
        require_known(glove, word, *analogy, *anchors)
        super().__init__(
            glove,
            caption=caption,
            still=still,
            still_alt=still_alt,
            word=word,
            analogy=list(analogy),
            anchors=list(anchors),
            exclude_inputs=exclude_inputs,
        )
