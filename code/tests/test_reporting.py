"""What pages report: values, times, figures, ladder rows."""

from __future__ import annotations

import json

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from unrolled import reporting

matplotlib.use("agg")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict, dict]]:
    """What `reporting` displays, instead of displaying it."""
    seen: list[tuple[dict, dict]] = []
    monkeypatch.setattr(
        reporting, "display", lambda data, raw, metadata: seen.append((data, metadata))
    )
    return seen


def test_glued_number_is_a_record_under_its_name(shown: list) -> None:
    reporting.glue("lm_bits", np.float64(2.5))
    data, metadata = shown[0]
    assert data == {"application/papermill.record/text/plain": "2.5"}
    assert metadata["scrapbook"]["name"] == "lm_bits"


def test_measured_time_has_a_mime_type_of_its_own(shown: list) -> None:
    reporting.glue("lm_seconds", reporting.seconds(3.14))
    data = shown[0][0]
    assert data["application/papermill.record/" + reporting.SECONDS_MIME] == "3.1 s (measured)"


def test_a_ratio_of_measured_times_may_differ_too(shown: list) -> None:
    reporting.glue("run_ratio", reporting.times(12.0, 3.0))
    data = shown[0][0]
    assert data["application/papermill.record/" + reporting.SECONDS_MIME] == "4.0 times (measured)"
    with pytest.raises(ValueError, match="above 0 seconds, got"):
        reporting.times(1.0, 0)


@pytest.mark.parametrize(("name", "value"), [("two words", 1.0), ("fine", [1, 2]), ("fine", None)])
def test_glue_refuses_what_prose_cannot_use(name: str, value: object, shown: list) -> None:
    with pytest.raises(ValueError, match="expected"):
        reporting.glue(name, value)
    assert shown == []


def test_negative_time_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0 seconds, got -1"):
        reporting.seconds(-1)


def drawn(values: list[float], title: str = "a title") -> plt.Figure:
    fig, (left, right) = plt.subplots(1, 2)
    left.plot(values)
    left.set_title(title)
    right.bar([0, 1, 2], values)
    right.scatter([0, 1, 2], values, c=values)
    right.imshow([[0.0, values[-1]]])
    return fig


def test_digest_is_that_of_the_plotted_data() -> None:
    first = reporting.figure_digest(drawn([1.0, 2.0, 3.0]))
    assert first == reporting.figure_digest(drawn([1.0, 2.0, 3.0]))
    assert first == reporting.figure_digest(drawn([1.0, 2.0, 3.0 + 1e-9]))
    assert first != reporting.figure_digest(drawn([1.0, 2.0, 3.001]))
    assert first != reporting.figure_digest(drawn([1.0, 2.0, 3.0], title="another"))
    plt.close("all")


def test_shown_figure_carries_its_alternative_and_is_closed(shown: list) -> None:
    reporting.show(drawn([1.0, 2.0, 3.0]), alt="Two\n  panels.")
    data, metadata = shown[0]
    assert metadata["image/png"]["alt"] == "Two panels."
    assert data["text/plain"].endswith(": Two panels.>")
    assert plt.get_fignums() == []


def test_figure_without_alternative_is_refused() -> None:
    with pytest.raises(ValueError, match="text alternative"):
        reporting.show(drawn([1.0, 2.0, 3.0]), alt=" ")
    plt.close("all")


def test_ladder_row_and_its_time(shown: list) -> None:
    reporting.ladder_row("n-gram", "Best n-gram", 2.34567, parameters=7, train_seconds=1.5)
    record, time = (data for data, _ in shown)
    row = json.loads(record["application/papermill.record/" + reporting.LADDER_MIME])
    assert (row["name"], row["bits_per_character"], row["parameters"]) == (
        "Best n-gram",
        2.34567,
        7,
    )
    assert "1.5 s (measured)" in time.values()


def test_ladder_refuses_bits_that_are_none() -> None:
    with pytest.raises(ValueError, match="above 0, got nan"):
        reporting.ladder_row("a", "A", float("nan"))
