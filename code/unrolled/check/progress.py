"""What a reader has done: kept in a small file, shown as a list, exported as JSON.

The file is ``$UNROLLED_PROGRESS`` where that is set (``off``: nothing is kept), else
``progress.json`` in the folder of `unrolled.assets`. Its contents are also what `export` writes,
and what the published site reads beside the answers given there:

    {"schema": 1, "kind": "unrolled-exercises",
     "tasks": {"<chapter>/<task>": {"passed": true, "at": "2026-11-25T10:30:00+00:00"}}}

A task that was tried and has not passed yet stands there with ``"passed": false``; what has
passed once stays passed. A check never fails because this file can't be read or written.
"""

import json
import os
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from unrolled.assets import cache_folder

SCHEMA = 1
KIND = "unrolled-exercises"
VARIABLE = "UNROLLED_PROGRESS"


def progress_file() -> Path | None:
    """Return where progress is kept; None if the reader wants it kept nowhere."""
    named = os.environ.get(VARIABLE)
    if named:
        return None if named == "off" else Path(named).expanduser().absolute()
    return cache_folder() / "progress.json"


def recorded() -> dict[str, dict[str, Any]]:
    """Return what is recorded, by task; empty where there is no file or it can't be read."""
    path = progress_file()
    if path is None:
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        tasks = found["tasks"] if found["schema"] == SCHEMA and found["kind"] == KIND else {}
        return {name: entry for name, entry in tasks.items() if isinstance(entry["passed"], bool)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def record(task: str, passed: bool) -> None:
    """Keep that a task was tried now, and whether it passed."""
    path, tasks = progress_file(), recorded()
    if path is None or (tasks.get(task, {}).get("passed") and not passed):
        return
    at = datetime.now(UTC).isoformat(timespec="seconds")
    with suppress(OSError):
        _write(path, tasks | {task: {"passed": passed, "at": at}})


def export(path: str | Path = "unrolled-exercises.json") -> Path:
    """Write the progress of all chapters as JSON, to be kept or read in by the site.

    Raises:
        OSError: The file can't be written there.
    """
    target = Path(path).expanduser().absolute()
    _write(target, recorded())
    return target


def _write(path: Path, tasks: dict[str, dict[str, Any]]) -> None:
    """Write the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    contents = {"schema": SCHEMA, "kind": KIND, "tasks": dict(sorted(tasks.items()))}
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(contents, indent=1) + "\n")
        os.replace(name, path)
    except OSError:
        with suppress(OSError):
            os.unlink(name)
        raise


def show_progress(chapter: Any = None) -> "Overview":
    """Return what is done and what is next, in one chapter or in all of them."""
    chapters = [chapter] if chapter is not None else _all_chapters()
    return Overview(chapters, recorded())


def _all_chapters() -> list[Any]:
    package = import_module(__package__)
    names = [f"{__package__}.{found.name}" for found in iter_modules(package.__path__)]
    modules = [import_module(name) for name in names]
    chapters = [module.CHAPTER for module in modules if hasattr(module, "CHAPTER")]
    return sorted(chapters, key=lambda chapter: chapter.number)


class Overview:
    """A list of tasks, done or not, that prints as text."""

    def __init__(self, chapters: list[Any], entries: dict[str, dict[str, Any]]) -> None:
        self.lines: list[str] = []
        following = ""
        for chapter in chapters:
            done = [bool(entries.get(task.key, {}).get("passed")) for task in chapter.tasks]
            self.lines.append(f"{chapter.name}: {sum(done)} of {len(done)} tasks done")
            for task, passed in zip(chapter.tasks, done, strict=True):
                mark = "done" if passed else "tried" if task.key in entries else ""
                self.lines.append(f"  {mark:5} {task.name}: {task.title} ({task.minutes} min)")
                if not passed and not following:
                    following = task.key
        self.lines.append(f"Next: {following}" if following else "All done.")

    def __repr__(self) -> str:
        return "\n".join(self.lines)
