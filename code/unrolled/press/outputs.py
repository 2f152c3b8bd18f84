"""How the press renders what only this book's pages put out: alternatives, measured times."""

from __future__ import annotations

from typing import ClassVar

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer

from unrolled.reporting import SECONDS_MIME


class OutputRenderer(NbElementRenderer):
    """MyST-NB's renderer, with the text alternative that `unrolled.reporting.show` sends."""

    def render_image(self, data: MimeData) -> list[nodes.Element]:
        rendered = super().render_image(data)
        alt = data.output_metadata.get(data.mime_type, {}).get("alt")
        if alt:
            for element in rendered:
                for image in element.findall(nodes.image):
                    image["alt"] = alt
        return rendered


class MeasuredSeconds:
    """A measured time in the prose: the number and its unit."""

    mime_priority_overrides: ClassVar = [("*", SECONDS_MIME, 1)]

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: int
    ) -> list[nodes.Element] | None:
        if data.mime_type != SECONDS_MIME:
            return None
        text = data.string.removesuffix(" (measured)")
        node = nodes.inline(text, text, classes=["measured"])
        return [node] if inline else [nodes.paragraph("", "", node)]
