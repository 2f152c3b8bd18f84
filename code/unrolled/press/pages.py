"""Finishes each page as it is written: interactives mounted, third parties out, CSP stated.

Sphinx renders every page through its template bridge, so finishing there means
that a page which is not rewritten stays finished, and none is finished twice.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bs4 import BeautifulSoup
from sphinx.jinja2glue import BuiltinTemplateLoader

from unrolled.press.accessibility import mend
from unrolled.press.mounting import FOLDER, mount_interactives
from unrolled.press.pictures import place_pictures
from unrolled.press.policy import state_policy
from unrolled.press.third_parties import remove_third_parties

if TYPE_CHECKING:
    from sphinx.builders.html import StandaloneHTMLBuilder
    from sphinx.theming import Theme


class PageFinisher(BuiltinTemplateLoader):
    """Sphinx's template loader, whose HTML pages come out finished."""

    def init(
        self,
        builder: StandaloneHTMLBuilder,
        theme: Theme | None = None,
        dirs: list[str] | None = None,
    ) -> None:
        super().init(builder, theme, dirs)
        self.builder = builder

    def render(self, template: str, context: dict) -> str:
        text = super().render(template, context)
        if not text.lstrip().lower().startswith("<!doctype html"):
            return text
        soup = BeautifulSoup(text, "html.parser")
        remove_third_parties(soup)
        mount_interactives(soup, self.builder.outdir, context.get("content_root", "./"))
        place_pictures(soup, self._pictures())
        mend(soup)
        state_policy(soup)
        return str(soup)

    def _pictures(self) -> dict[str, Path]:
        """Where the site's pictures lie before Sphinx and `mount_interactives` place them."""
        source, outdir = Path(self.builder.srcdir), Path(self.builder.outdir)
        found = {name: source / path for path, name in self.builder.images.items()}
        return found | {path.name: path for path in (outdir / FOLDER).glob("*.webp")}
