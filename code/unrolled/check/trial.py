"""Running a reader's answer beside a reference: calls, comparisons, and what a failure says."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from unrolled.check.deadline import OutOfTime
from unrolled.check.faults import place, said

Suspects = Mapping[str, Any]
"""What known mistakes would have given for the same input, by what each one hints at. A value
may be a function without arguments, which is then called only if it is needed."""


class Wrong(Exception):  # noqa: N818 (it is a finding, shown to the reader)
    """An answer that fails: what happened, and what it hints at."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.problem, self.hint = problem, hint


class Untouched(Exception):  # noqa: N818
    """An answer that nobody has written yet."""


class Trial:
    """One run of a check: what held so far, and what is being done now."""

    def __init__(self) -> None:
        self.held: list[str] = []
        self.doing = ""

    def holds(self, fact: str) -> None:
        """Note something that held; it is shown whether or not the rest does."""
        self.held.append(fact)

    def call(self, answer: Callable, *inputs: Any, given: str = "", **named: Any) -> Any:
        """Run the reader's function on copies of the inputs, so that it can't spoil them.

        Raises Wrong if it raises or returns nothing, Untouched if it isn't written yet.
        """
        self.doing = given or ", ".join(map(shown, inputs))
        if not callable(answer):
            raise Wrong(f"expected a function, got {shown(answer)}")
        try:
            result = answer(*copy.deepcopy(inputs), **copy.deepcopy(named))
        except OutOfTime:
            raise
        except NotImplementedError as error:
            raise Untouched from error
        except BaseException as error:
            where = place(error)
            at = f" ({where})" if where else ""
            raise Wrong(f"for {self.doing} your code raised {said(error)}{at}") from error
        if result is None or result is Ellipsis:
            if not self.held:
                raise Untouched
            raise Wrong(f"for {self.doing} your code returned nothing", "is a `return` missing?")
        return result

    def same(
        self,
        got: Any,
        expected: Any,
        suspects: Suspects | None = None,
        name: str = "the result",
        tolerance: float = 1e-6,
    ) -> None:
        """Compare arrays, tensors or numbers: shape, then values; name the first that differs.

        Raises Wrong with the hint of the `suspects` that give what came: one, or the first two.
        """
        expected = as_array(expected)
        try:
            result = as_array(got)
        except (TypeError, ValueError):
            raise Wrong(f"for {self.doing} expected numbers, got {shown(got)}") from None
        if _alike(result, expected, tolerance):
            return
        known = (suspects or {}).items()
        guilty = [says for says, value in known if _alike(result, value, tolerance)]
        hint = "; or: ".join(guilty[:2])
        if result.shape != expected.shape:
            raise Wrong(
                f"for {self.doing} expected {name} of shape {expected.shape}, got {result.shape}",
                hint,
            )
        differs = ~np.isclose(result, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
        index = tuple(int(i) for i in np.argwhere(differs)[0])
        at = f" at {list(index)}" if index else ""
        raise Wrong(
            f"for {self.doing} expected {name}{at} to be {number(expected[index])}, "
            f"got {number(result[index])}",
            hint,
        )

    def that(self, condition: bool, problem: str, hint: str = "") -> None:
        """Raise Wrong with this problem unless the condition holds."""
        if not condition:
            raise Wrong(f"for {self.doing} {problem}" if self.doing else problem, hint)

    def value(
        self,
        got: Any,
        expected: float,
        suspects: Mapping[str, float],
        tolerance: float = 0.005,
        otherwise: str = "",
    ) -> None:
        """Judge one number that the reader found, without giving the right one away.

        `tolerance` is relative. Raises Wrong, Untouched.
        """
        if got is None or got is Ellipsis:
            raise Untouched
        try:
            (number_given,) = as_array(got).astype(float).ravel()
        except (TypeError, ValueError):
            raise Wrong(f"expected one number, got {shown(got)}") from None
        if _near(number_given, expected, tolerance):
            return
        hint = next((s for s, v in suspects.items() if _near(number_given, v, tolerance)), "")
        side = "too high" if number_given > expected else "too low"
        problem = f"{number(number_given)} is {side}" if number_given == number_given else "got nan"
        raise Wrong(problem, hint or otherwise)


def as_array(value: Any) -> np.ndarray:
    """Return numbers of any kind as a NumPy array. Raises TypeError for anything else."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        raise TypeError(f"expected numbers, got {array.dtype}")
    return array


def number(value: Any) -> str:
    """Return a number as a reader should see it: six digits that count."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    return f"{float(value):.6g}"


def shown(value: Any) -> str:
    """Return an input or a result in few words: small ones whole, large ones by their shape."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        array = as_array(value)
        if array.ndim == 0:
            return number(array[()])
        if array.size <= 8:
            return str((np.round(array, 4) if array.dtype.kind in "fc" else array).tolist())
        return f"an array of shape {array.shape}"
    if callable(value):
        return f"the function `{getattr(value, '__name__', type(value).__name__)}`"
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}… ({type(value).__name__})"


def _near(got: float, expected: float, tolerance: float) -> bool:
    return abs(got - expected) <= tolerance * max(abs(expected), 1e-12)


def _alike(result: np.ndarray, value: Any, tolerance: float) -> bool:
    value = as_array(value() if callable(value) else value)
    return result.shape == value.shape and bool(
        np.allclose(result, value, rtol=tolerance, atol=tolerance, equal_nan=True)
    )
