"""Writes every page that has code as a notebook: `_build/notebooks`, and a copy in the site.

Beside the notebook of an exercise lies the one of its answers, `answers/<chapter>.ipynb`.

The notebooks come from the build that makes the site, so prose, numbers and outputs are the
same. `_build/notebooks` is ready to be pushed as the branch that the launch links point to.
A page is written again only when something it shows has changed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from sphinx.util import logging

from unrolled.press.answer_notebook import answer_notebook
from unrolled.press.exercises import answers_path, is_exercise
from unrolled.press.install_cell import requirement
from unrolled.press.ladder import ladder_markdown
from unrolled.press.notebook_page import NotExecuted, page_notebook
from unrolled.press.repository import Repository, find_commit, find_repository

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

LOGGER = logging.getLogger(__name__)
BRANCH = "notebooks"
SITE_FOLDER = "_notebooks"
CODE_CELL = re.compile(r"^(?:`{3,}|~{3,})\s*\{code-cell\}", re.MULTILINE)
README = """# Language Modeling, Unrolled: the notebooks

Every page of the book that has code, as a notebook. This branch is generated{source}:
change the pages there, not here.
"""


def has_notebook(app: Sphinx, docname: str) -> bool:
    """Tell whether a page becomes a notebook: it names a kernel and has code."""
    if "kernelspec" not in app.env.metadata.get(docname, {}):
        return False
    return bool(CODE_CELL.search(Path(app.env.doc2path(docname)).read_text(encoding="utf-8")))


def repository_url(config: Config) -> str:
    """Return the repository that `_config.yml` names; empty if it names none."""
    return config.html_theme_options.get("repository_url") or ""


def write_notebooks(app: Sphinx, exception: Exception | None) -> None:
    """Write the notebooks of all pages that changed, and drop those of pages that are gone."""
    if exception is not None or app.builder.format != "html":
        return
    build = Path(app.outdir).parent
    checkout = Path(app.srcdir)
    repository = find_repository(checkout, repository_url(app.config))
    commit = find_commit(checkout)
    state_file = build / ".notebooks.json"
    before = _read_state(state_file)
    shared = _digest(_shared_inputs(app, repository, commit))
    state = {}
    for docname in sorted(name for name in app.env.found_docs if has_notebook(app, name)):
        names = _notebook_names(app, docname)
        targets = [build / "notebooks" / name for name in names]
        key = _digest([shared, *_page_inputs(app, docname)])
        fresh = before.get(docname) == key and all(target.is_file() for target in targets)
        if fresh or _write_page(app, docname, targets, repository, commit):
            state[docname] = key
        for name, target in zip(names, targets, strict=True):
            _copy_if_newer(target, Path(app.outdir) / SITE_FOLDER / name)
    _drop_stale(app, build / "notebooks")
    _drop_stale(app, Path(app.outdir) / SITE_FOLDER)
    _write_branch_files(build / "notebooks", repository, commit)
    state_file.write_text(json.dumps(state, indent=1), encoding="utf-8")


def _notebook_names(app: Sphinx, docname: str) -> list[str]:
    """Name the notebooks of a page: its own, and that of its answers if it is an exercise."""
    names = [f"{docname}.ipynb"]
    if is_exercise(docname) and answers_path(Path(app.env.doc2path(docname))).is_file():
        folder, _, name = docname.rpartition("/")
        names.append(f"{folder}/answers/{name}.ipynb")
    return names


def _write_page(
    app: Sphinx,
    docname: str,
    targets: list[Path],
    repository: Repository | None,
    commit: str | None,
) -> bool:
    """Write a page's notebooks; False if it has to be looked at again in the next build."""
    problems = 0
    for make, target in zip((page_notebook, answer_notebook), targets, strict=False):
        try:
            notebook, found = make(app, docname, repository, commit)
        except NotExecuted as problem:
            LOGGER.warning(str(problem), location=docname, type="unrolled", subtype="notebook")
            target.unlink(missing_ok=True)
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, target)
        problems += found
    return problems == 0


def _shared_inputs(app: Sphinx, repository: Repository | None, commit: str | None) -> list[object]:
    """List what every notebook depends on: the whole book's names, and the press itself."""
    env = app.env
    citations = env.domaindata.get("cite", {}).get("citations", [])
    return [
        repository,
        commit,
        app.config.html_baseurl,
        sorted((name, title.astext()) for name, title in env.titles.items()),
        sorted(env.domaindata["std"]["labels"].items()),
        sorted(env.domaindata["std"]["anonlabels"].items()),
        sorted(env.domaindata["math"].get("objects", {}).items()),
        env.toc_fignumbers,
        [(c.key, str(c.formatted_entry.text), c.formatted_entry.label) for c in citations],
        [_stamp(path) for path in sorted(Path(__file__).parent.glob("*.py"))],
        ladder_markdown(env, env.config.root_doc, whole=True),
        *(path.read_bytes() for path in sorted(_executed(app).rglob("*.glue.json"))),
    ]


def _page_inputs(app: Sphinx, docname: str) -> list[object]:
    """List what this page's notebook depends on: its source, its execution, its files."""
    env = app.env
    executed = getattr(env, "nb_metadata", {}).get(docname, {}).get("exec_data") or {}
    source = Path(env.doc2path(docname))
    files = {Path(app.srcdir) / name for name in env.dependencies.get(docname, ())}
    files |= {
        Path(app.srcdir) / name for name, (users, _) in env.images.items() if docname in users
    }
    return [
        source.read_bytes(),
        executed.get("mtime"),
        executed.get("runtime"),
        sorted(env.metadata[docname].get("myst_slugs", {})),
        [_stamp(path) for path in sorted(files)],
    ]


def _executed(app: Sphinx) -> Path:
    return Path(app.env.mystnb_config.output_folder)


def _stamp(path: Path) -> tuple[str, int, int]:
    if not path.exists():
        return str(path), 0, 0
    status = path.stat()
    return str(path), status.st_size, status.st_mtime_ns


def _digest(parts: list[object]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else repr(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _read_state(path: Path) -> dict[str, str]:
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _copy_if_newer(source: Path, target: Path) -> None:
    if not source.is_file() or (target.is_file() and _stamp(source)[1:] == _stamp(target)[1:]):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _drop_stale(app: Sphinx, folder: Path) -> None:
    pages = [name for name in app.env.found_docs if has_notebook(app, name)]
    kept = {name for docname in pages for name in _notebook_names(app, docname)}
    for path in folder.rglob("*.ipynb"):
        if path.relative_to(folder).as_posix() not in kept:
            path.unlink()


def _write_branch_files(folder: Path, repository: Repository | None, commit: str | None) -> None:
    """Put beside the notebooks what their branch needs: a README, and Binder's environment."""
    folder.mkdir(parents=True, exist_ok=True)
    source = requirement(repository, commit)
    made = f" from\n[{repository.slug}]({repository.url}/tree/{commit})" if source else ""
    _write(folder / "README.md", README.format(source=made))
    binder = folder / ".binder"
    if source is None:  # without a known source Binder could build nothing
        shutil.rmtree(binder, ignore_errors=True)
        return
    _write(binder / "runtime.txt", "python-3.11\n")
    _write(binder / "requirements.txt", f"unrolled @ {source}\njupyterlab\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def register(app: Sphinx) -> None:
    """Write the notebooks when the site has been built."""
    app.connect("build-finished", write_notebooks)
