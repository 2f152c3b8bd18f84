"""What each directive of the book's pages becomes in a notebook.

A handler takes the page's resolver and the directive's block and returns cells; kind `same`
goes on in the Markdown cell before it.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from unrolled.press.exercises import read_answers, solutions
from unrolled.press.facts import TIMES, spoken
from unrolled.press.ladder import ladder_markdown
from unrolled.press.markdown_blocks import Block
from unrolled.press.markdown_inline import inline_html
from unrolled.press.predict import HEADING
from unrolled.press.question_format import parse_question, question_cells
from unrolled.press.references import Unresolved
from unrolled.press.solution import STUCK, SUMMARY

if TYPE_CHECKING:
    from unrolled.press.markdown_resolver import Cells, PageResolver

LANGUAGES = {".py": "python", ".js": "javascript", ".sh": "bash", ".toml": "toml", ".css": "css"}
BOXES = ("note", "tip", "warning", "important", "hint", "caution", "attention", "seealso")
NUMBER_OPTIONS = ("dedent", "lineno-start", "tab-width")


def resolve(page: PageResolver, block: Block) -> Cells:
    """Return the cells for one directive. Raises Unresolved if it has no form in a notebook."""
    if block.name not in HANDLERS:
        raise Unresolved(f"the directive {block.name!r} has no form in a notebook")
    return HANDLERS[block.name](page, block)


def _quoted(title: str, body: str) -> str:
    text = f"**{title}**" + (f"\n\n{body}" if body else "")
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _folded(title: str, body: str) -> str:
    return f"<details>\n<summary>{inline_html(title)}</summary>\n\n{body}\n\n</details>"


def _box(page: PageResolver, block: Block) -> Cells:
    name = "See also" if block.name == "seealso" else block.name.capitalize()
    body = "\n\n".join(part for part in (block.argument, block.text) if part)
    if "dropdown" in block.options.get("class", ""):
        return [("same", _folded(name, page.text(body)))]
    return [("same", _quoted(f"{name}.", page.text(body, folded=True)))]


def _admonition(page: PageResolver, block: Block) -> Cells:
    title = page.inline.resolve(block.argument)
    if block.name == "dropdown" or "dropdown" in block.options.get("class", ""):
        return [("same", _folded(title or "More", page.text(block.text)))]
    return [("same", _quoted(title, page.text(block.text, folded=True)))]


def _facts(page: PageResolver, block: Block) -> Cells:
    metadata = getattr(page.app.env, "nb_metadata", {}).get(page.docname, {})
    seconds = (metadata.get("exec_data") or {}).get("runtime")
    able = [part.strip() for part in block.options["able"].split(";") if part.strip()]
    rows = [
        f"**{name}:** {page.inline.resolve(block.options[option])}"
        for option, name in TIMES.items()
        if option in block.options
    ]
    if seconds is not None:
        rows.append(f"**Time to run:** {spoken(seconds)} on the CPU that built the book")
    rows.append(f"**You need:** {page.inline.resolve(block.options['needs'])}")
    rows.append("**You will be able to:** " + page.inline.resolve("; ".join(able)))
    return [("same", "\n".join(f"- {row}" for row in rows))]


def _predict(page: PageResolver, block: Block) -> Cells:
    body = page.text(block.text, folded=True)
    guesses = [guess.strip() for guess in block.options.get("options", "").split("|")]
    choices = "\n".join(f"- {page.inline.resolve(guess)}" for guess in guesses if guess)
    title = f"{HEADING}: {page.inline.resolve(block.argument)}"
    return [("same", _quoted(title, "\n\n".join(part for part in (body, choices) if part)))]


def _question(page: PageResolver, block: Block) -> Cells:
    cells = question_cells(parse_question(block.argument, block.text))
    return [(kind, page.text(text) if kind == "markdown" else text) for kind, text in cells]


def _solution(page: PageResolver, block: Block) -> Cells:
    """The folded answer in a starter; in the answers page, where it has a body, the body."""
    if block.text.strip():
        return [("same", page.text(block.text))]
    answers = solutions(read_answers(Path(page.app.env.doc2path(page.docname))))
    if block.argument not in answers:
        raise Unresolved(f"there is no answer to {block.argument!r}")
    solution = answers[block.argument]
    parts = [*(_fenced(code, "python") for code in solution.code), page.text(solution.why)]
    return [("same", _folded(SUMMARY, "\n\n".join(parts)))]


def _answers(page: PageResolver, block: Block) -> Cells:
    return [("same", f"{STUCK} `answers/{page.docname.rsplit('/', 1)[-1]}.ipynb`.")]


def _ladder(page: PageResolver, block: Block) -> Cells:
    return [("same", ladder_markdown(page.app.env, page.docname, "all" in block.options))]


def _fenced(code: str, language: str) -> str:
    longest = max((len(run) for run in code.split("\n") if set(run.strip()) == {"`"}), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"


def _literalinclude(page: PageResolver, block: Block) -> Cells:
    from sphinx.directives.code import LiteralIncludeReader

    _, path = page.app.env.relfn2path(block.argument, page.docname)
    options = {
        key: int(value) if key in NUMBER_OPTIONS and value else value
        for key, value in block.options.items()
    }
    code, _ = LiteralIncludeReader(path, options, page.app.config).read()
    suffix = os.path.splitext(path)[1]
    fenced = _fenced(code, block.options.get("language", LANGUAGES.get(suffix, "")))
    caption = page.inline.resolve(block.options.get("caption", ""))
    return [("same", f"{caption}\n\n{fenced}" if caption else fenced)]


def _code_block(page: PageResolver, block: Block) -> Cells:
    return [("same", _fenced(textwrap.dedent(block.text), block.argument))]


def _figure(page: PageResolver, block: Block) -> Cells:
    image = page.inline.image(block.options.get("alt", ""), block.argument)
    caption = page.text(block.text)
    return [("same", f"{image}\n\n{caption}" if caption else image)]


def _math(page: PageResolver, block: Block) -> Cells:
    body = "\n".join(part for part in (block.argument, block.text.strip()) if part)
    return [("same", page.equation(body, block.options.get("label", "")))]


def _bibliography(page: PageResolver, block: Block) -> Cells:
    """Nothing here: the entries a page cites stand at its notebook's end."""
    return []


HANDLERS: dict[str, Callable[[PageResolver, Block], Cells]] = {
    **dict.fromkeys(BOXES, _box),
    "admonition": _admonition,
    "dropdown": _admonition,
    "facts": _facts,
    "predict": _predict,
    "question": _question,
    "solution": _solution,
    "answers": _answers,
    "ladder": _ladder,
    "literalinclude": _literalinclude,
    "code-block": _code_block,
    "figure": _figure,
    "image": _figure,
    "math": _math,
    "bibliography": _bibliography,
    "toctree": _bibliography,
}
