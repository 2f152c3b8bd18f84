"""Generated notebooks: every MyST construct becomes plain Markdown, every output is kept."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from everything_book import KERNEL, SECOND, SITE, EverythingBook, code, prose

from unrolled.press.install_cell import install_code, requirement
from unrolled.press.repository import Repository

HASH = "0123456789abcdef0123456789abcdef01234567"
FIRST = (
    KERNEL
    + """# The first page

```{facts}
:read: 40 min
:needs: [](second.md), a little Python
:able: count words; say **why**
```

% a comment that no reader sees

(start)=
## Where it starts

The bigram needs {glue:text}`first_bits:.2f` bits, the name is {glue:text}`first_name`,
training took {glue}`first_seconds`, the other page has {glue:text}`second.md::second_words:,d`.
Text: `{glue:text}` stays code, and so does `` {eq}`x` ``; $a_{t}$ stays math, \\{braces} too.

{cite:t}`bengio2003` started it {cite:p}`bengio2003`. See {eq}`eq-loss`, {eq}`eq-there`,
[](second.md), [the **part**](second.md#its-part), [](#second-part), [](second.md#its-part),
{ref}`its part <second-part>`, {doc}`second`, [here](#start), <https://example.org/a_b> and
[outside](https://example.org/x_(y) "T"). A note[^n].

[^n]: The *note*.

$$
L = -\\log p
$$ (eq-loss)

$$ x = 1 $$

```{math}
:label: eq-more
y = 2
```

- a list

  ```{note}
  In a list, {glue:text}`first_bits:.1f`.
  ```

```{literalinclude} ../code/unrolled/counter.py
:pyobject: Counter
:language: python
```

```{literalinclude} ../code/unrolled/counter.py
:lines: 3
:caption: One line
```

```python
# {glue:text}`not_here` in a fence
% not a comment
(not-a-target)=
```

````{tip}
Quoted [](second.md).

```python
x = 1
```

$$
z
= 3
$$
````

:::{admonition} A *title*
:class: dropdown
Folded {cite:t}`bengio2003`.
:::

:::{dropdown} More of `x` and $h_t$
Inside.
:::

```{admonition} Plain
Body.
```

```{predict} What will it *print*?
:options: one | two
Write it down, {eq}`eq-loss`.
```

```{figure} assets/dot.png
:alt: A dot, alone
:name: fig-dot

The *caption* with {glue:text}`first_bits:.2f`.
```

![inline dot](assets/dot.png)

```{code-cell} ipython3
:tags: [hide-input]
from unrolled.reporting import glue, ladder_row, seconds, show
glue("first_bits", 3.14159)
glue("first_name", "a*b")
glue("first_seconds", seconds(1.26))
ladder_row("toy", "Toy", 2.5, parameters=10)
print("hello", 7)
```

+++

Between the cells.

```{code-cell} ipython3
:tags: [remove-stderr]
import matplotlib.pyplot as plt
fig, ax = plt.subplots(figsize=(1, 1))
ax.plot([1, 2, 3])
show(fig, alt="a line")
```

```{code-cell} ipython3
class View:
    def __repr__(self):
        return "View(digest=abc)"
    def _repr_mimebundle_(self, **_):
        view = {"model_id": "1", "version_major": 2, "version_minor": 0}
        return {"text/plain": repr(self), "application/vnd.jupyter.widget-view+json": view}, {}
View()
```

```{ladder}
```

```{question} first-own-why
prompt: Why {eq}`eq-loss`?
hint: Think of $p$.
answer: |
  Because of {cite:t}`bengio2003`.
ideas:
  - says: It is a code length.
    terms: [[code, length]]
```

After the question.
"""
)
LEFTOVER = re.compile(r"\{[A-Za-z][\w:+.-]*\}`|(?:`{3,}|:{3,})\s*\{[A-Za-z]|^\([\w-]+\)=$", re.M)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> EverythingBook:
    made = EverythingBook(tmp_path_factory.mktemp("book"))
    made.write_all(FIRST)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GITHUB_REPOSITORY", raising=False)
        patch.setenv("GITHUB_SHA", HASH)
        warnings = made.build()
    assert warnings == ""
    return made


@pytest.fixture(scope="module")
def text(book: EverythingBook) -> str:
    return prose(book.notebook("first"))


@pytest.mark.parametrize(
    "expected",
    [
        # facts
        "- **Time to read:** 40 min\n- **Time to run:** about ",
        f"- **You need:** [The second page]({SITE}/book/second.html), a little Python\n"
        "- **You will be able to:** count words; say **why**",
        # glued values
        "The bigram needs 3.14 bits, the name is a\\*b,\ntraining took 1.3 s, "
        "the other page has 4,321.",
        "Text: `{glue:text}` stays code, and so does `` {eq}`x` ``; $a_{t}$ stays math, "
        "\\{braces} too.",
        # citations, equations and links
        "Bengio et al. \\[2003\\] started it \\[Bengio et al., 2003\\].",
        f"See (1), [(3)]({SITE}/book/second.html#equation-eq-there),\n"
        f"[The second page]({SITE}/book/second.html), "
        f"[the **part**]({SITE}/book/second.html#its-part), "
        f"[Its part]({SITE}/book/second.html#second-part), "
        f"[Its part]({SITE}/book/second.html#its-part),\n"
        f"[its part]({SITE}/book/second.html#second-part), "
        f"[The second page]({SITE}/book/second.html), here, <https://example.org/a_b> and\n"
        '[outside](https://example.org/x_(y) "T"). A note<sup>1</sup>.',
        "<sup>1</sup> The *note*.",
        # equations
        "$$\nL = -\\log p \\tag{1}\n$$",
        "$$\nx = 1\n$$",
        "$$\ny = 2 \\tag{2}\n$$",
        # in a list, in quotations
        "- a list\n\n  > **Note.**\n  >\n  > In a list, 3.1.",
        f"> **Tip.**\n>\n> Quoted [The second page]({SITE}/book/second.html).\n>\n"
        "> ```python\n> x = 1\n> ```\n>\n> $$ z = 3 $$",
        "<details>\n<summary>A <em>title</em></summary>\n\nFolded Bengio",
        "<summary>More of <code>x</code> and $h_t$</summary>\n\nInside.\n\n</details>",
        "> **Plain**\n>\n> Body.",
        "> **Predict before you run: What will it *print*?**\n>\n> Write it down, (1).\n>\n"
        "> - one\n> - two",
        # included code
        '```python\nclass Counter:\n    """Counts."""\n\n    def add(self, n: int) -> int:\n'
        '        """Return `{n}` more: {glue:text}`not a role`."""\n        return n + 1\n```',
        "One line\n\n```python\nLIMIT = 3\n```",
        "```python\n# {glue:text}`not_here` in a fence\n% not a comment\n(not-a-target)=\n```",
        # images
        "![A dot, alone][image-1]\n\nThe *caption* with 3.14.\n\n![inline dot][image-2]\n\n"
        "[image-1]: data:image/png;base64,iVBOR",
        # the ladder and the question
        "| Toy | 2.500 | 10 |  | The first page |",
        "**Question.** Why (1)?\n\n<details>\n<summary>Hint</summary>\n\nThink of $p$.",
        "<!-- unrolled-answer: first-own-why -->\n**Your answer**",
        "**Model answer**\n\nBecause of Bengio",
        "After the question.",
        # references
        "## References\n\n- Yoshua Bengio, Réjean Ducharme, and Pascal Vincent",
    ],
)
def test_constructs_become_plain_markdown(text: str, expected: str) -> None:
    assert expected in text


@pytest.mark.parametrize("absent", ["a comment that", "(start)=", "+++", "Never Cited", "[^n]"])
def test_what_readers_never_see_is_gone(text: str, absent: str) -> None:
    assert absent not in text


def test_no_myst_is_left_outside_code(book: EverythingBook) -> None:
    for name in ("first", "second"):
        source = prose(book.notebook(name))
        source = re.sub(r"^ *(`{3,})\w*\n.*?^ *\1$", "", source, flags=re.DOTALL | re.MULTILINE)
        source = re.sub(r"(?<![`}])(`+)(?!`).+?(?<!`)\1(?!`)", "", source)
        assert LEFTOVER.findall(source) == []


def test_numbers_are_those_of_the_site(book: EverythingBook) -> None:
    html = (book.folder / "_build/html/book/first.html").read_text()
    assert '<span class="eqno">(2)<' in html
    assert "3.14 bits" in re.sub(r"<[^>]+>", "", html)


def test_answer_cells_are_cells_of_their_own(book: EverythingBook) -> None:
    sources = [cell.source for cell in book.notebook("first").cells]
    (answer,) = [s for s in sources if s.startswith("<!-- unrolled-answer")]
    assert sources[sources.index(answer) - 1].startswith("**Question.**")
    assert "After the question." not in answer


def test_notebooks_are_valid_and_named_for_jupyter_and_colab(book: EverythingBook) -> None:
    for name in ("first", "second"):
        notebook = book.notebook(name)
        nbformat.validate(notebook)
        assert notebook.metadata.kernelspec.name == "python3"
        assert notebook.metadata.colab.name == f"{name}.ipynb"
        assert "widgets" not in notebook.metadata
    assert not (book.notebooks / "book/index.ipynb").exists()
    assert not (book.notebooks / "book/references.ipynb").exists()


def test_first_cells_say_where_it_comes_from_and_install(book: EverythingBook) -> None:
    origin, install = book.notebook("first").cells[:2]
    assert f"[The first page]({SITE}/book/first.html)" in origin.source
    assert f"https://github.com/ada/the-book/tree/{HASH}" in origin.source
    assert f"git+https://github.com/ada/the-book@{HASH}" in install.source
    assert (install.cell_type, install.execution_count, install.outputs) == ("code", 1, [])


def test_code_keeps_its_tags_and_its_outputs(book: EverythingBook) -> None:
    _, results, figure, widget = code(book.notebook("first"))
    assert results.source.startswith("from unrolled.reporting import")
    assert results.metadata.tags == ["hide-input"]
    assert results.metadata.jupyter.source_hidden
    assert results.execution_count == 2
    records = [o.data for o in results.outputs if o.output_type == "display_data"]
    assert {"application/papermill.record/text/plain": "3.14159"} in records
    assert any(o.get("text") == "hello 7\n" for o in results.outputs)
    assert set(figure.outputs[0].data) == {"image/png", "text/plain"}
    assert widget.outputs[0].data == {"text/plain": "View(digest=abc)"}
    assert widget.outputs[0].execution_count == widget.execution_count == 4


def test_outputs_are_there_after_a_build_from_the_cache(book: EverythingBook) -> None:
    (book.notebooks / "book/first.ipynb").unlink()
    page = book.folder / "book/first.md"
    page.write_text(page.read_text() + "\nOne more sentence.\n")
    book.build()
    assert sum(bool(cell.outputs) for cell in code(book.notebook("first"))) == 3
    assert "One more sentence." in prose(book.notebook("first"))


def test_the_site_serves_the_same_notebook(book: EverythingBook) -> None:
    served = book.folder / "_build/html/_notebooks/book/first.ipynb"
    assert served.read_bytes() == (book.notebooks / "book/first.ipynb").read_bytes()


def test_the_branch_is_ready_to_push(book: EverythingBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SHA", HASH)
    book.build()
    assert (book.notebooks / ".binder/runtime.txt").read_text() == "python-3.11\n"
    requirements = (book.notebooks / ".binder/requirements.txt").read_text()
    assert requirements.startswith(f"unrolled @ git+https://github.com/ada/the-book@{HASH}\n")


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EverythingBook:
    """A book whose first page has no code, so that it builds fast."""
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    made = EverythingBook(tmp_path, repository="", base="")
    made.write_all("# The first page\n\nWords.\n")
    return made


def test_nothing_changed_writes_nothing_and_a_changed_value_rewrites_who_uses_it(
    small: EverythingBook,
) -> None:
    first = KERNEL + "# The first page\n\nThere are {glue:text}`second.md::second_words:d`.\n\n"
    small.write("book/first.md", first + "```{code-cell} ipython3\nprint(1)\n```\n")
    small.build()
    path = small.notebooks / "book/first.ipynb"
    assert "There are 4321." in prose(small.notebook("first"))
    written = path.stat().st_mtime_ns
    small.build()
    assert path.stat().st_mtime_ns == written
    small.write("book/second.md", SECOND.replace("4321", "1234"))
    small.build()
    assert "There are 1234." in prose(small.notebook("first"))
    small.write("book/second.md", "# The second page\n\n(second-part)=\n## Its part\n")
    small.write("book/first.md", "# The first page\n")
    small.build()
    assert list(small.notebooks.rglob("*.ipynb")) == []
    assert list((small.folder / "_build/html/_notebooks").rglob("*.ipynb")) == []


def test_without_a_repository_and_a_site_everything_still_reads(small: EverythingBook) -> None:
    page = "# The second page\n\nSee [](first.md) and [it](first.md).\n\n"
    small.write("book/second.md", KERNEL + page + "```{code-cell} ipython3\nprint(1)\n```\n")
    assert small.build() == ""
    notebook = small.notebook("second")
    assert "See The first page and it." in prose(notebook)
    assert "UNROLLED_SOURCE" in notebook.cells[1].source
    assert "git+" not in notebook.cells[1].source
    assert not (small.notebooks / ".binder").exists()


FORMLESS = {
    "{eq}`nowhere`": "no equation has the label 'nowhere'",
    "{glue:text}`nothing:.2f`": "no value is glued as 'nothing'",
    "{cite:t}`nobody`": "no bibliography lists 'nobody'",
    "{kbd}`x`": "the role 'kbd' has no form in a notebook",
    "[x](nowhere.md)": "nothing has the label 'nowhere.md'",
    "![x](assets/missing.png)": "there is no image 'assets/missing.png'",
    "```{container}\nx\n```": "the directive 'container' has no form in a notebook",
    "> ```{note}\n> x\n> ```": "a directive in a quotation",
    "```{dropdown} A `b`\nx\n```": "with backticks behind its name",
}


def test_what_has_no_form_is_a_warning_in_every_build(small: EverythingBook) -> None:
    page = SECOND + "\n" + "\n\n".join(FORMLESS) + "\n"
    small.write("book/second.md", page)
    for warnings in (small.build(), small.build()):
        assert [said for said in FORMLESS.values() if said not in warnings] == []
    line = page.split("\n").index("{kbd}`x`") + 1
    assert f"second.md:{line}: WARNING: the role 'kbd'" in warnings


def test_install_cell_names_the_source_and_never_upgrades() -> None:
    source = install_code(Repository("ada", "the-book"), HASH)
    compile(source, "cell", "exec")
    assert f"git+https://github.com/ada/the-book@{HASH}" in source
    assert "upgrade" not in re.sub(r"#.*", "", source)
    assert "print(" not in source
    assert requirement(None, HASH) is None
    assert requirement(Repository("ada", "the-book"), None) is None


def test_install_cell_without_a_known_source_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("UNROLLED_SOURCE", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="Set the environment variable UNROLLED_SOURCE"):
        exec(install_code(None, None), {})


def test_install_cell_lets_colab_show_interactives(monkeypatch: pytest.MonkeyPatch) -> None:
    enabled = []
    output = ModuleType("google.colab.output")
    output.enable_custom_widget_manager = lambda: enabled.append(True)
    for module in (ModuleType("google"), ModuleType("google.colab"), output):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(install_code(None, None), {})  # the package is there: nothing is installed
    assert enabled == [True]
