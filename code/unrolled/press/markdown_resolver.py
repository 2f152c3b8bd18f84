"""Turns the MyST of a page into plain Markdown that Jupyter, Colab and GitHub all show.

Blocks are cut by `markdown_blocks`, paragraphs resolved by `markdown_inline`, names looked
up by `references`. What has no form in plain Markdown is a warning, never silently left.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field

from sphinx.application import Sphinx
from sphinx.util import logging

from unrolled.press import markdown_directives
from unrolled.press.markdown_blocks import Block, blocks
from unrolled.press.markdown_inline import InlineResolver
from unrolled.press.references import PageReferences, Unresolved

LOGGER = logging.getLogger(__name__)

HIDDEN_DIRECTIVE = re.compile(
    r"^[ >\-*+\d.]*(?P<fence>`{3,}|~{3,}|:{3,})\s*\{[A-Za-z](?!.*(?P=fence)).*", re.MULTILINE
)

Cells = list[tuple[str, str]]
"""Cells as (kind, source), `kind` being `markdown` or `code`."""


@dataclass
class PageResolver:
    """Resolves the Markdown cells of one page, in order."""

    app: Sphinx
    docname: str
    problems: int = 0
    line: int = 0
    references: PageReferences = field(init=False)
    inline: InlineResolver = field(init=False)

    def __post_init__(self) -> None:
        self.references = PageReferences(self.app, self.docname)
        self.inline = InlineResolver(self.references, self.warn)

    def warn(self, problem: str) -> None:
        """Report something that a notebook can't show."""
        self.problems += 1
        LOGGER.warning(
            f"{problem} (in the notebook of this page)",
            location=(self.docname, self.line + 1),
            type="unrolled",
            subtype="notebook",
        )

    def cells(self, source: str, line: int = 0) -> Cells:
        """Return the cells that stand for the MyST `source`, which begins at `line` of the page."""
        found: Cells = [("markdown", "")]
        for block in blocks(source):
            self.line = line + block.line
            for kind, text in self._block(block):
                if kind == "same" and found[-1][0] == "markdown":
                    found[-1] = ("markdown", found[-1][1] + "\n\n" + text.strip("\n"))
                else:
                    found.append(("markdown" if kind == "same" else kind, text))
        finished = [(kind, self._finished(kind, text)) for kind, text in found]
        return [(kind, text) for kind, text in finished if text]

    def text(self, source: str, folded: bool = False) -> str:
        """Return `source` resolved as one piece of Markdown, for use inside another block.

        With `folded`, equations stand on one line: inside a quotation a line break of an
        equation would put the quotation's mark into it.
        """
        parts = []
        for block in blocks(source):
            if block.kind == "equation" and folded:
                parts.append(self.equation(block.text, block.label, folded=True))
                continue
            parts += [text.strip("\n") for _, text in self._block(block)]
        return "\n\n".join(part for part in parts if part.strip())

    def _finished(self, kind: str, text: str) -> str:
        return self.inline.take_images(text.strip("\n")) if kind == "markdown" else text

    def _block(self, block: Block) -> Cells:
        """Return a block's cells; kind `same` goes on in the cell before it."""
        if block.kind == "code":
            return [("same", block.text)]
        if block.kind == "equation":
            return [("same", _indented(self.equation(block.text, block.label), block.indent))]
        if block.kind == "directive":
            return self._directive(block)
        resolved = self.inline.resolve(block.text)
        self._check(block.text)
        return [("same", resolved)] if resolved.strip() else []

    def _directive(self, block: Block) -> Cells:
        try:
            cells = markdown_directives.resolve(self, block)
        except (Unresolved, ValueError, OSError) as problem:
            self.warn(f"{{{block.name}}}: {problem}")
            return [("same", f"```text\n{block.text}\n```")]
        return [(kind, _indented(text, block.indent)) for kind, text in cells]

    def equation(self, body: str, label: str = "", folded: bool = False) -> str:
        """Return a displayed equation, with the number it has on the published page."""
        if label:
            try:
                body += rf" \tag{{{self.references.equation(label)[0]}}}"
            except Unresolved as problem:
                self.warn(str(problem))
        if folded:
            return f"$$ {' '.join(body.split())} $$"
        return f"$$\n{body}\n$$"

    def _check(self, prose: str) -> None:
        """Warn of directives that MyST itself doesn't see, and shows as text."""
        for found in HIDDEN_DIRECTIVE.finditer(prose):
            self.warn(
                "a directive in a quotation, beside a list's mark, or with backticks behind its "
                f"name (fence it with colons instead): {found[0].strip()!r}"
            )


def _indented(text: str, indent: str) -> str:
    return textwrap.indent(text, indent) if indent else text
