"""Checks never hang, never show a traceback, and say the same thing each time."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from unrolled.check.chapter import Chapter, judge
from unrolled.check.deadline import within
from unrolled.check.faults import place, said
from unrolled.check.progress import export, record, recorded
from unrolled.check.trial import Trial, Wrong, shown

CHAPTER = Chapter("toy", 9)


@CHAPTER.task("Double it", minutes=1, limit=0.5)
def double(trial: Trial, answer) -> None:
    """Check doubling."""
    trial.same(trial.call(answer, 2.0), 4.0, {"that is the square": lambda: 4.0 + 1})
    trial.holds("two")
    trial.same(
        trial.call(answer, np.ones((3, 3))), 2 * np.ones((3, 3)), {"halved": np.ones((3, 3)) / 2}
    )


def test_what_a_reader_sees_of_a_right_and_a_wrong_answer() -> None:
    assert repr(double(lambda x: 2 * x)) == "toy/double: passed\n  holds: two"
    assert repr(double(lambda x: x / 2 if np.ndim(x) else 4.0)) == (
        "toy/double: not yet\n  holds: two\n"
        "  fails: for an array of shape (3, 3) expected the result at [0, 0] to be 2, got 0.5\n"
        "  hints at: halved"
    )


def unwritten(x: float) -> float:
    raise NotImplementedError


def unreturned(x: float) -> None:
    2 * x


@pytest.mark.parametrize("answer", [unwritten, unreturned, ..., None])
def test_an_untouched_answer_is_no_error(answer: object) -> None:
    result = double(answer)
    assert result.state == "untouched"
    assert "nothing to check yet" in repr(result)
    assert "is a `return` missing?" in repr(result)
    assert not result


def raises(x: float) -> float:
    y = {"a": x}
    return y["b"]


def test_the_readers_exception_is_one_line_with_its_place() -> None:
    result = double(raises)
    assert result.problem == (
        "for 2.0 your code raised KeyError: 'b' (line 3 of `raises`: return y[\"b\"])"
    )


def test_the_place_is_the_readers_own_line_below_a_library() -> None:
    def multiply(x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.linear(x, torch.ones(2, 7))

    with pytest.raises(RuntimeError) as caught:
        multiply(torch.ones(3, 4))
    assert place(caught.value).startswith("line 2 of `multiply`: return torch.nn")
    assert "\n" not in said(caught.value)


@pytest.mark.parametrize("answer", [3, "x", lambda: 1, lambda x: "text", lambda x: [[1], [1, 2]]])
def test_no_answer_ends_in_a_traceback(answer: object) -> None:
    result = double(answer)
    assert result.state == "wrong"
    assert result.problem


def forever(x: float) -> float:
    while True:
        x += 1


def asleep(x: float) -> float:
    time.sleep(60)
    return x


def stubborn(x: float) -> float:
    while True:
        try:
            x += 1
        except Exception:
            continue


@pytest.mark.parametrize("answer", [forever, asleep, stubborn])
def test_code_that_never_ends_is_stopped(answer) -> None:
    start = time.monotonic()
    result = double(answer)
    assert time.monotonic() - start < 20
    assert result.problem == "for 2.0 your code was stopped after 0.5 seconds"


def test_a_limit_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a limit above 0 seconds, got 0"):
        within(0, lambda: None)


def test_the_reader_s_code_can_t_spoil_the_inputs() -> None:
    def spoil(x: np.ndarray) -> np.ndarray:
        x *= 0
        return x

    inputs = np.ones(3)
    Trial().call(spoil, inputs)
    assert inputs.tolist() == [1, 1, 1]


def test_shape_nan_and_tensor_are_told_apart() -> None:
    trial = Trial()
    trial.doing = "x"
    trial.same(torch.ones(2), [1, 1])
    with pytest.raises(Wrong, match=r"of shape \(2,\), got \(1, 2\)"):
        trial.same(torch.ones(1, 2), [1, 1])
    with pytest.raises(Wrong, match=r"at \[1\] to be 1, got nan"):
        trial.same([1, float("nan")], [1, 1])


def test_a_number_is_judged_without_giving_it_away() -> None:
    with pytest.raises(Wrong) as caught:
        Trial().value(5, 2.5, {"twice": 5.0})
    assert (caught.value.problem, caught.value.hint) == ("5 is too high", "twice")
    assert "2.5" not in caught.value.problem
    Trial().value(torch.tensor(2.5), 2.5, {})


def test_a_fault_of_the_check_is_a_result_too() -> None:
    def probe(trial: Trial, answer: object) -> None:
        raise ZeroDivisionError("ours")

    assert "can't make sense of your answer" in judge(probe, "toy/x", (1,)).problem


def test_shown_is_short() -> None:
    assert shown(np.arange(4)) == "[0, 1, 2, 3]"
    assert shown(torch.zeros(3, 4)) == "an array of shape (3, 4)"
    assert len(shown("x" * 500)) < 80


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "deep" / "progress.json"
    monkeypatch.setenv("UNROLLED_PROGRESS", str(path))
    return path


def test_progress_is_kept_shown_and_exported(kept: Path, tmp_path: Path) -> None:
    assert CHAPTER.progress().lines[-1] == "Next: toy/double"
    double(unwritten)
    assert not kept.exists()
    double(lambda x: x)
    assert recorded()["toy/double"]["passed"] is False
    assert "tried double" in repr(CHAPTER.progress())
    double(lambda x: 2 * x)
    double(lambda x: x)  # what has passed stays passed
    assert repr(CHAPTER.progress()).startswith("toy: 1 of 1 tasks done\n  done  double")
    assert CHAPTER.progress().lines[-1] == "All done."
    exported = json.loads(export(tmp_path / "out.json").read_text())
    assert (exported["schema"], exported["kind"]) == (1, "unrolled-exercises")
    assert exported["tasks"]["toy/double"]["passed"] is True
    assert exported["tasks"]["toy/double"]["at"].endswith("+00:00")


@pytest.mark.parametrize(
    "contents", ["", "[]", "{}", '{"schema": 9}', '{"schema": 1, "kind": "x"}']
)
def test_a_damaged_file_of_progress_breaks_nothing(kept: Path, contents: str) -> None:
    kept.parent.mkdir()
    kept.write_text(contents)
    assert double(lambda x: 2 * x)
    assert recorded()["toy/double"]["passed"]


def test_a_file_that_can_t_be_written_breaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("UNROLLED_PROGRESS", str(tmp_path / "file" / "progress.json"))
    assert double(lambda x: 2 * x)
    record("toy/double", True)
    assert recorded() == {}


def test_importing_the_package_is_light() -> None:
    program = (
        "import sys, unrolled.check; "
        "print(sorted({'torch', 'matplotlib', 'sphinx', 'unrolled.widgets'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_all_chapters_are_shown_in_the_book_s_order() -> None:
    import unrolled.check

    lines = repr(unrolled.check.progress()).split("\n")
    assert lines[0].startswith("language-models: ")
