"""How the tests of checks say which wrong answers are caught, and by which hint."""

from __future__ import annotations

from collections.abc import Callable

from unrolled.check.chapter import Result


def assert_caught(result: Result, words: str) -> None:
    """Assert that an answer failed, and that what the reader sees says `words`."""
    said = f"{result.problem}\n{result.hint}"
    assert result.state == "wrong", result
    assert words in said, said


def assert_passed(check: Callable[..., Result], *answers: object) -> None:
    """Assert that an answer passes, and says something of what held."""
    result = check(*answers)
    assert result, result
    assert result.held
