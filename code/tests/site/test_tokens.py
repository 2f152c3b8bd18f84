"""The tokenizer playground, as readers of the chapter on tokens use it."""

from __future__ import annotations

import pytest
from built_site import PHONE
from interactives import WAIT, started
from interactives import first_role as role
from playwright.sync_api import Locator, Page, expect

from unrolled import corpus
from unrolled.bpe import BytePairTokenizer
from unrolled.pretrained import load_tokenizer


@pytest.fixture
def playground(page: Page, site: str) -> Locator:
    """The interactive, started."""
    page.goto(f"{site}/book/tokens.html")
    return started(page, "tokenizer-playground")


@pytest.fixture(scope="module")
def tokenizer() -> BytePairTokenizer:
    """The tokenizer that the page trains."""
    return BytePairTokenizer.train(corpus.load().train, 4000)


def ids(figure: Locator, name: str) -> list[int]:
    found = role(figure, name).locator("[data-token]")
    return [int(i) for i in found.evaluate_all("all => all.map((one) => one.dataset.token)")]


def texts(figure: Locator, name: str) -> list[str]:
    return role(figure, name).locator(".tp-text").all_inner_texts()


def test_nothing_is_fetched_before_the_start(page: Page, site: str) -> None:
    fetched = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(f"{site}/book/tokens.html")
    figure = page.locator("[data-widget='tokenizer-playground']").first
    expect(figure.locator("[data-start]")).to_contain_text("kB")
    assert not [url for url in fetched if url.endswith(".bin")]
    sizes = []
    page.on("response", lambda answer: sizes.append((answer.url, answer)))
    figure.locator("[data-start]").click()
    expect(figure).to_have_attribute("data-ready", "", timeout=WAIT)
    weights = [len(answer.body()) for url, answer in sizes if url.endswith(".bin")]
    assert len(weights) == 2
    assert sum(weights) <= 600_000


def test_a_text_under_three_tokenizers(playground: Locator, tokenizer: BytePairTokenizer) -> None:
    figure = playground
    role(figure, "all").click()
    for text in ("ROMEO:\nBut soft, what", " unhappiest 1599", "naïve 🎭 日本語, <b>"):
        role(figure, "text").fill(text)
        assert len(texts(figure, "characters")) == len(text)
        assert ids(figure, "pairs") == tokenizer.encode(text)
        assert ids(figure, "pretrained") == load_tokenizer().encode(text)
        shown = role(figure, "counts").locator("[data-count]")
        counts = [int(n) for n in shown.evaluate_all("all => all.map((o) => o.dataset.count)")]
        assert counts[0] == len(text)
        assert counts[1] == len(text.encode())
        assert counts[2:] == [len(tokenizer.encode(text)), len(load_tokenizer().encode(text))]
    role(figure, "text").fill(" unhappiest")
    assert texts(figure, "pretrained") == ["·unh", "app", "iest"]
    role(figure, "text").fill("<|im_start|>")
    assert ids(figure, "pretrained") == [1]
    role(figure, "text").fill("")
    assert ids(figure, "pairs") == []
    expect(role(figure, "last-merge")).to_contain_text("Type something")


def test_merges_one_by_one(playground: Locator, tokenizer: BytePairTokenizer) -> None:
    figure = playground
    text = "the horse"
    role(figure, "text").fill(text)
    role(figure, "none").click()
    assert ids(figure, "pairs") == [byte + 1 for byte in text.encode()]
    expect(role(figure, "back")).to_be_disabled()
    seen = [len(text)]
    for _ in range(20):
        if role(figure, "forward").is_disabled():
            break
        role(figure, "forward").click()
        n = int(role(figure, "merges").input_value())
        assert ids(figure, "pairs") == tokenizer.first(n).encode(text)
        assert ids(figure, "pairs") != tokenizer.first(n - 1).encode(text)
        expect(role(figure, "last-merge")).to_contain_text(f"Merge {n:,}:")
        assert figure.locator(".tp-made").count() >= 1
        seen.append(len(ids(figure, "pairs")))
    assert seen == sorted(seen, reverse=True)
    assert ids(figure, "pairs") == tokenizer.encode(text)
    expect(role(figure, "back")).to_be_focused()  # a disabled button would lose the keyboard
    role(figure, "back").press("Enter")
    assert len(ids(figure, "pairs")) == seen[-2]
    slider = role(figure, "merges")
    slider.focus()
    slider.press("Home")
    assert len(ids(figure, "pairs")) == len(text)


def test_samples_and_hidden_ids(playground: Locator) -> None:
    figure = playground
    sample = figure.locator("[data-sample]").first
    sample.click()
    expect(role(figure, "text")).to_have_value("A horse! a horse! my kingdom for a horse!")
    number = role(figure, "pairs").locator("small").first
    expect(number).to_be_visible()
    role(figure, "show-ids").uncheck()
    expect(number).to_be_hidden()


def test_text_stays_text(playground: Locator, page: Page) -> None:
    role(playground, "text").fill("<img src=x onerror=alert(1)>")
    assert playground.locator("img").count() == 0
    assert (
        "".join(texts(playground, "characters")).replace("·", " ") == "<img src=x onerror=alert(1)>"
    )


def test_it_fits_a_phone(playground: Locator, page: Page) -> None:
    page.set_viewport_size(PHONE)
    role(playground, "text").fill("wherefore " * 40)
    for control in playground.locator("button:visible, textarea:visible").all():
        assert control.bounding_box()["height"] >= 44, control.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
