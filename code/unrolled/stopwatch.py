"""Short times: the best of several runs, and shown in milliseconds.

Whatever else a machine does can only make a piece of work take longer. So the shortest of several
times is the nearest to what the work takes by itself. Used in ``book/attention.md``,
``book/gpt.md`` and ``book/speedrun.md``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from unrolled.reporting import Seconds, seconds


@dataclass(frozen=True)
class Milliseconds(Seconds):
    """A measured time of `value` seconds that is too short to be shown in seconds."""

    def __repr__(self) -> str:
        return f"{1000 * self.value:,.1f} ms (measured)"


def milliseconds(value: float) -> Milliseconds:
    """Mark `value`, in seconds, as a time that was measured, to be shown in milliseconds.

    Raises ValueError for a negative time.
    """
    return Milliseconds(seconds(value).value)


def fastest(work: Callable[[], object], runs: int) -> float:
    """Seconds that `work()` takes, in the fastest of several runs.

    Raises ValueError for fewer than 1 run.
    """
    if runs < 1:
        raise ValueError(f"expected at least 1 run, got {runs}")
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)
