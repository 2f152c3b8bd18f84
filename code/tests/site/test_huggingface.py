"""The padding bench, as readers of the chapter on Hugging Face use it."""

from __future__ import annotations

import pytest
from built_site import PHONE, Watch
from interactives import WAIT, role, started
from playwright.sync_api import Locator, Page, expect

from unrolled.pretrained import load_tokenizer

FRANCE = "The capital of France is"


@pytest.fixture
def bench(page: Page, site: str) -> Locator:
    """The interactive, started."""
    page.goto(f"{site}/book/huggingface.html")
    return started(page, "padding-bench")


def line(figure: Locator, row: int, name: str) -> list[str]:
    """What stands in one line of a sentence's table."""
    section = figure.locator(".pb-row").nth(row)
    return section.locator(f"[data-line='{name}'] td").all_inner_texts()


def numbers(figure: Locator, row: int, name: str) -> list[int]:
    return [int(text) for text in line(figure, row, name)]


def fill(figure: Locator, *texts: str) -> None:
    for n, text in enumerate(texts):
        role(figure, f"text-{n}").fill(text)


def test_nothing_is_fetched_before_the_start(page: Page, site: str) -> None:
    fetched = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(f"{site}/book/huggingface.html")
    figure = page.locator("[data-widget='padding-bench']").first
    expect(figure.locator("[data-start]")).to_contain_text("kB")
    assert not [url for url in fetched if url.endswith(".bin")]
    figure.locator("[data-start]").click()
    expect(figure).to_have_attribute("data-ready", "", timeout=WAIT)
    assert len([url for url in fetched if url.endswith(".bin")]) == 1


@pytest.mark.parametrize("side", ["left", "right"])
def test_any_sentences_become_the_table_that_the_library_makes(bench: Locator, side: str) -> None:
    texts = ("1599!", "naïve 🎭", "But soft, <b> what light through yonder window breaks?")
    fill(bench, *texts)
    role(bench, f"side-{side}").click()
    wanted = load_tokenizer()(list(texts), padding=True, padding_side=side)
    for n in range(3):
        assert numbers(bench, n, "ids") == wanted["input_ids"][n]
        assert numbers(bench, n, "mask") == wanted["attention_mask"][n]
    for n in range(2):
        verdict = role(bench, f"verdict-{n}")
        expect(verdict).to_contain_text(
            "goes on from “" if side == "left" else "goes on from padding"
        )
    expect(role(bench, "verdict-2")).to_contain_text("goes on from “?”")
    expect(role(bench, "written-0")).to_contain_text("for the page's own sentences")


def test_what_the_llm_wrote_is_shown_for_the_page_s_sentences(bench: Locator) -> None:
    expect(role(bench, "text-0")).to_have_value(FRANCE)
    expect(role(bench, "side-right")).to_have_attribute("aria-pressed", "true")
    expect(role(bench, "written-0")).to_contain_text("padded on the right: “⏎France is Paris")
    expect(role(bench, "written-0")).to_contain_text("alone: “ Paris")
    role(bench, "side-left").click()
    expect(role(bench, "written-0")).to_contain_text("padded on the left: “ Paris")
    role(bench, "text-0").fill("x")
    expect(role(bench, "written-0")).not_to_contain_text("Paris")
    role(bench, "reset").click()
    expect(role(bench, "text-0")).to_have_value(FRANCE)
    expect(role(bench, "written-0")).to_contain_text("Paris")


def test_labels_and_what_each_place_is_to_predict(bench: Locator) -> None:
    fill(bench, FRANCE, "To be", "Well")
    ids = load_tokenizer().encode(FRANCE)
    assert numbers(bench, 0, "labels") == ids
    assert line(bench, 0, "targets") == ["·capital", "·of", "·France", "·is", "–"]
    assert numbers(bench, 1, "labels")[2:] == [-100] * 3
    expect(role(bench, "summary")).to_contain_text("5 predictions are scored")  # 4 + 1 + 0
    role(bench, "side-left").click()
    expect(role(bench, "summary")).to_contain_text("7 predictions are scored")  # 4 + 2 + 1
    role(bench, "labels-shifted").click()
    assert line(bench, 0, "targets") == ["·of", "·France", "·is", "–", "–"]
    expect(role(bench, "verdict-0")).to_contain_text("the token after the next")
    role(bench, "labels-padding").click()
    expect(role(bench, "summary")).to_contain_text("12 predictions are scored")  # 3 times 4
    expect(role(bench, "verdict-1")).to_contain_text("padding among them")


def test_cutting_by_the_keyboard(bench: Locator) -> None:
    slider = role(bench, "length")
    slider.focus()
    slider.press("Home")  # two tokens a row
    assert line(bench, 0, "tokens") == ["The", "·capital"]
    expect(role(bench, "verdict-0")).to_contain_text("3 tokens are cut off at the end")
    role(bench, "cut-left").press("Enter")
    assert line(bench, 0, "tokens") == ["·France", "·is"]
    expect(role(bench, "verdict-0")).to_contain_text("3 tokens are cut off at the beginning")
    expect(role(bench, "written-0")).to_contain_text("uncut")


def test_no_sentence_at_all(bench: Locator, watch: Watch) -> None:
    fill(bench, "", "Well", "")
    expect(role(bench, "verdict-0")).to_contain_text("Nothing but padding")
    fill(bench, "", "", "")
    expect(role(bench, "verdict-1")).to_contain_text("The table is empty")
    expect(role(bench, "summary")).to_contain_text("3 × 0 places")
    assert watch.complaints == []


def test_text_stays_text(bench: Locator) -> None:
    fill(bench, "<img src=x onerror=alert(1)>")
    assert bench.locator(".pb-row img").count() == 0
    assert "".join(line(bench, 0, "tokens")).startswith("<img·src=x")


def test_it_fits_a_phone(bench: Locator, page: Page) -> None:
    page.set_viewport_size(PHONE)
    fill(bench, "wherefore " * 8)
    for control in bench.locator("button:visible, input[type=text]:visible").all():
        assert control.bounding_box()["height"] >= 44, control.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    table = bench.locator(".pb-row .w-scroll").first
    assert table.evaluate("one => one.scrollWidth > one.clientWidth")  # it scrolls by itself
