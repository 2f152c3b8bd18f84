"""The `{timings}` directive: how long each page took to execute, from the build itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from unrolled.press.freshness import shows_other_pages
from unrolled.press.ladder import pages_in_order

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


KEPT = "timings.txt"
"""Where the build keeps the times, below `_build/press/`, for whoever prints them."""


class TimingsNode(nodes.General, nodes.Element):
    """Stands where the timings come, until all pages have been read."""


class Timings(SphinxDirective):
    """Ask for the table of execution times here."""

    def run(self) -> list[nodes.Node]:
        shows_other_pages(self.env)
        return [TimingsNode()]


def page_seconds(env: BuildEnvironment) -> dict[str, float]:
    """Seconds that each executed page took, in the book's order."""
    taken = {}
    for docname in pages_in_order(env):
        data = NbMetadataCollector.get_exec_data(env, docname)
        if data and data["runtime"] is not None:
            taken[docname] = data["runtime"]
    return taken


class BuildTimings(SphinxPostTransform):
    """Builds the tables once every page has been read."""

    default_priority = 4

    def run(self, **kwargs: object) -> None:
        for node in list(self.document.findall(TimingsNode)):
            node.replace_self(self._table())

    def _table(self) -> nodes.table:
        table = nodes.table()
        group = nodes.tgroup(cols=2)
        group += [nodes.colspec(colwidth=1), nodes.colspec(colwidth=1)]
        head = nodes.row()
        head += [nodes.entry("", nodes.paragraph(text=t)) for t in ("Page", "Seconds to execute")]
        group += nodes.thead("", head)
        body = nodes.tbody()
        for docname, taken in page_seconds(self.env).items():
            address = self.app.builder.get_relative_uri(self.env.docname, docname)
            link = nodes.reference(
                "", self.env.titles[docname].astext(), internal=True, refuri=address
            )
            row = nodes.row()
            row += nodes.entry("", nodes.paragraph("", "", link))
            row += nodes.entry("", nodes.paragraph(text=f"{taken:.1f}"))
            body += row
        group += body
        table += group
        return table


def _keep(app: Sphinx, exception: Exception | None) -> None:
    if exception is None:
        folder = Path(app.outdir).parent / "press"
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f"{taken:8.1f}  {name}\n" for name, taken in page_seconds(app.env).items()]
        (folder / KEPT).write_text("".join(lines), encoding="utf-8")


def register(app: Sphinx) -> None:
    app.add_node(TimingsNode)
    app.add_directive("timings", Timings)
    app.add_post_transform(BuildTimings)
    app.connect("build-finished", _keep)
