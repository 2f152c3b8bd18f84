"""The `{facts}` directive: what a page costs, what it needs, and what it gives.

The time to run comes from the execution of the page itself. It is known only once the whole
page has been read, so a placeholder stands for it until the page is written.
"""

from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from unrolled.press import page_assets

TIMES = {"read": "Time to read", "solve": "Time to solve"}
"""How a reader's own time is named: a chapter is read, exercises are solved."""


class facts_list(nodes.definition_list):  # noqa: N801 (docutils names nodes this way)
    """The facts of a page."""


class run_time(nodes.definition_list_item):  # noqa: N801
    """The fact that is known last: how long the page took to execute."""


class FactsDirective(SphinxDirective):
    """Say what a page costs and gives: one of `TIMES`, `:needs:`, `:able:` (split at `;`)."""

    option_spec = {  # noqa: RUF012 (docutils reads it from the class)
        **dict.fromkeys(TIMES, directives.unchanged_required),
        "needs": directives.unchanged_required,
        "able": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the list of facts; needs, able and one of `TIMES` are all required."""
        times = [name for name in TIMES if name in self.options]
        missing = [name for name in ("needs", "able") if name not in self.options]
        if missing or len(times) != 1:
            raise self.error(
                "facts: expected the options needs, able, and read or solve; "
                f"got {sorted(self.options)}"
            )
        facts = facts_list(classes=["facts"])
        facts += self._fact(TIMES[times[0]], [self.options[times[0]]])
        facts += run_time("", nodes.term(text="Time to run"))
        facts += self._fact("You need", [self.options["needs"]])
        able = [part.strip() for part in self.options["able"].split(";") if part.strip()]
        facts += self._fact("You will be able to", able)
        return [facts]

    def _fact(self, name: str, values: list[str]) -> nodes.definition_list_item:
        definition = nodes.definition()
        target: nodes.Element = definition
        if len(values) > 1:
            target = nodes.bullet_list(bullet="-")
            definition += target
        for value in values:
            parent = definition if target is definition else nodes.list_item()
            self.state.nested_parse(StringList([value], "facts"), self.content_offset, parent)
            if parent is not definition:
                target += parent
        return nodes.definition_list_item("", nodes.term(text=name), definition)


class FillRunTime(SphinxPostTransform):
    """Put the page's own execution time into its facts, or drop that fact if nothing ran."""

    default_priority = 8

    def run(self, **kwargs: Any) -> None:
        """Fill or drop every placeholder of the page that is about to be written."""
        metadata = getattr(self.env, "nb_metadata", {}).get(self.env.docname, {})
        seconds = (metadata.get("exec_data") or {}).get("runtime")
        for node in list(self.document.findall(run_time)):
            if seconds is None:
                node.parent.remove(node)
                continue
            text = f"{spoken(seconds)} on the CPU that built this page"
            node += nodes.definition("", nodes.paragraph(text=text))


def spoken(seconds: float) -> str:
    """Round a measured time to what a reader plans with: seconds, then minutes."""
    if seconds < 1.5:
        return "about a second"
    if seconds < 90:
        return f"about {round(seconds)} seconds"
    return f"about {seconds / 60:.1f} minutes"


def register(app: Sphinx) -> None:
    """Add the directive and its style to the build."""
    app.add_node(facts_list)
    app.add_node(run_time)
    app.add_directive("facts", FactsDirective)
    app.add_post_transform(FillRunTime)
    page_assets.link(app, facts_list, "facts.css")
