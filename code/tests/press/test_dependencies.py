"""Which files a page's code reaches."""

from __future__ import annotations

from pathlib import Path

import pytest

from unrolled.press.dependencies import dependencies

CHECKOUT = Path(__file__).parents[3]


def names(page: Path, source: Path) -> set[str]:
    return {path.relative_to(source / "unrolled").as_posix() for path in dependencies(page, source)}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    files = {
        "__init__.py": "",
        "a.py": "def f():\n    from unrolled import b\n",
        "b.py": 'TABLE = "b.json"\n',
        "b.json": "{}",
        "c.py": "# unrolled.a\n",
        "deep/__init__.py": "",
        "deep/d.py": "import unrolled.c\n",
    }
    for name, text in files.items():
        (tmp_path / "unrolled" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "unrolled" / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("code", "reached"),
    [
        ("import unrolled.c", {"__init__.py", "c.py"}),
        (
            "from unrolled import (\n    a,\n    c,\n)",
            {"__init__.py", "a.py", "b.py", "b.json", "c.py"},
        ),
        ("from unrolled.deep.d import D", {"__init__.py", "deep/__init__.py", "deep/d.py", "c.py"}),
        ("run([python, '-m', 'unrolled.b'])", {"__init__.py", "b.py", "b.json"}),
        ("!python -m unrolled.c", {"__init__.py", "c.py"}),
        ("print('nothing')", set()),
    ],
)
def test_code_reaches_what_it_names_and_what_that_imports(
    code: str, reached: set[str], source: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Prose names `unrolled.a`.\n\n```{{code-cell}} ipython3\n{code}\n```\n")
    assert names(page, source) == reached


def test_a_page_of_the_book_reaches_its_widget_s_javascript_and_no_stranger() -> None:
    reached = names(CHECKOUT / "book" / "gpt.md", CHECKOUT / "code")
    assert {"gpt.py", "attention.py", "training.py", "corpus.py", "assets.py"} <= reached
    assert {"widgets/static/write_with_me.js", "widgets/static/gpt.js"} <= reached
    assert not {"bptt.py", "speedrun.py", "widgets/static/the_tape.js"} & reached
    assert not any(name.startswith("press/") for name in reached)
