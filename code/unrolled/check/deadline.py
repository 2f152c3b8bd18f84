"""A time limit for code that may never end, on every platform.

The code runs in a thread of its own, so whoever waits for it can always stop waiting. A loop in
Python is then broken off by an exception raised inside that thread; a call that is stuck in
compiled code is left behind, in a thread that doesn't keep the program alive.
"""

import ctypes
import threading
from collections.abc import Callable


class OutOfTime(BaseException):
    """Raised inside code whose time is up; no `except Exception` of a reader catches it."""


def within(seconds: float, work: Callable[[], None]) -> bool:
    """Run `work` and tell whether it ended in time; what it raised is raised here.

    Raises:
        ValueError: `seconds` is not above 0.
    """
    if not seconds > 0:
        raise ValueError(f"expected a limit above 0 seconds, got {seconds}")
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True, name="unrolled-check")
    thread.start()
    try:
        thread.join(seconds)
    except KeyboardInterrupt:  # the reader stops the cell
        _break_off(thread)
        raise
    if thread.is_alive():
        _break_off(thread)
        return False
    if raised and not isinstance(raised[0], OutOfTime):
        raise raised[0]
    return not raised


def _break_off(thread: threading.Thread) -> None:
    """Raise `OutOfTime` inside a thread, as soon as it runs Python code again."""
    number = ctypes.c_ulong(thread.ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(OutOfTime))
    thread.join(0.5)
