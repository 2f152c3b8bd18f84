"""Short times: the best of several runs, and how they are shown and masked."""

from __future__ import annotations

import re
from configparser import RawConfigParser
from pathlib import Path

import pytest

from unrolled import reporting, stopwatch

SANITIZER = Path(__file__).with_name("nbval_sanitize.cfg")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock says, reading after reading."""
    readings: list[float] = []
    monkeypatch.setattr(stopwatch.time, "perf_counter", lambda: readings.pop(0))
    return readings


def test_the_fastest_of_three_runs(clock: list[float]) -> None:
    clock += [0.0, 5.0, 10.0, 12.0, 20.0, 29.0]  # 5, 2 and 9 seconds
    calls = []
    assert stopwatch.fastest(lambda: calls.append("run"), 3) == 2.0
    assert len(calls) == 3
    assert clock == []


def test_what_the_work_costs_is_counted_and_nothing_between_the_runs(clock: list[float]) -> None:
    clock += [0.0, 1.0, 1000.0, 1001.5]
    assert stopwatch.fastest(lambda: None, 2) == 1.0


def test_no_run_at_all() -> None:
    with pytest.raises(ValueError, match="expected at least 1 run, got 0"):
        stopwatch.fastest(lambda: None, 0)


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0123, "12.3 ms"), (0.0, "0.0 ms"), (1.2345, "1,234.5 ms")]
)
def test_a_short_time_in_milliseconds(value: float, shown: str) -> None:
    time = stopwatch.milliseconds(value)
    assert repr(time) == f"{shown} (measured)"
    assert time._repr_mimebundle_()[reporting.SECONDS_MIME] == f"{shown} (measured)"


def test_a_negative_time() -> None:
    with pytest.raises(ValueError, match="expected a time of at least 0 seconds, got -1"):
        stopwatch.milliseconds(-1)


def test_whatever_was_measured_looks_the_same_to_a_comparison_of_two_runs() -> None:
    rules = RawConfigParser()
    rules.read(SANITIZER)
    (rule,) = (dict(rules[section]) for section in rules.sections())
    measured = [stopwatch.milliseconds(1.2345), stopwatch.milliseconds(0.01), reporting.seconds(3)]
    masked = {re.sub(rule["regex"], rule["replace"], repr(time)) for time in measured}
    assert masked == {"MEASURED"}
    for kept in ("12.3 ms", "12 s (measured)"):
        assert re.sub(rule["regex"], rule["replace"], kept) == kept
