"""Runs the generated notebooks outside the checkout and compares with the build's outputs.

One re-execution proves two things: the notebooks work where nothing but the reader's
packages is (an empty folder, a Python without `unrolled`), and every printed number, glued
value, figure and interactive comes out as the site shows it. Measured times alone may differ.
The notebooks of the exercises' answers have no outputs to compare with: they run there too, and
every check in them has to pass.

    python -m unrolled.press.verify [_build/notebooks]
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from unrolled.press.bare_environment import (
    copy_source,
    environment_variables,
    make_environment,
    own_versions,
    versions,
)

CHECKOUT = Path(__file__).parents[3]
CHECK = re.compile(r"^check\.(?!progress\b|export\b)(\w+)\(", re.MULTILINE)
SANITIZER = CHECKOUT / "code" / "tests" / "nbval_sanitize.cfg"


class VerificationError(RuntimeError):
    """The notebooks are not what the build promises."""


def find_notebooks(folder: Path) -> list[Path]:
    """Return the notebooks in `folder`. Raises VerificationError if there are none."""
    found = [path for path in _all_notebooks(folder) if path.parent.name != "answers"]
    if not found:
        raise VerificationError(f"expected notebooks in {folder}, found none: build the book first")
    return found


def find_answers(folder: Path) -> list[Path]:
    """Return the notebooks of answers in `folder`, or none."""
    return [path for path in _all_notebooks(folder) if path.parent.name == "answers"]


def _all_notebooks(folder: Path) -> list[Path]:
    paths = sorted(folder.rglob("*.ipynb"))
    return [path for path in paths if ".ipynb_checkpoints" not in path.parts]


def check_outputs(path: Path) -> int:
    """Return how many cells of a notebook have outputs to compare with.

    nbval compares nothing for a cell without an execution count, and an emptied notebook
    passes it; so both are refused. Raises VerificationError.
    """
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    never_run = [
        cell.source
        for cell in cells
        if cell.execution_count is None and "skip-execution" not in cell.metadata.get("tags", [])
    ]
    if never_run:
        raise VerificationError(
            f"{path.name}: expected every cell executed, got one that is not: {never_run[0][:60]!r}"
        )
    compared = sum(bool(cell.outputs) for cell in cells)
    if compared == 0:
        raise VerificationError(
            f"{path.name}: expected outputs to compare with, got {len(cells)} cells without any"
        )
    return compared


def compare(folder: Path, python: Path, variables: dict[str, str] | None = None) -> int:
    """Re-run all notebooks in `folder` with `python` and compare; return pytest's exit code.

    The smallest goes first, alone: its install cell is put to work. The others then find the
    package, so two can run at once without installing it into each other's hands.
    """
    first, *others = sorted(find_notebooks(folder), key=lambda path: path.stat().st_size)
    rounds = [[first], *([["-n", "2", "--dist", "loadfile", *others]] if others else [])]
    return max(_nbval(folder, python, variables, part) for part in rounds)


def run_answers(folder: Path, python: Path, variables: dict[str, str] | None = None) -> int:
    """Run the answers' notebooks in `folder`; return 0 if every check in each of them passed."""
    failed = 0
    for path in find_answers(folder):
        kept = path.with_suffix(".progress.json")
        status = _nbval(
            folder, python, (variables or {}) | {"UNROLLED_PROGRESS": str(kept)}, [path], "-lax"
        )
        missing = sorted(checks_of(path) - passed_checks(kept))
        if missing:
            print(f"{path.name}: these checks did not pass: {', '.join(missing)}", flush=True)
        failed |= status or bool(missing)
    return int(failed)


def checks_of(path: Path) -> set[str]:
    """Return the tasks (`chapter/task`) that a notebook checks.

    Raises VerificationError if there are none.
    """
    cells = nbformat.read(path, as_version=4).cells
    names = {
        name for cell in cells if cell.cell_type == "code" for name in CHECK.findall(cell.source)
    }
    if not names:
        raise VerificationError(f"{path.name}: expected cells that call check.<task>, found none")
    return {f"{path.stem}/{name.replace('_', '-')}" for name in names}


def passed_checks(progress: Path) -> set[str]:
    """Return the tasks that a file of progress (see `unrolled.check.progress`) says have passed."""
    if not progress.is_file():
        return set()
    tasks = json.loads(progress.read_text(encoding="utf-8"))["tasks"]
    return {name for name, entry in tasks.items() if entry["passed"]}


def _nbval(
    folder: Path,
    python: Path,
    variables: dict[str, str] | None,
    what: list[str | Path],
    mode: str = "",
) -> int:
    command = [
        str(python), "-m", "pytest", f"--nbval{mode}", "--nbval-current-env",
        "--nbval-sanitize-with", str(SANITIZER), "-p", "no:cacheprovider",
        "--rootdir", str(folder), "--color", "no", "--durations", "5", "-q", *map(str, what),
    ]  # fmt: skip
    return subprocess.run(command, cwd=folder, env=variables, check=False).returncode


def verify(notebooks: Path, checkout: Path = CHECKOUT) -> int:
    """Run all notebooks in an empty folder and a bare environment; return 0 if all agree."""
    found = find_notebooks(notebooks)
    compared = sum(check_outputs(path) for path in found)
    print(f"{len(found)} notebooks, {compared} cells with outputs to compare", flush=True)
    answers = find_answers(notebooks)
    with tempfile.TemporaryDirectory(prefix="unrolled-verify-") as name:
        work = Path(name)
        for path in [*found, *answers]:
            target = work / "notebooks" / path.relative_to(notebooks)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
        python = make_environment(work / "environment")
        variables = environment_variables(copy_source(checkout, work / "source"))
        status = compare(work / "notebooks", python, variables)
        status |= run_answers(work / "notebooks", python, variables)
        if versions(python) != own_versions():
            raise VerificationError(
                f"installing the book's package replaced what was there: "
                f"expected {own_versions()}, got {versions(python)}"
            )
    return status


def main(arguments: list[str] | None = None) -> int:
    """Verify the notebooks named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "notebooks",
        nargs="?",
        type=Path,
        default=CHECKOUT / "_build" / "notebooks",
        help="folder with the generated notebooks (default: %(default)s)",
    )
    try:
        return verify(parser.parse_args(arguments).notebooks.resolve())
    except VerificationError as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
