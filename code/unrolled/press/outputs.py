"""How the press renders what only this book's pages put out: alternatives, measured times."""

from __future__ import annotations

import hashlib
from binascii import a2b_base64
from typing import ClassVar

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer

from unrolled.press.pictures import as_webp
from unrolled.reporting import SECONDS_MIME


class OutputRenderer(NbElementRenderer):
    """MyST-NB's renderer, with light pictures and the alternatives that `reporting.show` sends."""

    def render_image(self, data: MimeData) -> list[nodes.Element]:
        if data.mime_type != "image/png":
            return super().render_image(data)
        picture = as_webp(a2b_base64(data.content))
        name = f"{hashlib.sha256(picture).hexdigest()[:16]}.webp"
        image = nodes.image(uri=self.write_file([name], picture, overwrite=False, exists_ok=True))
        image["alt"] = data.output_metadata.get(data.mime_type, {}).get("alt", "")
        return [image]


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
