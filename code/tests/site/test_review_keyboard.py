"""The page of all answers by keyboard alone, and as a screen reader meets it, in a tiny book."""

from __future__ import annotations

import json
from pathlib import Path

from answering import put, record, status, stored
from playwright.sync_api import Locator, Page, expect

MARK = "An embedding is a vector."


def tab_to(page: Page, target: Locator, most: int = 60) -> None:
    """Press Tab until `target` has the focus; no pointer anywhere."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"expected to reach {target} by {most} times Tab")


def opened(page: Page, base: str) -> Page:
    page.goto(f"{base}/review.html")
    put(page, record(days_ago=3), record("emb-be-the-embedder", boxes=["a Zebra", "b"]))
    page.reload()
    page.locator("#review").wait_for()
    return page


def test_a_due_question_is_written_compared_marked_and_rated(page: Page, base: str) -> None:
    opened(page, base)
    item = page.locator("#review-emb-what")
    tab_to(page, page.locator(".review-due a"))
    page.keyboard.press("Enter")
    assert page.url.endswith("#review-emb-what")
    tab_to(page, item.get_by_role("button", name="Answer again"))
    page.keyboard.press("Enter")
    expect(item.get_by_label("From memory")).to_be_focused()
    page.keyboard.type("It is a vector, I think.")
    expect(status(page)).to_have_text("Saved")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # Compare
    expect(item.get_by_text("How well did you remember it?")).to_be_focused()
    expect(item.locator(".question-idea").first).to_contain_text("Seems to touch this")
    assert item.locator("input:checked").count() == 0

    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(item.get_by_label("In mine").first).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    expect(item.get_by_label("Partly").nth(1)).to_be_checked()
    expect(item.locator(".review-advice")).to_have_text("Your marks amount to “Hard”.")
    tab_to(page, item.locator('[data-role="good"]'), 6)
    page.keyboard.press("Enter")
    expect(page.locator(".review-due")).to_contain_text("Nothing is due")
    expect(item.get_by_role("button", name="Answer again")).to_be_focused()

    found = stored(page)
    assert found["marks"][MARK]["mark"] == "mine"
    assert [one["grade"] for one in found["grades"]] == [3]  # the reader's own, not the marks'
    assert found["attempts"][0]["boxes"] == ["It is a vector, I think."]
    expect(item.locator(".review-state")).to_contain_text("2 of 2 ideas marked, due")


def test_what_was_marked_last_time_is_told_and_not_selected(page: Page, base: str) -> None:
    opened(page, base)
    put(page, record(days_ago=3, marks={MARK: {"mark": "partly", "at": "2026-01-01T00:00:00Z"}}))
    page.reload()
    item = page.locator("#review-emb-what")
    tab_to(page, item.get_by_role("button", name="Answer again"))
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(item.locator(".question-idea").first).to_contain_text("Last time: partly.")
    assert item.locator(".review-last").count() == 1
    assert item.locator("input:checked").count() == 0


def test_searching(page: Page, base: str) -> None:
    opened(page, base)
    tab_to(page, page.get_by_label("Search questions and answers"))
    page.keyboard.type("zebra")
    expect(page.locator(".review-question:visible")).to_have_count(1)
    expect(status(page)).to_have_text("1 question found.")
    for _ in "zebra":
        page.keyboard.press("Backspace")
    expect(page.locator(".review-question:visible")).to_have_count(2)
    expect(status(page)).to_have_text("")
    page.keyboard.type("no such word")
    expect(page.locator(".review-question:visible, .review-chapter:visible")).to_have_count(0)
    expect(status(page)).to_have_text("0 questions found.")


def test_the_search_looks_into_every_text(page: Page, base: str) -> None:
    page.goto(f"{base}/review.html")
    at = "2026-01-01T00:00:00.000Z"
    versions = {
        "committed": {"boxes": ["an Okapi"], "at": at},
        "kept": [{"boxes": ["a Tapir"], "at": at}],
        "attempts": [{"boxes": ["a Lemur"], "at": at}],
        "draft": {"boxes": ["a Gecko"], "at": at},
    }
    put(page, record(boxes=["a Zebra"], **versions))
    page.reload()
    for word in ("okapi", "TAPIR", "lemur", "gecko", "zebra", "in terms of"):
        page.locator(".review-search input").fill(word)
        expect(page.locator(".review-question:visible")).to_have_attribute("id", "review-emb-what")


def test_taking_along_and_bringing_in(page: Page, base: str, tmp_path: Path) -> None:
    opened(page, base)
    files = {}
    for name in ("Download as Markdown", "Download as JSON"):
        tab_to(page, page.get_by_role("button", name=name))
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        files[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[name])
    assert "a Zebra" in files["Download as Markdown"].read_text("utf-8")
    exported = files["Download as JSON"]
    assert len(json.loads(exported.read_text("utf-8"))["answers"]) == 2

    page.evaluate("localStorage.clear()")
    page.reload()
    page.locator("#review").wait_for()
    tab_to(page, page.get_by_label("Bring in a file"))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(exported)
    expect(status(page)).to_contain_text("2 answers brought in")
    assert stored(page, "emb-be-the-embedder")["boxes"] == ["a Zebra", "b"]


def test_printing(page: Page, base: str) -> None:
    page.add_init_script("window.print = () => { window.printed = true }")
    opened(page, base)
    tab_to(page, page.get_by_role("button", name="Print"))
    page.keyboard.press("Enter")
    assert page.evaluate("window.printed")


def test_a_screen_reader_hears_names_states_and_results(page: Page, base: str) -> None:
    opened(page, base)
    expect(page.get_by_role("status").and_(status(page))).to_have_count(1)
    for role, name in (("heading", "Due today"), ("heading", "All questions")):
        expect(page.get_by_role(role, name=name, exact=True)).to_be_visible()
    item = page.locator("#review-emb-what")
    item.get_by_role("button", name="Answer again").click()
    expect(item.get_by_role("textbox", name="From memory")).to_be_visible()
    item.get_by_role("button", name="Compare").click()
    marks = item.get_by_role("group", name="This idea is").first
    assert marks.get_by_role("radio").count() == 3
    guess = marks.get_attribute("aria-describedby")
    expect(page.locator(f"#{guess}")).to_have_count(1)
    expect(item.get_by_role("status").and_(item.locator(".review-advice"))).to_have_count(1)
    page.goto(f"{base}/embeddings.html")
    expect(page.get_by_role("region", name="Question 1")).to_be_visible()
    expect(page.locator("#emb-what").get_by_role("textbox", name="Your answer")).to_be_visible()
    described = page.locator("#emb-what-box-1").get_attribute("aria-describedby")
    expect(page.locator(f"#{described}")).to_contain_text("What is a word embedding")
