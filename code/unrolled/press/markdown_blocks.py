"""Cuts MyST text into its blocks: fences, directives, equations, and the prose between them.

Lines are walked once; a fence ends only at a run of its own character that is at least as
long as the one that opened it, so whatever stands inside it is never looked at.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

OPENING = re.compile(r"(?P<indent>\s*)(?P<fence>`{3,}|~{3,}|:{3,})(?P<info>.*)")
DIRECTIVE = re.compile(r"\{(?P<name>[A-Za-z][\w:+.-]*)\}\s*(?P<argument>.*)")
EQUATION = re.compile(r"(?P<indent>[ ]*)\$\$(?P<rest>.*)")
EQUATION_END = re.compile(
    r"(?P<body>(?:(?!\$\$).)*)\$\$(?:\s*\((?P<label>[^()\s]+)\))?\s*", re.DOTALL
)
COMMENT = re.compile(r"\s{0,3}%")
TARGET = re.compile(r"\s{0,3}\([^()\s][^()]*\)=\s*")
BREAK = re.compile(r"\+\+\+(?:\s.*)?")


@dataclass(frozen=True)
class Block:
    """One block: `kind` is prose, code, equation or directive; `line` counts from 0."""

    kind: str
    text: str
    line: int
    indent: str = ""
    name: str = ""
    argument: str = ""
    options: dict[str, str] = field(default_factory=dict)
    label: str = ""


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of `text`, prose by paragraph, without comments, targets, cell breaks."""
    lines = text.split("\n")
    prose: list[str] = []
    at = start = 0
    while at < len(lines):
        block, after = _special(lines, at)
        if block is None and after == at and lines[at].strip():
            start = at if not prose else start
            prose.append(lines[at])
            at += 1
            continue
        if prose:
            yield Block("prose", "\n".join(prose), start)
            prose = []
        if block is not None:
            yield block
        at = max(after, at + 1)
    if prose:
        yield Block("prose", "\n".join(prose), start)


def _special(lines: list[str], at: int) -> tuple[Block | None, int]:
    """Read the block that is not prose at this line; (None, at) where there is none."""
    line = lines[at]
    if (opening := OPENING.fullmatch(line)) and _opens(opening):
        return _fence(lines, at, opening)
    if equation := EQUATION.fullmatch(line):
        return _equation(lines, at, equation)
    if COMMENT.match(line) or TARGET.fullmatch(line) or BREAK.fullmatch(line):
        return None, at + 1
    return None, at


def _opens(opening: re.Match) -> bool:
    if opening["fence"][0] == ":":
        return bool(DIRECTIVE.fullmatch(opening["info"].strip()))
    return opening["fence"][0] == "~" or "`" not in opening["info"]


def _fence(lines: list[str], at: int, opening: re.Match) -> tuple[Block, int]:
    fence = opening["fence"]
    closing = re.compile(rf"\s*{re.escape(fence[0])}{{{len(fence)},}}\s*")
    end = at + 1
    while end < len(lines) and not closing.fullmatch(lines[end]):
        end += 1
    body, indent = lines[at + 1 : end], opening["indent"]
    directive = DIRECTIVE.fullmatch(opening["info"].strip())
    if directive is None:
        return Block("code", "\n".join(lines[at : end + 1]), at), end + 1
    content = [line.removeprefix(indent) for line in body]
    options, rest = _options(content)
    name, argument = directive["name"], directive["argument"].strip()
    return Block("directive", rest, at, indent, name, argument, options), end + 1


def _options(lines: list[str]) -> tuple[dict[str, str], str]:
    """Split a directive's content into its options (`:key: value`, or YAML) and its body."""
    from myst_parser.parsers.options import options_to_items

    if lines and lines[0].startswith("---"):
        end = next((n for n, line in enumerate(lines[1:], 1) if line.startswith("---")), len(lines))
        block, rest = lines[1:end], lines[end + 1 :]
    else:
        end = 0
        while end < len(lines) and lines[end].lstrip().startswith(":"):
            end += 1
        block, rest = [line.lstrip()[1:] for line in lines[:end]], lines[end:]
        if any(not re.match(r"[\w-]+:(\s|$)", line) for line in block):
            block, rest = [], lines
    options = dict(options_to_items(textwrap.dedent("\n".join(block)))[0]) if block else {}
    return options, "\n".join(rest).strip("\n")


def _equation(lines: list[str], at: int, opening: re.Match) -> tuple[Block | None, int]:
    """Read `$$ ... $$ (label)`, on one line or several; prose if it never closes."""
    text = opening["rest"]
    for end in range(at, len(lines)):
        if end > at:
            if not lines[end].strip():
                break
            text += "\n" + lines[end].removeprefix(opening["indent"])
        if closed := EQUATION_END.fullmatch(text):
            label = closed["label"] or ""
            body = closed["body"].strip()
            return Block("equation", body, at, opening["indent"], label=label), end + 1
    return None, at
