"""Answering in the page, faults included, in a tiny book of its own."""

from __future__ import annotations

import pytest
from answering import FORBIDDEN, FULL, KEY, box, stored
from axe_playwright_python.sync_playwright import Axe
from built_site import SITE
from playwright.sync_api import expect
from tiny_book import TinyBook, serving

PAGE = """\
# Embeddings

```{facts}
:read: 40 min
:needs: [](index.md), a little Python
:able: say what an embedding is; read a map of words
```

Some text before the first question.

```{predict} What happens to the *distance*?
:options: it grows | it shrinks | it stays the same, for every pair of words
Write your guess down before you run the cell.
```

````{question} emb-what
prompt: What is a word embedding? How long are they usually, in terms of $d$?
hint: Think of a **list of numbers**.
answer: |
  A vector of length $d$.
ideas:
  - says: An embedding is a vector.
    terms: [[vector, list of numbers]]
````

````{question} emb-5gram-map
prompt: How does training make a map?
answer: Shared vectors.
ideas: [{says: The vectors are shared., terms: [[shared]]}]
followups:
  - id: emb-5gram-map-a
    prompt: Another method?
    answer: Skip-gram.
    ideas: [{says: Skip-gram., terms: [[skip-gram]]}]
````

````{question} emb-be-the-embedder
prompt: Give two words for each.
boxes: [King, Button, Pain, Water Bottle]
answer: Queen.
ideas: [{says: Royalty., terms: [[queen]]}]
````
"""
NASTY = '<img src=x onerror=alert(1)><script>alert(2)</script> & "quotes" שלום 🎭\n\tnext line'


WITH_QUESTIONS = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.glob("*/**/*.html")
    if 'class="question"' in path.read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The page with questions in a tiny book, served."""
    book = TinyBook(tmp_path_factory.mktemp("questions"))
    assert book.build({"embeddings": PAGE}) == ""
    with serving(book.html) as base:
        yield f"{base}/embeddings.html"


@pytest.fixture
def opened(page, address):
    """The page, opened."""
    page.goto(address)
    return page


def part(page, name, id="emb-what"):
    return page.locator(f"#{id} > {name}")


def button(page, role, id="emb-what"):
    return part(page, f'.question-work [data-role="{role}"]', id)


def status(page, id="emb-what"):
    return part(page, ".question-work [role=status]", id)


def trouble(page, id="emb-what"):
    return part(page, ".question-work .question-trouble", id)


def test_typing_is_saved_within_a_second_and_survives_a_reload(opened):
    box(opened).press_sequentially("A vector")
    expect(status(opened)).to_have_text("Saved", timeout=1000)
    assert stored(opened)["boxes"] == ["A vector"]
    assert stored(opened)["schema"] == 2
    opened.reload()
    expect(box(opened)).to_have_value("A vector")


def test_leaving_before_the_pause_loses_nothing(opened, address):
    box(opened).press_sequentially("left at once")
    opened.goto(address.replace("embeddings", "index"))
    opened.go_back()
    expect(box(opened)).to_have_value("left at once")


def test_each_of_several_boxes_is_kept(opened):
    for number in (1, 2, 3, 4):
        box(opened, f"emb-be-the-embedder/{number}").fill(f"word {number}")
    expect(status(opened, "emb-be-the-embedder")).to_have_text("Saved", timeout=1000)
    opened.reload()
    for number in (1, 2, 3, 4):
        expect(box(opened, f"emb-be-the-embedder/{number}")).to_have_value(f"word {number}")


def test_the_answer_is_shut_until_one_is_committed(opened):
    answer = part(opened, "details.question-answer")
    answer.locator("summary").click()
    expect(answer).not_to_have_attribute("open", "")
    expect(status(opened)).to_contain_text("Write an answer first")
    button(opened, "commit").click()
    expect(status(opened)).to_contain_text("Write an answer first")
    expect(box(opened)).to_be_focused()

    box(opened).fill("A vector")
    button(opened, "commit").click()
    expect(answer).to_have_attribute("open", "")
    expect(answer).to_contain_text("An embedding is a vector.")
    expect(answer.locator("summary")).to_be_focused()
    assert stored(opened)["committed"]["boxes"] == ["A vector"]
    expect(part(opened, "details.question-answer", "emb-5gram-map")).not_to_have_attribute(
        "open", ""
    )


def test_what_was_committed_stays_beside_later_edits(opened):
    box(opened).fill("first thought")
    button(opened, "commit").click()
    box(opened).fill("second thought")
    expect(part(opened, ".question-work .question-version")).to_contain_text("first thought")
    opened.reload()
    expect(box(opened)).to_have_value("second thought")
    expect(part(opened, ".question-work .question-version")).to_contain_text("first thought")
    expect(button(opened, "commit")).to_be_hidden()
    part(opened, "details.question-answer").locator("summary").click()
    expect(part(opened, "details.question-answer")).to_have_attribute("open", "")


def test_skipping_is_recorded_and_an_answer_can_follow(opened):
    button(opened, "skip").click()
    expect(part(opened, "details.question-answer")).to_have_attribute("open", "")
    assert stored(opened)["skipped"]
    opened.reload()
    expect(button(opened, "skip")).to_be_hidden()
    box(opened).fill("after all")
    button(opened, "commit").click()
    assert stored(opened)["committed"]["boxes"] == ["after all"]


def test_the_keyboard_is_enough(opened):
    box(opened).focus()
    opened.keyboard.type("A vector")
    opened.keyboard.press("Tab")
    expect(button(opened, "commit")).to_be_focused()
    opened.keyboard.press("Enter")
    expect(part(opened, "details.question-answer")).to_have_attribute("open", "")
    opened.keyboard.press("Shift+Tab")
    expect(part(opened, "details.question-hint").locator("summary")).to_be_focused()
    opened.keyboard.press("Enter")
    expect(part(opened, "details.question-hint")).to_contain_text("list of numbers")


@pytest.mark.parametrize("fault", [FULL, FORBIDDEN], ids=["full", "forbidden"])
def test_a_storage_that_fails_is_said_and_the_text_stays(page, address, context, fault):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.add_init_script(fault)
    page.goto(address)
    box(page).press_sequentially("precious")
    expect(trouble(page).get_by_role("alert")).to_contain_text("Your text stays in this page")
    expect(status(page)).to_have_text("")
    expect(box(page)).to_have_value("precious")
    trouble(page).get_by_role("button", name="Copy my answer").click()
    expect(trouble(page).get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "precious"
    button(page, "commit").click()
    expect(part(page, "details.question-answer")).to_have_attribute("open", "")


def test_a_forbidden_storage_is_said_before_anything_is_typed(page, address):
    page.add_init_script(FORBIDDEN)
    page.goto(address)
    expect(trouble(page)).to_contain_text("doesn’t let the page save")


def test_a_full_storage_that_gets_room_saves_again(opened):
    opened.evaluate(f"() => {{ window.real = Storage.prototype.setItem; {FULL} }}")
    box(opened).fill("one")
    expect(trouble(opened)).to_be_visible()
    opened.evaluate("() => { Storage.prototype.setItem = window.real }")
    box(opened).fill("one two")
    expect(status(opened)).to_have_text("Saved")
    expect(trouble(opened)).to_be_hidden()
    assert stored(opened)["boxes"] == ["one two"]


def test_a_damaged_record_is_set_aside_and_said(opened):
    opened.evaluate('key => localStorage.setItem(key, \'{"schema": 1, "box\')', KEY + "emb-what")
    opened.reload()
    expect(trouble(opened)).to_contain_text("It was set aside")
    aside = opened.evaluate("localStorage.getItem('unrolled.answers.aside/emb-what/1')")
    assert aside == '{"schema": 1, "box'
    box(opened).fill("new")
    expect(status(opened)).to_have_text("Saved")
    expect(trouble(opened)).to_be_visible()
    assert stored(opened)["boxes"] == ["new"]


def test_another_tab_is_followed(opened, context, address):
    other = context.new_page()
    other.goto(address)
    box(other).fill("from the other tab")
    expect(box(opened)).to_have_value("from the other tab")
    button(other, "commit").click()
    expect(button(opened, "commit")).to_be_hidden()


def test_two_tabs_that_write_at_once_keep_both_texts(opened, context, address):
    other = context.new_page()
    other.goto(address)
    opened.evaluate(
        """() => {                       // an edit here that is not saved yet, then one there
        const box = document.querySelector('[data-question="emb-what"]');
        box.value = 'written here';
        box.dispatchEvent(new Event('input', { bubbles: true }));
        const there = { schema: 1, id: 'emb-what', boxes: ['written there'], committed: null,
          edited: new Date().toISOString(), skipped: null, kept: [] };
        localStorage.setItem('unrolled.answers/emb-what', JSON.stringify(there));
    }"""
    )
    expect(status(opened)).to_contain_text("Another tab had changed this answer too")
    expect(box(opened)).to_have_value("written here")
    for page in (opened, other):
        expect(part(page, ".question-work .question-version")).to_contain_text("written there")
    expect(box(other)).to_have_value("written here")


def test_a_wiped_storage_is_said_and_the_text_stays(opened, context, address):
    box(opened).fill("still here")
    expect(status(opened)).to_have_text("Saved")
    other = context.new_page()
    other.goto(address)
    other.evaluate("localStorage.clear()")
    expect(trouble(opened).get_by_role("alert")).to_contain_text("was deleted")
    expect(box(opened)).to_have_value("still here")
    box(opened).press("End")
    box(opened).press_sequentially("!")
    expect(status(opened)).to_have_text("Saved")
    assert stored(opened)["boxes"] == ["still here!"]


def test_whatever_is_typed_stays_text(opened):
    alerts = []
    opened.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    for text in (NASTY, "long " * 2000):
        box(opened).fill(text)
        expect(status(opened)).to_have_text("Saved")
        opened.reload()
        expect(box(opened)).to_have_value(text)
    box(opened).fill(NASTY)
    button(opened, "commit").click()
    box(opened).fill("plain")
    expect(part(opened, ".question-work .question-written")).to_have_text(NASTY)
    assert part(opened, ".question-work img").count() == 0
    assert alerts == []


def test_without_javascript_a_question_is_details(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    expect(part(page, ".question-prompt")).to_contain_text("What is a word embedding?")
    expect(part(page, ".question-work")).to_be_hidden()
    for name, text in (("hint", "list of numbers"), ("answer", "An embedding is a vector.")):
        details = part(page, f"details.question-{name}")
        details.locator("summary").click()
        expect(details).to_contain_text(text)
        expect(details).to_have_attribute("open", "")
    guess = page.get_by_label("it shrinks")
    guess.check()
    expect(guess).to_be_checked()
    context.close()


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_overflows(opened, width):
    opened.set_viewport_size({"width": width, "height": 740})
    box(opened).fill("longwordwithoutanyspaces" * 30)
    button(opened, "commit").click()
    box(opened).fill("x")
    wide = opened.evaluate(
        """() => [...document.querySelectorAll(
          '.question, .question *, .facts, .facts *, .predict, .predict *')]
        .filter(e => !e.closest('mjx-container, .math') && e.getClientRects().length)
        .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1
                     || e.getBoundingClientRect().left < -1)
        .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert wide == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(opened, theme):
    opened.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    box(opened).fill("first")
    button(opened, "commit").click()
    box(opened).fill("second")
    opened.evaluate(f"() => {{ {FULL} }}")
    box(opened, "emb-5gram-map").fill("unsaved")
    expect(trouble(opened, "emb-5gram-map")).to_be_visible()
    for selector in (".question", ".facts", ".predict"):
        results = Axe().run(opened, context=selector)
        found = results.response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


@pytest.mark.parametrize("name", WITH_QUESTIONS)
def test_every_box_of_the_real_book_is_kept(page, watch, site, name):
    page.goto(f"{site}/{name}")
    ids = page.locator("textarea[data-question]").evaluate_all("all => all.map(one => one.id)")
    assert len(set(ids)) == len(ids) > 0
    for id in ids:
        page.locator(f"#{id}").fill(f"my words for {id}")
    page.reload()
    for id in ids:
        expect(page.locator(f"#{id}")).to_have_value(f"my words for {id}")
    assert watch.complaints == []
