"""The `{review}` directive, and the list of all questions that its script and the sidebar read.

The list comes as two files of the site: `question-ids.json`, small, for the sidebar of every page,
and `questions.json` with prompts and key ideas, which the review page alone loads.
"""

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from unrolled.press import page_assets
from unrolled.press.ladder import pages_in_order

SCHEDULER = Path(__file__).parents[3] / "node_modules" / "ts-fsrs"


class review_node(nodes.General, nodes.Element):  # noqa: N801 (docutils names nodes this way)
    """Stands where a reader's answers are listed."""


class ReviewDirective(SphinxDirective):
    """Ask for the list of all answers, and of what is due today, here."""

    def run(self) -> list[nodes.Node]:
        return [review_node()]


def write_catalog(app: Sphinx, entries: list[tuple[str, dict[str, Any]]]) -> None:
    """Write both lists of questions, chapters in the book's order, into the site.

    `entries` are (page, what `question_format.catalog_entry` returned), in each page's order.
    """
    chapters, ids = [], {}
    for page in pages_in_order(app.env):
        questions = [entry for name, entry in entries if name == page]
        if questions:
            address = app.builder.get_target_uri(page)
            title = app.env.titles[page].astext()
            chapters.append({"page": address, "title": title, "questions": questions})
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


def _visit(self: Any, node: review_node) -> None:
    self.body.append(
        "<noscript><p>This page lists the answers that your browser keeps: it needs JavaScript."
        '</p></noscript>\n<div class="review" id="review" hidden></div>\n'
    )


def _depart(self: Any, node: review_node) -> None:
    pass


def register(app: Sphinx) -> None:
    """Add the directive, its style and script, and the sidebar's progress on every page."""
    app.add_directive("review", ReviewDirective)
    nothing = (_depart, _depart)
    app.add_node(review_node, html=(_visit, _depart), latex=nothing, text=nothing, texinfo=nothing)
    page_assets.link(app, review_node, "questions.css", "review.css", "review.js")
    app.add_js_file("progress.js", type="module")
    app.add_css_file("progress.css")
