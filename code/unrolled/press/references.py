"""Looks up what a page refers to: pages, labels, equations, citations, glued values.

Everything comes from the environment of the build that made the site, so a number or a
title in a notebook is the one on the published page.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from myst_nb.core.variables import format_plain_text
from myst_nb.ext.glue.crossref import read_glue_cache

from unrolled.reporting import SECONDS_MIME

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class Unresolved(ValueError):  # noqa: N818 (it is a finding, reported as a warning)
    """Something on a page that a notebook can't say in plain Markdown."""


@dataclass
class PageReferences:
    """What `docname` may refer to; remembers which entries it cited."""

    app: Sphinx
    docname: str
    cited: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Return the folder of the page's source."""
        return Path(self.app.env.doc2path(self.docname)).parent

    def page_url(self, docname: str, anchor: str = "") -> str:
        """Return a page's address on the published site; empty where that isn't known."""
        base = self.app.config.html_baseurl
        if not base:
            return ""
        uri = self.app.builder.get_target_uri(docname)
        return f"{base.rstrip('/')}/{uri}" + (f"#{anchor}" if anchor else "")

    def glued(self, target: str) -> dict[str, str]:
        """Return the MIME bundle glued under `key` or `page.md::key`."""
        page, _, key = target.rpartition("::")
        docname = self.document(page) if page else self.docname
        if page and docname is None:
            raise Unresolved(f"no page {page!r} to take the glued value {key!r} from")
        records = read_glue_cache(str(self.app.env.mystnb_config.output_folder), docname)
        if key not in records:
            raise Unresolved(f"no value is glued as {key!r} on the page {docname!r}")
        return records[key]["data"]

    def glued_shown(self, key: str) -> str:
        """Return a glued value as `{glue}` shows it: a measured time as number and unit."""
        data = self.glued(key)
        if SECONDS_MIME in data:
            return data[SECONDS_MIME].removesuffix(" (measured)")
        return self.glued_text(key)

    def glued_text(self, content: str) -> str:
        """Return a glued value formatted as `{glue:text}` formats it (`key:.2f`)."""
        key, spec = content, "s"
        found = re.fullmatch(r"(.*[^:]):([^:]+)", content)
        if found:
            key, spec = found.groups()
        data = self.glued(key)
        if "text/plain" not in data:
            raise Unresolved(f"the glued value {key!r} has no plain text")
        try:
            return format_plain_text(data["text/plain"], spec)
        except (ValueError, TypeError) as error:
            raise Unresolved(f"the glued value {key!r} can't be formatted: {error}") from error

    def equation(self, label: str) -> tuple[str, str]:
        """Return the number of an equation, without parentheses, and the page it is on."""
        domain = self.app.env.get_domain("math")
        if label not in domain.equations:
            raise Unresolved(f"no equation has the label {label!r}")
        node = domain.resolve_xref(
            self.app.env, self.docname, self.app.builder, "eq", label, nodes.Element(),
            nodes.Element(),
        )  # fmt: skip
        number = re.search(r"[\d.]+", node.astext())
        if number is None:
            raise Unresolved(f"the equation {label!r} has no number")
        return number[0], domain.equations[label][0]

    def citation(self, kind: str, target: str) -> str:
        """Return a citation as text, as the published page writes it."""
        domain = self.app.env.get_domain("cite")
        known = {citation.key for citation in domain.citations}
        keys = [key.strip() for key in re.sub(r"\{[^{}]*\}", "", target).split(",")]
        if missing := [key for key in keys if key not in known]:
            raise Unresolved(f"no bibliography lists {missing[0]!r}")
        self.cited += [key for key in keys if key not in self.cited]
        node = domain.resolve_xref(
            self.app.env, self.docname, self.app.builder, kind, target, nodes.Element(),
            nodes.Element(),
        )  # fmt: skip
        return node.astext()

    def bibliography(self) -> str:
        """Return the cited entries as a Markdown list, in the order of the bibliography."""
        import pybtex.plugin

        backend = pybtex.plugin.find_plugin("pybtex.backends", "markdown")()
        entries = {}
        for citation in self.app.env.get_domain("cite").citations:
            if citation.key in self.cited and citation.key not in entries:
                text = citation.formatted_entry.text.render(backend)
                entries[citation.key] = " ".join(text.replace("\\url ", "").split())
        return "\n".join(f"- {entry}" for entry in entries.values())

    def document(self, path: str) -> str | None:
        """Return the name of the page at `path`, as written on this page; None if there is none."""
        bare = path.removesuffix(".md").removesuffix(".ipynb")
        folder = posixpath.dirname(self.docname)
        name = posixpath.normpath(posixpath.join("/", folder, bare)).lstrip("/")
        return name if name in self.app.env.all_docs else None

    def title(self, docname: str) -> str:
        """Return a page's title."""
        return self.app.env.titles[docname].astext()

    def place(self, target: str) -> tuple[str, str, str]:
        """Return (page, anchor, text) of `page.md`, `page.md#label`, `#label` or `label`.

        Raises Unresolved if nothing has that name.
        """
        path, _, label = target.partition("#")
        docname = self.document(path) if path else None
        if path and docname is not None and not label:
            return docname, "", self.title(docname)
        if path and docname is None:
            if label:
                raise Unresolved(f"no page {path!r}")
            path, label = "", target
        slugs = self.app.env.metadata[docname or self.docname].get("myst_slugs", {})
        if label in slugs:
            _, anchor, text = slugs[label]
            return docname or self.docname, anchor, text
        return self._label(label)

    def _label(self, label: str) -> tuple[str, str, str]:
        domain = self.app.env.get_domain("std")
        if label.lower() in domain.anonlabels:
            docname, anchor = domain.anonlabels[label.lower()]
            text = domain.labels.get(label.lower(), ("", "", ""))[2]
            return docname, anchor, text or self.title(docname)
        if label in self.app.env.get_domain("math").equations:
            number, docname = self.equation(label)
            return docname, nodes.make_id(f"equation-{label}"), f"({number})"
        raise Unresolved(f"nothing has the label {label!r}")
