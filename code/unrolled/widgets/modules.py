"""Joins a widget's JavaScript files into the one module that anywidget ships.

In Jupyter the module is imported from a blob, where a relative import finds
nothing; in the tree the maths of a widget stays in a pure module of its own,
apart from its view. So Python joins the two: each imported sibling is placed
once, before what needs it, with its `import` and `export` words taken off.
"""

from __future__ import annotations

import re
from pathlib import Path

STATIC = Path(__file__).parent / "static"

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|let|class)\b)", re.MULTILINE)


def module(name: str, folder: Path = STATIC) -> str:
    """Return `name` and every sibling it imports as one ES module's text.

    Raises ValueError for a missing file and for an import of any other form
    than ``import { a, b } from "./sibling.js";``.
    """
    placed: dict[str, str] = {}

    def place(file: str, wanted_by: str) -> None:
        if file in placed:
            return
        path = folder / file
        if not path.is_file():
            raise ValueError(
                f"expected {path}, which {wanted_by} imports, but there is no such file"
            )
        text = path.read_text(encoding="utf-8")
        for sibling in _IMPORT.findall(text):
            place(sibling, wanted_by=file)
        body = _IMPORT.sub("", text)
        if stray := re.search(r"^import .*$", body, re.MULTILINE):
            raise ValueError(
                f'expected imports like import {{ a }} from "./b.js"; in {file}, '
                f"got {stray.group(0)!r}"
            )
        placed[file] = body if file == name else _EXPORT.sub("", body)

    place(name, wanted_by="a widget")
    return "\n".join(placed.values())


def style(*names: str, folder: Path = STATIC) -> str:
    """Return the style sheet that all widgets share, followed by the named ones."""
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in ("widget.css", *names))
