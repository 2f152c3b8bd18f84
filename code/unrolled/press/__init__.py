"""The printing press: the Sphinx extension that turns the book's pages into its site.

It reads notebooks and widget state; it knows neither the learning modules nor
the interactives. One module per concern, each with a `register(app)`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

CONCERNS = (
    "page_format",
    "freshness",
    "mathematics",
    "facts",
    "predict",
    "questions",
    "solution",
    "ladder",
    "timings",
    "launch",
    "notebooks",
    "fonts",
    "site",
)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register every concern of the press with Sphinx."""
    for concern in CONCERNS:
        import_module(f"{__name__}.{concern}").register(app)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
