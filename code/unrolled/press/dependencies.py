"""What a page is computed from: the files of the package that its code reaches, and no others.

Followed are the names in a page's code cells, the imports of a module and its parents, a module
or a file beside it that is named by a string (a command line, a widget's JavaScript, a table),
and the imports of a JavaScript module. A name in a comment or in prose reaches nothing.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

PACKAGE = "unrolled"
CODE_CELL = re.compile(
    r"^(?P<fence>`{3,}|~{3,})\s*\{code-cell\}[^\n]*\n(?P<body>.*?)^(?P=fence)", re.M | re.S
)
NAME = re.compile(rf"\b{PACKAGE}(?:\.\w+)*")
FROM = re.compile(rf"\bfrom\s+({PACKAGE}[\w.]*)\s+import\s+(\([^)]*\)|[^\n]*)")
SCRIPT_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.-]+\.js)";', re.M)


def dependencies(page: Path, source: Path) -> set[Path]:
    """Return the files below `source` (the folder that holds the package) a page reaches."""
    names = set()
    for cell in CODE_CELL.finditer(page.read_text(encoding="utf-8")):
        body = cell["body"]
        names.update(NAME.findall(body))
        for base, imported in FROM.findall(body):
            names.update(f"{base}.{name}" for name in re.findall(r"\w+", imported))
    reached: set[Path] = set()
    waiting = {file for name in names for file in _files(name, source)}
    while waiting:
        file = waiting.pop()
        reached.add(file)
        waiting |= _reached_by(file, source) - reached
    return reached


def _files(name: str, source: Path) -> set[Path]:
    """Return the file of a module and of its parents; what is no module has its parents' alone."""
    parts = name.split(".")
    found = set()
    for end in range(1, len(parts) + 1):
        place = source.joinpath(*parts[:end])
        found |= {
            file for file in (place / "__init__.py", place.with_suffix(".py")) if file.exists()
        }
    return found


@cache
def _read(file: Path, stamp: int) -> tuple[frozenset[str], frozenset[str]]:
    """Return the modules and the strings that a file names; `stamp` tells its versions apart."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".js":
        return frozenset(), frozenset(SCRIPT_IMPORT.findall(text))
    modules, strings = set(), set()
    for node in ast.walk(ast.parse(text)) if file.suffix == ".py" else ():
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)
    return frozenset(modules), frozenset(strings)


def _reached_by(file: Path, source: Path) -> set[Path]:
    modules, strings = _read(file, file.stat().st_mtime_ns)
    named = modules | {text for text in strings if NAME.fullmatch(text)}
    reached = {
        target for name in named if name.split(".")[0] == PACKAGE for target in _files(name, source)
    }
    for text in strings:
        if re.fullmatch(r"[\w.-]+\.\w+", text):
            beside = (file.parent / text, file.parent / "static" / text)
            reached |= {target for target in beside if target.is_file()}
    return reached
