"""What a change makes stale, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from unrolled.press.build import drop_stale


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in (
        "code/unrolled/ngram.py",
        "code/unrolled/press/pages.py",
        "code/unrolled/widgets/static/a.js",
        "book/page.md",
        "requirements.txt",
        "package-lock.json",
        "_config.yml",
        "_build/.jupyter_cache/x",
        "_build/.doctrees/x",
        "_build/jupyter_execute/x",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before")
    drop_stale(tmp_path)
    for name in (".jupyter_cache", ".doctrees", "jupyter_execute"):
        (tmp_path / "_build" / name).mkdir(parents=True, exist_ok=True)
    return tmp_path


EVERYTHING = [".jupyter_cache", "jupyter_execute", ".doctrees"]


@pytest.mark.parametrize(
    ("changed", "dropped"),
    [
        ("code/unrolled/ngram.py", EVERYTHING),
        ("code/unrolled/widgets/static/a.js", EVERYTHING),
        ("requirements.txt", EVERYTHING),
        ("code/unrolled/press/pages.py", [".doctrees"]),
        ("_config.yml", [".doctrees"]),
        ("book/page.md", []),
    ],
)
def test_a_change_drops_what_it_makes_stale(
    changed: str, dropped: list[str], checkout: Path
) -> None:
    (checkout / changed).write_text("after")
    assert drop_stale(checkout) == dropped
    for name in EVERYTHING:
        assert (checkout / "_build" / name).exists() == (name not in dropped)
    assert drop_stale(checkout) == []


def test_a_new_module_and_a_removed_one_count_as_changes(checkout: Path) -> None:
    new = checkout / "code" / "unrolled" / "rnn.py"
    new.write_text("")
    assert drop_stale(checkout) == EVERYTHING
    new.unlink()
    assert drop_stale(checkout) == EVERYTHING
