"""A tiny book that uses every construct the book's pages may use, built with the real parts."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

CONF = """
extensions = ["myst_nb", "sphinx_design", "sphinxcontrib.bibtex"]
html_theme = "sphinx_book_theme"
html_baseurl = {base!r}
html_theme_options = {{"repository_url": {repository!r}}}
numfig = True
root_doc = "book/index"
exclude_patterns = ["_build", "code", "exercises/answers"]
nb_execution_mode = "cache"
nb_execution_in_temp = True
nb_execution_cache_path = {cache!r}
nb_execution_raise_on_error = True
nb_render_plugin = "unrolled"
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath"]
myst_heading_anchors = 3
bibtex_bibfiles = ["book/references.bib"]
bibtex_reference_style = "author_year"

def setup(app):
    from importlib import import_module
    names = "page_format freshness facts predict questions ladder launch notebooks".split()
    for name in [*names, *{extra!r}]:
        import_module("unrolled.press." + name).register(app)
"""
KERNEL = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

"""
INDEX = "# A tiny book\n\n```{toctree}\nfirst\nsecond\nreferences\n```\n"
REFERENCES = "# References\n\n```{bibliography}\n```\n"
BIB = """@article{bengio2003,
  author = {Bengio, Yoshua and Ducharme, R{\\'e}jean and Vincent, Pascal},
  title = {A Neural Probabilistic Language Model},
  journal = {Journal of Machine Learning Research},
  year = {2003},
}
@article{unused1999, author = {Nobody, A.}, title = {Never Cited}, journal = {None}, year = {1999}}
"""
MODULE = '''"""A module."""

LIMIT = 3


class Counter:
    """Counts."""

    def add(self, n: int) -> int:
        """Return `{n}` more: {glue:text}`not a role`."""
        return n + 1


def other() -> None:
    """Not shown."""
'''
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SECOND = (
    KERNEL
    + """# The second page

(second-part)=
## Its part

$$ a = b $$ (eq-there)

```{code-cell} ipython3
from unrolled.reporting import glue
glue("second_words", 4321)
```
"""
)
SITE = "https://ada.example.org/book"


@dataclass
class EverythingBook:
    """The book in `folder`; `repository` and `base` are what its configuration names."""

    folder: Path
    repository: str = "https://github.com/ada/the-book"
    base: str = SITE
    extra: tuple[str, ...] = ()  # concerns of the press beside the usual ones

    def write(self, name: str, text: str | bytes) -> None:
        """Write one file of the book."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def write_all(self, first: str) -> None:
        """Write the book around the text of its first page."""
        self.write("book/index.md", INDEX)
        self.write("book/first.md", first)
        self.write("book/second.md", SECOND)
        self.write("book/references.md", REFERENCES)
        self.write("book/references.bib", BIB)
        self.write("book/assets/dot.png", PIXEL)
        self.write("code/unrolled/counter.py", MODULE)

    def build(self) -> str:
        """Build what is out of date, return the warnings."""
        build = self.folder / "_build"
        conf = CONF.format(
            base=self.base,
            repository=self.repository,
            cache=str(build / ".jupyter_cache"),
            extra=self.extra,
        )
        self.write("conf.py", conf)
        warnings = io.StringIO()
        with patch_docutils(str(self.folder)), docutils_namespace():
            app = Sphinx(
                self.folder,
                self.folder,
                build / "html",
                build / ".doctrees",
                "html",
                status=io.StringIO(),
                warning=warnings,
            )
            app.build()
        return re.sub(r"\x1b\[[0-9;]*m", "", warnings.getvalue())

    @property
    def notebooks(self) -> Path:
        return self.folder / "_build" / "notebooks"

    def notebook(self, name: str) -> NotebookNode:
        """Return a generated notebook."""
        return nbformat.read(self.notebooks / "book" / f"{name}.ipynb", as_version=4)

    def raw(self, name: str) -> dict:
        """Return a generated notebook as JSON."""
        return json.loads((self.notebooks / "book" / f"{name}.ipynb").read_text())


def prose(notebook: NotebookNode) -> str:
    """Return all Markdown of a notebook."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def code(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]
