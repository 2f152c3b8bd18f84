"""The language-models page in a browser: the reader plays, and the figures follow."""

from __future__ import annotations

import math

import pytest
from built_site import PHONE
from interactives import role
from playwright.sync_api import Page, expect

GAME = '[data-widget="you-are-the-language-model"]'
FIRST = "castle hath a pleasant seat"


@pytest.fixture
def game(page: Page, site: str):
    """The page opened, its game ready."""
    page.goto(f"{site}/book/language-models.html")
    game = page.locator(GAME)
    game.locator("xpath=self::*[@data-ready]").wait_for(timeout=20_000)
    return game


def bits(game, who):
    return float(role(game, f"bits-{who}").inner_text())


def test_a_sure_right_guess_costs_little(game):
    role(game, "confidence").fill("99")
    role(game, "guess").press_sequentially(FIRST[:3])
    expect(role(game, "verdict")).to_contain_text("Right. It was s")
    assert 0 < bits(game, "you") < 0.02
    assert bits(game, "unigram") > 3
    assert 0 < bits(game, "ngram") < 10
    expect(role(game, "text")).to_contain_text("This cas")


def test_a_sure_wrong_guess_costs_much_and_no_idea_costs_the_unigram(game):
    role(game, "confidence").fill("99")
    role(game, "guess").press_sequentially("Z")
    expect(role(game, "verdict")).to_contain_text("Not Z. It was c")
    wrong = bits(game, "you")
    assert wrong == pytest.approx(bits(game, "unigram") - math.log2(0.01), abs=0.011)
    role(game, "restart").click()
    role(game, "pass").click()
    assert bits(game, "you") == bits(game, "unigram")


def test_the_ngrams_expectation_can_be_shown(game):
    role(game, "pass").click()
    game.locator("summary").click()
    rows = role(game, "expected").locator("tr")
    assert rows.count() == 5
    shares = [float(text.split()[0]) for text in rows.locator("td:last-child").all_inner_texts()]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 100


def test_space_line_break_and_strange_characters(game):
    guess = role(game, "guess")
    guess.press_sequentially("castle")
    role(game, "space").click()
    expect(role(game, "verdict")).to_contain_text("Right. It was space")
    guess.press("Enter")
    expect(role(game, "verdict")).to_contain_text("Not line break. It was h")
    guess.press_sequentially("é")
    expect(role(game, "verdict")).to_contain_text("é is not among the characters")
    guess.press_sequentially("<")
    expect(role(game, "verdict")).to_contain_text("< is not among the characters")
    expect(game.locator("[data-announcer]")).to_contain_text("is not among the characters")


def test_the_end_of_a_stretch_and_another_one(game):
    for _ in range(40):
        role(game, "pass").click()
    expect(role(game, "verdict")).to_contain_text("That was the last one")
    expect(role(game, "guess")).to_be_disabled()
    assert game.locator("polyline").count() == 3
    role(game, "stretch").select_option("1")
    expect(role(game, "guess")).to_be_enabled()
    expect(role(game, "bits-you")).to_have_text("–")
    expect(role(game, "verdict")).to_contain_text("40 characters")


def test_it_can_be_played_on_a_phone(game, page):
    page.set_viewport_size(PHONE)
    for control in game.locator("button, select, input").all():
        assert control.bounding_box()["height"] >= (
            16 if control.get_attribute("type") == "range" else 44
        )
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_ladder_has_the_four_first_rungs(page, site):
    page.goto(f"{site}/book/language-models.html")
    table = page.locator("table", has_text="Bits per character").filter(has_text="Bigram").first
    text = table.inner_text()
    places = [text.index(name) for name in ("Uniform", "Unigram", "Bigram", "N-gram")]
    assert places == sorted(places)
