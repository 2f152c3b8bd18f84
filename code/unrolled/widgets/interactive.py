"""The base class of every interactive: an anywidget that also stands still."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, ClassVar

import anywidget
import traitlets

from unrolled.reporting import picture
from unrolled.widgets.modules import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Interactive(anywidget.AnyWidget):
    """An interactive of the book.

    A subclass names itself (`widget_name`, kebab-case: the page's
    ``data-widget``), joins its JavaScript with `unrolled.widgets.modules.module`
    and holds all it shows in synced traits: there is no kernel behind the
    published page. `caption` says in one sentence what it is and what to do;
    `still` is the matplotlib figure that stands in where JavaScript is off, and
    `still_alt` its text alternative. A trait of measured times is tagged
    ``measured=True`` beside ``sync=True``: two runs may differ in it.

    Raises ValueError for a missing caption, or a still without `still_alt`.
    """

    widget_name: ClassVar[str]
    _css = style()

    name = traitlets.Unicode().tag(sync=True)
    caption = traitlets.Unicode().tag(sync=True)
    still = traitlets.Unicode().tag(sync=True)
    still_alt = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, *, caption: str, still: Figure | None = None, still_alt: str = "", **traits: object
    ) -> None:
        if not caption.strip():
            raise ValueError("expected a caption that says what to do, got an empty one")
        if still is not None and not still_alt.strip():
            raise ValueError("expected still_alt, the still's text alternative, got none")
        super().__init__(
            name=self.widget_name,
            caption=caption,
            still=picture(still) if still is not None else "",
            still_alt=" ".join(still_alt.split()),
            **traits,
        )

    def digest(self) -> str:
        """Short SHA-256 of all that it shows (its own synced traits), but what was timed."""
        parts = []
        for trait in sorted(
            set(self.trait_names(sync=True)) - set(anywidget.AnyWidget.class_trait_names())
        ):
            if trait.startswith("_") or trait == "still":
                continue  # code, style and pixels may differ where the numbers are the same
            if self.trait_metadata(trait, "measured"):
                continue
            value = getattr(self, trait)
            if isinstance(value, (bytes, memoryview)):
                parts.append(f"{trait} {hashlib.sha256(value).hexdigest()}")
            else:
                parts.append(f"{trait} {json.dumps(value, sort_keys=True, default=str)}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.digest()}>"
