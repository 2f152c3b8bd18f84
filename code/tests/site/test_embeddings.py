"""The interactives of the embeddings chapter, as its readers use them."""

from __future__ import annotations

import pytest
from interactives import started
from playwright.sync_api import Locator, Page, expect


@pytest.fixture
def chapter(page: Page, site: str) -> Page:
    page.goto(f"{site}/book/embeddings.html")
    return page


def type_word(figure: Locator, role: str, word: str) -> None:
    field = figure.locator(f"[data-role='{role}']")
    field.fill(word)
    field.press("Enter")


def words(place: Locator) -> list[str]:
    return place.locator("[data-word]").evaluate_all("all => all.map((one) => one.dataset.word)")


def cosines(place: Locator) -> list[float]:
    return [float(text) for text in place.locator(".w-value").all_inner_texts()]


def test_explorer_shows_neighbors_and_map(chapter: Page) -> None:
    figure = started(chapter, "vector-explorer")
    near = figure.locator("[data-role='neighbors']")
    type_word(figure, "word", " Romeo")
    expect(near.locator("[data-word]").first).to_have_text("chevrolet")
    assert "juliet" in words(near)
    assert cosines(near) == sorted(cosines(near), reverse=True)
    drawing = figure.get_by_role("img", name="Map of words")
    assert set(words(near)) | {"romeo"} <= set(words(drawing))
    near.locator("[data-word='juliet']").press("Enter")  # a neighbor becomes the word
    expect(figure.locator("[data-role='word']")).to_have_value("juliet")
    expect(near.locator("[data-word]").first).to_be_focused()
    assert "romeo" in words(near)
    figure.get_by_text("The map as a table").click()
    expect(figure.get_by_role("rowheader", name="juliet", exact=True)).to_be_visible()


def test_explorer_suggests_by_keyboard(chapter: Page) -> None:
    field = started(chapter, "vector-explorer").locator("[data-role='word']")
    field.fill("shakes")
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    chosen = chapter.locator(f"#{field.get_attribute('aria-activedescendant')}")
    expect(chosen).to_have_text("shakespeare")
    field.press("Enter")
    expect(field).to_have_value("shakespeare")
    expect(field).to_have_attribute("aria-expanded", "false")


def test_explorer_explains_unknown_words(chapter: Page) -> None:
    figure = started(chapter, "vector-explorer")
    type_word(figure, "word", "shakespere")
    note = figure.locator("[data-role='word-note']")
    expect(note).to_contain_text("“shakespere” is not among the 20,000 words")
    note.get_by_role("button", name="shakespeare").click()
    expect(figure.locator("[data-role='word']")).to_have_value("shakespeare")
    expect(note).to_be_empty()


def test_typed_words_stay_text(chapter: Page) -> None:
    figure = started(chapter, "vector-explorer")
    type_word(figure, "word", "<img src=x onerror=alert(1)>")
    expect(figure.locator("[data-role='word-note']")).to_contain_text("<img src=x")
    assert figure.locator("[data-role='word-note'] img").count() == 0


def test_analogy_works_because_its_inputs_are_left_out(chapter: Page) -> None:
    figure = started(chapter, "vector-explorer")
    for role, word in zip("abc", ("man", "king", "woman"), strict=True):
        type_word(figure, role, word)
    answers = figure.locator("[data-role='answers']")
    box = figure.locator("[data-role='exclude']")
    box.check()
    expect(answers.locator("[data-word]").first).to_have_text("queen")
    box.uncheck()
    expect(answers.locator("[data-word]").first).to_have_text("king")
    assert cosines(answers)[:2] == [0.89, 0.86]
    for role, word in zip("abc", ("france", "paris", "italy"), strict=True):
        type_word(figure, role, word)
    box.check()
    expect(answers.locator("[data-word]").first).to_have_text("rome")


def test_difference_vector_slides_from_the_word_itself(chapter: Page) -> None:
    figure = started(chapter, "difference-vector")
    near = figure.locator("[data-role='neighbors']")
    slider = figure.locator("[data-role='position']")
    type_word(figure, "word", "king")
    slider.fill("1")
    figure.locator("[data-role='exclude']").uncheck()
    assert {"king", "queen"} == set(words(near)[:2])
    slider.fill("0")
    expect(figure.locator("[data-role='formula']")).to_contain_text("king itself")
    expect(near.locator("[data-word]").first).to_have_text("king")
    assert cosines(near)[0] == 1
    figure.locator("[data-role='exclude']").check()
    expect(near.locator("[data-word]").first).to_have_text("prince")


def test_difference_vector_shows_its_failures(chapter: Page) -> None:
    figure = started(chapter, "difference-vector")
    near = figure.locator("[data-role='neighbors']")
    figure.locator("[data-role='position']").fill("1")
    type_word(figure, "word", "doctor")
    expect(near.locator("[data-word]").first).to_have_text("nurse")
    figure.get_by_text("Cosine of each pair's own difference").click()
    rows = figure.locator("tr[data-pair]")
    assert rows.count() >= 2
    for row in rows.all():
        with_mean, with_others = (float(text) for text in row.locator("td").all_inner_texts())
        assert -1 <= with_others <= with_mean <= 1


def test_scorer_judges_in_the_page(chapter: Page) -> None:
    figure = started(chapter, "validity-scorer")
    chance = figure.locator("[data-role='probability']")
    before = float(chance.get_attribute("data-value"))
    middle = figure.locator("[data-role='slot-2']")
    valid_word = middle.input_value()
    figure.locator("[data-role='break']").click()
    assert middle.input_value() != valid_word
    assert float(chance.get_attribute("data-value")) < before
    type_word(figure, "slot-2", valid_word)
    assert float(chance.get_attribute("data-value")) == before


def test_scorer_offers_words_it_prefers(chapter: Page) -> None:
    figure = started(chapter, "validity-scorer")
    chance = figure.locator("[data-role='probability']")
    before = float(chance.get_attribute("data-value"))
    first = figure.locator("[data-role='slot-0']")
    first.focus()
    expect(figure.get_by_text("The network's favorites for word 1")).to_be_visible()
    favorite = figure.locator("[data-role='alternatives'] [data-word]").first
    word = favorite.get_attribute("data-word")
    favorite.click()
    expect(first).to_have_value(word)
    assert float(chance.get_attribute("data-value")) >= before
    expect(figure.locator("[data-role='rank']")).to_contain_text("has rank 1 of")


def test_scorer_explains_unknown_words_and_keeps_the_score(chapter: Page) -> None:
    figure = started(chapter, "validity-scorer")
    chance = figure.locator("[data-role='probability']")
    before = chance.get_attribute("data-value")
    type_word(figure, "slot-1", "smartphone")
    expect(figure.locator("[data-role='slot-1-note']")).to_contain_text("is not among the")
    figure.locator("[data-role='slot-3']").focus()
    expect(figure.locator("[data-role='slot-1']")).to_have_value("smartphone")
    assert chance.get_attribute("data-value") == before


def test_vectors_stay_hidden_until_the_reader_has_written(chapter: Page) -> None:
    figure = started(chapter, "be-the-embedder")
    family = figure.locator("[data-family='Button']")
    compare = family.locator("[data-role='compare']")
    family.locator("[data-role='guess-0']").fill("click")
    compare.click()
    expect(family.locator("[data-role='result']")).to_contain_text("at least two different words")
    assert words(family) == []
    family.locator("[data-role='guess-1']").fill("zipperish")
    compare.click()
    theirs = words(family.locator("[data-role='theirs']"))
    assert {"click", "switch"} <= set(theirs)
    mine = family.locator("[data-guess='click']")
    assert mine.locator("td").all_inner_texts() == ["0.74", str(theirs.index("click") + 1)]
    expect(family.locator("[data-guess='zipperish']")).to_contain_text("not among the 20,000")
    assert words(figure.locator("[data-family='Pain']")) == []
    expect(figure.locator("[data-role='fact']")).to_contain_text("hot and cold are the nearer pair")


def test_water_bottle_is_the_average_of_its_words(chapter: Page) -> None:
    figure = started(chapter, "be-the-embedder")
    family = figure.locator("[data-family='Water Bottle']")
    family.locator("[data-role='guess-0']").fill("ice cream")
    family.locator("[data-role='guess-1']").fill("water")
    family.locator("[data-role='guess-1']").press("Enter")
    theirs = words(family.locator("[data-role='theirs']"))
    assert theirs[:3] == ["liquid", "bottles", "milk"]
    assert family.locator("[data-guess='ice cream'] td").count() == 2
    expect(family.locator("[data-guess='water']")).to_contain_text("that is Water Bottle itself")


def test_vectors_are_fetched_once_for_all_interactives(chapter: Page) -> None:
    asked: list[str] = []
    chapter.on("request", lambda request: asked.append(request.url))
    for name in ("vector-explorer", "difference-vector", "be-the-embedder"):
        started(chapter, name)
    files = [address for address in asked if address.endswith(".bin")]
    assert len(set(files)) == 2, "expected one file of words and one of vectors"
