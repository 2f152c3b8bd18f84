"""The interactives of the chapter on recurrent networks, as its readers use them."""

from __future__ import annotations

import math
import re

import pytest
from built_site import PHONE
from interactives import WAIT, started
from interactives import first_role as role
from playwright.sync_api import Locator, Page, expect


@pytest.fixture
def chapter(page: Page, site: str) -> Page:
    page.goto(f"{site}/book/rnn.html")
    return page


def number(text: str) -> float:
    return float(text.replace("−", "-"))


# unroll it


@pytest.fixture
def unrolled(chapter: Page) -> Locator:
    """The first interactive, "How are you?" as four nodes, nothing read yet."""
    figure = started(chapter, "unroll-it")
    figure.locator("[data-reading='punctuation']").click()
    role(figure, "restart").click()
    expect(role(figure, "status")).to_contain_text("4 nodes will follow")
    return figure


def cells(figure: Locator) -> list[float]:
    values = figure.locator("[data-cell]").evaluate_all("all => all.map((c) => c.dataset.value)")
    return [float(value) for value in values]


def inputs(figure: Locator) -> list[str]:
    return figure.locator("tr[data-step] [data-role='input']").all_inner_texts()


def targets(figure: Locator) -> list[str]:
    return figure.locator("tr[data-step] [data-role='target']").all_inner_texts()


def test_the_memory_starts_as_zeros_and_each_word_changes_it(unrolled: Locator) -> None:
    figure = unrolled
    expect(role(figure, "sentence")).to_have_value("How are you?")
    expect(role(figure, "status")).to_contain_text("h₀ is")
    expect(figure.locator("tr[data-step='1']")).to_contain_text("h₀ = 0")
    assert set(cells(figure)) == {0}
    assert figure.locator("[data-node]").count() == 0
    expect(role(figure, "back")).to_be_disabled()
    memories = []
    for step in range(1, 5):
        role(figure, "forward").click()
        expect(role(figure, "status")).to_contain_text(f"Step {step} of 4")
        assert figure.locator("[data-node]").count() == step
        memories.append(tuple(cells(figure)))
        assert all(-1 < value < 1 for value in memories[-1])
        chances = figure.locator("[data-role='expected'] .w-value").evaluate_all(
            "all => all.map((one) => Number(one.dataset.value))"
        )
        assert len(chances) == 5
        assert chances == sorted(chances, reverse=True)
        assert 0 < sum(chances) <= 1
    assert len(set(memories)) == 4
    expect(role(figure, "forward")).to_be_disabled()
    expect(role(figure, "back")).to_be_focused()  # a disabled button would lose the keyboard
    role(figure, "back").press("Enter")
    expect(role(figure, "status")).to_contain_text("Step 3 of 4")
    assert tuple(cells(figure)) == memories[2]
    drawing = role(figure, "graph")
    expect(drawing).to_have_attribute("aria-label", re.compile("how and h0 give h1, which expects"))
    role(figure, "restart").click()
    assert set(cells(figure)) == {0}


def test_three_four_or_five_nodes(unrolled: Locator) -> None:
    figure = unrolled
    for reading, expected in {
        "words": ["how", "are", "you"],
        "punctuation": ["how", "are", "you", "?"],
        "boundary": ["</s>", "how", "are", "you", "?"],
    }.items():
        button = figure.locator(f"[data-reading='{reading}']")
        expect(button).to_contain_text(f"{len(expected)}:")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        role(figure, "all").click()
        expect(role(figure, "status")).to_contain_text(f"Step {len(expected)} of {len(expected)}")
        assert inputs(figure) == expected
        assert targets(figure) == [*expected[1:], "</s>"]
        assert figure.locator("[data-node]").count() == len(expected)


def test_exact_numbers_of_a_cell_by_keyboard(unrolled: Locator) -> None:
    figure = unrolled
    role(figure, "forward").click()
    expect(role(figure, "status")).to_contain_text("Step 1")
    first = figure.locator("[data-cell='0']")
    first.focus()
    first.press("ArrowRight")
    second = figure.locator("[data-cell='1']")
    expect(second).to_be_focused()
    exact = role(figure, "memory-exact")
    expect(exact).to_contain_text("Cell 2: 0.00000 before")
    shown = number(exact.inner_text().split("before, ")[1].split(" ")[0])
    assert shown == pytest.approx(cells(figure)[1], abs=1e-5)
    second.press("End")
    expect(figure.locator("[data-cell]").last).to_be_focused()
    assert figure.locator("[data-cell][tabindex='0']").count() == 1


def test_unknown_words_get_a_message_and_keep_the_graph(unrolled: Locator) -> None:
    figure = unrolled
    field = role(figure, "sentence")
    field.fill("How are yuo, <b>smartphone</b>?")
    field.press("Enter")
    note = role(figure, "sentence-note")
    expect(note).to_contain_text("“yuo” is not among the")
    assert field.get_attribute("aria-invalid") == "true"
    assert inputs(figure) == ["how", "are", "you", "?"]
    field.fill("How are yuo?")
    field.press("Enter")
    note.get_by_role("button", name="you", exact=True).click()
    expect(note).to_be_empty()
    expect(field).to_have_value("how are you ?")
    field.fill("?!")
    field.press("Enter")
    expect(note).to_contain_text("at least one word")
    field.fill("you " * 12)
    field.press("Enter")
    expect(note).to_contain_text("12 nodes")
    assert inputs(figure) == ["how", "are", "you", "?"]


def test_another_sentence_starts_again(unrolled: Locator) -> None:
    figure = unrolled
    role(figure, "all").click()
    role(figure, "sentence").fill("You are how?")
    role(figure, "read").click()
    expect(role(figure, "status")).to_contain_text("Nothing has been read")
    assert inputs(figure) == ["you", "are", "how", "?"]


# what does this neuron watch?


def depths(figure: Locator) -> list[str]:
    return figure.locator("[data-at]").evaluate_all(
        "all => all.map((one) => one.style.getPropertyValue('--nw-depth'))"
    )


def test_units_color_the_text(chapter: Page) -> None:
    figure = started(chapter, "neuron-watch")
    before = depths(figure)
    assert len(before) > 200
    assert len(set(before)) > 5
    unit = int(role(figure, "unit").input_value())
    role(figure, "next").click()
    expect(role(figure, "unit")).not_to_have_value(str(unit))
    assert depths(figure) != before
    role(figure, "previous").click()
    expect(role(figure, "unit")).to_have_value(str(unit))
    assert depths(figure) == before
    role(figure, "unit").fill("99999")
    role(figure, "unit").press("Enter")
    assert int(role(figure, "unit").input_value()) == int(role(figure, "unit").get_attribute("max"))
    role(figure, "next").click()
    expect(role(figure, "unit")).to_have_value("0")


def test_listed_units_can_be_chosen(chapter: Page) -> None:
    figure = started(chapter, "neuron-watch")
    listed = figure.locator("[data-listed]")
    assert listed.count() >= 1
    listed.last.click()
    expect(role(figure, "unit")).to_have_value(listed.last.get_attribute("data-listed"))
    expect(listed.last).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("trait", ["line ends", "speaker names", "spaces", "vowels"])
def test_search_ranks_units_and_says_how_well_they_do(trait: str, chapter: Page) -> None:
    figure = started(chapter, "neuron-watch")
    role(figure, "trait").select_option(label=trait)
    found = figure.locator("[data-role='found'] li")
    assert found.count() == 5
    scores = [abs(number(text)) for text in found.locator(".w-value").all_inner_texts()]
    assert scores == sorted(scores, reverse=True)
    assert 0.2 < scores[0] <= 1
    found.first.locator("button").click()
    expect(found.first.locator("button")).to_be_focused()
    verdict = role(figure, "verdict")
    expect(verdict).to_contain_text(f"and {trait}: correlation")
    said = verdict.inner_text()
    hits, present = said.split(" at ")[1].split(" characters")[0].split(" of ")
    alarms, absent = said.split("and at ")[1].split(" others")[0].split(" of ")
    assert int(hits) / int(present) > int(alarms) / int(absent)
    assert int(present) + int(absent) == figure.locator("[data-at]").count()


def test_search_for_characters_of_ones_own(chapter: Page) -> None:
    figure = started(chapter, "neuron-watch")
    assert not role(figure, "own-characters").is_visible()
    role(figure, "trait").select_option(label="characters of my choice")
    role(figure, "own-characters").fill("t")
    expect(role(figure, "verdict")).to_contain_text("one of “t”: correlation")
    role(figure, "own-characters").fill("☃")
    expect(role(figure, "verdict")).to_have_text("This text has no one of “☃”.")


def test_the_reader_may_type_a_text(chapter: Page) -> None:
    figure = started(chapter, "neuron-watch")
    count = figure.locator("[data-at]").count()
    figure.locator("summary").click()
    role(figure, "own-text").fill("MARY:\nA <b>lamb</b> é\n")
    expect(role(figure, "own-note")).to_contain_text("has never seen")
    expect(role(figure, "own-note")).to_contain_text("“é”")
    assert 15 < figure.locator("[data-at]").count() <= 22
    assert role(figure, "text").locator("b").count() == 0
    role(figure, "own-text").fill("é")
    expect(role(figure, "own-note")).to_contain_text("keeps the last text")
    role(figure, "reset").click()
    expect(figure.locator("[data-at]")).to_have_count(count)
    expect(role(figure, "own-note")).to_be_empty()


def test_a_characters_number_by_keyboard_and_by_tap(chapter: Page) -> None:
    figure = started(chapter, "neuron-watch")
    slider = role(figure, "character")
    slider.focus()
    slider.press("ArrowRight")
    expect(figure.locator(".nw-at")).to_have_attribute("data-at", "1")
    assert slider.get_attribute("aria-valuetext").startswith("2, ")
    figure.locator("[data-at='7']").click()
    expect(slider).to_have_value("8")
    value = number(slider.get_attribute("aria-valuetext").split(": ")[-1])
    depth = float(depths(figure)[7].rstrip("%"))
    assert depth == pytest.approx(50 * abs(value), abs=1)


# how long does it remember?


def measured(figure: Locator, kind: str) -> dict[str, float]:
    rows = figure.locator("tr[data-model-name]").all()
    return {
        row.get_attribute("data-model-name"): float(
            row.locator(f"[data-role='{kind}']").get_attribute("data-value")
        )
        for row in rows
    }


def settled(figure: Locator) -> None:
    """Wait until the models have read the changed text."""
    expect(figure.locator(".w-span")).to_have_attribute("aria-busy", "false", timeout=WAIT)


def test_the_difference_fades(chapter: Page) -> None:
    figure = started(chapter, "memory-span")
    first = measured(figure, "distance")
    assert len(first) >= 2
    assert min(first.values()) > 0
    assert all(0 < shift <= 1 for shift in measured(figure, "shift").values())
    later = role(figure, "later")
    later.fill(later.get_attribute("max"))
    last = measured(figure, "distance")
    assert last["vanilla"] < 0.01 * first["vanilla"]
    assert last["LSTM"] < first["LSTM"]
    expect(role(figure, "verdict")).to_contain_text("vanilla: half of the difference is gone")
    assert figure.get_by_role("img").count() == 2
    for drawing in figure.get_by_role("img").all():
        assert "logarithmic scale" in drawing.get_attribute("aria-label")


def test_another_character_is_read_live(chapter: Page) -> None:
    figure = started(chapter, "memory-span")
    before = measured(figure, "distance")
    present = figure.locator("del").inner_text()
    put = figure.locator("ins").inner_text()
    other = next(letter for letter in "zxqk" if letter not in (put, present))
    role(figure, "replacement").select_option(other)
    expect(figure.locator("ins")).to_have_text(other, timeout=WAIT)
    settled(figure)
    assert measured(figure, "distance") != before
    position = role(figure, "position")
    place, shown = int(position.input_value()), role(figure, "text").inner_text()
    position.focus()
    position.press("ArrowRight")
    expect(position).to_have_value(str(place + 1))
    expect(role(figure, "text")).not_to_have_text(shown, timeout=WAIT)
    settled(figure)


def test_putting_the_same_character_changes_nothing(chapter: Page) -> None:
    figure = started(chapter, "memory-span")
    same = figure.locator("del").inner_text()
    same = {"⏎": "\n"}.get(same.strip(), same)
    role(figure, "replacement").select_option(same)
    expect(role(figure, "verdict")).to_contain_text("nothing changes", timeout=WAIT)
    assert set(measured(figure, "distance").values()) == {0}
    assert set(measured(figure, "shift").values()) == {0}


def test_spaces_and_line_breaks_can_be_put_in(chapter: Page) -> None:
    figure = started(chapter, "memory-span")
    for name in ("space", "line break"):
        role(figure, "replacement").select_option(label=name)
        expect(figure.locator("ins")).to_contain_text({"line break": "⏎"}.get(name, " "))
        settled(figure)
        assert all(math.isfinite(value) for value in measured(figure, "distance").values())


def test_all_three_fit_a_phone(chapter: Page) -> None:
    chapter.set_viewport_size(PHONE)
    for name in ("unroll-it", "neuron-watch", "memory-span"):
        figure = started(chapter, name)
        for control in figure.locator("button:visible, select:visible, summary").all():
            assert control.bounding_box()["height"] >= 44, control.inner_text()
    assert chapter.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
