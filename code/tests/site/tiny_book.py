"""A tiny book around the press's directives, built in-process and served for a browser."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

from built_site import QuietHandler
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

CONF = """
extensions = ["myst_nb"]
html_theme = "sphinx_book_theme"
html_title = "A tiny book"
language = "en"
exclude_patterns = ["answers"]
templates_path = []  # or the theme would grow Sphinx's default from build to build
nb_execution_mode = "cache"
nb_render_plugin = "unrolled"
myst_enable_extensions = ["dollarmath"]
html_theme_options = {{"navigation_with_keys": False}}

def setup(app):
    from importlib import import_module
    for concern in {concerns}:
        import_module("unrolled.press." + concern).register(app)
"""
CONCERNS = ("freshness", "facts", "predict", "questions", "solution", "ladder", "timings")
INDEX = "# A tiny book\n\n```{toctree}\n:glob:\n*\n```\n"


@dataclass(frozen=True)
class TinyBook:
    """A book in a folder of its own: `pages` maps names to MyST text."""

    folder: Path

    @property
    def html(self) -> Path:
        return self.folder / "html"

    def build(self, pages: dict[str, str] | None = None) -> str:
        """Write the pages, build what is out of date, return the warnings."""
        source = self.folder / "source"
        source.mkdir(parents=True, exist_ok=True)
        for name, text in {"index": INDEX, **(pages or {})}.items():
            page = source / f"{name}.md"
            page.parent.mkdir(exist_ok=True)
            if not page.exists() or page.read_text() != text:
                page.write_text(text)
        (source / "conf.py").write_text(CONF.format(concerns=CONCERNS))
        warnings = io.StringIO()
        with patch_docutils(str(source)), docutils_namespace():
            app = Sphinx(
                source,
                source,
                self.html,
                self.folder / "doctrees",
                "html",
                status=io.StringIO(),
                warning=warnings,
            )
            app.build()
        return re.sub(r"\x1b\[[0-9;]*m", "", warnings.getvalue())

    def page(self, name: str) -> str:
        """Return the HTML of a page."""
        return (self.html / f"{name}.html").read_text()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder on 127.0.0.1; the value is its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
