"""Formulas as MathML, and the glyphs they need."""

from __future__ import annotations

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from unrolled.press.fonts import MATH_FONT, MATH_RANGES, icon_codepoints, icons_in_use, subset_font
from unrolled.press.mathematics import Typesetter

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def typesetter() -> Typesetter:
    return Typesetter(CHECKOUT / "package.json")


def test_inline_and_display(typesetter: Typesetter) -> None:
    assert "<msup><mi>x</mi><mn" in typesetter.set("x^2", display=False)
    assert 'display="block"' in typesetter.set("x", display=True)


def test_what_other_converters_break_on(typesetter: Typesetter) -> None:
    aligned = typesetter.set(r"\begin{aligned} a &= b \\ &= c \end{aligned}", display=True)
    assert aligned.count("<mtr") == 2
    assert "tml-tag" in typesetter.set(r"a = b \tag{3}", display=True)


def test_formula_keeps_its_source_for_copying(typesetter: Typesetter) -> None:
    assert r"\frac{1}{2}" in typesetter.set(r"\frac{1}{2}", display=False)


def test_bad_formula_is_named_and_the_next_one_still_set(typesetter: Typesetter) -> None:
    with pytest.raises(ValueError, match=r"got '\\\\frac\{1'"):
        typesetter.set(r"\frac{1", display=False)
    assert "<mi>y</mi>" in typesetter.set("y", display=False)


def test_math_font_keeps_roots_italics_and_tall_fences(tmp_path: Path) -> None:
    target = tmp_path / "math.woff2"
    points = [point for low, high in MATH_RANGES for point in range(low, high + 1)]
    subset_font(CHECKOUT / MATH_FONT, target, points)
    font = TTFont(target)
    kept = set(font.getBestCmap())
    assert {0x221A, 0x1D465, 0x1D416, 0x2211, 0x3B8, ord("(")} <= kept
    variants = font["MATH"].table.MathVariants.VertGlyphConstruction
    assert len(variants) > 20
    assert target.stat().st_size < 100_000


def test_icons_are_read_off_the_pages_and_the_sheet() -> None:
    used = icons_in_use(['<i class="fa-solid fa-bars"></i>', '<i class="fas fa-expand">'])
    assert {"bars", "expand"} <= used
    sheet = '.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}.fa-x:before{content:"\\f00d"}'
    assert icon_codepoints(f'{sheet}:root{{--pst-icon-bell:"\uf0f3"}}', used) == {0xF0C9, 0xF0F3}


def test_a_sheet_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="expected rules like"):
        icon_codepoints("p {}", {"bars"})
