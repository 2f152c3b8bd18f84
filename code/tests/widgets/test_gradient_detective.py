"""The cases of the gradient detective, and the words for what its charts show."""

from __future__ import annotations

import json
import math

import pytest

from unrolled.widgets.gradient_detective import DIAGNOSES, Case, GradientDetective

PLAIN = {
    "title": "Network A",
    "series": {"loss": [3.0, 2.0, 1.0]},
    "x_label": "step",
    "y_label": "nats",
    "diagnosis": "vanishing",
    "explanation": "Because.",
}


def test_case_becomes_json_with_gaps_and_four_digits() -> None:
    case = Case(**PLAIN | {"series": {"a": [1.23456789, math.nan], "b": [1e-9, math.inf]}})
    shown = case.shown()
    assert json.loads(json.dumps(shown)) == shown
    assert shown["series"] == [
        {"label": "a", "x": [1, 2], "y": [1.235, None]},
        {"label": "b", "x": [1, 2], "y": [1e-9, None]},
    ]
    assert shown["powers"] is False
    assert Case(**PLAIN, x=[10, 20, 30]).shown()["series"][0]["x"] == [10, 20, 30]


def test_detective_is_deterministic_and_starts_without_answers() -> None:
    one, two = (GradientDetective([Case(**PLAIN)], caption="Judge.") for _ in range(2))
    assert repr(one) == repr(two)
    assert one.answers == [""]
    assert tuple(one.diagnoses) == DIAGNOSES
    other = Case(**PLAIN | {"diagnosis": "exploding"})
    assert repr(GradientDetective([other], caption="Judge.")) != repr(one)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"diagnosis": "bad luck"}, "out of vanishing, .*, got 'bad luck'"),
        ({"explanation": " "}, "a text for explanation"),
        ({"series": {}}, "1 to 4 lines, got 0"),
        ({"series": {"a": [1, 2], "b": [1]}}, "same length above 0, got {'a': 2, 'b': 1}"),
        ({"series": {"a": []}}, "same length above 0"),
        ({"x": [1]}, "same length above 0, got {'loss': 3, 'x': 1}"),
    ],
)
def test_bad_cases_are_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Case(**PLAIN | change)


def test_no_cases_and_no_places_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one case, got none"):
        GradientDetective([], caption="Judge.")
    with pytest.raises(ValueError, match="finite numbers for x"):
        Case(**PLAIN, x=[1, 2, math.nan]).shown()


def test_summary_says_what_the_lines_do(run_js) -> None:
    series = [
        {"label": "norm", "x": [1, 2, 3], "y": [0.5, 2e9, None]},
        {"label": "gone", "x": [1, 2, 3], "y": [None] * 3},
    ]
    said = run_js(["line_chart.js"], "return chartSummary(data);", series)
    assert said == (
        "norm: from 0.5 to 2.00 × 10⁹, lowest 0.5, highest 2.00 × 10⁹, and then is no number "
        "any more. gone: no numbers."
    )
