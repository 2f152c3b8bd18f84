"""Front matter that would crash the build is refused before that."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from sphinx.errors import ExtensionError

from unrolled.press.page_format import FRONT_MATTER, check_pages, front_matter, problem

KERNEL = "kernelspec:\n  name: python3\n"
JUPYTEXT = "jupytext:\n  text_representation:\n    format_name: {}\n"


def page(front: str) -> str:
    return f"---\n{front}---\n\n# Title\n"


def test_the_prescribed_front_matter_is_right() -> None:
    assert problem(FRONT_MATTER + "\n\n# Title\n") == ""


@pytest.mark.parametrize("text", ["# Title\n", page("title: x\n"), "", "---\n: [\n---\n"])
def test_pages_without_code_are_left_alone(text: str) -> None:
    assert problem(text) == ""


def test_a_kernel_without_jupytext_is_refused() -> None:
    assert "expected jupytext's format_name: myst, got None" in problem(page(KERNEL))


def test_another_format_is_refused() -> None:
    assert "got markdown" in problem(page(KERNEL + JUPYTEXT.format("markdown")))


def test_odd_shapes_are_refused_without_a_crash() -> None:
    assert problem(page(KERNEL + "jupytext: myst\n"))
    assert problem(page(KERNEL + "jupytext:\n  text_representation: myst\n"))


def test_a_notebook_without_a_kernel_is_refused() -> None:
    assert "expected kernelspec" in problem(page(JUPYTEXT.format("myst")))


def test_a_rule_later_in_the_page_is_not_front_matter() -> None:
    assert front_matter(f"# Title\n\n---\n{KERNEL}---\n") == {}


def test_the_build_stops_and_names_the_pages(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text(FRONT_MATTER + "\n")
    (tmp_path / "bad.md").write_text(page(KERNEL))
    env = SimpleNamespace(
        found_docs={"good", "bad"}, doc2path=lambda name: str(tmp_path / f"{name}.md")
    )
    with pytest.raises(ExtensionError) as caught:
        check_pages(SimpleNamespace(srcdir=tmp_path), env, [])
    assert "bad.md names a kernel" in str(caught.value)
    assert "good.md" not in str(caught.value)
    assert "format_name: myst" in str(caught.value)
