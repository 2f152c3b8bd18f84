"""The interactives of the chapter on the GPT, as its readers use them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from built_site import PHONE, Watch
from interactives import first_role as role
from interactives import started
from playwright.sync_api import Browser, Locator, Page, expect

WAIT = 30_000
"""Milliseconds for the weights to arrive, or a text to be written, on a busy machine."""
WRITER, LOOKER = "write-with-me", "what-is-it-looking-at"
OLD_BROWSER = "delete window.WebAssembly;"


@pytest.fixture
def chapter(page: Page, site: str) -> Page:
    page.goto(f"{site}/book/gpt.html")
    return page


@pytest.fixture
def writer(chapter: Page) -> Locator:
    return started(chapter, WRITER, WAIT)


@pytest.fixture
def looker(chapter: Page) -> Locator:
    return started(chapter, LOOKER, WAIT)


def idle(figure: Locator) -> None:
    """Wait until nothing is being read or written."""
    expect(figure.locator(".unrolled")).to_have_attribute("aria-busy", "false", timeout=WAIT)


def move(slider: Locator, value: float) -> None:
    slider.fill(str(value))


def test_at_most_3_megabytes_fetched_once_when_started(
    chapter: Page, watch: Watch, site: str
) -> None:
    def large() -> list[str]:
        return [address for address in watch.requests if address.endswith(".bin")]

    assert large() == []
    started(chapter, WRITER, WAIT)
    first = large()
    assert first
    started(chapter, LOOKER, WAIT)
    assert large() == first  # both have the same model
    assert len(set(first)) == len(first)
    assert sum(len(chapter.request.get(address).body()) for address in first) <= 3_000_000
    assert watch.strangers(site) == []
    assert watch.complaints == []


# write with me


def tokens(figure: Locator) -> list[str]:
    """The tokens of the text, without the boundary and without the one to come."""
    shown = figure.locator(".wm-token")
    return shown.evaluate_all("all => all.map((one) => one.textContent)")


def write(figure: Locator, count: int | None = None) -> list[str]:
    """Press the button and wait for the new tokens."""
    before = len(tokens(figure))
    if count is not None:
        role(figure, "count").fill(str(count))
        role(figure, "count").press("Tab")
    count = int(role(figure, "count").input_value())
    expect(role(figure, "write")).to_have_text(f"Write {count:,} tokens")
    role(figure, "write").click()
    expect(figure.locator(".wm-token")).to_have_count(before + count, timeout=WAIT)
    idle(figure)
    return tokens(figure)


def chances(figure: Locator, column: str) -> list[float]:
    cells = figure.locator(f"[data-role='chances'] td[data-role='{column}']")
    values = cells.evaluate_all("all => all.map((one) => one.dataset.value)")
    return [float(value) for value in values]


def test_it_reads_the_prompt_and_expects_something(writer: Locator) -> None:
    prompt = role(writer, "prompt").input_value()
    assert "".join(tokens(writer)).replace("⏎", "") == prompt
    expect(role(writer, "prompt-note")).to_contain_text(f"{len(tokens(writer))} tokens")
    own = chances(writer, "own")
    assert len(own) == 10
    assert own == sorted(own, reverse=True)
    assert 0.1 < sum(own) <= 1
    expect(role(writer, "list-title")).to_contain_text("What may come next")
    assert writer.locator(".unrolled").get_attribute("data-engine") == "simd"


def test_it_writes_and_says_how_fast(writer: Locator) -> None:
    given = tokens(writer)
    written = write(writer, 60)
    assert written[: len(given)] == given
    expect(role(writer, "speed")).to_contain_text("Wrote 60 tokens")
    assert float(role(writer, "speed").get_attribute("data-value")) > 0
    further = write(writer, 15)
    assert further[: len(written)] == written


def test_the_same_seed_writes_the_same_text(writer: Locator) -> None:
    given = len(tokens(writer))
    move(role(writer, "temperature"), 1)
    first = write(writer, 40)
    role(writer, "back").click()
    expect(writer.locator(".wm-token")).to_have_count(given)
    assert write(writer) == first
    role(writer, "back").click()
    role(writer, "seed").fill("12345")
    role(writer, "seed").press("Tab")
    expect(writer.locator(".wm-token")).to_have_count(given)
    assert write(writer) != first


def test_back_to_a_prompt_on_which_nothing_was_written(writer: Locator) -> None:
    given, own = tokens(writer), chances(writer, "own")
    role(writer, "back").click()
    expect(writer.locator(".wm-token")).to_have_count(len(given))
    assert chances(writer, "own") == own
    assert len(write(writer, 10)) == len(given) + 10


def test_token_by_token_is_the_same_text(writer: Locator) -> None:
    given = len(tokens(writer))
    at_once = write(writer, 5)
    role(writer, "back").click()
    expect(writer.locator(".wm-token")).to_have_count(given)
    for n in range(1, 6):
        role(writer, "one").click()
        expect(writer.locator(".wm-token")).to_have_count(given + n)
    assert tokens(writer) == at_once


def test_greedy_takes_the_first_of_the_list_whatever_the_seed(writer: Locator) -> None:
    role(writer, "greedy").check()
    expect(role(writer, "temperature")).to_be_disabled()
    assert chances(writer, "used") == [1] + [0] * 9
    expect(role(writer, "list-facts")).to_contain_text("drawn from 1 of")
    best = writer.locator("[data-role='chances'] button").first.get_attribute("data-token")
    given = len(tokens(writer))
    first = write(writer, 30)
    role(writer, "back").click()
    role(writer, "seed").fill("99")
    role(writer, "seed").press("Tab")
    expect(writer.locator(".wm-token")).to_have_count(given)
    assert write(writer) == first
    move(role(writer, "place"), given + 1)
    here = writer.locator("tr", has_text="↑ here").locator("button")
    assert here.get_attribute("data-token") == best


def test_temperature_changes_what_is_drawn_not_what_the_model_says(writer: Locator) -> None:
    own = chances(writer, "own")
    tops = []
    for temperature in (0.4, 1, 2):
        move(role(writer, "temperature"), temperature)
        assert chances(writer, "own") == own
        tops.append(chances(writer, "used")[0])
    assert tops == sorted(tops, reverse=True)
    assert tops[0] > tops[2]
    move(role(writer, "temperature"), 1)
    assert chances(writer, "used") == pytest.approx(own)


def test_top_k_and_top_p_cut_off(writer: Locator) -> None:
    move(role(writer, "temperature"), 1)
    own = chances(writer, "own")
    move(role(writer, "top-k"), 3)
    used = chances(writer, "used")
    assert used[:3] == pytest.approx([chance / sum(own[:3]) for chance in own[:3]])
    assert used[3:] == [0] * 7
    assert writer.get_by_text("cut off", exact=True).count() == 7
    expect(role(writer, "list-facts")).to_contain_text("drawn from 3 of")
    move(role(writer, "top-k"), int(role(writer, "top-k").get_attribute("max")))
    assert chances(writer, "used") == pytest.approx(own)
    move(role(writer, "top-p"), 0.05)
    assert chances(writer, "used") == [1] + [0] * 9 or own[0] < 0.05


def test_another_token_is_chosen_and_it_goes_on_from_there(writer: Locator) -> None:
    given = len(tokens(writer))
    written = write(writer, 30)
    place = given + 4  # counted with the boundary
    writer.locator(f"[data-at='{place}']").click()
    expect(role(writer, "place")).to_have_value(str(place))
    expect(role(writer, "list-title")).to_have_text(f"What could have stood at place {place}")
    other = writer.locator("[data-role='chances'] tr:not(:has-text('↑ here')) button").first
    taken = other.get_attribute("data-token")
    other.click()
    idle(writer)
    expect(writer.locator(".wm-token")).to_have_count(place + 30, timeout=WAIT)
    changed = tokens(writer)
    assert changed[: place - 1] == written[: place - 1]
    assert changed[place - 1] != written[place - 1]
    assert writer.locator(".wm-picked").get_attribute("data-at") == str(place)
    writer.locator(f"[data-at='{place}']").click()
    here = writer.locator("tr", has_text="↑ here").locator("button")
    assert here.get_attribute("data-token") == taken


def test_a_choice_alone_when_it_should_not_go_on(writer: Locator) -> None:
    given = len(tokens(writer))
    role(writer, "go-on").uncheck()
    second = writer.locator("[data-role='chances'] button").nth(1)
    second.press("Enter")  # by keyboard
    expect(writer.locator(".wm-token")).to_have_count(given + 1)
    expect(second).to_be_focused()  # the list stays where it is
    second.press("Enter")
    expect(writer.locator(".wm-token")).to_have_count(given + 2)
    assert writer.locator(".wm-picked").count() == 2


def test_looking_back_by_keyboard(writer: Locator) -> None:
    slider = role(writer, "place")
    last = int(slider.input_value())
    expect(slider).to_have_attribute("aria-valuetext", f"{last}: to be written")
    slider.focus()
    slider.press("ArrowLeft")
    expect(writer.locator(".wm-at")).to_have_attribute("data-at", str(last - 1))
    slider.press("Home")
    expect(role(writer, "list-title")).to_have_text("What could have stood at place 1")
    assert writer.locator("tr", has_text="↑ here").count() == 1


def test_it_can_be_stopped(writer: Locator) -> None:
    given = len(tokens(writer))
    role(writer, "pace").select_option(label="10 tokens a second")
    role(writer, "count").fill("900")
    role(writer, "count").press("Tab")
    role(writer, "write").click()
    expect(role(writer, "write")).to_have_text("Stop")
    expect(writer.locator(".wm-token").nth(given + 2)).to_be_attached(timeout=WAIT)
    role(writer, "write").click()
    expect(role(writer, "write")).to_have_text("Write 900 tokens")
    stopped = len(tokens(writer))
    writer.page.wait_for_timeout(500)
    assert given + 2 < len(tokens(writer)) == stopped < given + 900
    assert chances(writer, "own")


def test_it_writes_on_when_its_window_is_full(writer: Locator) -> None:
    written = write(writer, 1000)
    assert len(written) > 1000
    place = len(written) - 3
    move(role(writer, "place"), place)
    expect(role(writer, "list-title")).to_have_text(f"What could have stood at place {place}")
    assert writer.locator("tr", has_text="↑ here").count() == 1


def test_the_prompt_is_read_as_it_is_typed(writer: Locator) -> None:
    role(writer, "prompt").fill("JULIET:\nO <b>Romeo</b>")
    expect(writer.locator(".wm-at")).to_have_attribute("data-at", str(len(tokens(writer)) + 1))
    expect(role(writer, "text")).to_contain_text("Romeo")
    role(writer, "prompt").fill("")
    expect(role(writer, "prompt-note")).to_contain_text("0 tokens")
    expect(writer.locator(".wm-token")).to_have_count(0)
    assert len(chances(writer, "own")) == 10
    assert write(writer, 12)
    assert role(writer, "text").locator("b").count() == 0


def test_what_the_vocabulary_lacks_is_named(writer: Locator) -> None:
    note = role(writer, "prompt-note")
    of_characters = "one for each character" in note.inner_text()
    role(writer, "prompt").fill("But ☃ soft 😀")
    if of_characters:
        expect(note).to_contain_text("no token for “☃”, “😀”")
        assert role(writer, "prompt").get_attribute("aria-invalid") == "true"
        expect(writer.locator(".wm-token")).to_have_count(len("But  soft "))
    else:
        expect(note).to_contain_text("(byte pairs)")
    role(writer, "prompt").fill("But")
    expect(note).not_to_contain_text("no token for")
    assert role(writer, "prompt").get_attribute("aria-invalid") == "false"


@pytest.fixture
def old_browser(browser: Browser, site: str) -> Iterator[Page]:
    """A small browser without WebAssembly, at the chapter."""
    context = browser.new_context(viewport=PHONE)
    context.add_init_script(OLD_BROWSER)
    page = context.new_page()
    page.goto(f"{site}/book/gpt.html")
    yield page
    context.close()


def test_without_webassembly_it_writes_the_same_text(writer: Locator, old_browser: Page) -> None:
    figure = started(old_browser, WRITER, WAIT)
    assert figure.locator(".unrolled").get_attribute("data-engine") == "plain"
    for one in (figure, writer):
        role(one, "greedy").check()
    assert write(figure, 25) == write(writer, 25)


# what is it looking at?


def weights(figure: Locator) -> list[float]:
    values = figure.locator("[data-role='looks'] .w-value").evaluate_all(
        "all => all.map((one) => one.dataset.value)"
    )
    return [float(value) for value in values]


def painted(canvas: Locator) -> int:
    """How many pixels of a picture are not empty."""
    script = """canvas => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, n) => n % 4 === 3 && value > 0).length;
    }"""
    return canvas.evaluate(script)


def test_all_heads_are_drawn_and_one_is_chosen(looker: Locator) -> None:
    heads = looker.locator("[data-head]")
    assert heads.count() >= 4
    T = looker.locator("[data-at]").count()
    for n in range(heads.count()):
        assert T <= painted(heads.nth(n).locator("canvas")) <= T * (T + 1) / 2
        assert "looks most at" in heads.nth(n).get_attribute("aria-label")
    heads.last.click()
    assert looker.locator("[data-head][aria-pressed='true']").count() == 1
    assert heads.last.get_attribute("aria-pressed") == "true"
    name = heads.last.get_attribute("aria-label").split(", looks")[0]
    expect(role(looker, "head-title")).to_have_text(name)
    picture = role(looker, "picture")
    assert picture.get_attribute("aria-label").startswith(f"{name}: a picture of {T} by {T}")
    assert painted(picture) == painted(heads.last.locator("canvas"))


def test_heads_by_keyboard(looker: Locator) -> None:
    looker.locator("[data-head='0']").click()
    assert looker.locator("[data-head][tabindex='0']").count() == 1
    looker.page.keyboard.press("ArrowRight")
    expect(looker.locator("[data-head='1']")).to_be_focused()
    expect(role(looker, "head-title")).to_have_text("Layer 1, head 2")
    looker.page.keyboard.press("End")
    expect(looker.locator("[data-head]").last).to_be_focused()
    looker.page.keyboard.press("Home")
    expect(looker.locator("[data-head='0']")).to_have_attribute("aria-pressed", "true")


def test_where_a_token_looks(looker: Locator) -> None:
    slider = role(looker, "token")
    slider.focus()
    slider.press("Home")
    expect(looker.locator(".lo-at")).to_have_attribute("data-at", "0")
    assert weights(looker) == [1]  # the boundary has only itself
    slider.press("ArrowRight")
    assert sum(weights(looker)) == pytest.approx(1, abs=1e-5)
    looker.locator("[data-at='12']").click()
    expect(slider).to_have_value("12")
    found = weights(looker)
    assert len(found) == 6
    assert found == sorted(found, reverse=True)
    assert 0 < sum(found) <= 1 + 1e-5
    places = looker.locator("[data-look]").evaluate_all("all => all.map((one) => one.dataset.look)")
    assert all(0 <= int(place) <= 12 for place in places)
    assert looker.locator(".lo-after").first.get_attribute("data-at") == "13"
    looker.locator("[data-head]").last.click()
    assert weights(looker) != found
    role(looker, "picture").click(position={"x": 5, "y": 1})
    expect(slider).to_have_value("0")


def test_heads_are_found_by_habit(looker: Locator) -> None:
    for habit in ("the token before", "the first token", "the token itself"):
        role(looker, "habit").select_option(label=habit)
        found = looker.locator("[data-found]")
        shares = found.evaluate_all("all => all.map((one) => Number(one.dataset.share))")
        assert shares == sorted(shares, reverse=True)
        assert 0 < shares[0] <= 1
        found.first.click()
        expect(role(looker, "habits")).to_contain_text(f"{100 * shares[0]:.1f} % to {habit}")
        assert found.first.get_attribute("aria-pressed") == "true"


def test_the_readers_own_text_is_read_live(looker: Locator) -> None:
    given = looker.locator("[data-at]").count()
    role(looker, "own-text").fill("A <b>rose</b>")
    expect(looker.locator("[data-at]").last).not_to_have_attribute("data-at", str(given - 1))
    idle(looker)
    expect(role(looker, "text")).to_contain_text("rose")
    assert role(looker, "text").locator("b").count() == 0
    T = looker.locator("[data-at]").count()
    assert painted(role(looker, "picture")) <= T * (T + 1) / 2
    role(looker, "own-text").fill("to be or not to be, " * 40)
    expect(role(looker, "cut")).to_contain_text("Here it reads the first")
    idle(looker)
    assert given < looker.locator("[data-at]").count() <= 128
    role(looker, "own-text").fill("")
    expect(looker.locator("[data-at]")).to_have_count(1)
    expect(role(looker, "habits")).to_contain_text("nothing to look back at")
    role(looker, "reset").click()
    expect(looker.locator("[data-at]")).to_have_count(given)


def test_pictures_follow_the_theme(looker: Locator) -> None:
    script = "canvas => [...canvas.getContext('2d').getImageData(0, 0, 1, 1).data]"
    picture = role(looker, "picture")
    colors = []
    for theme in ("light", "dark"):
        looker.page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        looker.page.wait_for_timeout(300)
        colors.append(tuple(picture.evaluate(script)))
    assert colors[0] != colors[1]


@pytest.mark.parametrize("name", [WRITER, LOOKER])
def test_fits_a_phone(name: str, browser: Browser, site: str) -> None:
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(f"{site}/book/gpt.html")
    figure = started(page, name, WAIT)
    if name == WRITER:
        write(figure, 100)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = figure.locator("button, select, input[type=number]").evaluate_all(
        "all => all.filter((one) => one.getBoundingClientRect().height < 43.5).length"
    )
    assert small == 0
    context.close()
