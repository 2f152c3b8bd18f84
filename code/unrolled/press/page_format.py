"""Refuses pages whose front matter would crash the build later, with a message that helps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

FRONT_MATTER = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---"""


def front_matter(text: str) -> dict:
    """Return a page's front matter; empty if it has none or it isn't a YAML mapping."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return {}
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), 0)
    try:
        found = yaml.safe_load("\n".join(lines[1:end]))
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def problem(text: str) -> str:
    """Say what is wrong with a page's front matter; empty if nothing is."""
    found = front_matter(text)
    jupytext = found.get("jupytext")
    representation = jupytext.get("text_representation") if isinstance(jupytext, dict) else None
    name = representation.get("format_name") if isinstance(representation, dict) else None
    is_notebook = name == "myst" or found.get("file_format") == "mystnb"
    if "kernelspec" in found and not is_notebook:
        return f"names a kernel (kernelspec), but expected jupytext's format_name: myst, got {name}"
    if is_notebook and "kernelspec" not in found:
        return "is a MyST notebook (jupytext), but names no kernel: expected kernelspec"
    return ""


def check_pages(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Check every page of the book before any is read.

    Raises ExtensionError that names every page at fault and shows the right front matter.
    """
    faults = []
    for docname in sorted(env.found_docs):
        path = Path(env.doc2path(docname))
        if path.suffix == ".md" and (fault := problem(path.read_text(encoding="utf-8"))):
            faults.append(f"{path.relative_to(app.srcdir)} {fault}")
    if faults:
        raise ExtensionError(
            "\n".join(faults) + f"\nA page with code begins with exactly:\n{FRONT_MATTER}"
        )


def register(app: Sphinx) -> None:
    """Check the pages before Sphinx reads them."""
    app.connect("env-before-read-docs", check_pages)
