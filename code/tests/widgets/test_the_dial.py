"""The dial's arithmetic against Python's, and what it takes."""

from __future__ import annotations

import itertools
import json
import math

import pytest

from unrolled.memorization import Source
from unrolled.widgets.the_dial import Checkpoint, Run, TheDial

PLAYS = "But, soft! what light through yonder window breaks?\nIt is the east.\nJuliet is the sun.\n"
SOURCE = Source(PLAYS)
SAMPLES = (
    " was there?\nA sun of joy.",
    " through yonder window shines, and it is the sun.\n",
    PLAYS[22:],
)
CHECKPOINTS = [
    Checkpoint(step, own, held_out, sample)
    for step, own, held_out, sample in zip(
        (0, 4, 16), (1.6123456, 1.2, 0.3), (1.7, 1.65, 2.4), SAMPLES, strict=True
    )
]
RUN = Run("one scene", "Sixteen steps on one scene.", CHECKPOINTS)
SETTINGS = {"prompt": "But soft, what light", "by_chance": 9, "by_chance_of": "Macbeth"}


def dial(**changes: object) -> TheDial:
    return TheDial([RUN], SOURCE, caption="Turn it.", **SETTINGS | changes)


@pytest.mark.parametrize("at_least", [1, 4, 9, 20, 60, 100])
def test_copied_share_equals_pythons(at_least: int, run_js) -> None:
    data = [
        {"text": sample, "lengths": SOURCE.lengths(sample).tolist(), "from": at_least}
        for sample in SAMPLES
    ]
    script = "return data.map((d) => copiedShare(d.text, d.lengths, d.from));"
    expected = [SOURCE.share_copied(sample, at_least) for sample in SAMPLES]
    assert run_js(["copying.js"], script, data) == pytest.approx(expected, abs=1e-12)
    script = "return data.map((d) => copiedPieces(d.text, d.lengths, d.from));"
    for sample, pieces in zip(SAMPLES, run_js(["copying.js"], script, data), strict=True):
        assert "".join(piece["text"] for piece in pieces) == sample
        kinds = [piece["copied"] for piece in pieces]
        assert all(a != b for a, b in itertools.pairwise(kinds)), "pieces by turns"


def test_pieces_by_hand(run_js) -> None:
    """Two stretches that overlap make one piece; a short one is left alone."""
    data = {"text": "abcdefgh", "lengths": [3, 1, 4, 1, 1, 1, 2, 1]}
    pieces = "return copiedPieces(data.text, data.lengths, 3);"
    assert run_js(["copying.js"], pieces, data) == [
        {"text": "abcdef", "copied": True},
        {"text": "gh", "copied": False},
    ]
    script = "return [longestCopy(data.lengths), longestCopy([]), copiedShare('', [], 1)];"
    assert run_js(["copying.js"], script, data) == [4, 0, 0]


def test_lowest_is_the_first_of_several(run_js) -> None:
    script = "return [lowestAt([3, 1, 2, 1]), lowestAt([1]), lowestAt([3, 2, 1])];"
    assert run_js(["copying.js"], script) == [1, 0, 2]


def test_it_holds_what_it_shows() -> None:
    shown = dial().runs[0]
    assert json.loads(json.dumps(shown)) == shown
    assert [c["step"] for c in shown["checkpoints"]] == [0, 4, 16]
    assert shown["checkpoints"][0]["own"] == 1.612
    second = shown["checkpoints"][1]
    assert second["nearest"] == {
        "before": "But, soft! what light",
        "copied": " through yonder window ",
        "after": "breaks?",
    }
    assert max(second["lengths"]) == len(" through yonder window ")
    assert len(second["lengths"]) == len(second["sample"])


def test_dial_is_deterministic_and_starts_without_a_guess() -> None:
    assert repr(dial()) == repr(dial())
    assert repr(dial()) != repr(dial(by_chance=10))
    assert (dial().guesses, dial().place, dial().marked_from) == ([-1], 0, 20)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Run(" ", "x", CHECKPOINTS), "a name and a word about it, got ' '"),
        (lambda: Run("a", "x", CHECKPOINTS[:1]), r"two or more growing steps from 0 on, got \[0\]"),
        (lambda: Run("a", "x", CHECKPOINTS[1:]), r"from 0 on, got \[4, 16\]"),
        (lambda: Run("a", "x", [*CHECKPOINTS, CHECKPOINTS[1]]), r"got \[0, 4, 16, 4\]"),
        (
            lambda: Run("a", "x", [CHECKPOINTS[0], Checkpoint(1, math.nan, 1.0, "b")]),
            r"above 0, got \(nan, 1.0\)",
        ),
        (
            lambda: Run("a", "x", [CHECKPOINTS[0], Checkpoint(1, 1.0, 1.0, "")]),
            "a sample at step 1, got an empty one",
        ),
        (lambda: TheDial([], SOURCE, caption="Turn.", **SETTINGS), "at least one run, got none"),
        (lambda: dial(marked_from=0), "at least 1 character, got 0"),
        (
            lambda: TheDial(
                [Run("a", "x", [CHECKPOINTS[0], Checkpoint(1, 1.0, 1.0, "😀")])],
                SOURCE, caption="Turn.", **SETTINGS,
            ),
            "up to U\\+FFFF, got one beyond",
        ),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
