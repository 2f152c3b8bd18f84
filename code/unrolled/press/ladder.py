"""The `{ladder}` directive: every model so far on the one yardstick, in the book's order.

Each page glues its rows with `unrolled.reporting.ladder_row`; the table gathers
them in the order of the table of contents, up to the page it stands on. With
`:all:` it shows the whole book's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from myst_nb.ext.glue.crossref import read_glue_cache
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from unrolled.press.freshness import shows_other_pages
from unrolled.reporting import LADDER_MIME, SECONDS_MIME

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

HEADINGS = ("Model", "Bits per character", "Learned numbers", "Seconds to train", "Page")


@dataclass(frozen=True)
class Rung:
    """A row of the ladder: a model, its figures as text, and the page it comes from."""

    docname: str
    name: str
    bits: float
    parameters: int | None
    seconds: str
    sample: str | None


class LadderNode(nodes.General, nodes.Element):
    """Stands where a ladder comes, until all pages have been read."""


class Ladder(SphinxDirective):
    """Ask for the ladder here."""

    option_spec: ClassVar = {"all": directives.flag}

    def run(self) -> list[nodes.Node]:
        shows_other_pages(self.env)
        return [LadderNode(all="all" in self.options)]


def pages_in_order(env: BuildEnvironment) -> list[str]:
    """Page names in the order of the table of contents, the root first."""
    order = [env.config.root_doc]
    for name in order:  # grows while it is walked
        order.extend(n for n in env.toctree_includes.get(name, []) if n not in order)
    return order


def rungs(env: BuildEnvironment, upto: str | None = None) -> list[Rung]:
    """All models' rows in the book's order; with `upto`, no further than that page."""
    found = []
    for docname in pages_in_order(env):
        glued = read_glue_cache(str(env.mystnb_config.output_folder), docname)
        for key, record in glued.items():
            if LADDER_MIME not in record["data"]:
                continue
            row = json.loads(record["data"][LADDER_MIME])
            time = glued.get(f"{key}_seconds", {"data": {}})["data"].get(SECONDS_MIME, "")
            found.append(
                Rung(
                    docname,
                    row["name"],
                    row["bits_per_character"],
                    row["parameters"],
                    time.removesuffix(" s (measured)"),
                    row["sample"],
                )
            )
        if docname == upto:
            break
    return found


def cells(rung: Rung) -> tuple[str, str, str, str]:
    """The row's texts but for the page, in the order of `HEADINGS`."""
    parameters = "" if rung.parameters is None else f"{rung.parameters:,}"
    return rung.name, f"{rung.bits:.3f}", parameters, rung.seconds


def ladder_markdown(env: BuildEnvironment, docname: str, whole: bool = False) -> str:
    """The ladder as a Markdown table, for the generated notebooks."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---|--:|--:|--:|---|"]
    for rung in rungs(env, None if whole else docname):
        title = env.titles[rung.docname].astext()
        lines.append("| " + " | ".join([*cells(rung), title]) + " |")
    return "\n".join(lines)


def _table(env: BuildEnvironment, docname: str, builder, found: list[Rung]) -> nodes.table:
    table = nodes.table(classes=["ladder"], ids=["ladder"])
    table += nodes.title("", "The ladder: bits per character on the held-out passage of Macbeth")
    group = nodes.tgroup(cols=len(HEADINGS))
    group += [nodes.colspec(colwidth=1) for _ in HEADINGS]
    head = nodes.row()
    head += [nodes.entry("", nodes.paragraph(text=text)) for text in HEADINGS]
    group += nodes.thead("", head)
    body = nodes.tbody()
    for rung in found:
        row = nodes.row()
        row += [nodes.entry("", nodes.paragraph(text=text)) for text in cells(rung)]
        title = env.titles[rung.docname].astext()
        link = nodes.reference(
            "", title, internal=True, refuri=builder.get_relative_uri(docname, rung.docname)
        )
        row += nodes.entry("", nodes.paragraph("", "", link))
        body += row
    group += body
    table += group
    return table


def _samples(found: list[Rung]) -> list[nodes.Node]:
    """What each model wrote after the prompt, folded."""
    written = [rung for rung in found if rung.sample]
    if not written:
        return []
    opening = nodes.raw(
        "",
        '<details class="samples"><summary>What each of them writes after the same prompt'
        "</summary>",
        format="html",
    )
    parts: list[nodes.Node] = [opening]
    for rung in written:
        parts.append(nodes.paragraph("", "", nodes.strong(text=rung.name)))
        parts.append(nodes.literal_block(rung.sample, rung.sample, language="none"))
    return [*parts, nodes.raw("", "</details>", format="html")]


class BuildLadders(SphinxPostTransform):
    """Builds the tables once every page has been read."""

    default_priority = 4

    def run(self, **kwargs: object) -> None:
        for node in list(self.document.findall(LadderNode)):
            found = rungs(self.env, None if node["all"] else self.env.docname)
            table = _table(self.env, self.env.docname, self.app.builder, found)
            node.replace_self([table, *_samples(found)])


def register(app: Sphinx) -> None:
    app.add_node(LadderNode)
    app.add_directive("ladder", Ladder)
    app.add_post_transform(BuildLadders)
