"""The race: two runs on one clock, judged by numpy and by hand; what was timed is in no digest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unrolled.widgets.the_race import Lane, Mark, TheRace

PROMPT = "ROMEO:\n"


def mark(step: int, seconds: float, nats: float, text: str = "Ay me.") -> Mark:
    return Mark(step, seconds, nats, 1e9 * step, 768 * step, PROMPT + text)


SLOW = Lane("Slow", 800_000, [mark(100, 4.0, 2.6), mark(200, 8.0, 2.2), mark(300, 12.5, 2.0)])
QUICK = Lane("Quick", 790_000, [mark(10, 0.5, 2.3), mark(20, 1.0, 1.95), mark(30, 1.6, 1.9)])


def race(lanes: list[Lane] | None = None, target: float = 2.0, **more: object) -> TheRace:
    lanes = [SLOW, QUICK] if lanes is None else lanes
    return TheRace(lanes, target, PROMPT, **{"caption": "Guess.", **more})


def as_page(widget: TheRace) -> list[dict]:
    """The lanes as the page joins them."""
    return [
        {**lane, "seconds": seconds}
        for lane, seconds in zip(widget.lanes, widget.seconds, strict=True)
    ]


def timed(lane: Lane, factor: float) -> Lane:
    marks = [replace(one, seconds=one.seconds * factor) for one in lane.marks]
    return replace(lane, marks=marks)


def test_what_was_timed_is_in_no_digest_and_all_else_is() -> None:
    slower = race([timed(SLOW, 2), timed(QUICK, 2)])
    assert slower.seconds[0] == [8.0, 16.0, 25.0]
    assert repr(slower) == repr(race())
    other = replace(QUICK, marks=[*QUICK.marks[:2], mark(30, 1.6, 1.9, "Ay you.")])
    lower = replace(QUICK, marks=[*QUICK.marks[:2], mark(30, 1.6, 1.89)])
    changed = [race([SLOW, other]), race([SLOW, lower]), race(target=2.01), race(caption="Run.")]
    assert len({repr(one) for one in (race(), *changed)}) == 5


def test_texts_travel_without_the_prompt_and_the_target_stays_reached() -> None:
    end = 1.93703691234
    lanes = [replace(SLOW, marks=[mark(100, 4.0, end)]), QUICK]
    widget = race(lanes, target=end)
    assert widget.lanes[0]["texts"] == ["Ay me."]
    assert widget.lanes[0]["nats"][-1] <= widget.target


def test_what_is_done_between_two_marks_agrees_with_numpy(run_js) -> None:
    lanes = as_page(race())
    moments = [0, 0.25, 0.5, 1.3, 3.9, 4.0, 5.5, 12.49, 12.5, 80]
    script = (
        "return data.lanes.map((lane) => ['steps', 'operations', 'characters', 'seconds'].map("
        "(measure) => data.moments.map((moment) => doneAt(lane, measure, moment))));"
    )
    found = run_js(["race_clock.js"], script, {"lanes": lanes, "moments": moments})
    for lane, by_measure in zip(lanes, found, strict=True):
        for measure, values in zip(
            ("steps", "operations", "characters", "seconds"), by_measure, strict=True
        ):
            wanted = np.interp(moments, [0, *lane["seconds"]], [0, *lane[measure]])
            np.testing.assert_allclose(values, wanted, rtol=1e-12)


def test_marks_and_target_by_hand(run_js) -> None:
    script = (
        "const { lanes } = data;"
        "return { passed: [0, 0.4, 4, 11].map((t) => lanes.map((lane) => marksPassed(lane, t))),"
        " wins: lanes.map((lane) => markAtTarget(lane, 2.0)), never: markAtTarget(lanes[0], 1.5),"
        " next: [0, 0.5, 1.6, 12.4, 12.5].map((t) => nextMark(lanes, t)) };"
    )
    found = run_js(["race_clock.js"], script, {"lanes": as_page(race())})
    assert found["passed"] == [[0, 0], [0, 0], [1, 3], [2, 3]]
    assert found["wins"] == [2, 1]
    assert found["never"] == -1
    assert found["next"] == [0.5, 1.0, 4.0, 12.5, None]


def test_clock_moves_by_equal_factors_and_back(run_js) -> None:
    script = (
        "const range = clockRange(data.lanes);"
        "const shares = [0, 0.1, 0.2, 0.3, 0.9, 1];"
        "const moments = shares.map((share) => momentAt(share, range));"
        "return { range, shares, moments, back: moments.map((t) => shareAt(t, range)) };"
    )
    found = run_js(["race_clock.js"], script, {"lanes": as_page(race())})
    assert found["range"] == pytest.approx([0.5 / 1.5, 12.5])
    moments = found["moments"]
    assert (moments[0], moments[-1]) == (0, 12.5)
    assert moments[2] / moments[1] == pytest.approx(moments[3] / moments[2])
    assert found["back"] == pytest.approx(found["shares"])


def test_guess_is_judged_by_its_factor(run_js) -> None:
    pairs = [[10, 2], [2, 10], [30, 1], [1.2, 1], [1, 1]]
    said = run_js(["race_clock.js"], "return data.map(([a, b]) => judgeGuess(a, b));", pairs)
    assert said == [
        "5.0 times too slow",
        "5.0 times too fast",
        "30 times too slow",
        "right on the spot",
        "right on the spot",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lanes": [SLOW]}, "expected two lanes, got 1"),
        ({"target": 1.92}, "expected a target that Slow reaches, got 1.9200, and its best is 2.0"),
        ({"caption": " "}, "a caption that says what to do"),
    ],
)
def test_bad_races_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        race(**arguments)


def test_bad_lanes_and_marks_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one mark of Empty, got none"):
        Lane("Empty", 1, [])
    with pytest.raises(ValueError, match="marks of Odd in order, got step 10 after 20"):
        Lane("Odd", 1, [mark(20, 1.0, 2.0), mark(10, 2.0, 2.0)])
    with pytest.raises(ValueError, match="expected seconds above 0, got 0"):
        mark(1, 0, 2.0)
    with pytest.raises(ValueError, match="expected nats above 0, got nan"):
        mark(1, 1.0, float("nan"))
