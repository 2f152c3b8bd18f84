"""What a reader's exception says, in a line or two, with the place in the reader's own code."""

import linecache
import site
import sysconfig
from pathlib import Path
from types import TracebackType

PACKAGE = str(Path(__file__).parents[1])


def said(error: BaseException) -> str:
    """Return an exception's kind and message on one line, shortened."""
    message = " ".join(str(error).split())
    if len(message) > 160:
        message = message[:159] + "…"
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def place(error: BaseException) -> str:
    """Return where in the reader's code an exception came from; empty if that isn't known.

    The last line that is neither in this package nor in an installed library, such as
    ``line 4 of `smooth`: return counts / total``.
    """
    found = ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if _is_readers(code.co_filename):
            text = linecache.getline(code.co_filename, trace.tb_lineno).strip()
            name = "the cell" if code.co_name == "<module>" else f"`{code.co_name}`"
            first = code.co_firstlineno if name.startswith("`") else 1
            found = f"line {trace.tb_lineno - first + 1} of {name}" + (f": {text}" if text else "")
        trace = trace.tb_next
    return found


def _is_readers(filename: str) -> bool:
    paths = sysconfig.get_paths()
    libraries = [PACKAGE, paths["stdlib"], paths["platstdlib"], *site.getsitepackages()]
    libraries += [paths["purelib"], paths["platlib"], site.getusersitepackages()]
    inside = any(filename.startswith(str(Path(folder))) for folder in libraries)
    return not inside and not filename.startswith("<frozen")
