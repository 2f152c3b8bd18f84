"""The `{question}` directive: a synthesis question that is answered in the page.

Without JavaScript a question is its prompt and two `<details>`: the hint, and the key ideas
with the model answer. `static/questions.js` adds the answer boxes, which stand hidden in the
page, and keeps the model answer shut until the reader commits an answer or skips. Saved
answers follow the schema in `static/answers.js`; the authoring format is in `question_format`.

What is wrong with a question is remembered with its page and said in every build, so that a
build with an unchanged, faulty page never turns green.
"""

import json
import string
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.domains import Domain
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from unrolled.press import page_assets, question_html, review_page
from unrolled.press.question_format import (
    Question,
    catalog_entry,
    check_id,
    gaps,
    parse_question,
    rubric,
)
from unrolled.press.question_html import question_node, question_part

LOGGER = logging.getLogger(__name__)


class QuestionDirective(SphinxDirective):
    """Place a question: the argument is its id, the body YAML (see `question_format`)."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the question's node, or a visible complaint where it can't be read."""
        found = questions_of(self.env)
        try:
            question = parse_question(self.arguments[0], "\n".join(self.content))
            for member in question.family():
                check_id(member.id, self.env.docname.rsplit("/", 1)[-1])
        except ValueError as error:
            self._report(str(error))
            return [nodes.paragraph(text=str(error), classes=["question-broken"])]
        for member in question.family():
            found.note(self.env.docname, member.id, self.lineno)
            found.data["catalog"].append((self.env.docname, catalog_entry(member)))
        for gap in gaps(question):
            self._report(gap)
        number = self.env.new_serialno("question") + 1
        return [self._node(question, f"Question {number}")]

    def _report(self, problem: str) -> None:
        questions_of(self.env).report(self.env.docname, self.lineno, problem)

    def _node(self, question: Question, title: str) -> question_node:
        labels = question.boxes or ("Your answer",)
        shown = f"{title} (a list)" if question.kind == "list" else title
        node = question_node(title=shown, boxes=list(zip(question.box_ids, labels, strict=True)))
        node["rubric"] = json.dumps(rubric(question), ensure_ascii=False, separators=(",", ":"))
        node["ids"] = [question.id]
        self.set_source_info(node)
        self.state.document.set_id(node)
        node += self._part("prompt", question.id, question.prompt)
        if question.hint:
            node += self._part("hint", question.id, question.hint)
        if question.ideas or question.answer:
            node += self._comparison(question)
        for number, followup in enumerate(question.followups):
            node += self._node(followup, f"{title}{string.ascii_lowercase[number]}")
        return node

    def _comparison(self, question: Question) -> question_part:
        part = question_part(part="answer", question=question.id)
        if question.ideas:
            part += nodes.paragraph(text="Key ideas", classes=["question-heading"])
            ideas = nodes.bullet_list(bullet="-", classes=[question_html.IDEAS])
            for idea in question.ideas:
                ideas += self._parsed(idea.says, nodes.list_item(), question.id)
            part += ideas
        if question.answer:
            part += nodes.paragraph(text="Model answer", classes=["question-heading"])
            self._parsed(question.answer, part, question.id)
        return part

    def _part(self, name: str, id: str, text: str) -> question_part:
        return self._parsed(text, question_part(part=name, question=id), id)

    def _parsed(self, text: str, parent: nodes.Element, id: str) -> Any:
        before = len(parent.children)
        lines = StringList(text.splitlines(), self.env.docname)
        self.state.nested_parse(lines, self.content_offset, parent)
        for child in parent.children[before:]:
            for raw in child.findall(nodes.raw):
                self._report(
                    f"question {id!r}: expected Markdown, got raw HTML {raw.astext()!r} "
                    "(write a tag that should be read as code: `</s>`)"
                )
        return parent


class QuestionsDomain(Domain):
    """The book's questions: which page holds which id, and what is wrong with them."""

    name = "unrolled-questions"
    label = "Synthesis questions"
    data_version = 2
    initial_data = {"places": [], "problems": [], "catalog": []}  # noqa: RUF012 (Sphinx deep-copies it)

    def note(self, docname: str, id: str, line: int) -> None:
        """Remember that the question `id` stands at this line."""
        self.data["places"].append((docname, line, id))

    def report(self, docname: str, line: int, problem: str) -> None:
        """Remember what is wrong, to be said in this build and until the page is mended."""
        self.data["problems"].append((docname, line, problem))

    def clear_doc(self, docname: str) -> None:
        """Forget a page that is gone or about to be read again."""
        for key in self.initial_data:
            self.data[key] = [entry for entry in self.data[key] if entry[0] != docname]

    def merge_domaindata(self, docnames: list[str], otherdata: dict[str, Any]) -> None:
        """Take in the pages that another process has read."""
        for key in self.initial_data:
            self.data[key] += [entry for entry in otherdata[key] if entry[0] in docnames]

    def resolve_any_xref(self, *args: Any, **kwargs: Any) -> list:
        """Resolve nothing: questions are linked to by their id in the page."""
        return []

    def problems(self) -> list[tuple[str, int, str]]:
        """List every problem as (page, line, sentence), ids used twice among them."""
        problems = list(self.data["problems"])
        first: dict[str, tuple[str, int]] = {}
        for docname, line, id in sorted(self.data["places"]):
            if id in first:
                problems.append(
                    (docname, line, f"question {id!r}: expected an id used once in the book, "
                     f"got it also at {first[id][0]}:{first[id][1]}")
                )  # fmt: skip
            first.setdefault(id, (docname, line))
        return sorted(problems)


def questions_of(env: BuildEnvironment) -> QuestionsDomain:
    """Return the questions of the book that is being built."""
    domain = env.get_domain(QuestionsDomain.name)
    assert isinstance(domain, QuestionsDomain)
    return domain


def register(app: Sphinx) -> None:
    """Add the directive, its nodes and checks, and its style and script to the build."""
    app.add_domain(QuestionsDomain)
    app.add_directive("question", QuestionDirective)
    question_html.add_nodes(app)
    page_assets.link(app, question_node, "questions.css", "questions.js")
    review_page.register(app)
    app.connect("env-updated", _say_problems)
    app.connect("build-finished", _write_catalog)


def _say_problems(app: Sphinx, env: BuildEnvironment) -> None:
    for docname, line, problem in questions_of(env).problems():
        LOGGER.warning(problem, location=(docname, line), type="unrolled", subtype="question")


def _write_catalog(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        review_page.write_catalog(app, questions_of(app.env).data["catalog"])
