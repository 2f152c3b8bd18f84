"""The page of all answers as the press writes it: other pages' texts, and the lists of the site."""

from __future__ import annotations

import json
from pathlib import Path

from answering import ANSWERS, PAGE, REVIEW, STARTER
from bs4 import BeautifulSoup
from tiny_book import TinyBook

from unrolled.check.progress import _all_chapters as all_chapters
from unrolled.press.exercises import read_answers, solutions

CHECKOUT = Path(__file__).parents[3]
PAGES = {"embeddings": PAGE, "review": REVIEW, "toys": STARTER, "answers/toys": ANSWERS}


def texts(book: TinyBook) -> dict[str, str]:
    """The templates of the page of all answers, by id, as words."""
    soup = BeautifulSoup(book.page("review"), "html.parser")
    return {each["id"]: " ".join(each.get_text().split()) for each in soup.find_all("template")}


def catalog(book: TinyBook) -> list[dict]:
    return json.loads((book.html / "_static" / "questions.json").read_text("utf-8"))


def test_each_question_s_prompt_and_ideas_stand_there_as_set(tiny_book: TinyBook) -> None:
    assert tiny_book.build(PAGES) == ""
    assert texts(tiny_book) == {
        "text-emb-what-prompt": "What is a word embedding, in terms of \\(d\\)?",
        "text-emb-what-ideas": "An embedding is a vector. Its numbers are learned.",
        "text-emb-be-the-embedder-prompt": "Give two words for each. Say why. Be brief.",
        "text-emb-be-the-embedder-ideas": "Royalty.",
    }
    soup = BeautifulSoup(tiny_book.page("review"), "html.parser")
    assert soup.find(id="text-emb-what-prompt").find(class_="math")
    assert len(soup.find(id="text-emb-what-ideas").find(class_="question-ideas")("li")) == 2
    assert [each for part in soup("template") for each in part(id=True)] == []
    assert soup(["section", "textarea"], class_="question") == []


def test_a_changed_chapter_reaches_the_page_that_did_not_change(tiny_book: TinyBook) -> None:
    tiny_book.build(PAGES)
    assert tiny_book.build({"embeddings": PAGE.replace("What is a", "What is meant by a")}) == ""
    assert texts(tiny_book)["text-emb-what-prompt"].startswith("What is meant by a word embedding")
    assert tiny_book.build({"embeddings": PAGE[: PAGE.index("```{question} emb-be")]}) == ""
    assert set(texts(tiny_book)) == {"text-emb-what-prompt", "text-emb-what-ideas"}


def test_a_link_in_a_prompt_leads_from_the_page_that_shows_it(tiny_book: TinyBook) -> None:
    page = PAGE.replace("What is a word", "See [toys](toys.md). What is a word")
    assert tiny_book.build({**PAGES, "embeddings": page}) == ""
    soup = BeautifulSoup(tiny_book.page("review"), "html.parser")
    assert soup.find(id="text-emb-what-prompt").a["href"] == "toys.html"


def test_the_list_has_rubrics_and_tasks_in_the_book_s_order(tiny_book: TinyBook) -> None:
    tiny_book.build(PAGES)
    first, second = catalog(tiny_book)
    assert (first["page"], first["title"], first["tasks"]) == ("embeddings.html", "Embeddings", [])
    assert first["questions"][0] == {
        "id": "emb-what",
        "kind": "open",
        "prompt": "What is a word embedding, in terms of $d$?",
        "ideas": [
            {
                "says": "An embedding is a vector.",
                "terms": [["vector", "list of numbers"]],
                "contradictions": [],
            },
            {
                "says": "Its numbers are learned.",
                "terms": [["learned", "trained"]],
                "contradictions": [],
            },
        ],
        "boxes": [],
    }
    assert second == {
        "page": "toys.html",
        "title": "Exercises: toys",
        "questions": [],
        "tasks": [
            {"id": "toys/double", "title": "1. To double (1 min)", "anchor": "to-double-1-min"},
            {"id": "toys/triple", "title": "2. To triple (2 min)", "anchor": "to-triple-2-min"},
        ],
    }
    ids = json.loads((tiny_book.html / "_static" / "question-ids.json").read_text("utf-8"))
    assert ids == {"embeddings.html": ["emb-what", "emb-be-the-embedder"]}


def test_the_book_s_tasks_are_those_that_the_checks_know() -> None:
    """What `check.export()` names is what the page lists."""
    known = {task.key for chapter in all_chapters() for task in chapter.tasks}
    starters = CHECKOUT.glob("exercises/*.md")
    listed = {f"{page.stem}/{task}" for page in starters for task in solutions(read_answers(page))}
    assert listed == known
