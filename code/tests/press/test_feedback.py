"""The guess at what an answer touches, in node: by hand, by guard, on any text at all."""

from __future__ import annotations

import pytest

from unrolled.press.page_assets import STATIC

RUBRIC = {
    "id": "bptt-limits",
    "kind": "open",
    "prompt": "Why does BPTT not work with a large number of timesteps?",
    "ideas": [
        {
            "says": "The gradient over many steps is a product with one factor per step.",
            "terms": [["product", "multiplied", "chain rule"], ["each step", "per step", "factor"]],
            "contradictions": ["each time step has its own weights"],
        },
        {
            "says": "The product shrinks towards zero.",
            "terms": [["vanish", "shrinks", "to zero"]],
            "contradictions": ["the gradient stays the same"],
        },
    ],
}


@pytest.fixture
def guesses(run_js):
    """Score answers by a rubric: one list of guesses for each answer."""

    def guess(*answers: str, rubric: dict = RUBRIC) -> list[list[dict]]:
        script = "return data.answers.map((answer) => score(answer, data.rubric));"
        data = {"answers": answers, "rubric": rubric}
        return run_js([STATIC / "feedback.js"], script, data)

    return guess


def one_term(*terms: str) -> dict:
    """A rubric with a single idea of a single group."""
    idea = {"says": "It is so.", "terms": [list(terms)], "contradictions": []}
    return {"id": "x", "kind": "open", "prompt": "Why?", "ideas": [idea]}


def test_an_answer_by_hand(guesses):
    answer = "I think so. At each step it is multiplied, and it vannishes!  Right?"

    [[product, shrinks]] = guesses(answer)

    assert product == {
        "state": "touched",
        "sentence": "At each step it is multiplied, and it vannishes!",
        "at": 12,
        "matches": [{"start": 3, "end": 7}, {"start": 8, "end": 12}, {"start": 19, "end": 29}],
        "guard": None,
    }
    assert shrinks["state"] == "touched"
    assert [answer[12 + m["start"] : 12 + m["end"]] for m in shrinks["matches"]] == ["vannishes"]


def test_nothing_written_touches_nothing(guesses):
    nothing = {"state": "none", "sentence": "", "at": 0, "matches": [], "guard": None}

    assert guesses("", " \n ", "🙂", "I don't know.") == [[nothing, nothing]] * 4
    assert guesses("It shrinks.", rubric={**RUBRIC, "ideas": []}) == [[]]


def test_half_of_an_idea_is_unclear(guesses):
    [[product, _]] = guesses("Something is multiplied.")

    assert (product["state"], product["guard"]) == ("unclear", None)


@pytest.mark.parametrize(
    ("answer", "kind", "why"),
    [
        ("It doesn't shrink.", "negation", "you wrote “doesn't” near “shrink”: denying it?"),
        ("It never vanishes.", "negation", "you wrote “never” near “vanishes”: denying it?"),
        ("It is not true that, with time, it shrinks.", "negation", "near “shrinks”: denying it?"),
        ("It is wrong to say that it shrinks.", "negation", "you wrote “wrong” near “shrinks”"),
        ("I do not think it shrinks.", "negation", "you wrote “not” near “shrinks”"),
        ("It shrinks. That is nonsense.", "negation", "you wrote “nonsense” near “shrinks”"),
        (
            "It can vanish, but the gradient stays the same.",
            "contradiction",
            "this reads like “the gradient stays the same”, which would deny the idea.",
        ),
        ("vanish zero chain rule factor weights", "keywords", "these are keywords"),
        ("vanishing, the factor, the product, chain rule, weights", "keywords", "keywords"),
    ],
)
def test_a_guard_holds_the_guess_back_and_says_why(guesses, answer, kind, why):
    [[_, shrinks]] = guesses(answer)

    assert shrinks["state"] == "unclear"
    assert shrinks["guard"]["kind"] == kind
    assert why in shrinks["guard"]["why"]
    assert shrinks["matches"]


@pytest.mark.parametrize(
    "answer",
    [
        "It does not stay, it shrinks.",  # another clause
        "It is not large but shrinks.",
        "Not only does it shrink.",
        "It would be wrong to ignore it. It shrinks.",
        "It no longer grows. It vanishes.",
        "The gradient does not stay the same: it shrinks.",  # the contradiction denied
        "Gradients vanish.",  # terse is no list of keywords
        "factor < 1 → gradient vanishes after many steps",
    ],
)
def test_a_guard_lets_a_plain_statement_pass(guesses, answer):
    [[_, shrinks]] = guesses(answer)

    assert (shrinks["state"], shrinks["guard"]) == ("touched", None)


def test_a_not_that_is_one_of_the_ideas_words_denies_nothing(guesses):
    rubric = one_term("not copies", "no copies", "copies")

    [[said], [untrue]] = guesses(
        "They are not copies.", "It is not true that they are copies.", rubric=rubric
    )

    assert said["state"] == "touched"
    assert untrue["guard"]["kind"] == "negation"


def test_the_prompt_pasted_back_is_not_the_readers(guesses):
    rubric = one_term("large number", "timesteps") | {"prompt": RUBRIC["prompt"]}

    [[pasted], [own]] = guesses(
        RUBRIC["prompt"], "With many timesteps a large number of them is kept.", rubric=rubric
    )

    assert pasted["state"] == "unclear"
    assert pasted["guard"]["kind"] == "prompt"
    assert own["state"] == "touched"


def test_a_question_that_asks_for_a_list_takes_a_list(guesses):
    [[_, shrinks]] = guesses(
        "vanish zero chain rule factor weights", rubric={**RUBRIC, "kind": "list"}
    )

    assert shrinks["state"] == "touched"


@pytest.mark.parametrize(
    ("term", "written"),
    [
        ("multiply", "multiplied multiplies multiplying multiplication"),
        ("represent", "represents represented representation representations"),
        ("prediction", "predict predicts predicted predictions pedict prediciton"),
        ("similar", "simmilar Similarly similiar"),
        ("by-product", "byproduct by-products"),
        ("can't learn", "can’t learn|cannot learn|can not ever learn"),
        ("doesn't depend", "does not depend|doesnt depend"),
        ("three", "3 three THREE"),
        ("12,288", "12288 12,288"),
        ("0.5", ".5 0.50"),
        ("résumé", "resume RÉSUMÉ"),
        ("list of numbers", "a list of real numbers|a list of the numbers"),
        ("(8, 65)", "(8,65)|8, 65"),
    ],
)
def test_words_are_known_again(guesses, term, written):
    answers = written.split("|") if " " in term else written.split()

    found = guesses(*answers, rubric=one_term(term))

    assert [guess["state"] for [guess] in found] == ["touched"] * len(answers)


@pytest.mark.parametrize(
    ("term", "other"),
    [
        ("layer", "later"),
        ("like", "likely"),
        ("stable", "unstable"),
        ("key", "kay"),
        ("12", "13"),
        ("W_x", "W_y"),
        ("memory", "armory"),
        ("encode", "decode"),
        ("(8, 65)", "(8, 32, 65)"),
        ("list of numbers", "a list. Of numbers"),
    ],
)
def test_other_words_are_not_taken_for_the_term(guesses, term, other):
    [[guess]] = guesses(other, rubric=one_term(term))

    assert guess["state"] != "touched"


def test_on_any_text_a_guess_quotes_what_was_written(run_js):
    run_js(
        [STATIC / "feedback.js"],
        """
    const assert = (await import('node:assert/strict')).default;
    let seed = 1;
    const draw = (n) => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return Math.floor(seed / 2 ** 32 * n); };
    const bits = ['multiplied', 'each step', 'vanish', 'not', "n't", 'wrong', 'that', 'stays the same', 'gradient',
      ', ', '. ', '!', '\\n', '\\r\\n', '…', '0.9', '1,000', '.5', '-', '–', '👩‍👩‍👧', '\\ud800', '\\u0000', '\\u0301', 'שלום', '中文。',
      'ﬁ', 'İ', 'W_x', '$x_t$', '<b>', '\\\\frac', '__proto__', 'constructor', '“', '’', ' ', '\\t', '\\u200b'];
    for (let round = 0; round < 3000; round += 1) {
      let answer = '';
      for (let n = draw(30); n > 0; n -= 1) {
        answer += draw(9) ? bits[draw(bits.length)] : String.fromCodePoint(draw(0x10ffff));
        if (draw(3)) answer += ' ';
      }
      const found = score(answer, data);
      assert.deepEqual(score(answer, data), found);        // pure
      assert.equal(found.length, data.ideas.length);
      for (const { state, sentence, at, matches, guard } of found) {
        assert.ok(['touched', 'unclear', 'none'].includes(state));
        assert.equal(answer.slice(at, at + sentence.length), sentence);
        assert.equal(matches.length > 0, state !== 'none');
        assert.ok(guard === null || state === 'unclear');
        let last = 0;
        for (const { start, end } of matches) {
          assert.ok(last <= start && start < end && end <= sentence.length);
          last = end;
        }
      }
    }
    """,  # noqa: E501 (the pieces of text stay together)
        RUBRIC,
    )


@pytest.mark.parametrize(
    "piece",
    [
        "not true that ",
        "a, ",
        "the ",
        "'",
        "1,2.",
        " - ",
        "multiplied ",
        "wrong. ",
        "é",
        "\n",
        "x_",
    ],
)
def test_no_text_makes_it_hang(run_js, piece):
    found = run_js(
        [STATIC / "feedback.js"],
        "return score(data.piece.repeat(data.times), data.rubric).length;",
        {"piece": piece, "times": 400_000 // len(piece), "rubric": RUBRIC},
    )  # forty times the longest answer: with a quadratic step it would not end in run_js's time

    assert found == len(RUBRIC["ideas"])
