"""Marking ideas, the page of all answers, taking along and bringing in, in a tiny book."""

from __future__ import annotations

import json

import pytest
from answering import (
    FULL,
    NASTY,
    answer,
    box,
    bring_in,
    idea,
    put,
    record,
    status,
    stored,
    taken_along,
)
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, expect


@pytest.fixture
def chapter(page, base):
    page.goto(f"{base}/embeddings.html")
    return page


def test_words_are_counted(chapter):
    count = chapter.locator("#emb-what .question-count")
    expect(count).to_have_text("0 words")
    box(chapter).fill("One")
    expect(count).to_have_text("1 word")
    box(chapter).fill("It’s a vector — 你好 🎭")
    expect(count).not_to_have_text("0 words")


def test_each_idea_gets_a_guess_and_no_mark(chapter):
    expect(chapter.locator("#emb-what .question-idea").first).to_be_hidden()
    answer(chapter, "It is a vector of numbers. I like it.")
    expect(idea(chapter, 1)).to_contain_text("Seems to touch this")
    expect(idea(chapter, 1).locator("q")).to_have_text("It is a vector of numbers.")
    expect(idea(chapter, 1).locator("q mark")).to_have_text("vector")
    expect(idea(chapter, 2)).to_contain_text("did you say this in other words?")
    assert chapter.locator("#emb-what .question-ideas input:checked").count() == 0
    assert "correct" not in chapter.locator("#emb-what").inner_text().lower()


def test_a_guard_says_why(chapter):
    answer(chapter, "It is not a vector.")
    expect(idea(chapter, 1)).to_contain_text("Can’t tell")
    expect(idea(chapter, 1)).to_contain_text("ou wrote “not” near “vector”")


def test_the_readers_mark_is_kept_and_all_of_them_are_a_review(chapter):
    answer(chapter, "It is a vector.")
    idea(chapter, 1).get_by_label("In mine").check()
    assert stored(chapter)["grades"] == []
    idea(chapter, 2).get_by_label("Missing").check()
    found = stored(chapter)
    marks = {says: one["mark"] for says, one in found["marks"].items()}
    assert marks == {"An embedding is a vector.": "mine", "Its numbers are learned.": "missing"}
    assert [one["grade"] for one in found["grades"]] == [2]
    chapter.reload()
    expect(idea(chapter, 1).get_by_label("In mine")).to_be_checked()
    expect(idea(chapter, 2).get_by_label("Missing")).to_be_checked()


def test_marks_and_revision_reach_another_tab(chapter, context, base):
    other = context.new_page()
    other.goto(f"{base}/embeddings.html")
    answer(chapter, "first")
    box(chapter).fill("second")
    idea(chapter, 1).get_by_label("Partly").check()
    other.locator("#emb-what details.question-answer summary").click()
    expect(idea(other, 1).get_by_label("Partly")).to_be_checked()
    expect(other.locator("#emb-what .question-version")).to_contain_text("first")


def test_marking_by_keyboard(chapter):
    answer(chapter, "It is a vector.")
    chapter.keyboard.press("Tab")
    chapter.keyboard.press("Space")
    expect(idea(chapter, 1).get_by_label("In mine")).to_be_checked()
    chapter.keyboard.press("ArrowRight")
    expect(idea(chapter, 1).get_by_label("Partly")).to_be_checked()


def test_a_list_is_named_as_one(chapter):
    expect(chapter.locator("#emb-be-the-embedder-title")).to_contain_text("(a list)")


def test_the_sidebar_shows_progress_without_moving(chapter):
    link = chapter.locator(".bd-links a", has_text="Embeddings").first
    if link.count() == 0:
        pytest.fail("expected the chapter in the sidebar")
    before = link.bounding_box()
    answer(chapter, "a vector")
    expect(link.locator(".answers-progress")).to_contain_text("1/2")
    assert link.bounding_box() == before


def test_a_crash_of_the_tab_loses_nothing(chapter, context, base):
    box(chapter).press_sequentially("before the crash")
    expect(chapter.locator("#emb-what [role=status]")).to_have_text("Saved", timeout=1000)
    with pytest.raises(Error, match="crash"):
        chapter.goto("chrome://crash")
    again = context.new_page()
    again.goto(f"{base}/embeddings.html")
    expect(box(again)).to_have_value("before the crash")


def test_a_failing_storage_offers_an_export_there(page, base):
    page.add_init_script(FULL)
    page.goto(f"{base}/embeddings.html")
    box(page).fill("precious 🎭")
    page.locator("#emb-what .question-trouble").wait_for()
    exported = json.loads(taken_along(page, "take-along"))
    assert [one["boxes"] for one in exported["answers"]] == [["precious 🎭"]]


def test_where_nothing_can_be_saved_the_page_of_all_answers_takes_it_along(page, base):
    page.goto(f"{base}/review.html")
    put(page, record(days_ago=3))
    page.add_init_script(FULL)
    page.reload()
    item = page.locator("#review-emb-what")
    item.locator('[data-role="again"]').click()
    page.keyboard.type("from memory")
    expect(status(page)).to_contain_text("Not saved")
    exported = json.loads(taken_along(page, "json"))
    assert [one["draft"]["boxes"] for one in exported["answers"]] == [["from memory"]]
    assert stored(page)["draft"] is None


def test_what_is_due_can_be_answered_again(page, base):
    page.goto(f"{base}/review.html")
    put(page, record(days_ago=3), record("emb-be-the-embedder", boxes=["a", "b"]))
    page.reload()
    expect(page.locator(".review-due li")).to_have_count(1)
    item = page.locator("#review-emb-what")
    expect(item.locator(".review-state")).to_contain_text("Answered, due now")
    item.locator('[data-role="again"]').click()
    expect(item.get_by_text("a vector", exact=True)).to_be_hidden()
    page.keyboard.type("from memory")
    expect(status(page)).to_have_text("Saved")
    assert stored(page)["draft"]["boxes"] == ["from memory"]
    item.locator('[data-role="compare"]').click()
    expect(item.locator(".review-before")).to_contain_text("a vector")
    expect(item).to_contain_text("Its numbers are learned.")
    item.locator('[data-role="good"]').click()
    expect(page.locator(".review-due")).to_contain_text("Nothing is due")
    found = stored(page)
    assert [one["grade"] for one in found["grades"]] == [3]
    assert found["attempts"][0]["boxes"] == ["from memory"]
    assert (found["draft"], found["boxes"]) == (None, ["a vector"])


def test_search_finds_prompts_and_answers(page, base):
    page.goto(f"{base}/review.html")
    put(page, record(boxes=["a Zebra"]))
    page.reload()
    page.locator(".review-search input").fill("zebra")
    expect(page.locator(".review-question:visible")).to_have_count(1)
    page.locator(".review-search input").fill("two words")
    expect(page.locator(".review-question:visible")).to_have_attribute(
        "id", "review-emb-be-the-embedder"
    )


def test_markdown_has_prompts_in_source_and_every_text(page, base):
    page.goto(f"{base}/review.html")
    marks = {"An embedding is a vector.": {"mark": "mine", "at": "2026-01-01T00:00:00.000Z"}}
    put(page, record(boxes=[NASTY], committed={"boxes": ["first"], "at": "2026"}, marks=marks))
    page.reload()
    text = taken_along(page, "markdown")
    for part in ("> What is a word embedding, in terms of $d$?", NASTY, "first", "## Embeddings"):
        assert part in text
    assert "- in mine: An embedding is a vector." in text


def test_json_comes_back_and_both_sides_stay(page, base):
    page.goto(f"{base}/review.html")
    put(page, record(boxes=["there"], days_ago=2))
    page.reload()
    exported = taken_along(page, "json")
    put(page, record(boxes=["here"]))
    bring_in(page, exported)
    expect(status(page)).to_contain_text("1 answer brought in")
    found = stored(page)
    assert found["boxes"] == ["here"]
    assert found["committed"]["boxes"] == ["there"]  # the earlier commit
    expect(page.locator("#review-emb-what")).to_contain_text("there")
    before = page.evaluate("JSON.stringify({...localStorage})")
    bring_in(page, exported)
    expect(status(page)).to_contain_text("1 answer brought in")
    assert page.evaluate("JSON.stringify({...localStorage})") == before


def test_an_export_of_the_first_schema_comes_in(page, base):
    page.goto(f"{base}/review.html")
    old = {
        "schema": 1, "id": "emb-what", "boxes": ["old"], "edited": None, "committed": None,
        "skipped": None, "kept": [],
    }  # fmt: skip
    bring_in(page, {"format": "unrolled.answers", "schema": 1, "answers": [old]})
    expect(status(page)).to_contain_text("1 answer brought in")
    assert (stored(page)["schema"], stored(page)["boxes"]) == (2, ["old"])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"format": "unrolled.answers", "answ', "not JSON, or it is cut off"),
        ("<html></html>", "not JSON"),
        ({"some": "thing"}, "neither an export"),
        ({"cells": []}, "no answer cells"),
        ({"format": "unrolled.answers", "answers": [record(), {"id": "emb-what"}]}, "can’t be"),
        ({"format": "unrolled.answers", "answers": [record("../x")]}, "has no question"),
        ({"format": "unrolled.answers", "answers": [record(schema=99)]}, "a newer version"),
    ],
)
def test_a_bad_file_changes_nothing_and_says_why(page, base, content, why):
    page.goto(f"{base}/review.html")
    put(page, record(boxes=["mine"], days_ago=1))
    before = page.evaluate("JSON.stringify({...localStorage})")
    bring_in(page, content)
    expect(status(page)).to_contain_text("Nothing was changed")
    expect(status(page)).to_contain_text(why)
    assert page.evaluate("JSON.stringify({...localStorage})") == before


def test_answers_of_a_notebook_come_in(page, base):
    from unrolled.press.question_format import parse_question, question_cells

    one = parse_question("emb-what", "prompt: What?\nanswer: That.")
    two = parse_question("emb-be-the-embedder", "prompt: Give.\nboxes: [King, Button]")
    cells = [
        {"cell_type": kind, "source": source.replace("…", f"**bold** words {n}")}
        for n, (kind, source) in enumerate([*question_cells(one), *question_cells(two)][:-1])
    ]
    cells.append({"cell_type": "markdown", "source": question_cells(two)[-1][1].splitlines(True)})
    page.goto(f"{base}/review.html")
    bring_in(page, {"nbformat": 4, "cells": cells}, "embeddings.ipynb")
    expect(status(page)).to_contain_text("2 answers brought in")
    assert stored(page)["boxes"] == ["**bold** words 1"]
    assert stored(page, "emb-be-the-embedder")["boxes"] == ["**bold** words 4", ""]
    assert stored(page)["committed"] is None


def test_what_is_typed_stays_text_on_the_page_of_all_answers(page, base):
    page.goto(f"{base}/review.html")
    put(page, record(boxes=[NASTY]), record("emb-be-the-embedder", boxes=["long " * 2000, "x"]))
    page.reload()
    expect(page.locator("#review-emb-what .question-written")).to_have_text(NASTY)
    assert page.locator("#review img, #review script").count() == 0


def test_print_shows_prompts_and_answers_and_no_controls(page, base):
    page.goto(f"{base}/review.html")
    put(page, record())
    page.reload()
    page.emulate_media(media="print")
    expect(page.locator("#review-emb-what .review-prompt")).to_be_visible()
    expect(page.locator("#review-emb-what .question-written")).to_be_visible()
    assert page.locator("#review button:visible, #review input:visible").count() == 0


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page, base, width, theme):
    page.set_viewport_size({"width": width, "height": 740})
    page.goto(f"{base}/embeddings.html")
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    answer(page, "It is not a vector, it is learned.")
    found = [Axe().run(page, context=".question")]
    page.goto(f"{base}/review.html")
    put(page, record(days_ago=3, boxes=["word" * 200]))
    page.reload()
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    page.locator('#review-emb-what [data-role="again"]').click()
    page.locator('[data-role="compare"]').click()
    found.append(Axe().run(page, context="#review"))
    violations = [each for one in found for each in one.response["violations"]]
    assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == []
    assert page.evaluate("document.querySelector('#review').scrollWidth") <= width


def test_a_prompt_stands_there_as_its_chapter_sets_it(page, base):
    page.goto(f"{base}/embeddings.html")
    own = page.locator("#emb-what-prompt").inner_html()
    page.goto(f"{base}/review.html")
    assert page.locator("#review-emb-what .review-prompt").inner_html().split() == own.split()
    assert "$d$" not in page.locator("#review").inner_text()
    prompt = page.locator("#review-emb-be-the-embedder .review-prompt")
    expect(prompt.locator("p").first).to_have_text("Give two words for each.")
    expect(prompt.locator("li")).to_have_text(["Say why.", "Be brief."])


def test_a_text_runs_in_its_own_direction(chapter):
    direction = "element => getComputedStyle(element).direction"
    box(chapter).fill("וקטור של מספרים")
    assert box(chapter).evaluate(direction) == "rtl"
    box(chapter).fill("a vector")
    assert box(chapter).evaluate(direction) == "ltr"


def test_in_forced_colors_nothing_hangs_on_color(browser, base):
    """The system's colors for all: what is marked stays underlined, what is a control is framed."""
    context = browser.new_context(forced_colors="active")
    page = context.new_page()
    page.goto(f"{base}/embeddings.html")
    box(page).fill("It is a vector, a list of numbers that are learned.")
    page.locator('#emb-what [data-role="commit"]').click()
    marked = page.locator("#emb-what .question-guess mark").first
    line = marked.evaluate("element => getComputedStyle(element).textDecorationLine")
    weight = marked.evaluate("element => getComputedStyle(element).fontWeight")
    assert line == "underline" or int(weight) >= 600
    for control in ("textarea", "details.question-answer", ".question-marks input"):
        assert page.locator(f"#emb-what {control}").first.is_visible()
    width = box(page).evaluate("element => getComputedStyle(element).borderTopWidth")
    assert float(width.removesuffix("px")) >= 1
    assert [v["id"] for v in Axe().run(page, context=".question").response["violations"]] == []
    context.close()
