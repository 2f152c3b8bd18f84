"""How good the guess is, on labelled answers to the book's own questions.

`feedback_answers.json` holds answers as learners write them, each with its kind and, idea by
idea, whether the idea is there (1) or not (0), judged by meaning before the scorer saw it. The
questions are split: the scorer was tuned on "tuning" alone, and is judged on "test", whose
questions' terms stood before their answers were written. After a look at its errors the scorer
was mended and judged on other questions, "fresh", in the same way. What the first look at each
part gave stands in FIRST_LOOK: only those figures are free of hindsight.
Run with `-s` for the tables.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from book_questions import book_questions

from unrolled.press.page_assets import STATIC
from unrolled.press.question_format import rubric

ANSWERS = json.loads((Path(__file__).parent / "feedback_answers.json").read_text("utf-8"))
ADVERSARIAL = ("wrong", "off-topic", "keywords", "keywords-commas", "prompt", "negated", "denied")
HONEST = ("good", "terse", "rambling", "misspelt", "partial", "paraphrase")
FIRST_LOOK = {  # before anything was mended: precision, recall, adversarial
    "test": (0.916, 0.825, 0.048),
    "fresh": (0.911, 0.868, 0.052),
}
OUTCOMES = {(1, True): "right", (0, True): "false", (1, False): "missed", (0, False): "left"}


@pytest.fixture
def counted(run_js):
    """Count outcomes by kind of answer, and list the errors: counted(part)."""

    def count(part: str) -> tuple[dict[str, Counter], list[str]]:
        rubrics = {question.id: rubric(question) for _, question in book_questions()}
        rows = [(id, answer) for id, answers in ANSWERS[part].items() for answer in answers]
        guesses = run_js(
            [STATIC / "feedback.js"],
            "return data.map(([answer, rubric]) => score(answer, rubric));",
            [[answer["answer"], rubrics[id]] for id, answer in rows],
        )
        counts, errors = defaultdict(Counter), []
        for (id, answer), guessed in zip(rows, guesses, strict=True):
            for number, (label, guess) in enumerate(zip(answer["ideas"], guessed, strict=True), 1):
                outcome = OUTCOMES[label, guess["state"] == "touched"]
                counts[answer["kind"]][outcome] += 1
                if outcome in ("false", "missed"):
                    errors.append(f"{outcome}: {id}, idea {number}, {answer['kind']}: {answer}")
        return counts, errors

    return count


def figures(counts: dict[str, Counter]) -> tuple[float, float, float]:
    """Return precision, recall, and the share of adversarial ideas wrongly touched."""
    total = sum(counts.values(), Counter())
    tricks = sum((counts[kind] for kind in ADVERSARIAL), Counter())
    return (
        total["right"] / (total["right"] + total["false"]),
        total["right"] / (total["right"] + total["missed"]),
        tricks["false"] / (tricks["false"] + tricks["left"]),
    )


def table(part: str, counts: dict[str, Counter]) -> str:
    """Write the outcomes by kind of answer, and the three figures, as text."""
    outcomes = list(OUTCOMES.values())
    lines = [f"{part:16}" + "".join(f"{outcome:>8}" for outcome in outcomes)]
    for kind in (*HONEST, *ADVERSARIAL):
        lines.append(f"{kind:16}" + "".join(f"{counts[kind][outcome]:8}" for outcome in outcomes))
    precision, recall, tricked = figures(counts)
    lines.append(f"precision {precision:.3f}, recall {recall:.3f}, adversarial {tricked:.3f}")
    return "\n".join(lines)


@pytest.mark.parametrize("part", ["tuning", "test", "fresh"])
def test_the_guess_keeps_its_bounds(counted, part):
    counts, errors = counted(part)
    print("\n" + table(part, counts), f"first look: {FIRST_LOOK.get(part)}", *errors, sep="\n")
    precision, recall, tricked = figures(counts)

    assert precision >= 0.85, "\n".join(errors)
    assert recall >= 0.70, "\n".join(errors)
    assert tricked <= 0.05, "\n".join(errors)


def test_the_answers_cover_enough_and_the_parts_share_no_question():
    answers = [answer for part in ANSWERS.values() for own in part.values() for answer in own]
    kinds = Counter(answer["kind"] for answer in answers)

    assert len(answers) >= 200
    assert len({answer["answer"] for answer in answers}) == len(answers)
    asked = Counter(id for part in ANSWERS.values() for id in part)
    assert len(asked) >= 20
    assert set(asked.values()) == {1}, asked
    assert set(kinds) == {*HONEST, *ADVERSARIAL}
    assert all(kinds[kind] >= 15 for kind in kinds), kinds


def test_the_labels_fit_the_questions_and_the_kinds():
    ideas = {question.id: len(question.ideas) for _, question in book_questions()}
    for part in ANSWERS.values():
        for id, answers in part.items():
            for answer in answers:
                assert len(answer["ideas"]) == ideas[id], answer
                assert set(answer["ideas"]) <= {0, 1}, answer
                assert (answer["kind"] in ADVERSARIAL) == (not any(answer["ideas"])), answer
