"""Pictures: lossless, lazy, of a stated size."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from bs4 import BeautifulSoup
from PIL import Image

from unrolled.press.pictures import as_webp, place_pictures


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def test_webp_has_the_same_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    with Image.open(io.BytesIO(as_webp(png(pixels)))) as picture:
        assert picture.format == "WEBP"
        assert np.array_equal(np.asarray(picture.convert("RGB")), pixels)


def test_picture_is_lazy_and_says_its_size(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    path.write_bytes(as_webp(png(np.zeros((7, 5, 3), dtype=np.uint8))))
    html = '<article><img src="../_images/a.webp"/><img src="road.svg"/></article>'
    soup = BeautifulSoup(html, "html.parser")
    place_pictures(soup, {"a.webp": path, "road.svg": tmp_path / "road.svg"})
    first, second = soup.find_all("img")
    assert (first["loading"], first["width"], first["height"]) == ("lazy", "5", "7")
    assert (second["loading"], second.get("width")) == ("lazy", None)
