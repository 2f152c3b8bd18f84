"""Be the embedder: the reader's own words for a family, then the vectors' words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import traitlets

from unrolled.widgets.modules import module, style
from unrolled.widgets.packed_vectors import WordVectorInteractive, require_known

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unrolled.vectors import WordVectors

FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "King": ("king",),
        "Button": ("button",),
        "Pain": ("pain",),
        "Water Bottle": ("water", "bottle"),
    }
)


class BeTheEmbedder(WordVectorInteractive):
    """Write two or three words for each family; only then the vectors' own are shown.

    `families` maps a name to the words whose average vector stands for it. Each word that the
    reader writes gets its cosine with that vector and its rank: one more than the number of
    words that are nearer. `contrast` holds two pairs of words; their cosines, computed in
    the page, show that near is not the same as alike. Nothing that is typed is stored.
    Used in ``book/embeddings.md``.

    Raises ValueError for words that the vectors don't have, for no families, and for a
    family without words.
    """

    widget_name = "be-the-embedder"
    _esm = module("be_the_embedder.js")
    _css = style("words.css", "be_the_embedder.css")

    families = traitlets.List(traitlets.Dict()).tag(sync=True)
    contrast = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)

    def __init__(
        self,
        glove: WordVectors,
        families: Mapping[str, Sequence[str]] = FAMILIES,
        *,
        contrast: Sequence[tuple[str, str]] = (("hot", "cold"), ("king", "queen")),
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        if not families:
            raise ValueError("expected at least one family, got none")
        if empty := [name for name, words in families.items() if not words or not name]:
            raise ValueError(f"expected a name and at least one word per family, got {empty[0]!r}")
        if len(contrast) != 2 or any(len(pair) != 2 for pair in contrast):
            raise ValueError(f"expected two pairs of words to contrast, got {contrast!r}")
        members = [word for words in families.values() for word in words]
        require_known(glove, *members, *(word for pair in contrast for word in pair))
        super().__init__(
            glove,
            caption=caption,
            still=still,
            still_alt=still_alt,
            families=[{"name": name, "words": list(words)} for name, words in families.items()],
            contrast=[list(pair) for pair in contrast],
        )
