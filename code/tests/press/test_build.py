"""What a change makes stale, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from jupyter_cache import get_cache

from unrolled.press.build import drop_stale

FILES = {
    "code/unrolled/__init__.py": "",
    "code/unrolled/ngram.py": "import math\n",
    "code/unrolled/rnn.py": '"""Unlike `unrolled.ngram`."""\n',
    "code/unrolled/press/pages.py": "",
    "code/unrolled/widgets/__init__.py": "",
    "code/unrolled/widgets/map.py": 'SCRIPT = "map.js"\n',
    "code/unrolled/widgets/static/map.js": 'import { sum } from "./sum.js";\n',
    "code/unrolled/widgets/static/sum.js": "",
    "book/counts.md": "```{code-cell} ipython3\nfrom unrolled import ngram\n```\n",
    "book/memory.md": "Unlike `unrolled.ngram`:\n```{code-cell} ipython3\n"
    "from unrolled.rnn import A\nfrom unrolled.widgets.map import Map\n```\n",
    "requirements.txt": "",
    "package-lock.json": "",
    "_config.yml": "",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    drop_stale(tmp_path)
    build = tmp_path / "_build"
    cache = get_cache(build / ".jupyter_cache")
    for page in ("book/counts", "book/memory"):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(page)])
        nbformat.write(notebook, build / "page.ipynb")
        uri = str(tmp_path / f"{page}.md")
        cache.cache_notebook_file(build / "page.ipynb", uri=uri, check_validity=False)
        doctree = build / ".doctrees" / f"{page}.doctree"
        doctree.parent.mkdir(parents=True, exist_ok=True)
        doctree.write_text("read")
    (build / "jupyter_execute").mkdir()
    return tmp_path


def kept(checkout: Path) -> set[str]:
    """What is left of the two pages: executed ones, and ones that were read."""
    build = checkout / "_build"
    records = get_cache(build / ".jupyter_cache").list_cache_records()
    executed = {f"executed {Path(record.uri).stem}" for record in records}
    return executed | {f"read {path.stem}" for path in build.rglob("*.doctree")}


COUNTS, MEMORY = {"executed counts", "read counts"}, {"executed memory", "read memory"}


@pytest.mark.parametrize(
    ("changed", "dropped", "left"),
    [
        ("code/unrolled/ngram.py", ["book/counts.md"], MEMORY),
        ("code/unrolled/rnn.py", ["book/memory.md"], COUNTS),
        ("code/unrolled/__init__.py", ["book/counts.md", "book/memory.md"], set()),
        ("code/unrolled/widgets/static/sum.js", ["book/memory.md"], COUNTS),
        ("requirements.txt", [".jupyter_cache", "jupyter_execute", ".doctrees"], set()),
        ("package-lock.json", [".jupyter_cache", "jupyter_execute", ".doctrees"], set()),
        ("code/unrolled/press/pages.py", [".doctrees"], {"executed counts", "executed memory"}),
        ("_config.yml", [".doctrees"], {"executed counts", "executed memory"}),
        ("book/counts.md", [], COUNTS | MEMORY),  # that is the cache's own to see
    ],
)
def test_a_change_drops_what_it_makes_stale(
    changed: str, dropped: list[str], left: set[str], checkout: Path
) -> None:
    path = checkout / changed
    path.write_text(path.read_text() + "\n")
    assert drop_stale(checkout) == dropped
    assert kept(checkout) == left
    assert drop_stale(checkout) == []


def test_a_module_that_appears_or_goes_counts_where_it_is_reached(checkout: Path) -> None:
    ngram = checkout / "code" / "unrolled" / "ngram.py"
    ngram.write_text("from unrolled import corpus\n")
    assert drop_stale(checkout) == ["book/counts.md"]
    corpus = checkout / "code" / "unrolled" / "corpus.py"
    corpus.write_text("")
    assert drop_stale(checkout) == ["book/counts.md"]
    corpus.unlink()
    assert drop_stale(checkout) == ["book/counts.md"]


def test_a_build_that_never_was_has_everything_to_do(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("")
    assert drop_stale(tmp_path) == [".jupyter_cache", "jupyter_execute", ".doctrees"]
