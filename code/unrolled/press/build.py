"""Builds the book: decides what is stale, hands over to Jupyter Book, says how long it took.

Jupyter Book's cache of executed pages looks at a page's own text alone. So the
build keeps fingerprints: one of the pins (a change drops the cache: all pages
execute again), one for each page, of the modules that it reaches (a change makes
that page execute again), and one of everything that can change how a page is
rendered (a change drops Sphinx's environment: all pages are read and written
again, from the cache).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from jupyter_cache import get_cache

from unrolled.press.dependencies import dependencies

PINS = ("requirements.txt", "package-lock.json")
RENDERED_FROM = ("code/unrolled/press/**/*", "_config.yml", "book/assets/**/*")
PAGES = ("book/*.md", "exercises/**/*.md")
CACHE = ".jupyter_cache"
DOCTREES = ".doctrees"
MARKS = "press/fingerprints.json"
QUIET_THREADS = {"GOMP_SPINCOUNT": "2000"}
"""How long an idle thread of PyTorch waits awake, in turns of its loop. By default it is so
long that a second program on the same two cores makes training up to ten times slower."""


def fingerprint(root: Path, paths: Iterable[Path]) -> str:
    """SHA-256 over the names and contents of `paths`, in a fixed order."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(set(paths)):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(root)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _matching(root: Path, patterns: Iterable[str]) -> list[Path]:
    return [path for pattern in patterns for path in root.glob(pattern)]


def fingerprints(root: Path) -> dict[str, str]:
    """Fingerprints of the pins, of what renders pages, and of what each page is computed from."""
    pages = {
        page.relative_to(root).as_posix(): fingerprint(root, dependencies(page, root / "code"))
        for page in _matching(root, PAGES)
    }
    pins = _matching(root, PINS)
    rendered = fingerprint(root, [*pins, *_matching(root, RENDERED_FROM)])
    return {"pins": fingerprint(root, pins), "rendered": rendered, **pages}


def drop_stale(root: Path) -> list[str]:
    """Drop what the last build left if it no longer holds.

    Returns what was dropped: folders of the build, and the pages that have to execute again.
    """
    build = root / "_build"
    marks = build / MARKS
    known = json.loads(marks.read_text(encoding="utf-8")) if marks.exists() else {}
    now = fingerprints(root)
    changed = [name for name, value in now.items() if known.get(name) != value]
    dropped = []
    if "pins" in changed:
        dropped += [CACHE, "jupyter_execute"]
    if "rendered" in changed:
        dropped += [DOCTREES]
    for name in dropped:
        shutil.rmtree(build / name, ignore_errors=True)
    pages = [] if "pins" in changed else [name for name in changed if name != "rendered"]
    _forget(build, pages)
    marks.parent.mkdir(parents=True, exist_ok=True)
    marks.write_text(json.dumps(now, indent=1), encoding="utf-8")
    return dropped + pages


def _forget(build: Path, pages: list[str]) -> None:
    """Drop what executing these pages, and reading the results, has left."""
    if not pages or not (build / CACHE).is_dir():
        return
    cache = get_cache(build / CACHE)
    for record in cache.list_cache_records():
        if any(Path(record.uri).as_posix().endswith(f"/{page}") for page in pages):
            cache.remove_cache(record.pk)
    for page in pages:
        (build / DOCTREES / page).with_suffix(".doctree").unlink(missing_ok=True)


def jupyter_book(root: Path) -> int:
    """Run Jupyter Book, strictly: every warning is an error, every reference resolves."""
    program = Path(sys.executable).with_name("jupyter-book")
    strictly = ["-W", "-n", "--keep-going"]
    environment = {**QUIET_THREADS, **os.environ, "UNROLLED_PROGRESS": "off"}
    command = [str(program), "build", str(root), *strictly]
    return subprocess.run(command, cwd=root, env=environment).returncode


def report(root: Path) -> None:
    """Print where the book is and how long each page took to execute."""
    from unrolled.press.timings import KEPT

    times = root / "_build" / "press" / KEPT
    if times.exists():
        print("\nSeconds to execute each page:")
        print(times.read_text(encoding="utf-8").rstrip())
    print(f"\nThe book is in {root / '_build' / 'html'}. To read it with its interactives:")
    print("  make read      # http://127.0.0.1:8000")


def main() -> None:
    """Entry point of ``python -m unrolled.press``."""
    parser = argparse.ArgumentParser(prog="python -m unrolled.press", description=__doc__)
    parser.add_argument("root", type=Path, nargs="?", default=Path(), help="the checkout")
    root = parser.parse_args().root.resolve()
    if not (root / "_config.yml").exists():
        parser.error(f"expected a checkout of the book with _config.yml, got {root}")
    drop_stale(root)
    if status := jupyter_book(root):
        sys.exit(status)
    report(root)


if __name__ == "__main__":
    main()
