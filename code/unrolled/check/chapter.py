"""A chapter's tasks, and the words in which a check answers."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from unrolled.check.deadline import within
from unrolled.check.faults import said
from unrolled.check.progress import Overview, export, record, show_progress
from unrolled.check.trial import Trial, Untouched, Wrong

LIMIT = 30.0
"""Seconds that a check gives an answer, unless its task says otherwise."""

Probe = Callable[..., None]
"""What a task tests: a trial and the answers go in; it returns, or raises Wrong or Untouched."""


@dataclass(frozen=True)
class Result:
    """What a check found out; true if the answer passed.

    `state` is "passed", "wrong" or "untouched"; `held` says what was right.
    """

    task: str
    state: str
    held: tuple[str, ...] = ()
    problem: str = ""
    hint: str = ""

    def __bool__(self) -> bool:
        return self.state == "passed"

    def __repr__(self) -> str:
        if self.state == "untouched":
            return (
                f"{self.task}: nothing to check yet.\n"
                "Write your answer into the cell above, run it, then run this cell again.\n"
                "If you have: is a `return` missing?"
            )
        lines = [f"{self.task}: {'passed' if self else 'not yet'}"]
        lines += [f"  holds: {fact}" for fact in self.held]
        lines += [f"  fails: {self.problem}"] if self.problem else []
        lines += [f"  hints at: {self.hint}"] if self.hint else []
        return "\n".join(lines)


@dataclass(frozen=True)
class Task:
    """One task: its name within the chapter (`kneser-ney`), and what a reader is told of it."""

    key: str
    name: str
    title: str
    minutes: int


@dataclass
class Chapter:
    """The tasks of one page of exercises, in their order; `number` is the chapter's in the book."""

    name: str
    number: int
    tasks: list[Task] = field(default_factory=list)

    def task(self, title: str, minutes: int, limit: float = LIMIT) -> Callable[[Probe], Callable]:
        """Make a check of a probe: ``kneser_ney(trial, answer)`` becomes ``kneser_ney(answer)``."""

        def register(probe: Probe) -> Callable[..., Result]:
            name = probe.__name__.replace("_", "-")
            self.tasks.append(Task(f"{self.name}/{name}", name, title, minutes))
            return _as_check(probe, f"{self.name}/{name}", limit)

        return register

    def progress(self) -> Overview:
        """Show what is done and what is next in this chapter."""
        return show_progress(self)

    def export(self, path: str | Path = "unrolled-exercises.json") -> Path:
        """Write the progress of all chapters as JSON; see `unrolled.check.progress`."""
        return export(path)


def _as_check(probe: Probe, key: str, limit: float) -> Callable[..., Result]:
    def check(*answers: Any) -> Result:
        expected = list(inspect.signature(probe).parameters)[1:]
        if len(answers) != len(expected):
            raise TypeError(f"{key}: expected {', '.join(expected)}, got {len(answers)} answers")
        result = judge(probe, key, answers, limit)
        if result.state != "untouched":
            record(key, bool(result))
        return result

    signature = inspect.signature(probe)
    check.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=list(signature.parameters.values())[1:], return_annotation=Result
    )
    check.__name__ = check.__qualname__ = probe.__name__
    check.__doc__, check.__module__ = probe.__doc__, probe.__module__
    return check


def judge(probe: Probe, key: str, answers: tuple[Any, ...], limit: float = LIMIT) -> Result:
    """Run one probe on answers within a time limit; whatever happens, the outcome is a result."""
    if any(answer is None or answer is Ellipsis for answer in answers):
        return Result(key, "untouched")
    trial = Trial()
    problem = hint = ""
    try:
        if not within(limit, partial(probe, trial, *answers)):
            problem = f"for {trial.doing} your code was stopped after {limit:g} seconds"
            hint = "a loop that never ends, or far more work than the task needs"
    except Untouched:
        return Result(key, "untouched")
    except Wrong as wrong:
        problem, hint = wrong.problem, wrong.hint
    except Exception as error:
        given = f"for {trial.doing} " if trial.doing else ""
        problem = f"{given}the check can't make sense of your answer ({said(error)})"
        hint = "a result of another type than the task asks for"
    state = "wrong" if problem else "passed"
    return Result(key, state, tuple(trial.held), problem, hint)
