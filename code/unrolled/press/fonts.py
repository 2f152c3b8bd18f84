"""Cuts the site's fonts down to what it shows: icons in use, and one font for formulas.

A formula's glyphs can't be read off the visible text: letters turn
math-italic, roots and fences grow out of variants. So the math font keeps whole
ranges and everything its MATH table reaches from them.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx

MATH_FONT = "node_modules/@fontsource/noto-sans-math/files/noto-sans-math-latin-400-normal.woff2"
MATH_RANGES = (
    (0x20, 0x7E),  # ASCII
    (0xA0, 0xFF),  # Latin-1: times, plus-minus, dot
    (0x2B0, 0x36F),  # accents
    (0x391, 0x3F5),  # Greek
    (0x2010, 0x2064),  # dashes, primes, invisible operators
    (0x20D0, 0x20F0),  # combining arrows
    (0x2102, 0x2134),  # letterlike: blackboard and script
    (0x2190, 0x21D5),  # arrows
    (0x2200, 0x22FF),  # operators
    (0x2308, 0x230B),  # floors and ceilings
    (0x239B, 0x23E1),  # parts of tall fences, braces
    (0x25A0, 0x25FF),
    (0x27E6, 0x27EF),  # angle brackets
    (0x2A00, 0x2A06),
    (0x1D400, 0x1D467),  # bold and italic letters
    (0x1D49C, 0x1D4CF),  # script
    (0x1D538, 0x1D56B),  # double-struck
    (0x1D6A4, 0x1D714),  # italic Greek
)
ICON_FONTS = "_static/vendor/fontawesome/webfonts"
ICON_SHEET = "_static/styles/pydata-sphinx-theme.css"
ALWAYS_ICONS = frozenset(
    {
        "bars",
        "sun",
        "moon",
        "circle-half-stroke",
        "magnifying-glass",
        "arrow-up",
        "angle-left",
        "angle-right",
        "angle-down",
        "chevron-down",
        "chevron-up",
        "chevron-right",
        "list",
        "expand",
        "download",
        "xmark",
    }
)
"""Icons that the theme's scripts put into a page."""


def subset_font(source: Path, target: Path, codepoints: Iterable[int]) -> None:
    """Write `source` (woff2) as `target` with only `codepoints` and what they need."""
    options = Options()
    options.flavor = "woff2"
    options.layout_features = ["*"]
    options.hinting = False
    font = TTFont(source)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=list(codepoints))
    subsetter.subset(font)
    target.parent.mkdir(parents=True, exist_ok=True)
    font.flavor = "woff2"
    font.save(target)


def _place_math_font(app: Sphinx) -> None:
    source = Path(app.srcdir) / MATH_FONT
    ranges = repr(MATH_RANGES).encode()
    key = hashlib.sha256(source.read_bytes() + ranges).hexdigest()[:12]
    kept = Path(app.outdir).parent / "press" / f"math-{key}.woff2"
    if not kept.exists():
        wanted = (point for low, high in MATH_RANGES for point in range(low, high + 1))
        subset_font(source, kept, wanted)
    target = Path(app.outdir) / "_static" / "math.woff2"
    target.write_bytes(kept.read_bytes())


def icons_in_use(pages: Iterable[str]) -> set[str]:
    """Names of the Font Awesome icons that the pages' HTML asks for."""
    return {name for page in pages for name in re.findall(r"\bfa-([a-z0-9-]+)", page)}


def icon_codepoints(sheet: str, used: set[str]) -> set[int]:
    """Code points of the `used` icons, and of those that the style sheet itself draws.

    Raises ValueError where the sheet has no rules of the form expected.
    """
    rules = re.findall(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"', sheet)
    drawn = re.findall(r'--pst-icon-[\w-]+: ?"([\ue000-\uf8ff])"', sheet)
    if not rules or not drawn:
        raise ValueError(f"expected rules like .fa-bars:before{{content:...}} in {ICON_SHEET}")
    asked = [code for names, code in rules if used & set(re.findall(r"\.fa-([\w-]+):", names))]
    return {int(code, 16) for code in asked} | {ord(letter) for letter in drawn}


def _cut_icon_fonts(app: Sphinx) -> None:
    outdir = Path(app.outdir)
    used = ALWAYS_ICONS | icons_in_use(
        page.read_text(encoding="utf-8") for page in outdir.glob("book/*.html")
    )
    points = icon_codepoints((outdir / ICON_SHEET).read_text(encoding="utf-8"), used)
    from pydata_sphinx_theme import __file__ as theme

    webfonts = Path(theme).parent / "theme" / "pydata_sphinx_theme" / "static"
    for stock in (webfonts / ICON_FONTS.removeprefix("_static/")).glob("*.woff2"):
        key = hashlib.sha256(stock.read_bytes() + repr(sorted(points)).encode()).hexdigest()[:12]
        kept = outdir.parent / "press" / f"{stock.stem}-{key}.woff2"
        if not kept.exists():
            subset_font(stock, kept, points)
        (outdir / ICON_FONTS / stock.name).write_bytes(kept.read_bytes())


def _place_fonts(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        _place_math_font(app)
        _cut_icon_fonts(app)


def register(app: Sphinx) -> None:
    app.connect("build-finished", _place_fonts)
