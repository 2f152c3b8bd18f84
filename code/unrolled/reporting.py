"""What a page shows of its results: numbers for the prose, figures, times, ladder rows.

Everything goes through Jupyter's display protocol, so the same call works in a
live notebook, on Colab and in the published book, where the press picks it up.
Nothing here knows of Sphinx.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from IPython.display import display

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GLUE_PREFIX = "application/papermill.record/"
"""MIME prefix under which MyST-NB looks for values that the prose may use."""

SECONDS_MIME = "application/vnd.unrolled.seconds"
"""MIME type of a measured time or a ratio of such, the outputs that may differ between two runs."""

LADDER_MIME = "application/vnd.unrolled.ladder+json"
"""MIME type of a row of the book's yardstick table."""

WIDEST = 6.2
"""Inches; in a wider figure the letters are too small to read on a phone."""

DIGITS = 6
"""Significant digits of plotted data that count when two runs are compared."""


@dataclass(frozen=True)
class Seconds:
    """A measured time in seconds; re-runs are not expected to reproduce it."""

    value: float

    def __repr__(self) -> str:
        return f"{self.value:.1f} s (measured)"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": repr(self), SECONDS_MIME: repr(self)}


def seconds(value: float) -> Seconds:
    """Mark `value` as a time that was measured, in seconds.

    Raises ValueError for a negative time.
    """
    if value < 0:
        raise ValueError(f"expected a time of at least 0 seconds, got {value}")
    return Seconds(float(value))


@dataclass(frozen=True)
class Times(Seconds):
    """A ratio of two measured times: how many times as long, or as fast."""

    def __repr__(self) -> str:
        return f"{self.value:.1f} times (measured)"


def times(longer: float, shorter: float) -> Times:
    """Mark how many times `longer` is `shorter`, both measured in seconds, in one run.

    Raises ValueError unless both are above 0.
    """
    if not (longer > 0 and shorter > 0):
        raise ValueError(f"expected times above 0 seconds, got {longer} and {shorter}")
    return Times(longer / shorter)


def _record(name: str, bundle: dict[str, str]) -> None:
    """Publish `bundle` under `name`, invisibly: a record for the prose."""
    hidden = {GLUE_PREFIX + mime: content for mime, content in bundle.items()}
    display(hidden, raw=True, metadata={"scrapbook": {"name": name, "mime_prefix": GLUE_PREFIX}})


def glue(name: str, value: float | str | Seconds) -> None:
    """Give the prose a value that this page computed.

    The text then says ``{glue:text}`name:.2f``` (or ``{glue}`name``` for a
    time made by `seconds`), so no number in the book is typed by hand.

    Raises ValueError for a name that is not an identifier or a value that is
    neither a number, a string nor a measured time.
    """
    if not name.isidentifier():
        raise ValueError(f"expected a name like 'lm_bits_bigram', got {name!r}")
    if isinstance(value, Seconds):
        _record(name, value._repr_mimebundle_())
        return
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, (int, float, str)):
        raise ValueError(f"expected a number, a string or seconds(...), got {type(value).__name__}")
    _record(name, {"text/plain": repr(value)})


def _rounded(values: object) -> str:
    """`values` as text with `DIGITS` significant digits, the same on every run."""
    array = np.ma.filled(np.ma.asarray(values), np.nan)
    if array.dtype.kind not in "iufb":
        return repr(array.tolist())
    return " ".join(f"{float(x):.{DIGITS}g}" for x in array.ravel())


def figure_digest(fig: Figure) -> str:
    """Short SHA-256 of what a matplotlib figure shows: its data and its words.

    Line, bar, scatter and image data enter with six significant digits, texts
    as they are; sizes, fonts and colors don't.
    """
    parts: list[str] = []
    for ax in fig.axes:
        parts += [f"line {_rounded(line.get_xydata())}" for line in ax.lines]
        parts += [
            f"patch {_rounded(p.get_path().vertices)} {_rounded(p.get_transform().get_matrix())}"
            if not hasattr(p, "get_width")
            else f"bar {_rounded([*p.get_xy(), p.get_width(), p.get_height()])}"
            for p in ax.patches
        ]
        for collection in ax.collections:
            parts.append(f"points {_rounded(collection.get_offsets())}")
            parts += [f"path {_rounded(path.vertices)}" for path in collection.get_paths()]
            if collection.get_array() is not None:
                parts.append(f"values {_rounded(collection.get_array())}")
        parts += [f"image {_rounded(image.get_array())}" for image in ax.images]
        texts = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.texts]
        parts += [f"text {text.get_text()}" for text in texts]
        if (legend := ax.get_legend()) is not None:
            parts += [f"legend {text.get_text()}" for text in legend.get_texts()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def picture(fig: Figure) -> str:
    """The figure as a base64 PNG, no wider than `WIDEST`; closes it."""
    import matplotlib.pyplot as plt

    width, height = fig.get_size_inches()
    fig.set_size_inches(min(width, WIDEST), height)
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=144, bbox_inches="tight", metadata={"Software": None})
    plt.close(fig)
    return base64.b64encode(buffer.getvalue()).decode()


def show(fig: Figure, alt: str) -> None:
    """Show a matplotlib figure with a text alternative, and close it.

    `alt` says in words what the figure shows, for readers who can't see it.
    The output also carries a digest of the plotted data as text, so that a
    re-run is compared by what it plots, not by pixels.

    Raises ValueError for an empty `alt`.
    """
    if not alt.strip():
        raise ValueError("expected a text alternative that says what the figure shows, got none")
    alt = " ".join(alt.split())
    digest = figure_digest(fig)
    display(
        {
            "image/png": picture(fig),
            "text/plain": f"<Figure {digest}: {alt}>",
        },
        raw=True,
        metadata={"image/png": {"alt": alt}},
    )


@dataclass(frozen=True)
class LadderRow:
    """One model on the yardstick: bits per character on the held-out passage."""

    slug: str
    name: str
    bits_per_character: float
    parameters: int | None = None
    sample: str | None = None


def ladder_row(
    slug: str,
    name: str,
    bits: float,
    parameters: int | None = None,
    train_seconds: Seconds | float | None = None,
    sample: str | None = None,
) -> None:
    """Put a model on the book's yardstick table (the ``{ladder}`` directive).

    `bits` is in bits per character on `unrolled.yardstick.passage()`;
    `parameters` counts learned numbers (for a table of counts, its entries);
    `sample` is what the model wrote after `unrolled.yardstick.PROMPT`.

    Raises ValueError for bits that are not a positive number.
    """
    if not bits > 0:
        raise ValueError(f"expected bits per character above 0, got {bits}")
    row = LadderRow(slug, name, round(float(bits), 6), parameters, sample)
    text = json.dumps(asdict(row), ensure_ascii=False, sort_keys=True)
    key = "ladder_" + slug.replace("-", "_")
    _record(key, {LADDER_MIME: text, "text/plain": f"{row.bits_per_character:.4f}"})
    if train_seconds is not None:
        if not isinstance(train_seconds, Seconds):
            train_seconds = seconds(train_seconds)
        glue(f"{key}_seconds", train_seconds)
