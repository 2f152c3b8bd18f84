"""Makes one notebook of one page: full prose, the page's code, the outputs of its execution."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from myst_nb.core.read import read_myst_markdown_notebook
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sphinx.util import logging

from unrolled.press.install_cell import install_code, origin_text
from unrolled.press.markdown_resolver import PageResolver
from unrolled.press.repository import Repository

if TYPE_CHECKING:
    from sphinx.application import Sphinx

LOGGER = logging.getLogger(__name__)
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
FOLDED_TAGS = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
NOT_RUN_TAGS = {"skip-execution"}


class NotExecuted(RuntimeError):  # noqa: N818 (says what is wrong with the page)
    """The build has no executed version of a page."""


def page_notebook(
    app: Sphinx, docname: str, repository: Repository | None, commit: str | None
) -> tuple[NotebookNode, int]:
    """Return the notebook of a page, and how many things on it could not be resolved.

    Raises NotExecuted if the build holds no outputs for the page's code.
    """
    source = Path(app.env.doc2path(docname))
    text = source.read_text(encoding="utf-8")
    page = read_myst_markdown_notebook(
        text,
        config=app.env.myst_config,
        add_source_map=True,
        path=str(source),
    )
    executed = iter(executed_cells(app, docname, page))
    resolver = PageResolver(app, docname)
    cells = _first_cells(resolver, repository, commit)
    cells += resolved_cells(resolver, page, text, lambda code: _code_cell(code, next(executed)))
    return assembled(cells, notebook_metadata(docname, commit)), resolver.problems


def resolved_cells(
    resolver: PageResolver,
    page: NotebookNode,
    text: str,
    code_cell: Callable[[str], NotebookNode],
) -> list[NotebookNode]:
    """Return the cells of a page read from `text`: prose resolved, sources at the end."""
    cells = []
    for cell, line in zip(page.cells, page.metadata.get("source_map", []), strict=True):
        if cell.cell_type == "code":
            cells.append(code_cell(cell.source))
            continue
        for kind, resolved in resolver.cells(cell.source, _first_line(text, line)):
            new_cell = new_code_cell if kind == "code" else new_markdown_cell
            cells.append(new_cell(resolved))
    if entries := resolver.references.bibliography():
        cells.append(new_markdown_cell(f"## References\n\n{entries}"))
    return cells


def assembled(cells: list[NotebookNode], metadata: dict) -> NotebookNode:
    """Return the notebook of these cells, numbered: nbformat's own ids are random."""
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return new_notebook(cells=cells, metadata=metadata)


def _first_line(text: str, line: int) -> int:
    """Return where a cell's text begins: the reader of pages counts the blank lines before it."""
    lines = text.split("\n")
    while line < len(lines) and not lines[line].strip():
        line += 1
    return line


def executed_cells(app: Sphinx, docname: str, page: NotebookNode) -> list[NotebookNode]:
    """Return the page's code cells with their outputs, from the cache or a forced execution.

    On a cache hit the notebook in `jupyter_execute` has no outputs, so the cache is asked first.
    """
    from jupyter_cache import get_cache

    folder = Path(app.env.mystnb_config.execution_cache_path or ".jupyter_cache")
    if folder.is_dir():
        try:
            _, found = get_cache(str(folder)).merge_match_into_notebook(copy.deepcopy(page))
            return [cell for cell in found.cells if cell.cell_type == "code"]
        except KeyError:
            pass
    written = Path(app.env.mystnb_config.output_folder) / f"{docname}.ipynb"
    if written.is_file():
        found = nbformat.read(written, as_version=4)
        cells = [cell for cell in found.cells if cell.cell_type == "code"]
        wanted = [cell.source for cell in page.cells if cell.cell_type == "code"]
        if [cell.source for cell in cells] == wanted and any(c.execution_count for c in cells):
            return cells
    raise NotExecuted(f"no execution of {docname!r} to take outputs from, looked in {folder}")


def _first_cells(
    resolver: PageResolver, repository: Repository | None, commit: str | None
) -> list[NotebookNode]:
    references = resolver.references
    title = references.title(references.docname)
    url = references.page_url(references.docname)
    install = new_code_cell(install_code(repository, commit), execution_count=1)
    return [new_markdown_cell(origin_text(title, url, repository, commit)), install]


def _code_cell(source: str, executed: NotebookNode) -> NotebookNode:
    """Return a code cell with the outputs of its execution, one later for the install cell."""
    tags = executed.metadata.get("tags", [])
    metadata: dict = {"tags": tags} if tags else {}
    if FOLDED_TAGS & set(tags):
        metadata |= {"jupyter": {"source_hidden": True}, "cellView": "form"}
    count = executed.execution_count
    if count is None and source.strip() and not NOT_RUN_TAGS & set(tags):
        raise NotExecuted(f"expected an executed cell, got one that never ran: {source[:60]!r}")
    return new_code_cell(
        source,
        metadata=metadata,
        execution_count=None if count is None else count + 1,
        outputs=[kept for output in executed.outputs if (kept := _output(output))],
    )


def _output(output: NotebookNode) -> NotebookNode | None:
    """Return an output as a notebook keeps it; of an interactive, what its text says."""
    output = copy.deepcopy(output)
    if output.get("execution_count") is not None:
        output["execution_count"] += 1
    if WIDGET_VIEW in output.get("data", {}):
        output["data"] = {k: v for k, v in output["data"].items() if k == "text/plain"}
        output["metadata"] = {}
        return output if output["data"] else None
    return output


def notebook_metadata(docname: str, commit: str | None) -> dict:
    name = f"{docname.rsplit('/', 1)[-1]}.ipynb"
    return {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
        "colab": {"name": name, "provenance": []},
        "unrolled": {"page": docname, "commit": commit},
    }
