"""The interactives of the backpropagation chapter, as its readers use them."""

from __future__ import annotations

import re

import pytest
from interactives import ready, role
from playwright.sync_api import Locator, Page, expect

WAIT = 60_000
"""Milliseconds for 600 steps of training beside other work."""


@pytest.fixture
def chapter(page: Page, site: str) -> Page:
    page.goto(f"{site}/book/bptt.html")
    return page


@pytest.fixture
def tape(chapter: Page) -> Locator:
    """The tape with the weight 0.9, twelve steps, nothing cut, no tanh, one loss: the last."""
    figure = ready(chapter, "the-tape")
    role(figure, "squash").uncheck()
    role(figure, "view-loss").check()
    for name, value in {"weight": "0.9", "length": "12", "window": "12", "step": "12"}.items():
        role(figure, name).fill(value)
    return figure


def terms(tape: Locator) -> list[float]:
    found = role(tape, "term").evaluate_all("all => all.map((cell) => cell.dataset.value)")
    return [float(value) for value in found]


def test_tape_multiplies_one_factor_a_step(tape: Locator) -> None:
    assert terms(tape) == pytest.approx([0.9 ** (12 - k) for k in range(1, 13)])
    expect(role(tape, "sum")).to_contain_text(f"= {11 * 0.9**10:.2f}")
    role(tape, "weight").fill("1.1")
    assert terms(tape)[0] == pytest.approx(1.1**11)
    expect(tape.get_by_role("img", name="Sizes of the terms")).to_be_visible()


def test_cut_drops_the_gradient_and_leaves_the_forward_arrows(tape: Locator) -> None:
    role(tape, "window").fill("4")
    assert terms(tape)[:8] == [0] * 8
    assert terms(tape)[8:] == pytest.approx([0.729, 0.81, 0.9, 1])
    assert tape.locator("[data-forward]").count() == 12
    assert tape.locator("[data-carries]").count() == 3
    cuts = tape.locator("[data-cut]").evaluate_all("all => all.map((cut) => cut.dataset.cut)")
    assert cuts == ["4", "8"]
    expect(role(tape, "reach")).to_contain_text("changes h12 0.314 times as much")
    expect(role(tape, "reach")).to_contain_text("dL12/dx1 = 0")
    expect(role(tape, "sum")).to_contain_text("Without the cut it would be 3.84")
    label = tape.get_by_role("img", name="The chain").get_attribute("aria-label")
    assert "All 12 forward arrows stand." in label
    assert "dL₁₂/dh₁ 0, " in label
    assert "cut behind h₄, h₈." in label


def test_tape_explodes_legibly(tape: Locator) -> None:
    role(tape, "weight").fill("2")
    role(tape, "length").fill("50")
    expect(role(tape, "term").first).to_have_text("5.63 × 10¹⁴")
    assert len(terms(tape)) == 50, "the last loss stays the last, the whole tape whole"
    role(tape, "squash").check()
    assert 0 < terms(tape)[0] < 1e-6, "a squashed memory is too full to move"


def test_tape_sums_all_losses_for_one_memory(tape: Locator) -> None:
    role(tape, "view-memory").check()
    role(tape, "step").fill("1")
    assert terms(tape) == pytest.approx([0.9**n for n in range(12)])
    expect(role(tape, "sum")).to_contain_text("dL/dh1 = 7.18")
    tape.get_by_text("Every term as a table").click()
    expect(tape.locator("tfoot")).to_contain_text("7.18")
    expect(tape.locator("[data-term='12 1']")).to_contain_text("0.314")


def test_tape_by_keyboard(tape: Locator) -> None:
    role(tape, "window").focus()
    role(tape, "window").press("ArrowLeft")
    expect(tape.locator("[data-cut='11']")).to_be_visible()
    assert terms(tape) == [0] * 11 + [1]


@pytest.fixture
def detective(chapter: Page) -> Locator:
    return ready(chapter, "gradient-detective")


def judge(detective: Locator, diagnosis: str) -> None:
    detective.locator(f"[data-diagnosis='{diagnosis}']").check()
    role(detective, "commit").click()


def test_no_answer_before_the_reader_commits(detective: Locator) -> None:
    expect(role(detective, "plot").get_by_role("img")).to_be_visible()
    expect(role(detective, "verdict")).to_be_empty()
    role(detective, "commit").click()
    expect(role(detective, "verdict")).to_have_text("First choose one of the diagnoses.")
    expect(detective.locator("[data-diagnosis]").first).to_be_focused()
    expect(role(detective, "score")).to_contain_text("cases to solve")


def test_detective_says_why_and_keeps_the_score(detective: Locator) -> None:
    count = int(re.search(r"of (\d+)", role(detective, "title").inner_text())[1])
    seen = set()
    for n in range(1, count + 1):
        judge(detective, "vanishing")
        expect(role(detective, "verdict")).to_contain_text(re.compile(r"Right|Not quite"))
        expect(role(detective, "verdict").locator("p").nth(1)).not_to_be_empty()
        seen.add(role(detective, "verdict").inner_text().startswith("Right"))
        expect(role(detective, "commit")).to_be_hidden()
        expect(role(detective, "score")).to_contain_text(f" of {n} right, {count - n} to go")
        if n < count:
            role(detective, "next").click()
            expect(role(detective, "title")).to_be_focused()
            expect(role(detective, "verdict")).to_be_empty()
    assert seen == {True, False}
    role(detective, "previous").click()
    expect(role(detective, "verdict")).not_to_be_empty()
    role(detective, "restart").click()
    expect(role(detective, "title")).to_contain_text("Case 1 of")
    expect(role(detective, "verdict")).to_be_empty()
    expect(role(detective, "score")).to_contain_text(f"{count} cases to solve")


@pytest.fixture
def training(chapter: Page) -> Locator:
    return ready(chapter, "train-one-here")


def steps(training: Locator) -> int:
    return int(role(training, "numbers").get_attribute("data-step"))


def train_to_the_end(training: Locator) -> float:
    """Run all steps; return the last loss in nats per token."""
    role(training, "toggle").click()
    expect(role(training, "toggle")).to_have_attribute("data-state", "done", timeout=WAIT)
    return float(role(training, "numbers").get_attribute("data-loss"))


def test_network_learns_in_the_page_and_again_the_same(training: Locator) -> None:
    valid = role(training, "sample").locator("[data-valid='true']")
    assert valid.count() <= 1, "an untrained network writes nonsense"
    first = train_to_the_end(training)
    assert 0 < first < 0.5
    assert valid.count() >= 3
    expect(role(training, "curves").get_by_role("img")).to_have_count(2)
    role(training, "reset").click()
    assert steps(training) == 0
    assert train_to_the_end(training) == first


def test_training_pauses_and_goes_on(training: Locator) -> None:
    toggle = role(training, "toggle")
    toggle.click()
    expect(toggle).to_have_text("Pause")
    toggle.click()
    expect(toggle).to_have_attribute("data-state", re.compile("paused|done"))
    reached = steps(training)
    assert reached > 0
    training.page.wait_for_timeout(300)
    assert steps(training) == reached
    toggle.click()
    expect(toggle).to_have_attribute("data-state", "done", timeout=WAIT)
    assert steps(training) > reached


def test_page_stays_awake_while_training(training: Locator) -> None:
    """The work comes in slices: frames are drawn, and keys heard, long before its end."""
    state = role(training, "toggle").evaluate(
        """async (toggle) => {
          toggle.click();
          for (let n = 0; n < 4; n += 1) await new Promise(requestAnimationFrame);
          return toggle.dataset.state;
        }"""
    )
    assert state == "running"
    role(training, "window").focus()
    role(training, "window").press("Home")
    expect(role(training, "window")).to_have_value("1")


def test_short_window_leaves_early_memories_without_gradient(training: Locator) -> None:
    role(training, "window").fill("4")
    sizes = training.locator("[data-arrives]").evaluate_all(
        "all => all.map((cell) => Number(cell.dataset.arrives))"
    )
    assert sizes[:4] == [0, 0, 0, 0]
    assert all(size > 0 for size in sizes[4:])
    expect(training.locator("[data-arrives]").first).to_have_text("0 (cut)")
