"""The launch links of a page: Colab, Binder, and the notebook to download.

The theme would point Colab at the page's `.md`, which Colab can't open; these links lead to
the notebooks that `unrolled.press.notebooks` generates. Where the repository isn't known only
the download is there, and a page without code has no such links.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from unrolled.press.notebooks import BRANCH, SITE_FOLDER, has_notebook, repository_url
from unrolled.press.repository import Repository, find_repository, parse_slug

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.config import Config

REPLACED = {"launch-buttons", "download-buttons"}


def colab_url(repository: Repository, docname: str) -> str:
    """Return where Colab opens the page's notebook."""
    path = quote(f"{docname}.ipynb")
    return f"https://colab.research.google.com/github/{repository.slug}/blob/{BRANCH}/{path}"


def binder_url(repository: Repository, docname: str) -> str:
    """Return where Binder opens the page's notebook."""
    path = quote(f"lab/tree/{docname}.ipynb")
    return f"https://mybinder.org/v2/gh/{repository.slug}/{BRANCH}?urlpath={path}"


def launch_group(repository: Repository, docname: str) -> dict[str, Any]:
    """Return the theme's button group that opens the page in Colab or Binder."""
    places = [
        ("Colab", colab_url(repository, docname), "_static/images/logo_colab.png"),
        ("Binder", binder_url(repository, docname), "_static/images/logo_binder.svg"),
    ]
    return {
        "type": "group",
        "tooltip": "Run this page",
        "icon": "fas fa-rocket",
        "label": "launch-buttons",
        "buttons": [
            {
                "type": "link",
                "text": name,
                "tooltip": f"Run this page on {name}",
                "icon": icon,
                "url": escape(url),
                "label": f"launch-{name.lower()}",
            }
            for name, url, icon in places
        ],
    }


def download_button(docname: str, path: str) -> dict[str, Any]:
    """Return the theme's button that saves the page's notebook, found at `path`.

    The theme's link has no place for `download`, without which a browser may show the
    notebook's JSON; it writes the address as it is, so the attribute travels behind it.
    """
    name = docname.rsplit("/", 1)[-1] + ".ipynb"
    return {
        "type": "link",
        "text": "",
        "tooltip": "Download this page as a notebook",
        "icon": "fas fa-download",
        "url": f'{escape(path)}" download="{escape(name)}',
        "label": "download-notebook-button",
    }


def replace_buttons(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Put the book's own launch and download buttons in the place of the theme's."""
    if "header_buttons" not in context:
        return
    kept = [b for b in context["header_buttons"] if b.get("label") not in REPLACED]
    ours = []
    if doctree is not None and has_notebook(app, pagename):
        if repository := parse_slug(app.config.unrolled_repository):
            ours.append(launch_group(repository, pagename))
        path = context["pathto"](f"{SITE_FOLDER}/{pagename}.ipynb", 1)
        ours.append(download_button(pagename, path))
    context["header_buttons"] = ours + kept


def _note_repository(app: Sphinx, config: Config) -> None:
    """Make the repository part of the configuration: pages are rewritten when it changes."""
    repository = find_repository(Path(app.srcdir), repository_url(config))
    config.unrolled_repository = repository.slug if repository else ""


def register(app: Sphinx) -> None:
    """Replace the buttons after the theme has made its own (its priority is 501)."""
    app.add_config_value("unrolled_repository", "", "html", str)
    app.connect("config-inited", _note_repository)
    app.connect("html-page-context", replace_buttons, priority=900)
