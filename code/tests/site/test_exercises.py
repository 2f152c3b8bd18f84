"""The folded answers of the exercises' pages, as readers use them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from built_site import DESKTOP, PHONE, SITE, Watch
from playwright.sync_api import Browser, Locator, Page, expect

from unrolled.press.exercises import Solution, read_answers, solutions

CHECKOUT = Path(__file__).parents[3]
STARTERS = sorted(CHECKOUT.glob("exercises/*.md"))
PAGES = [path.stem for path in STARTERS]
A4 = {"width": 718, "height": 1000}  # what its margins leave, in CSS pixels


def answers(page: Page) -> list[Locator]:
    return page.locator("details.solution").all()


def summary(answer: Locator) -> Locator:
    return answer.locator("> summary")


def content(answer: Locator) -> Locator:
    return answer.locator("> .solution-content")


def solved(name: str) -> dict[str, Solution]:
    """What the answers page says, by task."""
    return solutions(read_answers(CHECKOUT / "exercises" / f"{name}.md"))


def words(text: str) -> set[str]:
    """Its longer words, without formulas, roles and addresses."""
    prose = re.sub(r"\$[^$]*\$|\{[\w:]+\}`[^`]*`|\]\([^)]*\)", " ", text)
    return set(re.findall(r"[A-Za-z]{5,}", prose))


def unfold_all(page: Page) -> None:
    for answer in answers(page):
        summary(answer).click()


@pytest.mark.parametrize("name", PAGES)
def test_every_answer_is_folded_and_a_click_shows_its_code_and_text(
    name: str, page: Page, watch: Watch, site: str
) -> None:
    page.goto(f"{site}/exercises/{name}.html")
    expected = solved(name)
    assert [fold.get_attribute("data-solution") for fold in answers(page)] == list(expected)
    for fold, solution in zip(answers(page), expected.values(), strict=True):
        expect(content(fold)).to_be_hidden()
        summary(fold).click()
        shown = content(fold).locator("pre").all_text_contents()
        assert [code.strip() for code in shown] == [code.strip() for code in solution.code]
        for part in content(fold).locator("pre, p").all():
            expect(part).to_be_visible()
        assert words(solution.why) <= words(content(fold).inner_text())
        summary(fold).click()
        expect(content(fold)).to_be_hidden()
    assert watch.complaints == []


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_keyboard_reaches_an_answer_and_opens_it_alone(key: str, page: Page, site: str) -> None:
    page.goto(f"{site}/exercises/shakespeare.html")
    first, second, *_ = answers(page)
    summary(first).focus()
    page.keyboard.press(key)
    expect(content(first)).to_be_visible()
    expect(content(second)).to_be_hidden()
    reached = []
    for _ in range(60):  # code that scrolls, links and question boxes may lie between
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.closest('details.solution')?.dataset"))
        if reached[-1] and reached[-1]["solution"] == second.get_attribute("data-solution"):
            break
    expect(summary(second)).to_be_focused()
    ring = summary(second).evaluate("(e) => getComputedStyle(e).outlineStyle")
    assert ring == "solid"
    page.keyboard.press(key)
    expect(content(second)).to_be_visible()
    page.keyboard.press(key)
    expect(content(second)).to_be_hidden()
    expect(content(first)).to_be_visible()


@pytest.mark.parametrize("name", PAGES)
def test_answers_are_there_without_javascript(name: str, browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/exercises/{name}.html")
    for fold in answers(page):
        expect(content(fold)).to_be_hidden()
        summary(fold).click()
        expect(content(fold).locator("pre").first).to_be_visible()
        expect(content(fold).locator("p").first).to_be_visible()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_paper_shows_what_is_unfolded_to_the_end_of_each_line(
    name: str, page: Page, site: str
) -> None:
    page.goto(f"{site}/exercises/{name}.html")
    page.emulate_media(media="print")
    page.set_viewport_size(A4)
    first, *others = answers(page)
    for fold in (first, *others):
        expect(summary(fold)).to_be_visible()
        expect(content(fold)).to_be_hidden()
    summary(first).click()
    expect(content(first)).to_be_visible()
    for fold in others:
        summary(fold).click()
    cut = (
        "(e) => [...e.querySelectorAll('pre')].filter((p) => p.scrollWidth > p.clientWidth).length"
    )
    assert [content(fold).evaluate(cut) for fold in answers(page)] == [0] * (1 + len(others))


LOOKS = [(name, PHONE, "dark") for name in PAGES] + [("shakespeare", DESKTOP, "light")]


@pytest.mark.parametrize(
    ("name", "size", "theme"), LOOKS, ids=[f"{name}-{theme}" for name, _, theme in LOOKS]
)
def test_unfolded_answers_are_accessible(
    name: str, size: dict, theme: str, browser: Browser, site: str
) -> None:
    context = browser.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{site}/exercises/{name}.html")
    unfold_all(page)
    found = Axe().run(page).response
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]] == []
    assert len(found["passes"]) > 10
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    box = summary(answers(page)[0]).bounding_box()
    assert box["height"] >= 44
    context.close()


def test_the_notebook_of_all_answers_is_downloaded(page: Page, site: str) -> None:
    page.goto(f"{site}/exercises/shakespeare.html")
    with page.expect_download() as started:
        page.get_by_role("link", name="a notebook to download").click()
    assert started.value.suggested_filename == "shakespeare-answers.ipynb"
    text = Path(started.value.path()).read_text(encoding="utf-8")
    served = SITE / "_notebooks" / "exercises" / "answers" / "shakespeare.ipynb"
    assert text == served.read_text(encoding="utf-8")
    assert "def near_copy" in text
