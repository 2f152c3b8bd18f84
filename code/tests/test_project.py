"""Promises of the project as a whole."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
PAGES = sorted([*CHECKOUT.glob("book/*.md"), *CHECKOUT.glob("exercises/*.md")])
ANSWERS = sorted(CHECKOUT.glob("exercises/answers/*.md"))
LEARNING = sorted(p.stem for p in CHECKOUT.glob("code/unrolled/*.py") if p.stem != "__init__")


def run(program: str, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, *options, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT)


def test_code_folder_does_not_shadow_the_standard_library() -> None:
    done = run("import code; print(code.InteractiveConsole.__name__)")
    assert done.stdout == "InteractiveConsole\n", done.stderr
    assert not list(CHECKOUT.glob("__init__.py")) + list(CHECKOUT.glob("code/__init__.py"))


@pytest.mark.parametrize("name", LEARNING)
def test_learning_module_needs_neither_press_nor_interactives(name: str) -> None:
    done = run(
        "import sys\n"
        f"import unrolled.{name}\n"
        "outside = {'sphinx', 'myst_nb', 'unrolled.press', 'unrolled.widgets'}\n"
        "print(sorted(outside & set(sys.modules)))"
    )
    assert done.stdout == "[]\n", done.stdout + done.stderr


def test_checks_of_exercises_need_neither_press_nor_interactives() -> None:
    for path in CHECKOUT.glob("code/unrolled/check/*.py"):
        named = re.findall(r"^\s*(?:from|import) unrolled\.(\w+)", path.read_text("utf-8"), re.M)
        assert not {"press", "widgets"} & set(named), path.name


def test_the_press_imports_no_learning_module_and_no_interactive() -> None:
    allowed = {"press", "reporting"}
    for path in CHECKOUT.glob("code/unrolled/press/*.py"):
        named = re.findall(r"^\s*(?:from|import) unrolled\.(\w+)", path.read_text("utf-8"), re.M)
        assert set(named) <= allowed, path.name


def test_what_a_reader_installs_has_lower_bounds_only() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    for requirement in project["dependencies"]:
        assert re.fullmatch(r"[\w-]+>=[\d.]+", requirement), requirement


def pins() -> dict[str, str]:
    lines = (CHECKOUT / "requirements.txt").read_text().splitlines()
    named = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in named), named
    return dict(line.split("==") for line in named)


def test_requirements_pin_what_the_book_stands_on() -> None:
    stands_on = "jupyter-book myst-nb torch transformers ipywidgets anywidget pytest nbval"
    assert set(stands_on.split()) <= set(pins())


def test_readme_gives_each_direct_dependency_a_reason() -> None:
    direct = (CHECKOUT / "requirements.txt").read_text().split("# What these bring along")[0]
    names = re.findall(r"^([\w.-]+)==", direct, re.M)
    readme = (CHECKOUT / "README.md").read_text("utf-8")
    rows = set(re.findall(r"^\| `([^`]+)`", readme, re.M))
    assert set(names) | {"temml", "@fontsource/noto-sans-math"} <= rows


def test_lock_files_name_no_host() -> None:
    for name in ("requirements.txt", "package-lock.json"):
        text = (CHECKOUT / name).read_text()
        assert "resolved" not in text
        assert not re.search(r"^-|--(?:extra-)?index", text, re.M)


def test_wheel_ships_the_javascript_and_no_tests(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    source = tmp_path / "source"
    subprocess.run(
        ["git", "clone", "--quiet", "--depth", "1", f"file://{CHECKOUT}", str(source)], check=True
    )
    subprocess.run([*pip, "--wheel-dir", str(tmp_path), str(source)], check=True)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert "unrolled/widgets/static/dom.js" in names
    assert "unrolled/press/static/runtime.js" in names
    assert not [name for name in names if "tests" in name]


@pytest.mark.parametrize("path", [*PAGES, *ANSWERS], ids=lambda path: path.stem)
def test_page_skips_no_cell(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"skip-execution|raises-exception|nbval-|NBVAL_", text)


def test_every_page_is_in_the_table_of_contents() -> None:
    toc = yaml.safe_load((CHECKOUT / "_toc.yml").read_text())
    listed = {toc["root"]} | {c["file"] for part in toc["parts"] for c in part["chapters"]}
    written = {path.relative_to(CHECKOUT).with_suffix("").as_posix() for path in PAGES}
    assert written == listed


def test_index_gives_each_chapters_own_reading_time() -> None:
    index = (CHECKOUT / "book" / "index.md").read_text("utf-8")
    listed = re.findall(r"^\|[^|]*\]\(([\w-]+\.md)\)[^|]*\|[^|]*\| ([^|]+?) \|$", index, re.M)
    assert listed
    for name, time in listed:
        assert f":read: {time}\n" in (CHECKOUT / "book" / name).read_text("utf-8"), name


def unused_values(pages: dict[str, str]) -> list[str]:
    """Values that a page glues and that no text of the book shows, as ``page: name``.

    A name made in a loop, ``f"gpt_{name}_bits"``, is used if one of its values is.
    """
    shown = "".join(pages.values())
    used = set(re.findall(r"\{glue(?::text|:any)?\}`(?:[\w.-]+::)?([\w-]+)", shown))
    unused = []
    for page, text in pages.items():
        for formatted, name, more in re.findall(r'\bglue\(\s*(f?)"([^"]+)"(\s*\+)?', text):
            parts = re.split(r"\{.*?\}", name) if formatted else [name]
            pattern = r"[\w-]+".join(map(re.escape, parts)) + (r"[\w-]+" if more else "")
            if not any(re.fullmatch(pattern, one) for one in used):
                unused.append(f"{page}: {name}")
    return unused


def test_unused_values_by_hand() -> None:
    cell = 'glue("a_one", 1)\nglue(f"a_{n}_two", 2)\nglue(f"a_{n}_three", 3)\nglue("a_" + n, 4)\n'
    told = "{glue:text}`a_one:.2f` and {glue}`a_x_two`"
    assert unused_values({"a": cell, "b": told}) == ["a: a_{n}_three"]
    assert unused_values({"a": cell, "b": "{glue:text}`a.md::a_x_three:,`"}) == [
        "a: a_one",
        "a: a_{n}_two",
    ]


def test_every_glued_value_is_shown_somewhere() -> None:
    assert unused_values({page.stem: page.read_text() for page in PAGES}) == []
