"""The authoring format: what is read, and what each mistake is told."""

import pytest

from unrolled.press.question_format import (
    Idea,
    check_id,
    gaps,
    parse_question,
    question_cells,
    rubric,
)

BODY = """\
prompt: What is a token?
hint: Look at $x_t$.
answer: |
  A piece of text.

  Not always a word.
ideas:
  - says: A token is a piece of text.
    terms: [[piece, unit, no], [text, 0]]
    contradictions: [a token is always a word]
followups:
  - id: gpt-token-a
    prompt: How many?
    answer: Many.
    ideas:
      - says: Many.
        terms: [[many]]
"""


def test_reads_every_field():
    question = parse_question("gpt-token", BODY)

    assert question.prompt == "What is a token?"
    assert question.hint == "Look at $x_t$."
    assert question.answer == "A piece of text.\n\nNot always a word."
    assert question.kind == "open"
    assert question.ideas == (
        Idea(
            "A token is a piece of text.",
            (("piece", "unit", "no"), ("text", "0")),  # text, never False or zero
            ("a token is always a word",),
        ),
    )
    assert [member.id for member in question.family()] == ["gpt-token", "gpt-token-a"]
    assert gaps(question) == []


def test_several_boxes_are_numbered():
    question = parse_question("emb-be-the-embedder", "prompt: x\nboxes: [King, Water Bottle]\n")

    assert question.box_ids == ("emb-be-the-embedder/1", "emb-be-the-embedder/2")
    assert parse_question("emb-what", "prompt: x").box_ids == ("emb-what",)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "'emb-what': expected the keys prompt, .*got nothing"),
        ("- a", "expected the keys prompt, .*got \\['a'\\]"),
        ("hint: x", "field 'prompt': expected text, got nothing"),
        ("prompt: [a]", "field 'prompt': expected text, got \\['a'\\]"),
        ("prompt: a: b", "body is not YAML.*quote text that contains"),
        ("prompt: a\nprompt: b", "the key 'prompt' stands twice"),
        ("prompt: a\nhnt: b", "unknown key 'hnt', expected one of prompt"),
        ("prompt: a\nkind: essay", "field 'kind': expected one of .*got 'essay'"),
        ("prompt: a\nboxes: [one]", "field 'boxes': expected two or more different labels"),
        ("prompt: a\nboxes: [b, b]", "field 'boxes': expected two or more different labels"),
        ("prompt: a\nboxes: King", "field 'boxes': expected a list of non-empty words"),
        ("prompt: a\nideas: [x]", "ideas 1: expected the keys says, terms.*got 'x'"),
        ("prompt: a\nideas: x", "field 'ideas': expected a list, got 'x'"),
        ("prompt: a\nideas:\n- terms: [[b]]", "ideas 1, field 'says': expected one full sentence"),
        ("prompt: a\nideas:\n- says: b", "ideas 1, field 'terms': expected a list of lists"),
        ("prompt: a\nideas:\n- {says: b, terms: [c]}", "'terms', group 1: expected a list"),
        ("prompt: a\nideas:\n- {says: b, terms: [[]]}", "expected words in every group"),
        ("prompt: a\nideas:\n- {says: b, terms: [[c]], kind: d}", "ideas 1: unknown key 'kind'"),
        ("prompt: a\nfollowups:\n- prompt: b", "followups 1, field 'id': expected 'emb-what-' and"),
        ("prompt: a\nfollowups:\n- {id: rnn-a, prompt: b}", "expected 'emb-what-' and a suffix"),
        ("prompt: a\nfollowups:\n- {id: emb-what-a}", "'emb-what-a', field 'prompt': expected"),
        (
            "prompt: a\nfollowups:\n- {id: emb-what-a, prompt: b, followups: []}",
            "unknown key 'followups'",
        ),
        (
            "prompt: a\nfollowups:\n- {id: emb-what-a, prompt: b}\n- {id: emb-what-a, prompt: c}",
            "expected followup ids used once",
        ),
    ],
)
def test_a_mistake_names_question_field_and_expectation(body, message):
    with pytest.raises(ValueError, match=message) as error:
        parse_question("emb-what", body)
    assert "emb-what" in str(error.value)


@pytest.mark.parametrize("id", ["", "Emb-what", "emb_what", "emb--what", "emb-what/1", "-emb"])
def test_an_id_is_words_and_hyphens(id):
    with pytest.raises(ValueError, match="expected an id of small letters"):
        parse_question(id, "prompt: x")


def test_a_seed_question_can_have_a_followup_of_the_books_own():
    body = "prompt: x\nfollowups: [{id: emb-own-axes, prompt: y}]"

    assert parse_question("emb-what", body).followups[0].id == "emb-own-axes"


def test_what_is_missing_is_listed_not_refused():
    question = parse_question("emb-what", "prompt: x\nfollowups: [{id: emb-what-a, prompt: y}]")

    assert [gap.split(":")[0] for gap in gaps(question)] == [
        "question 'emb-what'",
        "question 'emb-what'",
        "question 'emb-what-a'",
        "question 'emb-what-a'",
    ]


@pytest.mark.parametrize(
    ("id", "page"),
    [
        ("emb-what", "embeddings"),
        ("gpt-qkv", "attention"),
        ("emb-own-bias", "embeddings"),
        ("embeddings-own-bias", "embeddings"),
        ("language-models-own-zero", "language-models"),
    ],
)
def test_ids_that_may_stand_on_a_page(id, page):
    check_id(id, page)


@pytest.mark.parametrize(
    ("id", "page", "message"),
    [
        ("emb-waht", "embeddings", "expected the id of a seed question or 'embeddings-own-<slug>'"),
        ("emb-what", "rnn", "expected on page 'embeddings', got page 'rnn'"),
        ("emb-own-bias", "rnn", "expected the id of a seed question or 'rnn-own-<slug>'"),
        ("rnn-own-", "rnn", "expected the id"),
    ],
)
def test_ids_that_may_not(id, page, message):
    with pytest.raises(ValueError, match=message):
        check_id(id, page)


def test_the_rubric_is_plain_data():
    assert rubric(parse_question("gpt-token", BODY))["ideas"][0] == {
        "says": "A token is a piece of text.",
        "terms": [["piece", "unit", "no"], ["text", "0"]],
        "contradictions": ["a token is always a word"],
    }


def test_a_notebook_asks_then_leaves_room_then_compares():
    cells = question_cells(parse_question("gpt-token", BODY))

    assert [kind for kind, _ in cells] == ["markdown"] * 6
    asked, room, compared, asked_next, room_next, _ = [source for _, source in cells]
    assert asked.startswith("**Question.** What is a token?\n\n<details>\n<summary>Hint</summary>")
    assert room == "<!-- unrolled-answer: gpt-token -->\n**Your answer**\n\n…"
    assert "<summary>Key ideas and model answer</summary>" in compared
    assert "- A token is a piece of text." in compared
    assert "Not always a word." in compared
    assert asked_next == "**Follow-up question.** How many?"
    assert "unrolled-answer: gpt-token-a" in room_next


def test_a_notebook_has_an_answer_cell_for_every_box():
    cells = question_cells(parse_question("emb-what", "prompt: x\nboxes: [King, Button]"))

    assert [source.splitlines()[:2] for _, source in cells[1:]] == [
        ["<!-- unrolled-answer: emb-what/1 -->", "**King**"],
        ["<!-- unrolled-answer: emb-what/2 -->", "**Button**"],
    ]
