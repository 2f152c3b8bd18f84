"""Every question of the book: whole, in the seed's words, and touched by its own answer."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from book_questions import PAGES, book_questions

from unrolled.press.page_assets import STATIC
from unrolled.press.question_format import Question, gaps, rubric
from unrolled.press.seed_questions import SEED_QUESTIONS

SEED_PROMPTS = json.loads((Path(__file__).parent / "seed_prompts.json").read_text("utf-8"))
QUESTIONS = {question.id: (page, question) for page, question in book_questions()}
CHAPTERS = [
    path.stem
    for path in PAGES
    if path.parent.name == "book" and "\n```{facts}" in path.read_text("utf-8")
]


def plain(text: str) -> str:
    """Text without mark-up and line breaks."""
    return " ".join(re.sub(r"[`*$]", "", text).split())


def test_every_question_is_found():
    written = sum(path.read_text("utf-8").count("{question} ") for path in PAGES)
    followups = sum(len(question.followups) for _, question in QUESTIONS.values())

    assert len(QUESTIONS) == written + followups


@pytest.mark.parametrize("id", SEED_QUESTIONS)
def test_a_seed_question_stands_on_its_page_in_the_seeds_words(id):
    page, question = QUESTIONS[id]

    assert page == SEED_QUESTIONS[id]
    assert plain(question.prompt) == SEED_PROMPTS[id]


def test_the_seeds_words_are_kept_for_every_seed_question():
    assert list(SEED_PROMPTS) == list(SEED_QUESTIONS)


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_asks_at_least_four_questions(page):
    assert Counter(page for page, _ in QUESTIONS.values())[page] >= 4


@pytest.mark.parametrize("id", QUESTIONS)
def test_a_question_is_whole(id):
    _, question = QUESTIONS[id]

    assert gaps(question) == []
    assert question.hint
    for idea in question.ideas:
        assert idea.says.endswith("."), idea.says
        for words in (*idea.terms, idea.contradictions):
            assert len(set(words)) == len(words), f"{idea.says}: a term stands twice in {words}"
            assert all(word.count("(") == word.count(")") for word in words), words  # cut by YAML


def untouched(run_js, questions: list[Question]) -> list[str]:
    """List the ideas that their own model answer doesn't touch."""
    guesses = run_js(
        [STATIC / "feedback.js"],
        "return data.map(({ answer, rubric }) => score(answer, rubric));",
        [{"answer": question.answer, "rubric": rubric(question)} for question in questions],
    )
    return [
        f"{question.id}: {idea.says} ({guess['guard'] or guess['state']})"
        for question, found in zip(questions, guesses, strict=True)
        for idea, guess in zip(question.ideas, found, strict=True)
        if guess["state"] != "touched"
    ]


def test_every_model_answer_touches_each_of_its_ideas(run_js):
    assert untouched(run_js, [question for _, question in QUESTIONS.values()]) == []


def test_an_idea_that_its_model_answer_lacks_is_listed(run_js):
    _, question = QUESTIONS["gpt-token"]
    bare = Question(question.id, question.prompt, answer="It is a word.", ideas=question.ideas)

    assert untouched(run_js, [bare]) == [
        f"gpt-token: {idea.says} ({state})"
        for idea, state in zip(question.ideas, ["none", "unclear", "none"], strict=True)
    ]
