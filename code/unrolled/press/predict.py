"""The `{predict}` directive: the reader commits to a guess before a result is shown.

With `:options: a | b | c` the guesses are radio buttons. They are plain form controls: they
work without JavaScript, and nothing is saved.
"""

from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from unrolled.press import page_assets

HEADING = "Predict before you run"


class predict_node(nodes.admonition):  # noqa: N801 (docutils names nodes this way)
    """A box that asks for a guess."""


class guesses(nodes.General, nodes.Element):  # noqa: N801
    """The guesses to choose from; `number` tells apart those of one page."""


class guess(nodes.General, nodes.Element):  # noqa: N801
    """One guess; its children are what the reader sees."""


class PredictDirective(SphinxDirective):
    """Ask for a guess: the argument is the title, the body what to commit to."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {"options": directives.unchanged_required}  # noqa: RUF012 (docutils reads it)

    def run(self) -> list[nodes.Node]:
        """Return the box with title, body and, where given, the guesses."""
        node = predict_node(classes=["predict"])
        self.set_source_info(node)
        node += nodes.title("", f"{HEADING}: ", *self._inline(self.arguments[0]))
        self.state.nested_parse(self.content, self.content_offset, node)
        if "options" in self.options:
            node += self._guesses(self.options["options"])
        return [node]

    def _guesses(self, options: str) -> guesses:
        texts = [text.strip() for text in options.split("|")]
        if len(texts) < 2 or not all(texts):
            raise self.error(f"predict: expected options such as 'a | b | c', got {options!r}")
        group = guesses(number=self.env.new_serialno("guesses") + 1)
        group.extend(guess("", *self._inline(text)) for text in texts)
        return group

    def _inline(self, text: str) -> list[nodes.Node]:
        found, messages = self.state.inline_text(text, self.lineno)
        return [*found, *messages]


def visit_guesses(self: Any, node: guesses) -> None:
    """Open the group of radio buttons."""
    self.body.append('<fieldset class="predict-guesses"><legend>Your guess</legend>\n')


def depart_guesses(self: Any, node: guesses) -> None:
    """Close the group."""
    self.body.append("</fieldset>\n")


def visit_guess(self: Any, node: guess) -> None:
    """Open one radio button with its label."""
    self.body.append(f'<label><input type="radio" name="guess-{node.parent["number"]}"><span>')


def depart_guess(self: Any, node: guess) -> None:
    """Close the label."""
    self.body.append("</span></label>\n")


def register(app: Sphinx) -> None:
    """Add the directive, its nodes and its style to the build."""
    plain = (_pass, _pass)
    app.add_node(predict_node)
    app.add_node(
        guesses, html=(visit_guesses, depart_guesses), latex=plain, text=plain, texinfo=plain
    )
    app.add_node(guess, html=(visit_guess, depart_guess), latex=plain, text=plain, texinfo=plain)
    app.add_directive("predict", PredictDirective)
    page_assets.link(app, predict_node, "predict.css")


def _pass(self: Any, node: nodes.Element) -> None:
    pass
