"""Starters and answers are one page; the answers work; nothing of them is lost in the notebooks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from everything_book import KERNEL, EverythingBook, code, prose

from unrolled.press.exercises import FILL, answers_path, differences, read_answers, solutions
from unrolled.press.markdown_blocks import blocks
from unrolled.press.verify import checks_of, find_answers, find_notebooks, passed_checks

CHECKOUT = Path(__file__).parents[3]
STARTERS = sorted(CHECKOUT.glob("exercises/*.md"))
ANSWERS = (
    KERNEL
    + """# Exercises: toys

See [](../../book/second.md).

```{answers}
```

```{code-cell} ipython3
:tags: [fill]
def double(x):
    \"\"\"Double.\"\"\"
    return 2 * x
```

```{code-cell} ipython3
print("check")
```

```{solution} double
Twice $x$, see [there](../../book/second.md).
```
"""
)
STARTER = (
    ANSWERS.replace("../../", "../")
    .replace("return 2 * x", "raise NotImplementedError")
    .replace("Twice $x$, see [there](../book/second.md).\n", "")
)


@pytest.mark.parametrize("starter", STARTERS, ids=lambda path: path.stem)
def test_starter_and_answers_are_the_same_but_for_what_is_filled(starter: Path) -> None:
    assert differences(starter.read_text("utf-8"), read_answers(starter)) == []


@pytest.mark.parametrize("starter", STARTERS, ids=lambda path: path.stem)
def test_every_check_has_its_gap_and_its_answer(starter: Path) -> None:
    tasks = set(re.findall(r"^check\.(?!progress|export)(\w+)\(", starter.read_text("utf-8"), re.M))
    solved = solutions(read_answers(starter))
    assert 4 <= len(solved) <= 7
    assert {task.replace("_", "-") for task in tasks} == set(solved)


@pytest.mark.parametrize("starter", STARTERS, ids=lambda path: path.stem)
def test_stubs_hold_no_answer(starter: Path) -> None:
    for block in blocks(starter.read_text("utf-8")):
        if FILL in block.options.get("tags", ""):
            assert re.search(r"NotImplementedError|\.\.\.|^# your ", block.text, re.M), block.text


def test_no_answers_page_without_a_starter() -> None:
    answers = {path.name for path in CHECKOUT.glob("exercises/answers/*.md")}
    assert answers == {path.name for path in STARTERS}
    assert answers_path(STARTERS[0]).is_file()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("print", "repr", "print"),
        ("# Exercises: toys", "# Exercises: drift", "drift"),
        ("[fill]\n", "[fill, other]\n", "other"),
        ("{solution} double", "{solution} triple", "triple"),
        ("```{answers}\n```\n", "", "blocks, got"),
    ],
)
def test_drift_is_named(old: str, new: str, said: str) -> None:
    answers = ANSWERS.replace("../../", "../")
    assert differences(STARTER, answers) == []
    assert any(said in line for line in differences(STARTER, answers.replace(old, new)))


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (ANSWERS + ANSWERS, "expected once, got it twice"),
        (ANSWERS.replace("[fill]", "[x]"), "expected a filled cell before it"),
        (STARTER, "0 characters"),
    ],
)
def test_a_solution_that_is_none_is_refused(page: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        solutions(page)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> EverythingBook:
    made = EverythingBook(tmp_path_factory.mktemp("book"), extra=("solution",))
    made.write_all("# The first page\n\n[](../exercises/toys.md)\n")
    made.write(
        "book/index.md",
        "# A tiny book\n\n```{toctree}\nfirst\nsecond\nreferences\n../exercises/toys\n```\n",
    )
    made.write("exercises/toys.md", STARTER)
    made.write("exercises/answers/toys.md", ANSWERS)
    assert made.build() == ""
    return made


def test_the_site_shows_the_answer_folded(book: EverythingBook) -> None:
    html = (book.folder / "_build/html/exercises/toys.html").read_text()
    fold = html[html.index('<details class="solution" data-solution="double">') :]
    fold = fold[: fold.index("</details>")]
    assert "<summary>Answer</summary>" in fold
    assert "return" in fold
    assert 'href="../book/second.html"' in fold
    assert 'href="../_notebooks/exercises/answers/toys.ipynb" download="toys-answers.ipynb"' in html


def test_the_starter_s_notebook_has_the_answer_folded(book: EverythingBook) -> None:
    text = prose(book.notebook("../exercises/toys"))
    assert "`answers/toys.ipynb`" in text
    assert "<summary>Answer</summary>\n\n```python\ndef double(x):" in text
    assert "Twice $x$, see [there](https://ada.example.org/book/book/second.html)." in text


def test_the_answers_notebook_is_filled_and_has_no_outputs(book: EverythingBook) -> None:
    notebook = book.notebook("../exercises/answers/toys")
    assert [cell.outputs for cell in code(notebook)] == [[], [], []]
    assert "return 2 * x" in code(notebook)[1].source
    assert "\n\nTwice $x$, see [there](https" in "\n\n" + prose(notebook)
    served = book.folder / "_build/html/_notebooks/exercises/answers/toys.ipynb"
    assert served.is_file()


def test_a_changed_answer_is_shown(book: EverythingBook) -> None:
    book.write("exercises/answers/toys.md", ANSWERS.replace("Twice $x$", "Two times $x$"))
    book.build()
    assert "Two times" in (book.folder / "_build/html/exercises/toys.html").read_text()
    assert "Two times" in prose(book.notebook("../exercises/toys"))
    assert "Two times" in prose(book.notebook("../exercises/answers/toys"))


def test_verification_knows_answers_from_pages(book: EverythingBook, tmp_path: Path) -> None:
    assert [path.name for path in find_answers(book.notebooks)] == ["toys.ipynb"]
    assert all("answers" not in path.parts for path in find_notebooks(book.notebooks))
    answers = find_answers(book.notebooks)[0]
    assert passed_checks(tmp_path / "none.json") == set()
    source = answers.read_text()
    answers.write_text(source.replace("2 * x", "2 * x\\n\\ncheck.double_it(3)"))
    assert checks_of(answers) == {"toys/double-it"}
    answers.write_text(source)
