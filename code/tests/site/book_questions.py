"""The book's own questions, read from its pages as the press reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from unrolled.press.markdown_blocks import blocks
from unrolled.press.question_format import Question, parse_question

BOOK = Path(__file__).parents[3] / "book"


def book_questions() -> Iterator[tuple[str, Question]]:
    """Yield (page, question) for every question and follow-up of the book, in page order."""
    for path in sorted(BOOK.glob("*.md")):
        for block in blocks(path.read_text("utf-8")):
            if block.name == "question":
                question = parse_question(block.argument, block.text)
                yield from ((path.stem, member) for member in question.family())
