"""The interactives of the attention chapter, as its readers use them."""

from __future__ import annotations

import pytest
from interactives import ready, role
from playwright.sync_api import Locator, Page, expect

COMPASS = [(3, 0), (0, 3), (-3, 0), (0, -3)]


@pytest.fixture
def chapter(page: Page, site: str) -> Page:
    page.goto(f"{site}/book/attention.html")
    return page


@pytest.fixture
def mask(chapter: Page) -> Locator:
    """Mask it on Carter joined the club He was: causal, minus infinity, the row of He."""
    return ready(chapter, "mask-it")


def cell(mask: Locator, row: int, column: int) -> Locator:
    return mask.locator(f"[data-cell='{row} {column}']")


def weight(mask: Locator, row: int, column: int) -> float:
    return float(cell(mask, row, column).get_attribute("data-weight"))


def test_mask_begins_causal_with_the_numbers_of_the_page(mask: Locator) -> None:
    shares = [weight(mask, 4, column) for column in range(6)]
    assert shares == pytest.approx([0.675, 0.040, 0.040, 0.081, 0.164, 0], abs=1e-3)
    expect(role(mask, "summary")).to_contain_text("Nothing leaks")
    expect(role(mask, "says")).to_contain_text("He takes most from Carter (0.675)")
    expect(mask.locator("[data-line='score'] td").first).to_have_text("2.83")


def test_zero_is_no_mask(mask: Locator) -> None:
    role(mask, "fill-zero").check()
    assert weight(mask, 4, 5) == pytest.approx(0.038, abs=1e-3)
    expect(role(mask, "summary")).to_contain_text("Leaks: Carter")
    expect(role(mask, "summary")).to_contain_text("He (0.038)")
    expect(cell(mask, 4, 5)).to_contain_text("leak")
    role(mask, "fill-minus-infinity").check()
    assert weight(mask, 4, 5) == 0


def test_one_allowed_cell_leaks_in_its_row_alone(mask: Locator) -> None:
    cell(mask, 4, 5).click()
    expect(cell(mask, 4, 5)).to_have_attribute("aria-pressed", "true")
    assert weight(mask, 4, 5) == pytest.approx(0.141, abs=1e-3)
    expect(role(mask, "summary")).to_have_text("Leaks: He (0.141) take from later words.")
    cell(mask, 4, 5).click()
    expect(role(mask, "summary")).to_contain_text("Nothing leaks")


def test_a_row_of_nothing_is_not_a_number(mask: Locator) -> None:
    mask.locator("[data-preset='strict']").click()
    expect(cell(mask, 0, 0)).to_contain_text("NaN")
    expect(role(mask, "summary")).to_contain_text("Carter: nothing is allowed")
    mask.locator("[data-preset='open']").click()
    assert weight(mask, 4, 5) == pytest.approx(0.141, abs=1e-3)
    mask.locator("[data-preset='alone']").click()
    assert [weight(mask, n, n) for n in range(6)] == [1] * 6


def test_mask_by_keyboard(mask: Locator) -> None:
    cell(mask, 0, 0).focus()
    for key in ["ArrowRight", "ArrowRight", "ArrowDown"]:
        mask.page.keyboard.press(key)
    expect(cell(mask, 1, 2)).to_be_focused()
    mask.page.keyboard.press("Space")
    expect(cell(mask, 1, 2)).to_have_attribute("aria-pressed", "true")
    expect(cell(mask, 1, 2)).to_be_focused()
    expect(cell(mask, 1, 2)).to_have_attribute("tabindex", "0")
    assert mask.locator(".mk-cell[tabindex='0']").count() == 1


def test_mask_by_dragging(mask: Locator) -> None:
    cell(mask, 0, 2).scroll_into_view_if_needed()
    cell(mask, 0, 2).hover()
    mask.page.mouse.down()
    for column in (3, 4):
        cell(mask, 0, column).hover()
    mask.page.mouse.up()
    pressed = [cell(mask, 0, column).get_attribute("aria-pressed") for column in range(6)]
    assert pressed == ["true", "false", "true", "true", "true", "false"]


def test_mask_row_by_row(mask: Locator) -> None:
    mask.locator("[data-role='row'][data-row='0']").click()
    expect(role(mask, "says")).to_contain_text("Carter takes most from Carter (1.000)")
    line = mask.locator("[data-line='after the mask'] td")
    expect(line.nth(1)).to_have_text("−∞")
    role(mask, "fill-zero").check()
    expect(line.nth(1)).to_have_text("0")


@pytest.fixture
def head(chapter: Page) -> Locator:
    return ready(chapter, "one-head-by-hand")


def set_numbers(head: Locator, kind: str, vectors: list[tuple[int, int]]) -> None:
    for token, pair in zip("abcd", vectors, strict=True):
        for axis, number in zip("xy", pair, strict=True):
            role(head, f"{kind}-{token}-{axis}").fill(str(number))


def test_reader_solves_the_task_by_hand(head: Locator) -> None:
    verdict = role(head, "verdict")
    expect(verdict).to_have_attribute("data-solved", "false")
    set_numbers(head, "query", COMPASS)
    set_numbers(head, "key", COMPASS)
    expect(verdict).to_have_attribute("data-count", "0")
    role(head, "key-from-before").check()
    expect(verdict).to_have_attribute("data-solved", "true")
    expect(verdict).to_contain_text("solves all 72 sequences")
    role(head, "key-a-x").fill("-3")
    expect(verdict).to_have_attribute("data-solved", "false")


def test_output_is_a_share_for_each_token(head: Locator) -> None:
    shares = head.locator("[data-token]").evaluate_all(
        "all => all.map((item) => Number(item.dataset.share))"
    )
    assert sum(shares) == pytest.approx(1)
    sequence = role(head, "sequence").inner_text()
    assert len(sequence.split()) == 5
    role(head, "next").click()
    expect(role(head, "sequence")).not_to_have_text(sequence)
    role(head, "previous").click()
    expect(role(head, "sequence")).to_have_text(sequence)
    first, answer = sequence.split(), role(head, "answer").inner_text()
    assert answer == first[first.index(first[4]) + 1]


def test_the_head_that_training_found(head: Locator) -> None:
    role(head, "query-a-x").fill("2")
    role(head, "found").click()
    expect(role(head, "verdict")).to_contain_text("The head that training found solves all 72")
    expect(role(head, "key-from-before")).to_be_checked()
    sequence = role(head, "sequence").inner_text().split()
    looked_at = sequence.index(sequence[4]) + 1
    share = head.locator(f"[data-weight='4 {looked_at}']").inner_text()
    assert float(share) > 0.9
    role(head, "found").click()
    expect(role(head, "query-a-x")).to_have_value("2")


def test_odd_numbers_are_left_out(head: Locator) -> None:
    role(head, "query-a-x").fill("99")
    expect(role(head, "query-a-x")).to_have_attribute("aria-invalid", "true")
    role(head, "query-a-x").fill("-1")
    expect(role(head, "query-a-x")).to_have_attribute("aria-invalid", "false")
    expect(head.get_by_role("img", name="Queries: a (-1, 0)")).to_be_visible()


@pytest.fixture
def stepper(chapter: Page) -> Locator:
    return ready(chapter, "shape-stepper")


def test_right_road_keeps_tokens_together(stepper: Locator) -> None:
    forward, verdict = role(stepper, "forward"), role(stepper, "verdict")
    expect(role(stepper, "shape")).to_contain_text("(2, 3, 4), strides (12, 4, 1)")
    forward.click()
    forward.click()
    expect(role(stepper, "shape")).to_contain_text("(2, 2, 3, 2), strides (12, 2, 4, 1)")
    expect(role(stepper, "shape")).to_contain_text("nothing has moved")
    expect(verdict).to_contain_text("✓ Each row of each head")
    block = stepper.get_by_role("group", name="text A, head 2")
    assert block.locator("[data-number]").all_inner_texts() == [
        *("A1·3", "A1·4", "A2·3", "A2·4", "A3·3", "A3·4")
    ]
    forward.click()
    forward.click()
    expect(verdict).to_contain_text("✓ All 24 numbers are back")
    expect(role(stepper, "back")).to_be_focused()


def test_short_cut_scrambles_the_heads(stepper: Locator) -> None:
    stepper.locator("[data-road='split']").click()
    role(stepper, "forward").click()
    expect(role(stepper, "verdict")).to_contain_text("✕ 8 of 12 rows")
    block = stepper.get_by_role("group", name="text A, head 1")
    assert block.locator("[data-number]").all_inner_texts() == [
        *("A1·1", "A1·2", "A1·3", "A1·4", "A2·1", "A2·2")
    ]
    expect(block).to_contain_text("✕ from A2")
    role(stepper, "forward").click()
    role(stepper, "forward").click()
    expect(role(stepper, "verdict")).to_contain_text("✕ 16 of 24 numbers")


def test_colors_stay_with_their_numbers(stepper: Locator) -> None:
    tokens = "all => Object.fromEntries(all.map((c) => [c.dataset.number, c.dataset.token]))"
    before = stepper.locator("[data-number]").evaluate_all(tokens)
    stepper.locator("[data-road='merge']").click()
    for _ in range(3):
        role(stepper, "forward").click()
        assert stepper.locator("[data-number]").evaluate_all(tokens) == before
    expect(role(stepper, "verdict")).to_have_attribute("data-right", "false")
    stepper.locator("[data-heads='1']").click()
    expect(role(stepper, "verdict")).to_have_attribute("data-right", "true")
