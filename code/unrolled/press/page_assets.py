"""Style sheets and scripts that only the pages which need them load."""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

STATIC = Path(__file__).parent / "static"


def link(app: Sphinx, marker: type[nodes.Node], *names: str) -> None:
    """Load the files `names` of `press/static` on every page that holds a `marker` node.

    A `.js` file is loaded as an ES module, a `.css` file as a style sheet.
    """

    def on_page(
        app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document
    ) -> None:
        if doctree is None or next(doctree.findall(marker), None) is None:
            return
        for name in names:
            if name.endswith(".css"):
                app.add_css_file(name)
            else:
                app.add_js_file(name, type="module")

    app.connect("html-page-context", on_page)
    serve(app)


def serve(app: Sphinx) -> None:
    """Copy `press/static` into the site."""
    app.connect("config-inited", _serve_static)


def _serve_static(app: Sphinx, config: Config) -> None:
    if str(STATIC) not in config.html_static_path:
        config.html_static_path.append(str(STATIC))
