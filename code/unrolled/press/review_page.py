"""The `{review}` directive, and the list of all questions that its script and the sidebar read.

The list comes as two files of the site: `question-ids.json`, small, for the sidebar of every page,
and `questions.json` with rubrics and the exercises' tasks, which the review page alone loads. What
readers see of a question there, formulas set, stands in that page itself, in inert `<template>`s.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from unrolled.press import page_assets
from unrolled.press.freshness import shows_other_pages
from unrolled.press.ladder import pages_in_order
from unrolled.press.question_html import IDEAS, question_node
from unrolled.press.solution import tasks_of

SCHEDULER = Path(__file__).parents[3] / "node_modules" / "ts-fsrs"


class review_node(nodes.General, nodes.Element):  # noqa: N801 (docutils names nodes this way)
    """Stands where a reader's answers are listed."""


class review_text(nodes.General, nodes.Element):  # noqa: N801
    """The prompt or the key ideas of `question` (`part`), as its page sets them, to be copied."""


class ReviewDirective(SphinxDirective):
    """Ask for the list of all answers, and of what is due today, here."""

    def run(self) -> list[nodes.Node]:
        """Return the node that stands for the list; other pages' questions come into it later."""
        shows_other_pages(self.env)
        return [review_node()]


class PlaceTexts(SphinxPostTransform):
    """Copies every question's prompt and key ideas into the page once all pages have been read."""

    default_priority = 4  # before references are resolved

    def run(self, **kwargs: object) -> None:
        """Fill the page's list, if it has one."""
        for place in self.document.findall(review_node):
            for page in pages_in_order(self.env):
                if page != self.env.docname:
                    place.extend(self._texts(page))

    def _texts(self, page: str) -> Iterator[review_text]:
        for question in self.env.get_doctree(page).findall(question_node):
            parts = {part["part"]: part.children for part in question if "part" in part}
            ideas = [each for each in parts.get("answer", []) if IDEAS in each["classes"]]
            for name, content in {"prompt": parts["prompt"], "ideas": ideas}.items():
                text = review_text("", *content, question=question["ids"][0], part=name)
                for node in text.findall(nodes.Element):
                    node["ids"] = []  # they are the chapter's
                    if "refdoc" in node:
                        node["refdoc"] = self.env.docname
                yield text


def write_catalog(app: Sphinx, entries: list[tuple[str, dict[str, Any]]]) -> None:
    """Write both lists of questions, chapters in the book's order, into the site.

    `entries` are (page, what `question_format.catalog_entry` returned), in each page's order.
    """
    chapters, ids = [], {}
    for page in pages_in_order(app.env):
        questions = [entry for name, entry in entries if name == page]
        tasks = tasks_of(app.env, page)
        address = app.builder.get_target_uri(page)
        if questions or tasks:
            title = app.env.titles[page].astext()
            chapter = {"page": address, "title": title, "questions": questions, "tasks": tasks}
            chapters.append(chapter)
        if questions:
            ids[address] = [entry["id"] for entry in questions]
    folder = Path(app.outdir) / "_static"
    for name, content in {"questions.json": chapters, "question-ids.json": ids}.items():
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        (folder / name).write_text(text, encoding="utf-8")
    _serve_scheduler(folder)


def _serve_scheduler(folder: Path) -> None:
    """Put the scheduler into the site, with its license, as one module without a source map."""
    license = (SCHEDULER / "LICENSE").read_text(encoding="utf-8").strip()
    module = (SCHEDULER / "dist" / "index.mjs").read_text(encoding="utf-8")
    code = module.split("//# sourceMappingURL=")[0]
    (folder / "ts-fsrs.js").write_text(f"/*! ts-fsrs\n{license}\n*/\n{code}", encoding="utf-8")


def visit_review(self: Any, node: review_node) -> None:
    """Write the place that the script fills; the questions' texts follow it."""
    self.body.append(
        '<p id="review-needs">This page lists the answers that your browser keeps: it needs '
        'JavaScript.</p>\n<div class="review" id="review" hidden></div>\n'
    )


def visit_text(self: Any, node: review_text) -> None:
    """Open an inert copy of a question's text."""
    self.body.append(f'<template id="text-{node["question"]}-{node["part"]}">\n')


def depart_text(self: Any, node: review_text) -> None:
    """Close it."""
    self.body.append("</template>\n")


def _pass(self: Any, node: nodes.Element) -> None:
    pass


def _skip(self: Any, node: nodes.Element) -> None:
    raise nodes.SkipNode


def register(app: Sphinx) -> None:
    """Add the directive, its style and script, and the sidebar's progress on every page."""
    app.add_directive("review", ReviewDirective)
    app.add_post_transform(PlaceTexts)
    none = (_skip, _pass)
    app.add_node(review_node, html=(visit_review, _pass), latex=none, text=none, texinfo=none)
    app.add_node(review_text, html=(visit_text, depart_text), latex=none, text=none, texinfo=none)
    page_assets.link(app, review_node, "questions.css", "review.css", "review.js")
    app.add_js_file("progress.js", type="module")
    app.add_css_file("progress.css")
