"""Keeps pages fresh: what a page shows of other pages is written anew when they change.

Sphinx rewrites a page when its source changes. A ladder or a glued value of
another page changes without that; so whenever any page was read again, every
page that shows something of another one is written again. Reading costs what
execution costs, writing a fraction of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from myst_nb.ext.glue.crossref import PendingGlueReference, read_glue_cache

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

METADATA_KEY = "shows_other_pages"


def shows_other_pages(env: BuildEnvironment) -> None:
    """Say of the page being read that it shows something of other pages."""
    env.metadata[env.docname][METADATA_KEY] = True


def _note_glue(app: Sphinx, doctree: nodes.document) -> None:
    if next(doctree.findall(PendingGlueReference), None) is not None:
        shows_other_pages(app.env)


def _pages_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    read_glue_cache.cache_clear()
    if not getattr(env, "pages_read_now", None):
        return []
    return [name for name, data in env.metadata.items() if data.get(METADATA_KEY)]


def _note_reading(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    env.pages_read_now = added | changed | removed
    return []


def register(app: Sphinx) -> None:
    app.connect("env-get-outdated", _note_reading, priority=999)
    app.connect("doctree-read", _note_glue)
    app.connect("env-updated", _pages_to_write)
