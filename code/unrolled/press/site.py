"""The last touches on the built site: the way in, and no leftovers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from unrolled.press import page_assets
from unrolled.press.mounting import FOLDER

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ENTRANCE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<meta http-equiv="refresh" content="0; url=book/index.html">
<title>{title}</title>
</head>
<body><main><h1>{title}</h1><p><a href="book/index.html">Open the book</a></p></main></body>
</html>
"""
UNUSED = (
    "**/*.map",
    "**/*.LICENSE.txt",
    "_static/*.html",
    "_static/sphinx-thebe.*",
    "_static/scripts/fontawesome.js",
)


def _finish(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    outdir = Path(app.outdir)
    entrance = ENTRANCE.format(title=app.config.project or app.config.html_title)
    (outdir / "index.html").write_text(entrance, encoding="utf-8")
    (outdir / ".nojekyll").touch()
    for pattern in UNUSED:
        for path in outdir.glob(pattern):
            path.unlink()
    _drop_stale_interactives(outdir)


def _drop_stale_interactives(outdir: Path) -> None:
    """Remove hashed files that no page names any more."""
    named = {
        name
        for page in outdir.rglob("*.html")
        for name in re.findall(r"_static/interactives/([\w.]+)", page.read_text(encoding="utf-8"))
    }
    for path in (outdir / FOLDER).glob("*"):
        if path.name not in named:
            path.unlink()


def register(app: Sphinx) -> None:
    page_assets.serve(app)
    app.add_css_file("book.css", priority=900)
    app.add_js_file("book.js", defer="defer")
    app.connect("build-finished", _finish, priority=900)
