"""The directive in a tiny book: its HTML, and the complaints of the build."""

import json
import re

import pytest
from bs4 import BeautifulSoup

FULL = """\
# Embeddings

````{question} emb-5gram-map
prompt: What is $x_t$, the *embedding*?
hint: See [the other page](other.md).
answer: |
  A vector.

  $$ x_t \\in R^d $$
ideas:
  - says: An embedding is a **vector**.
    terms: [[vector, list of numbers]]
followups:
  - id: emb-5gram-map-a
    prompt: And why?
    answer: Because.
    ideas: [{says: Because it is., terms: [[because]]}]
````

```{question} emb-be-the-embedder
prompt: Give words.
boxes: [King, "<b>Button</b>"]
answer: Queen.
ideas: [{says: Royalty., terms: [[queen]]}]
```
"""
OTHER = "# Other\n\nNothing to ask.\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory, new_book):
    """The tiny book with two questions, and its HTML."""
    book = new_book(tmp_path_factory.mktemp("book"))
    warnings = book.build({"embeddings": FULL, "other": OTHER})
    assert warnings == ""
    return book


def test_the_html_is_whole_without_a_script(built):
    html = built.page("embeddings")

    assert (
        '<section class="question" id="emb-5gram-map" aria-labelledby="emb-5gram-map-title" data-'
        in html
    )
    assert '<p class="question-title" id="emb-5gram-map-title">Question 1</p>' in html
    assert 'id="emb-5gram-map-a-title">Question 1a</p>' in html
    assert 'id="emb-be-the-embedder-title">Question 2</p>' in html
    prompt = html[html.index('id="emb-5gram-map-prompt"') :]
    assert 'class="math notranslate nohighlight"' in prompt[:200]
    assert "<em>embedding</em>" in prompt[:300]
    assert '<details class="question-hint"><summary>Hint</summary>' in html
    assert 'href="other.html"' in html[html.index('<details class="question-hint">') :][:400]
    answer = html[html.index('<details class="question-answer">') :]
    assert "<summary>Key ideas and model answer</summary>" in answer[:120]
    assert "An embedding is a <strong>vector</strong>." in answer
    assert html.count('<div class="question-work" hidden>') == 3


def test_a_followup_stands_inside_its_question(built):
    html = built.page("embeddings")
    start, end = html.index('id="emb-5gram-map"'), html.index('id="emb-be-the-embedder"')

    assert html[start:end].count("<section") == html[start:end].count("</section>")
    assert start < html.index('id="emb-5gram-map-a"') < end


def test_every_box_has_its_id_and_its_label(built):
    html = built.page("embeddings")

    assert re.findall(r'data-question="([^"]*)"', html) == [
        "emb-5gram-map",
        "emb-5gram-map-a",
        "emb-be-the-embedder/1",
        "emb-be-the-embedder/2",
    ]
    assert '<label for="emb-be-the-embedder-box-1">King</label>' in html
    assert '<label for="emb-be-the-embedder-box-2">&lt;b&gt;Button&lt;/b&gt;</label>' in html


def test_every_question_carries_its_rubric_for_the_feedback(built):
    soup = BeautifulSoup(built.page("embeddings"), "html.parser")
    carried = [json.loads(found["data-rubric"]) for found in soup.select("section.question")]

    assert [one["id"] for one in carried] == [
        "emb-5gram-map",
        "emb-5gram-map-a",
        "emb-be-the-embedder",
    ]
    assert carried[0] == {
        "id": "emb-5gram-map",
        "kind": "open",
        "prompt": "What is $x_t$, the *embedding*?",
        "ideas": [
            {
                "says": "An embedding is a **vector**.",
                "terms": [["vector", "list of numbers"]],
                "contradictions": [],
            }
        ],
    }


def test_nothing_in_a_question_is_inline_style_or_script(built):
    html = built.page("embeddings")
    sections = html[html.index('<section class="question"') : html.rindex("</section>")]

    assert not re.search(r"\sstyle=|\son\w+=|<script|<style", sections)


def test_only_a_page_with_questions_loads_their_files(built):
    assert re.search(
        r'<script type="module" src="_static/questions.js[^"]*"', built.page("embeddings")
    )
    assert "_static/questions.css" in built.page("embeddings")
    assert "_static/questions" not in built.page("other")
    assert (built.html / "_static" / "answers.js").is_file()


def test_a_mistake_is_said_in_every_build(tiny_book):
    page = "# Embeddings\n\n```{question} emb-5gram-map\nprompt: a\nhnt: b\n```\n"
    first, second = tiny_book.build({"embeddings": page}), tiny_book.build()

    for warnings in (first, second):  # the second build reads nothing and still is not green
        assert "embeddings.md:3: WARNING: question 'emb-5gram-map': unknown key 'hnt'" in warnings
    assert tiny_book.build({"embeddings": "# Embeddings\n"}) == ""


@pytest.mark.parametrize(
    ("directive", "message"),
    [
        ("emb-waht\nprompt: a", "expected the id of a seed question or 'embeddings-own-<slug>'"),
        ("emb-5gram-map\nprompt: a", "the model answer (field 'answer') is empty"),
        ("emb-5gram-map\nprompt: a: b", "the body is not YAML"),
        (
            "emb-5gram-map\nprompt: What is </s>?\nanswer: a\nideas: [{says: a, terms: [[b]]}]",
            "expected Markdown, got raw HTML '</s>'",
        ),
    ],
)
def test_complaints(tiny_book, directive, message):
    warnings = tiny_book.build({"embeddings": f"# E\n\n```{{question}} {directive}\n```\n"})

    assert message in warnings


def test_an_id_stands_once_in_the_book(tiny_book):
    question = (
        "# P\n\n```{question} embeddings-own-x\nprompt: a\nanswer: b\n"
        "ideas: [{says: a, terms: [[b]]}]\n```\n"
    )
    twice = question + question.removeprefix("# P\n")
    warnings = tiny_book.build({"embeddings": twice})

    assert "expected an id used once in the book, got it also at embeddings:3" in warnings
    again = tiny_book.build({"embeddings": question})
    assert again == ""
