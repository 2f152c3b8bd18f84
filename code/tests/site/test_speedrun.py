"""The speedrun's race, as its readers use it."""

from __future__ import annotations

import re

import pytest
from interactives import ready, role
from playwright.sync_api import Browser, Locator, Page, expect

PLAY_WAIT = 60_000
"""Milliseconds for a clock of twelve seconds beside other work."""


@pytest.fixture
def race(page: Page, site: str) -> Locator:
    page.goto(f"{site}/book/speedrun.html")
    return ready(page, "the-race")


@pytest.fixture
def started(race: Locator) -> Locator:
    """The race with the guess placed where the slider stands."""
    role(race, "commit").click()
    expect(role(race, "clock")).to_be_visible()
    return race


def marks(race: Locator, lane: int) -> int:
    return race.locator(f"[data-mark^='{lane} ']").count()


def to_the_end(race: Locator) -> None:
    role(race, "clock").focus()
    role(race, "clock").press("End")


def test_nothing_is_told_before_the_guess(race: Locator) -> None:
    expect(role(race, "clock")).to_be_hidden()
    expect(role(race, "guess")).to_be_visible()
    role(race, "guess").fill("40")
    said = role(race, "guess").get_attribute("aria-valuetext")
    role(race, "commit").click()
    expect(role(race, "guess")).to_be_hidden()
    expect(role(race, "verdict")).to_have_text(f"Your guess: {said}.")
    expect(role(race, "play")).to_be_focused()
    assert (marks(race, 0), marks(race, 1)) == (0, 0)


def test_clock_fills_the_curves_and_the_fast_one_is_first(started: Locator) -> None:
    role(started, "next").click()
    assert (marks(started, 0), marks(started, 1)) == (0, 1)
    expect(role(started, "loss-0")).to_have_text("not scored yet")
    expect(role(started, "loss-1")).to_contain_text("nats")
    expect(role(started, "text-1")).to_contain_text("ROMEO:\nBut soft, what light")
    for _ in range(9):
        role(started, "next").click()
    expect(role(started, "verdict")).to_contain_text("The fast recipe was at the target")
    expect(role(started, "verdict")).not_to_contain_text("times the steps")


def test_end_says_how_the_gain_comes_about(started: Locator) -> None:
    to_the_end(started)
    assert (marks(started, 0), marks(started, 1)) == (10, 10)
    verdict = role(started, "verdict").inner_text()
    found = re.search(r"([\d.]+) times the steps, ([\d.]+) times the characters", verdict)
    steps, characters = float(found[1]), float(found[2])
    assert steps > 20, "2,000 steps against at most 100"
    assert characters < steps, "its steps read more"
    assert started.locator(".race-won").count() == 2
    expect(role(started, "work-0")).to_contain_text("2,000 of 2,000 steps")
    first, last = (role(started, f"text-{lane}").inner_text() for lane in (0, 1))
    assert first != last


def test_axis_counts_what_the_reader_wants(started: Locator) -> None:
    to_the_end(started)
    chart = role(started, "chart")
    expect(chart).to_contain_text("your guess")
    for axis, word in {"steps": "steps", "operations": "operations in matrices"}.items():
        started.locator(f"[data-axis='{axis}']").check()
        expect(chart.locator("svg > text").filter(has_text=re.compile(f"^{word}$"))).to_be_visible()
        expect(chart).not_to_contain_text("your guess")
    role(started, "powers").uncheck()
    assert marks(started, 0) == 10
    box = chart.locator("svg").bounding_box()
    for mark in started.locator("[data-mark]").all():
        spot = mark.bounding_box()
        assert box["x"] <= spot["x"]
        assert spot["x"] + spot["width"] <= box["x"] + box["width"]


def test_race_plays_by_itself_and_pauses(started: Locator) -> None:
    play = role(started, "play")
    play.click()
    expect(play).to_have_text("Pause")
    expect(started.locator("[data-mark='1 0']")).to_be_visible(timeout=PLAY_WAIT)
    play.click()
    expect(play).to_have_text("Go on")
    play.click()
    expect(play).to_have_attribute("data-state", "done", timeout=PLAY_WAIT)
    expect(play).to_have_text("Once more")
    assert marks(started, 0) == 10


def test_race_by_keyboard(race: Locator) -> None:
    role(race, "guess").focus()
    before = role(race, "guess").get_attribute("aria-valuetext")
    role(race, "guess").press("Home")
    assert role(race, "guess").get_attribute("aria-valuetext") != before
    role(race, "commit").press("Enter")
    role(race, "next").press("Enter")
    assert marks(race, 1) == 1
    role(race, "clock").focus()
    role(race, "clock").press("Home")
    assert marks(race, 1) == 0


def test_reduced_motion_goes_mark_by_mark(browser: Browser, site: str) -> None:
    context = browser.new_context(reduced_motion="reduce", viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{site}/book/speedrun.html")
    race = ready(page, "the-race")
    role(race, "commit").click()
    expect(role(race, "play")).to_have_count(0)
    expect(role(race, "next")).to_be_focused()
    role(race, "next").click()
    assert marks(race, 1) == 1
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
    context.close()
