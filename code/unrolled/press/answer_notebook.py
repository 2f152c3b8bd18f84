"""Makes the notebook of an exercise's answers: the starter's prose, filled cells, no outputs.

It is not a page of the site, so the build doesn't execute it; `make test` does, where nothing
but a reader's packages is, and asks the book's own record of progress whether all checks passed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from myst_nb.core.read import read_myst_markdown_notebook
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from unrolled.press.exercises import read_answers
from unrolled.press.install_cell import install_code, origin_text
from unrolled.press.markdown_resolver import PageResolver
from unrolled.press.notebook_page import assembled, notebook_metadata, resolved_cells
from unrolled.press.repository import Repository

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def answer_notebook(
    app: Sphinx, docname: str, repository: Repository | None, commit: str | None
) -> tuple[NotebookNode, int]:
    """Return the answers' notebook of a starter page, and how many things had no form in it.

    Raises OSError if the starter has no answers page.
    """
    text = read_answers(Path(app.env.doc2path(docname)))
    page = read_myst_markdown_notebook(
        text, config=app.env.myst_config, add_source_map=True, path=docname
    )
    resolver = PageResolver(app, docname)
    title = f"{resolver.references.title(docname)}: answers"
    url = resolver.references.page_url(docname)
    cells = [
        new_markdown_cell(origin_text(title, url, repository, commit)),
        new_code_cell(install_code(repository, commit)),
    ]
    cells += resolved_cells(resolver, page, text, new_code_cell)
    metadata = notebook_metadata(docname, commit)
    metadata["colab"]["name"] = metadata["colab"]["name"].replace(".ipynb", "-answers.ipynb")
    return assembled(cells, metadata), resolver.problems
