"""The dial of the project's page, as its readers use it."""

from __future__ import annotations

import re

import pytest
from built_site import PHONE, Watch
from interactives import ready, role
from playwright.sync_api import Browser, Locator, Page, expect

NAME = "the-dial"
HIDDEN = "after your guess"


@pytest.fixture
def chapter(page: Page, site: str) -> Page:
    page.goto(f"{site}/book/capstone.html")
    return page


@pytest.fixture
def dial(chapter: Page) -> Locator:
    """The dial, before any guess, at step 0 of the first run."""
    return ready(chapter, NAME)


def places(dial: Locator) -> int:
    """How many checkpoints the dial goes through."""
    return int(role(dial, "dial").get_attribute("max")) + 1


def turn(dial: Locator, place: int) -> dict[str, str]:
    """Turn the dial, and return all that stands there, by role."""
    role(dial, "dial").fill(str(place))
    names = ("sample", "nearest", "held-out", "own", "longest")
    return {name: role(dial, name).inner_text() for name in names}


def test_turning_moves_sample_and_nearest_line_together(dial: Locator) -> None:
    seen = [turn(dial, place) for place in range(places(dial))]
    assert len({texts["sample"] for texts in seen}) == len(seen)
    for place, texts in enumerate(seen):
        turn(dial, place)
        copied = role(dial, "nearest").locator("mark").inner_text()
        assert texts["longest"] == f"{len(copied)} characters"
        assert copied.strip() in texts["sample"]
        assert (texts["held-out"], texts["own"]) == (HIDDEN, HIDDEN), (
            "nothing is told before a guess"
        )
    expect(role(dial, "curve")).to_be_empty()


def test_a_guess_uncovers_the_curve_and_every_checkpoints_bits(dial: Locator) -> None:
    turn(dial, 1)
    role(dial, "commit").click()
    expect(role(dial, "commit")).to_be_hidden()
    expect(role(dial, "verdict")).to_be_focused()
    held = [float(turn(dial, place)["held-out"]) for place in range(places(dial))]
    own = [float(turn(dial, place)["own"]) for place in range(places(dial))]
    assert len(set(held)) > 1
    assert own[-1] < own[0], "it has learned its own text"
    said = re.search(
        r"least surprising at step (\d+) \((\d\.\d+)", role(dial, "verdict").inner_text()
    )
    assert float(said[2]) == min(held)
    label = role(dial, "curve").get_by_role("img").get_attribute("aria-label")
    assert "your guess at step" in label
    role(dial, "curve").get_by_text("The curves as a table").click()
    expect(role(dial, "curve").locator("tbody tr")).to_have_count(places(dial))


def test_each_run_has_its_own_guess(dial: Locator) -> None:
    role(dial, "commit").click()
    about = role(dial, "about").inner_text()
    role(dial, "run-1").check()
    assert role(dial, "about").inner_text() != about
    expect(role(dial, "commit")).to_be_visible()
    assert turn(dial, 1)["held-out"] == HIDDEN
    role(dial, "run-0").check()
    expect(role(dial, "commit")).to_be_hidden()


def test_over_training_on_one_scene_copies_and_forgets(dial: Locator) -> None:
    role(dial, "run-1").check()
    role(dial, "commit").click()
    first, last = turn(dial, 0), turn(dial, places(dial) - 1)
    assert float(last["held-out"]) > float(first["held-out"])
    assert float(last["own"]) < float(first["own"]) / 2
    chance = int(role(dial, "by-chance").inner_text().split()[0])
    longest = [int(turn(dial, place)["longest"].split()[0]) for place in range(places(dial))]
    assert max(longest) > 2 * chance


def test_marks_follow_their_slider(dial: Locator) -> None:
    role(dial, "run-1").check()
    turn(dial, places(dial) - 1)
    shares = []
    for shortest in (8, 30, 60):
        role(dial, "marked-from").fill(str(shortest))
        marks = role(dial, "sample").locator("mark").all_inner_texts()
        assert all(
            len(mark) >= shortest - 2 for mark in marks
        )  # line breaks at the ends may be lost
        shares.append(int(role(dial, "share").inner_text().split(" %")[0]))
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0


def test_by_keyboard_and_by_pointer(dial: Locator) -> None:
    slider = role(dial, "dial")
    slider.focus()
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^step [1-9]"))
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "step 0: not trained yet")
    dial.locator(".dial-spot").last.click()
    expect(slider).to_have_value(str(places(dial) - 1))
    expect(dial.locator("[data-announcer]")).to_contain_text("longest copied stretch")


def test_it_asks_for_nothing_and_says_nothing(dial: Locator, watch: Watch, site: str) -> None:
    turn(dial, 2)
    role(dial, "commit").click()
    assert watch.strangers(site) == []
    assert watch.complaints == []


def test_fits_a_phone(browser: Browser, site: str) -> None:
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(f"{site}/book/capstone.html")
    dial = ready(page, NAME)
    role(dial, "commit").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = dial.locator("button, .dial-runs label").evaluate_all(
        "all => all.filter((one) => one.checkVisibility())"
        ".filter((one) => one.getBoundingClientRect().height < 43.5).length"
    )
    assert small == 0
    context.close()
