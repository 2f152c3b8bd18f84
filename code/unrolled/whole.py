"""A folder that is whole or not there at all: written aside, then moved into place.

Whatever stops a program in the middle (a kill, a full disk, a crash) leaves a folder with
``.partial`` in its name, which nobody takes for complete and the next writer clears away. A record
in the folder says what each file was like, so that damage done later is found, and named.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

RECORD = "made.json"
"""In the folder: size, time of writing and SHA-256 of every other file in it."""


def write_whole(place: Path, fill: Callable[[Path], object]) -> None:
    """Let `fill` write files into an empty folder, then move that to `place` in one step.

    What stood there before is replaced; without a success it stays as it was. One process at a
    time: whoever may have company holds a lock.

    Raises:
        OSError: The disk is full, or the folder can't be written. Nothing is left of the try.
    """
    partial = place.with_name(f"{place.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        fill(partial)
        for path in partial.iterdir():
            path.chmod(0o644)  # some writers leave files that only their owner may read
        written = {path.name: _trace(path) for path in sorted(partial.iterdir())}
        (partial / RECORD).write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
        remove_whole(place)
        os.replace(partial, place)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def remove_whole(place: Path) -> None:
    """Take a folder away in one step, then delete what can be deleted of it."""
    if place.exists():
        aside = place.with_name(f"{place.name}.old.partial")
        shutil.rmtree(aside, ignore_errors=True)
        os.replace(place, aside)
        shutil.rmtree(aside, ignore_errors=True)


def differing(place: Path) -> list[str]:
    """The files of a folder that are not as they were written; none if it is as it should be.

    A file whose size and time are those of the record is not read again, so the check is cheap
    while nothing was touched. A folder without a readable record differs in its record.
    """
    try:
        written = json.loads((place / RECORD).read_text(encoding="utf-8"))
        return [name for name, trace in written.items() if not _same(place / name, trace)]
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return [RECORD]


def _trace(path: Path) -> dict[str, object]:
    now = path.stat()
    return {"bytes": now.st_size, "time_ns": now.st_mtime_ns, "sha256": _sha256(path)}


def _same(path: Path, trace: dict[str, object]) -> bool:
    if not path.is_file() or (now := path.stat()).st_size != trace["bytes"]:
        return False
    return now.st_mtime_ns == trace["time_ns"] or _sha256(path) == trace["sha256"]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
