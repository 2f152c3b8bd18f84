"""Whatever happens to tab, storage and history, what was typed is there; in a tiny book."""

from __future__ import annotations

import json

import pytest
from answering import (
    FORBIDDEN,
    FULL,
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
from playwright.sync_api import BrowserContext, Error, Page, expect

BOTH = "emb-be-the-embedder"
TEXTS = {
    "10,000 characters": "The vectors are shared. " * 420,
    "emoji": "👩‍👩‍👧‍👦 🎭 \U0001f1e9\U0001f1ea e\u0301",
    "right to left": "וקטור של מספרים (a vector) 12",
    "HTML": "</textarea></p><img src=x onerror=alert(1)>&lt;b&gt; <!-- ",
    "script": "<script>alert(1)</script>';alert(2);// ${alert(3)} javascript:alert(4)",
    "lines": "first\n\n\tthird  \n  fourth",
}


def saved(page: Page, id: str = "emb-what") -> None:
    expect(page.locator(f"#{id} > .question-work [role=status]")).to_have_text("Saved")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_any_text_goes_all_the_way_round_and_stays_text(page: Page, base: str, text: str) -> None:
    """Typed, committed, revised, shown on the page of all answers, exported and brought in."""
    heard = []
    page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: heard.append(error.message))
    page.goto(f"{base}/embeddings.html")
    answer(page, text)
    box(page).fill(f"{text}!")
    saved(page)
    page.reload()
    expect(box(page)).to_have_value(f"{text}!")
    assert page.locator("#emb-what .question-version .question-written").text_content() == text
    page.goto(f"{base}/review.html")
    item = page.locator("#review-emb-what")
    assert item.locator(".question-written").first.text_content() == f"{text}!"
    assert page.locator("#review :is(img, script)").count() == 0
    exported = taken_along(page, "json")
    assert text in taken_along(page, "markdown")
    page.evaluate("localStorage.clear()")
    page.reload()
    bring_in(page, exported)
    expect(status(page)).to_contain_text("1 answer brought in")
    assert stored(page)["boxes"] == [f"{text}!"]
    assert stored(page)["committed"]["boxes"] == [text]
    assert heard == []


def test_back_and_forward_keep_what_was_typed(page: Page, base: str) -> None:
    page.goto(f"{base}/embeddings.html")
    box(page).press_sequentially("left at once")
    page.goto(f"{base}/index.html")
    page.goto(f"{base}/toys.html")
    page.go_back()
    page.go_back()
    expect(box(page)).to_have_value("left at once")
    box(page).press("End")
    box(page).press_sequentially(", and again")
    page.go_forward()
    page.go_forward()
    page.go_back()
    page.go_back()
    expect(box(page)).to_have_value("left at once, and again")


def test_a_box_grows_with_its_text_and_shrinks_again(page: Page, base: str) -> None:
    grown = "box => [box.getBoundingClientRect().height, box.scrollHeight - box.clientHeight]"
    for supports in (True, False):  # `field-sizing`, or the script where a browser lacks it
        if not supports:
            page.add_init_script("CSS.supports = () => false")
        page.goto(f"{base}/embeddings.html")
        if not supports:
            page.add_style_tag(content="textarea { field-sizing: fixed !important }")
        page.evaluate("localStorage.clear()")
        box(page).fill("one line")
        small, _ = box(page).evaluate(grown)
        box(page).fill("line\n" * 40)
        tall, hidden = box(page).evaluate(grown)
        assert tall > 5 * small
        assert hidden <= 1
        box(page).fill("one line")
        assert box(page).evaluate(grown)[0] == small


@pytest.fixture
def unlucky(page: Page, base: str) -> Page:
    """The page with questions, about to die without a word: no event of leaving reaches it."""
    page.add_init_script(
        """for (const name of ['pagehide', 'visibilitychange', 'focusout', 'beforeunload']) {
          window.addEventListener(name, (event) => event.stopImmediatePropagation(), true);
        }"""
    )
    page.goto(f"{base}/embeddings.html")
    return page


def test_a_crash_in_the_midst_of_typing_loses_a_second_at_most(
    unlucky: Page, context: BrowserContext, base: str
) -> None:
    """Someone who types on without a pause, then a tab that is gone."""
    typed = "abcdefghij" * 6
    box(unlucky).press_sequentially(typed[:40], delay=60)  # never a pause that would save
    box(unlucky).press_sequentially(typed[40:], delay=60)
    with pytest.raises(Error, match="crash"):
        unlucky.goto("chrome://crash")
    again = context.new_page()
    again.goto(f"{base}/embeddings.html")
    kept = box(again).input_value()
    assert typed.startswith(kept)
    assert len(kept) >= len(typed) - 1000 / 60 - 1


def test_a_crash_after_a_second_loses_nothing(
    unlucky: Page, context: BrowserContext, base: str
) -> None:
    box(unlucky).press_sequentially("before the crash")
    unlucky.wait_for_timeout(1000)
    with pytest.raises(Error, match="crash"):
        unlucky.goto("chrome://crash")
    again = context.new_page()
    again.goto(f"{base}/embeddings.html")
    expect(box(again)).to_have_value("before the crash")


def test_while_typing_goes_on_nothing_is_announced(page: Page, base: str) -> None:
    """Saved each second, said once: a screen reader isn't interrupted."""
    page.goto(f"{base}/embeddings.html")
    page.evaluate(
        """() => {
        window.said = [];
        const line = document.querySelector('#emb-what [role=status]');
        new MutationObserver(() => { if (line.textContent) window.said.push(line.textContent); })
          .observe(line, { childList: true, characterData: true, subtree: true });
    }"""
    )
    box(page).press_sequentially("abcdefghij" * 4, delay=60)
    assert page.evaluate("window.said") == []
    assert stored(page)["boxes"][0].startswith("abcdefghij")
    saved(page)
    assert page.evaluate("window.said") == ["Saved"]


def test_a_write_that_breaks_off_is_said_and_mended(page: Page, base: str) -> None:
    """Half a record in the storage: what was there before is what was typed, and is saved again."""
    page.goto(f"{base}/embeddings.html")
    box(page).fill("first")
    saved(page)
    page.evaluate(
        """() => {
        window.real = Storage.prototype.setItem;
        Storage.prototype.setItem = function (key, value) {
          window.real.call(this, key, value.slice(0, value.length / 2));
          throw new DOMException('interrupted', 'UnknownError');
        };
    }"""
    )
    box(page).fill("first, second")
    trouble = page.locator("#emb-what .question-trouble")
    expect(trouble.get_by_role("alert")).to_contain_text("Not saved")
    expect(box(page)).to_have_value("first, second")
    page.evaluate("() => { Storage.prototype.setItem = window.real }")
    box(page).fill("first, second, third")
    saved(page)
    assert stored(page)["boxes"] == ["first, second, third"]
    half = page.evaluate("localStorage.getItem('unrolled.answers.aside/emb-what/1')")
    assert half.startswith('{"schema":2,"id":"emb-what"')
    page.reload()
    expect(box(page)).to_have_value("first, second, third")


@pytest.mark.parametrize("fault", [FULL, FORBIDDEN], ids=["full", "forbidden"])
def test_where_nothing_is_saved_everything_can_be_taken_along(
    page: Page, base: str, fault: str
) -> None:
    """All answers of the page, commits, skips and marks included; the file comes in elsewhere."""
    page.add_init_script(fault)
    page.goto(f"{base}/embeddings.html")
    answer(page, "precious 🎭")
    idea(page, 1).get_by_label("Partly").check()
    box(page).fill("precious 🎭, revised")
    for number in (1, 2):
        box(page, f"{BOTH}/{number}").fill(f"word {number}")
    page.locator("#emb-what .question-trouble").wait_for()
    with page.expect_download() as download:
        page.locator('#emb-what [data-role="take-along"]').click()
    exported = download.value.path().read_text(encoding="utf-8")
    first, second = json.loads(exported)["answers"]
    assert first["boxes"] == ["precious 🎭, revised"]
    assert first["committed"]["boxes"] == ["precious 🎭"]
    assert first["marks"]["An embedding is a vector."]["mark"] == "partly"
    assert second["boxes"] == ["word 1", "word 2"]
    context = page.context.browser.new_context()
    other = context.new_page()
    other.goto(f"{base}/review.html")
    bring_in(other, exported)
    expect(status(other)).to_contain_text("2 answers brought in")
    assert stored(other)["boxes"] == ["precious 🎭, revised"]
    context.close()


def test_a_browser_with_storage_switched_off_is_told_so_on_the_page_of_all_answers(
    page: Page, base: str
) -> None:
    page.add_init_script(FORBIDDEN)
    page.goto(f"{base}/review.html")
    expect(status(page)).to_contain_text("doesn’t let the page keep anything")
    bring_in(page, {"format": "unrolled.answers", "schema": 2, "answers": [record()]})
    expect(status(page)).to_contain_text("0 answers brought in")
    expect(status(page)).to_contain_text("Not saved: emb-what, because this browser")
    assert json.loads(taken_along(page, "json"))["answers"] == []


def test_the_browser_asks_before_an_unsaved_text_is_left(page: Page, base: str) -> None:
    page.goto(f"{base}/embeddings.html")
    page.evaluate(f"() => {{ window.real = Storage.prototype.setItem; {FULL} }}")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    box(page).press_sequentially("precious")
    page.locator("#emb-what .question-trouble").wait_for()
    with pytest.raises(Error):
        page.goto(f"{base}/index.html", timeout=3000)
    assert asked == ["beforeunload"]
    expect(box(page)).to_have_value("precious")
    page.evaluate("() => { Storage.prototype.setItem = window.real }")
    box(page).press_sequentially("!")
    saved(page)
    page.goto(f"{base}/index.html")
    assert asked == ["beforeunload"]


def test_every_box_is_in_another_tab_at_once(
    page: Page, context: BrowserContext, base: str
) -> None:
    page.goto(f"{base}/embeddings.html")
    tab, list_of_all = context.new_page(), context.new_page()
    tab.goto(f"{base}/embeddings.html")
    list_of_all.goto(f"{base}/review.html")
    for number in (1, 2):
        box(page, f"{BOTH}/{number}").fill(f"word {number}")
        expect(box(tab, f"{BOTH}/{number}")).to_have_value(f"word {number}")
        expect(list_of_all.locator(f"#review-{BOTH}")).to_contain_text(f"word {number}")
    page.locator(f'#{BOTH} [data-role="commit"]').click()
    expect(list_of_all.locator(f"#review-{BOTH} .review-state")).to_contain_text("Answered, due")
    expect(list_of_all.locator(".review-progress").first).to_have_text("1 of 2 answered")


def test_bringing_in_keeps_what_is_being_written_from_memory(page: Page, base: str) -> None:
    """Also where the storage is full: the box stays, its text in it."""
    page.goto(f"{base}/review.html")
    put(page, record(days_ago=3))
    page.reload()
    page.evaluate(f"() => {{ {FULL} }}")
    page.locator('#review-emb-what [data-role="again"]').click()
    page.keyboard.type("half a thought")
    bring_in(page, {"format": "unrolled.answers", "schema": 2, "answers": [record(BOTH)]})
    expect(status(page)).to_contain_text("storage is full")
    expect(page.locator("#review-emb-what textarea")).to_have_value("half a thought")
    (mine,) = json.loads(taken_along(page, "json"))["answers"]
    assert mine["draft"]["boxes"] == ["half a thought"]


def test_a_wiped_storage_is_said_on_the_page_of_all_answers_too(
    page: Page, context: BrowserContext, base: str
) -> None:
    page.goto(f"{base}/review.html")
    put(page, record(boxes=["still here"]))
    page.reload()
    other = context.new_page()
    other.goto(f"{base}/index.html")
    other.evaluate("localStorage.clear()")
    expect(status(page)).to_contain_text("The saved copy was deleted")
    expect(page.locator("#review-emb-what")).to_contain_text("still here")
    (mine,) = json.loads(taken_along(page, "json"))["answers"]
    assert mine["boxes"] == ["still here"]


def test_on_paper_a_chapter_shows_every_answer_whole(page: Page, base: str) -> None:
    page.goto(f"{base}/embeddings.html")
    short = len(page.pdf().split(b"/Type /Page\n"))
    long = "\n".join(f"line {number} of a long answer" for number in range(150))
    box(page).fill(long)
    box(page, f"{BOTH}/2").fill("second word")
    page.locator(f"#{BOTH}-box-2").blur()
    page.emulate_media(media="print")
    expect(page.locator("#emb-what .question-paper")).to_have_text(long, use_inner_text=True)
    expect(page.locator(f"#{BOTH} .question-paper").nth(1)).to_have_text("second word")
    assert page.locator("textarea:visible, .question-actions:visible").count() == 0
    assert len(page.pdf().split(b"/Type /Page\n")) >= short + 2  # it runs on over the sheets


def test_without_javascript_the_page_of_all_answers_says_what_it_needs(browser, base: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{base}/review.html")
    expect(page.get_by_text("it needs JavaScript")).to_be_visible()
    assert page.locator("#review:visible, template:visible").count() == 0
    context.close()
