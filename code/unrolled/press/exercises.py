"""Exercises: a starter page, its answers page, and what makes one of the other.

`exercises/<chapter>.md` is the starter, a page of the site. `exercises/answers/<chapter>.md` is
the same page with two kinds of holes filled, and nothing else changed:

* a code cell with the tag `fill` holds the answer instead of a stub;
* a `{solution} <task>` directive, empty in the starter, has a body that explains the answer.

A page of the site shows both, folded, where the starter's `{solution}` stands; so an answer is
written once. Links in the answers page have one `../` more, since it lies one folder deeper.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unrolled.press.markdown_blocks import Block, blocks

FILL = "fill"
SOLUTION = "solution"
FOLDER = "exercises"
DEEPER = re.compile(r"\]\(\.\./\.\./")


@dataclass(frozen=True)
class Solution:
    """The answer to one task: the filled cells since the last one, and the explanation (MyST)."""

    code: tuple[str, ...]
    why: str


def is_exercise(docname: str) -> bool:
    """Tell whether a page of the site is a starter."""
    return docname.startswith(f"{FOLDER}/")


def answers_path(starter: Path) -> Path:
    """Return where the answers of a starter page are."""
    return starter.parent / "answers" / starter.name


def read_answers(starter: Path) -> str:
    """Return the answers page of a starter, its links as they would stand in the starter."""
    return DEEPER.sub("](../", answers_path(starter).read_text(encoding="utf-8"))


def is_filled(block: Block) -> bool:
    """Tell whether a block is a code cell that the reader fills."""
    tags = re.findall(r"[\w-]+", block.options.get("tags", ""))
    return block.name == "code-cell" and FILL in tags


def solutions(answers: str) -> dict[str, Solution]:
    """Return the solution of each task of an answers page.

    Raises ValueError if a task is solved twice, or a solution lacks code or explanation.
    """
    found: dict[str, Solution] = {}
    cells: list[str] = []
    for block in blocks(answers):
        if is_filled(block):
            cells.append(block.text)
        elif block.name == SOLUTION:
            if block.argument in found:
                raise ValueError(f"solution {block.argument!r}: expected once, got it twice")
            if not cells or not block.text.strip():
                raise ValueError(
                    f"solution {block.argument!r}: expected a filled cell before it and an "
                    f"explanation in it, got {len(cells)} cells and {len(block.text)} characters"
                )
            found[block.argument] = Solution(tuple(cells), block.text)
            cells = []
    return found


def differences(starter: str, answers: str) -> list[str]:
    """Say where two pages differ outside of what is to be filled; both have the same links."""
    ours, theirs = list(_skeleton(starter)), list(_skeleton(answers))
    found = [
        f"expected {mine[0]!r}, got {other[0]!r}" if mine[0] != other[0] else
        f"{mine[0]}: expected {mine[1]!r}, got {other[1]!r}"
        for mine, other in zip(ours, theirs, strict=False)
        if mine != other
    ]  # fmt: skip
    if len(ours) != len(theirs):
        found.append(f"expected {len(ours)} blocks, got {len(theirs)}")
    return found


def _skeleton(page: str) -> Iterator[tuple[str, str]]:
    """Yield each block as a name and its text, without what is to be filled."""
    for block in blocks(page):
        hole = is_filled(block) or block.name == SOLUTION
        name = f"{block.kind} {block.name} {block.argument} {sorted(block.options.items())}"
        yield name.strip(), "" if hole else block.text
