"""Resolves what MyST adds inside a paragraph: roles, links to pages, images, footnotes.

The text is walked once from left to right; code spans, math and escapes are copied as they
are, so nothing inside them is ever taken for a role or a link.
"""

from __future__ import annotations

import base64
import html
import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from docutils.nodes import make_id

from unrolled.press.references import PageReferences, Unresolved

TOKEN = re.compile(
    r"""(?P<escape>\\.)
      | (?P<role>\{(?P<name>[A-Za-z][\w:+.-]*)\}(?P<ticks>`+))
      | (?P<code>`+)
      | (?P<math>\$\$.+?\$\$ | \$(?!\s)(?:\\.|[^$\\])+?\$)
      | (?P<comment><!--.*?-->)
      | (?P<autolink><[A-Za-z][A-Za-z0-9+.-]*:[^<>\s]*>)
      | (?P<footnote>\[\^(?P<note>[^\]\s]+)\]:?)
      | (?P<bracket>!?\[)""",
    re.VERBOSE | re.DOTALL,
)
DESTINATION = re.compile(
    r"""\(\s*(?:<(?P<angled>[^<>\n]*)>|(?P<plain>(?:[^\s()\\]|\\.|\([^\s()]*\))*))
        (?:\s+(?P<title>"[^"]*"|'[^']*'))?\s*\)""",
    re.VERBOSE,
)
TITLED = re.compile(r"(?P<text>.*?)\s*<(?P<target>[^<>]+)>", re.DOTALL)
SPECIAL = re.compile(r"([\\`*_\[\]<>$|])")


def escaped(text: str) -> str:
    """Return `text` so that Markdown shows it as it is."""
    return SPECIAL.sub(r"\\\1", text)


def linked(text: str, url: str) -> str:
    """Return a link, or the text alone where there is nothing to link to."""
    return f"[{text}]({url})" if url else text


@dataclass
class InlineResolver:
    """Resolves the inline MyST of one page; `warn` hears what it couldn't resolve."""

    references: PageReferences
    warn: Callable[[str], None]
    images: list[str] = field(default_factory=list)
    footnotes: list[str] = field(default_factory=list)

    def resolve(self, text: str) -> str:
        """Return `text` in plain Markdown; spans never reach beyond their paragraph."""
        return "".join(self._paragraph(part) for part in re.split(r"(\n[ \t]*\n)", text))

    def _paragraph(self, text: str) -> str:
        parts, at = [], 0
        while found := TOKEN.search(text, at):
            parts.append(text[at : found.start()])
            replacement, at = self._token(text, found)
            parts.append(replacement)
        return "".join([*parts, text[at:]])

    def _token(self, text: str, found: re.Match) -> tuple[str, int]:
        """Return what stands for the token, and where the text goes on."""
        if found["role"]:
            content, end = _span(text, found["ticks"], found.end())
            if content is not None:
                return self._role(found["name"], content), end
        elif found["code"]:
            content, end = _span(text, found["code"], found.end())
            if content is not None:
                return text[found.start() : end], end
        elif found["footnote"]:
            return self._footnote(found["note"]), found.end()
        elif found["bracket"]:
            return self._bracket(text, found)
        return found[0], found.end()

    def _role(self, name: str, content: str) -> str:
        try:
            return self._resolved_role(name, content.strip())
        except Unresolved as problem:
            self.warn(str(problem))
            return f"`{content}`"

    def _resolved_role(self, name: str, content: str) -> str:
        if name == "glue:text":
            return escaped(self.references.glued_text(content))
        if name in ("glue", "glue:any"):
            return escaped(self.references.glued_shown(content))
        if name.startswith("cite:"):
            return escaped(self.references.citation(name.removeprefix("cite:"), content))
        if name in ("eq", "math:numref"):
            number, docname = self.references.equation(content)
            return self._linked(f"({number})", docname, make_id(f"equation-{content}"))
        if name in ("ref", "doc"):
            return self._cross_reference(content)
        if name == "math":
            return f"${content}$"
        raise Unresolved(f"the role {name!r} has no form in a notebook")

    def _cross_reference(self, content: str) -> str:
        titled = TITLED.fullmatch(content)
        docname, anchor, text = self.references.place(titled["target"] if titled else content)
        return self._linked(titled["text"] if titled else escaped(text), docname, anchor)

    def _linked(self, text: str, docname: str, anchor: str = "") -> str:
        if docname == self.references.docname:
            return text
        return linked(text, self.references.page_url(docname, anchor))

    def _footnote(self, note: str) -> str:
        if note not in self.footnotes:
            self.footnotes.append(note)
        return f"<sup>{self.footnotes.index(note) + 1}</sup>"

    def _bracket(self, text: str, found: re.Match) -> tuple[str, int]:
        """Resolve a link or an image; a bracket that opens neither is copied."""
        end = _closing_bracket(text, found.end())
        target = DESTINATION.match(text, end + 1) if end >= 0 else None
        if target is None:
            return found[0], found.end()
        label = text[found.end() : end]
        address = target["angled"] if target["angled"] is not None else target["plain"]
        try:
            if found[0] == "![":
                return self.image(label, address), target.end()
            return self._link(self.resolve(label), address, target[0]), target.end()
        except Unresolved as problem:
            self.warn(str(problem))
            return label or address, target.end()

    def _link(self, label: str, address: str, written: str) -> str:
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", address):
            return f"[{label}]{written}"
        docname, anchor, text = self.references.place(address)
        return self._linked(label or escaped(text), docname, anchor)

    def image(self, alt: str, address: str) -> str:
        """Return an image whose data travels with the cell (see `take_images`)."""
        if re.match(r"https?:|data:", address):
            raise Unresolved(f"the image {address!r} is not a file of the book")
        if address.startswith("/"):
            path = self.references.app.srcdir / address.lstrip("/")
        else:
            path = self.references.folder / address
        if not path.is_file():
            raise Unresolved(f"there is no image {address!r}")
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        data = base64.b64encode(path.read_bytes()).decode()
        self.images.append(f"data:{kind};base64,{data}")
        return f"![{alt}][image-{len(self.images)}]"

    def take_images(self, source: str) -> str:
        """Append to a cell's source the data of the images that it shows."""
        shown = [
            f"[image-{number}]: {data}"
            for number, data in enumerate(self.images, 1)
            if f"][image-{number}]" in source
        ]
        return source + "\n\n" + "\n".join(shown) if shown else source


def inline_html(markdown: str) -> str:
    """Return one line of Markdown as HTML, for places where Markdown isn't read (`<summary>`)."""
    from markdown_it import MarkdownIt

    kept: list[str] = []

    def keep(math: re.Match) -> str:
        kept.append(math[0])
        return f"MATH{len(kept) - 1}END"

    text = re.sub(r"\$(?!\s)(?:\\.|[^$\\])+?\$", keep, " ".join(markdown.split()))
    rendered = MarkdownIt().renderInline(text)
    return re.sub(r"MATH(\d+)END", lambda n: html.escape(kept[int(n[1])], quote=False), rendered)


def _span(text: str, ticks: str, start: int) -> tuple[str | None, int]:
    """Return what stands up to the next run of exactly these backticks, and where it ends."""
    for run in re.finditer(r"`+", text[start:]):
        if run[0] == ticks:
            return text[start : start + run.start()], start + run.end()
    return None, start


def _closing_bracket(text: str, start: int) -> int:
    """Return where the bracket opened before `start` closes, or -1."""
    depth, at = 1, start
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == "`":
            run = re.match(r"`+", text[at:])[0]
            content, end = _span(text, run, at + len(run))
            at = end if content is not None else at + len(run)
            continue
        depth += {"[": 1, "]": -1}.get(text[at], 0)
        if depth == 0:
            return at
        at += 1
    return -1
