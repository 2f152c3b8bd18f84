"""The book's own questions, read from its pages as the press reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from unrolled.press.markdown_blocks import blocks
from unrolled.press.question_format import Question, parse_question

CHECKOUT = Path(__file__).parents[3]
PAGES = sorted([*CHECKOUT.glob("book/*.md"), *CHECKOUT.glob("exercises/*.md")])


def book_questions() -> Iterator[tuple[str, Question]]:
    """Yield (page, question) for every question and follow-up of the book, in page order."""
    for path in PAGES:
        page = path.stem if path.parent.name == "book" else f"{path.parent.name}/{path.stem}"
        for block in blocks(path.read_text("utf-8")):
            if block.name == "question":
                question = parse_question(block.argument, block.text)
                yield from ((page, member) for member in question.family())
