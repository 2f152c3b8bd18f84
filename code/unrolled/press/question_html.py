"""The nodes of a question, and the HTML that they become.

The HTML is whole without JavaScript. What only a script can serve (the boxes, the buttons)
stands in a block with the attribute `hidden`, which the script takes away. No style and no
script is inline, so that a strict Content-Security-Policy holds.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

PRIVACY = "Your answers stay in this browser; nothing is sent anywhere."
REVIEW = "book/review"
"""The page that holds the `{review}` directive."""
IDEAS = "question-ideas"
"""The class of the list of a question's key ideas."""
SUMMARIES = {"hint": "Hint", "answer": "Key ideas and model answer"}


class question_node(nodes.General, nodes.Element):  # noqa: N801 (docutils names nodes this way)
    """A question: `ids`, `title`, `rubric` (JSON), and `boxes`, a list of (box id, label)."""


class question_part(nodes.General, nodes.Element):  # noqa: N801
    """The prompt, hint or answer of a question: `part` says which, `question` whose."""


def add_nodes(app: Sphinx) -> None:
    """Tell Sphinx how each kind of output writes a question: all but HTML, as plain content."""
    plain = (_pass, _pass)
    app.add_node(
        question_node,
        html=(visit_question, depart_question),
        latex=plain,
        text=plain,
        texinfo=plain,
    )
    app.add_node(
        question_part, html=(visit_part, depart_part), latex=plain, text=plain, texinfo=plain
    )


def visit_question(self: Any, node: question_node) -> None:
    """Open the section of a question, under its title."""
    id = node["ids"][0]
    self.body.append(
        f'<section class="question" id="{id}" aria-labelledby="{id}-title"'
        f' data-rubric="{self.attval(node["rubric"])}">\n'
        f'<p class="question-title" id="{id}-title">{self.encode(node["title"])}</p>\n'
    )


def depart_question(self: Any, node: question_node) -> None:
    """Close the section."""
    self.body.append("</section>\n")


def visit_part(self: Any, node: question_part) -> None:
    """Open the prompt, or the disclosure of a hint or an answer."""
    part, id = node["part"], node["question"]
    if part == "prompt":
        self.body.append(f'<div class="question-prompt" id="{id}-prompt">\n')
        return
    self.body.append(
        f'<details class="question-{part}"><summary>{SUMMARIES[part]}</summary>\n'
        f'<div class="question-{part}-content">\n'
    )


def depart_part(self: Any, node: question_part) -> None:
    """Close what `visit_part` opened; the boxes follow the prompt."""
    self.body.append("</div>\n" if node["part"] == "prompt" else "</div>\n</details>\n")
    if node["part"] == "prompt":
        self.body.append(_workplace(self, node.parent))


def _workplace(self: Any, question: question_node) -> str:
    id = question["ids"][0]
    boxes = "".join(
        f'<div class="question-box"><label for="{id}-box-{number}">{self.encode(label)}</label>\n'
        f'<textarea id="{id}-box-{number}" data-question="{box_id}" rows="3" dir="auto"'
        f' aria-describedby="{id}-prompt"></textarea></div>\n'
        for number, (box_id, label) in enumerate(question["boxes"], 1)
    )
    return (
        f'<div class="question-work" hidden>\n<div class="question-boxes">\n{boxes}</div>\n'
        '<div class="question-actions">'
        '<button type="button" data-role="commit">I’m done: compare with the book</button>'
        '<button type="button" data-role="skip">Skip</button>'
        '<p class="question-count"></p><p class="question-status" role="status"></p></div>\n'
        f"{_privacy(self)}</div>\n"
    )


def _privacy(self: Any) -> str:
    """Say where answers stay, and link to all of them where the book has such a page."""
    builder = self.builder
    link = ""
    if REVIEW in builder.env.found_docs:
        address = builder.get_relative_uri(builder.current_docname, REVIEW)
        link = f' <a href="{self.attval(address)}">All your answers</a>'
    return f'<p class="question-privacy">{PRIVACY}{link}</p>\n'


def _pass(self: Any, node: nodes.Element) -> None:
    pass
