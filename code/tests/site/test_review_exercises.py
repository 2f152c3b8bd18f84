"""Progress in the exercises on the page of all answers: brought in, shown, taken along."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from answering import FULL, bring_in, put, record, status, taken_along
from playwright.sync_api import Page, expect

from unrolled.check.progress import export
from unrolled.check.progress import record as keep

KEY = "unrolled.exercises"


@pytest.fixture
def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """What a reader's notebook exports: one task passed, one tried."""
    monkeypatch.setenv("UNROLLED_PROGRESS", str(tmp_path / "progress.json"))
    keep("toys/double", True)
    keep("toys/triple", False)
    keep("elsewhere/unknown-here", True)
    return json.loads(export(tmp_path / "out.json").read_text())


def held(page: Page) -> dict | None:
    return json.loads(page.evaluate("key => localStorage.getItem(key)", KEY) or "null")


def states(page: Page) -> list[str]:
    return page.locator(".review-tasks li .review-task-state").all_text_contents()


def test_tasks_come_from_the_exercises_page(page: Page, base: str) -> None:
    page.goto(f"{base}/review.html")
    section = page.locator(".review-tasks")
    expect(section.locator("h3")).to_have_text("Exercises: toys")
    expect(section.locator("li a")).to_have_text(["1. To double (1 min)", "2. To triple (2 min)"])
    expect(section.locator(".review-progress")).to_have_text(
        "0 of 2 tasks done; next: 1. To double (1 min)"
    )
    assert states(page) == ["To do", "To do"]
    section.locator("li a").nth(1).click()
    assert page.url.endswith("/toys.html#to-triple-2-min")
    expect(page.locator("section#to-triple-2-min")).to_be_visible()


def test_the_notebooks_export_comes_in_is_kept_and_goes_along(
    page: Page, base: str, exported: dict
) -> None:
    page.goto(f"{base}/review.html")
    put(page, record())
    page.reload()
    bring_in(page, exported, "unrolled-exercises.json")
    expect(status(page)).to_have_text("Progress in 3 tasks brought in.")
    assert states(page) == ["Done", "Tried"]
    assert held(page) == exported
    page.reload()
    expect(page.locator(".review-tasks .review-progress")).to_have_text(
        "1 of 2 tasks done; next: 2. To triple (2 min)"
    )
    along = taken_along(page, "json")
    assert json.loads(along)["exercises"] == exported
    assert "- [x] 1. To double (1 min)\n- [ ] 2. To triple (2 min)" in taken_along(page, "markdown")

    page.evaluate("localStorage.clear()")
    page.reload()
    bring_in(page, along)
    expect(status(page)).to_contain_text("1 answer brought in.")
    expect(status(page)).to_contain_text("Progress in 3 tasks brought in.")
    assert held(page) == exported


def test_what_has_passed_stays_passed(page: Page, base: str, exported: dict) -> None:
    page.goto(f"{base}/review.html")
    bring_in(page, exported)
    expect(status(page)).to_contain_text("brought in")
    later = {"toys/double": {"passed": False, "at": "2099-01-01T00:00:00+00:00"}}
    bring_in(page, exported | {"tasks": later})
    expect(status(page)).to_have_text("Progress in 1 task brought in.")
    assert states(page) == ["Done", "Tried"]
    bring_in(page, exported | {"tasks": {"toys/triple": exported["tasks"]["toys/double"]}})
    expect(page.locator(".review-tasks .review-progress")).to_have_text("2 of 2 tasks done")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"schema": 2}, "a newer version of the book"),
        ({"schema": "1"}, "progress in the exercises can’t be read"),
        ({"kind": "other"}, "neither an export"),
        ({"tasks": []}, "progress in the exercises can’t be read"),
        ({"tasks": None}, "progress in the exercises can’t be read"),
        ({"tasks": {}}, "no task has been tried yet"),
        ({"tasks": {"toys/double": {"passed": "yes", "at": "2026-01-01"}}}, "can’t be read"),
        ({"tasks": {"toys/double": {"passed": True, "at": "soon"}}}, "can’t be read"),
        ({"tasks": {"<b>": {"passed": True, "at": "2026-01-01"}}}, "can’t be read"),
    ],
)
def test_a_bad_file_changes_nothing_and_says_why(
    page: Page, base: str, exported: dict, change: dict, why: str
) -> None:
    page.goto(f"{base}/review.html")
    bring_in(page, exported)
    expect(status(page)).to_contain_text("brought in")
    before = page.evaluate("JSON.stringify({...localStorage})")
    whole = {"format": "unrolled.answers", "schema": 2, "answers": [record()]}
    files = [exported | change]
    if "kind" not in change and change.get("tasks") != {}:
        files.append(whole | {"exercises": exported | change})  # nor do the answers beside it
    for file in files:
        bring_in(page, file)
        expect(status(page)).to_contain_text("Nothing was changed")
        expect(status(page)).to_contain_text(why)
        assert page.evaluate("JSON.stringify({...localStorage})") == before


def test_a_full_storage_is_said(page: Page, base: str, exported: dict) -> None:
    page.goto(f"{base}/review.html")
    page.evaluate(f"() => {{ {FULL} }}")
    bring_in(page, exported)
    expect(status(page)).to_contain_text("not saved, because this browser’s storage is full")


def test_another_tab_shows_it_at_once(page: Page, context, base: str, exported: dict) -> None:
    other = context.new_page()
    for each in (page, other):
        each.goto(f"{base}/review.html")
    bring_in(page, exported)
    expect(other.locator(".review-tasks .review-progress")).to_contain_text("1 of 2 tasks done")
