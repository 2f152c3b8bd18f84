"""Answering in the real book, under its policy: no request, its formulas, its notebooks."""

from __future__ import annotations

import json
import re

import pytest
from answering import bring_in, status, stored, taken_along
from book_questions import book_questions
from built_site import SITE, Watch
from playwright.sync_api import BrowserContext, Page, expect

from unrolled.press.question_format import question_cells

CHAPTERS = ["book/attention", "book/embeddings", "exercises/rnn"]
TEXT = "It is not <b>a vector</b>, but https://example.org/?x=1 says it is. " * 3
TASKS = {"rnn/last-memory": {"passed": True, "at": "2026-11-25T10:30:00+00:00"}}


def settled(page: Page, address: str) -> None:
    """Open a page and let it fetch all of its own pictures, also those far down."""
    page.goto(address)
    page.evaluate("document.querySelectorAll('img').forEach((one) => { one.loading = 'eager' })")
    page.wait_for_load_state("networkidle")


def requests_of(watch: Watch) -> list[str]:
    """What was asked of any server since `watch.requests` was cleared.

    The tab's icon is not the reader's doing: a browser asks for it as the address gets a `#`.
    """
    own = ("blob:", "data:")
    asked = [address for address in watch.requests if not address.startswith(own)]
    return [address for address in asked if not address.endswith("/_static/favicon.svg")]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_answering_everything_asks_nothing(
    page: Page, context: BrowserContext, watch: Watch, site: str, chapter: str
) -> None:
    """Hints, writing, committing, skipping, marking, revising; full storage, copying, printing."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.add_init_script("window.print = () => {}")
    settled(page, f"{site}/{chapter}.html")
    watch.requests.clear()
    sections = page.locator("section.question")
    for number, section in enumerate(sections.all()):
        for hint in section.locator(":scope > details.question-hint > summary").all():
            hint.click()
        work = section.locator(":scope > .question-work")
        if number % 3 == 2:
            work.locator('[data-role="skip"]').click()
            continue
        for box in work.locator("textarea").all():
            box.fill(TEXT)
        work.locator('[data-role="commit"]').click()
        for marks in section.locator(":scope > details .question-marks").all():
            marks.get_by_role("radio").nth(number % 3).check()
        work.locator("textarea").first.fill(f"{TEXT} Revised.")
        expect(work.locator(".question-status")).to_have_text("Saved")
    page.emulate_media(media="print")
    page.emulate_media(media="screen")
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full') } }")
    sections.first.locator("textarea").first.fill("not saved")
    trouble = sections.first.locator(".question-trouble")
    trouble.get_by_role("button", name="Copy my answer").first.click()
    with page.expect_download():
        trouble.locator('[data-role="take-along"]').first.click()
    page.wait_for_timeout(500)
    assert requests_of(watch) == []
    assert watch.complaints == []


def test_reviewing_everything_asks_nothing(page: Page, watch: Watch, site: str) -> None:
    """Bringing in all three kinds of file, searching, each step of a review, all that goes out."""
    page.add_init_script("window.print = () => {}")
    settled(page, f"{site}/book/review.html")
    watch.requests.clear()
    cells = [
        {"cell_type": kind, "source": source.replace("…", TEXT)}
        for _, question in book_questions()
        for kind, source in question_cells(question)
    ]
    bring_in(page, {"nbformat": 4, "cells": cells}, "all.ipynb")
    expect(status(page)).to_contain_text("answers brought in")
    exported = json.loads(taken_along(page, "json"))
    for one in exported["answers"]:
        one["committed"] = {"boxes": one["boxes"], "at": "2026-01-01T00:00:00.000Z"}
    bring_in(page, exported)
    bring_in(page, {"schema": 1, "kind": "unrolled-exercises", "tasks": TASKS})
    expect(status(page)).to_contain_text("Progress in 1 task brought in")
    due = page.locator(".review-due li")
    expect(due).to_have_count(len(exported["answers"]))
    page.locator(".review-search input").fill("attention")
    page.locator(".review-search input").fill("")
    for grade in ("again", "hard", "good", "easy"):
        due.locator("a").first.click()
        item = page.locator(page.url[page.url.index("#") :])
        item.locator('[data-role="again"]').first.click()
        item.locator("textarea").first.fill(TEXT)
        item.locator('[data-role="compare"]').click()
        for marks in item.locator(".question-marks").all():
            marks.get_by_label("Partly").check()
        item.locator(f'.review-again [data-role="{grade}"]').last.click()
        expect(item.locator(".review-again")).to_be_empty()
    taken_along(page, "json")
    taken_along(page, "markdown")
    page.get_by_role("button", name="Print").click()
    page.wait_for_timeout(500)
    assert requests_of(watch) == []
    assert watch.complaints == []


def test_the_pages_say_so(page: Page, site: str) -> None:
    page.goto(f"{site}/book/attention.html")
    said = page.locator(".question-privacy").all_text_contents()
    assert len(said) == page.locator("section.question").count()
    assert all("stay in this browser; nothing is sent anywhere" in each for each in said)
    page.goto(f"{site}/book/review.html")
    expect(page.locator("article.bd-article")).to_contain_text(
        "kept in this browser, and only there"
    )


def test_the_page_of_all_answers_sets_every_formula(page: Page, site: str) -> None:
    """A prompt or idea with a formula in its source has MathML here, and none shows its source.

    (That the copy is the chapter's own HTML is tested in the tiny book.)
    """
    page.goto(f"{site}/book/review.html")
    page.locator("#review").wait_for()
    count = """(id) => ['prompt', 'ideas'].map((part) => {
      const { content } = document.getElementById(`text-${id}-${part}`);
      return [content.querySelectorAll('math').length, content.textContent.includes('$')];
    })"""
    for _, question in book_questions():
        ideas = "".join(idea.says for idea in question.ideas)
        found = page.evaluate(count, question.id)
        for source, (shown, is_source) in zip((question.prompt, ideas), found, strict=True):
            assert (shown > 0) is ("$" in source), question.id
            assert not is_source, question.id


@pytest.mark.parametrize("name", ["book/attention", "exercises/rnn"])
def test_answers_written_in_a_notebook_of_the_book_come_in(
    page: Page, site: str, name: str
) -> None:
    """The notebook that readers download, a text in each of its answer cells."""
    notebook = json.loads((SITE.parent / "notebooks" / f"{name}.ipynb").read_text("utf-8"))
    written: dict[str, list[str]] = {}
    for number, cell in enumerate(notebook["cells"]):
        source = "".join(cell["source"])
        if found := re.match(r"<!-- unrolled-answer: ([\w-]+)", source):
            assert source.endswith("…")
            cell["source"] = (source[:-1] + f"words of cell {number}\n\n- and a list").splitlines(
                True
            )
            written.setdefault(found[1], []).append(f"words of cell {number}\n\n- and a list")
    page.goto(f"{site}/{name}.html")
    assert sorted(written) == sorted(
        page.locator("section.question").evaluate_all("all => all.map((one) => one.id)")
    )
    page.goto(f"{site}/book/review.html")
    bring_in(page, notebook, f"{name}.ipynb")
    expect(status(page)).to_contain_text(f"{len(written)} answer")
    for id, boxes in written.items():
        assert stored(page, id)["boxes"] == boxes
    page.goto(f"{site}/{name}.html")
    for id, boxes in written.items():
        expect(page.locator(f"#{id} > .question-work textarea").first).to_have_value(boxes[0])
