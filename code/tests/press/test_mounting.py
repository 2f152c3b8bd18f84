"""Widget state becomes figures, files and one data block."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from unrolled.press.mounting import LARGEST_UNASKED, STATE_TYPE, VIEW_TYPE, mount_interactives

MODULE = "export default { render() {} };"


def anywidget(big: bytes = b"", **state: object) -> dict:
    buffers = [{"data": base64.b64encode(big).decode(), "path": ["data"], "encoding": "base64"}]
    return {
        "model_module": "anywidget",
        "model_name": "AnyModel",
        "state": {"_esm": MODULE, "_css": "p {}", "_view_name": "AnyView", **state},
        "buffers": buffers if big else [],
    }


def page_with(models: dict[str, dict], *shown: str) -> BeautifulSoup:
    views = "".join(
        f'<script type="{VIEW_TYPE}">{json.dumps({"model_id": id_})}</script>' for id_ in shown
    )
    state = json.dumps({"state": models}).replace("</", "<\\/")
    head = f'<head><script type="{STATE_TYPE}">{state}</script></head>'
    return BeautifulSoup(f"<html>{head}<body>{views}</body></html>", "html.parser")


def data_block(soup: BeautifulSoup) -> dict:
    return json.loads(soup.find("script", attrs={"data-interactives": True}).string)


def test_widget_becomes_a_named_figure_with_caption_and_still(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), "#123456").save(buffer, format="PNG")
    still = base64.b64encode(buffer.getvalue()).decode()
    widget = anywidget(name="demo", caption="Press <it>.", still=still, still_alt="What is seen")
    soup = page_with({"a1": widget}, "a1")
    mount_interactives(soup, tmp_path, "../")
    figure = soup.find("figure")
    assert figure["data-widget"] == "demo"
    assert figure.figcaption.get_text().startswith("Press <it>.")
    assert figure.img["alt"] == "What is seen"
    with Image.open(tmp_path / figure.img["src"].removeprefix("../")) as picture:
        assert (picture.format, picture.size) == ("WEBP", (3, 2))
    assert figure.find(attrs={"data-start": True}) is None
    assert soup.find("script", type=STATE_TYPE) is None


def test_code_and_style_leave_the_page_and_the_rest_stays(tmp_path: Path) -> None:
    soup = page_with({"a1": anywidget(name="demo", count=3)}, "a1")
    mount_interactives(soup, tmp_path, "../")
    model = data_block(soup)["models"]["w1"]
    assert model["state"] == {"name": "demo", "count": 3}
    assert (tmp_path / model["module"].removeprefix("../")).read_text() == MODULE
    assert (tmp_path / model["style"].removeprefix("../")).read_text() == "p {}"


def test_large_buffer_becomes_one_shared_file_and_waits_for_the_reader(tmp_path: Path) -> None:
    big = bytes(LARGEST_UNASKED + 1)
    soup = page_with({"a1": anywidget(big), "a2": anywidget(big)}, "a1", "a2")
    mount_interactives(soup, tmp_path, "")
    buffers = [model["buffers"][0] for model in data_block(soup)["models"].values()]
    assert buffers[0]["url"] == buffers[1]["url"]
    assert (tmp_path / buffers[0]["url"]).read_bytes() == big
    assert [b.get_text() for b in soup.find_all(attrs={"data-start": True})] == [
        "Start (50 kB)"
    ] * 2


def test_small_buffer_stays_in_the_page(tmp_path: Path) -> None:
    soup = page_with({"a1": anywidget(b"few")}, "a1")
    mount_interactives(soup, tmp_path, "")
    assert base64.b64decode(data_block(soup)["models"]["w1"]["buffers"][0]["data"]) == b"few"


def test_page_is_the_same_whatever_ids_the_kernel_made(tmp_path: Path) -> None:
    def built(one: str, other: str) -> str:
        inner, outer = anywidget(name="inner"), anywidget(name="outer", part=f"IPY_MODEL_{one}")
        soup = page_with({one: inner, other: outer}, other, one)
        mount_interactives(soup, tmp_path, "")
        return str(soup)

    assert built("0f", "1e") == built("9a", "8b")
    assert "IPY_MODEL_w2" in built("0f", "1e")


def test_links_between_widgets_are_kept(tmp_path: Path) -> None:
    link = {
        "model_module": "@jupyter-widgets/controls",
        "model_name": "LinkModel",
        "state": {"source": ["IPY_MODEL_a1", "x"], "target": ["IPY_MODEL_a2", "y"]},
    }
    soup = page_with({"a1": anywidget(), "a2": anywidget(), "l": link}, "a1", "a2")
    mount_interactives(soup, tmp_path, "")
    assert data_block(soup)["links"] == [
        {"kind": "both", "source": ["IPY_MODEL_w1", "x"], "target": ["IPY_MODEL_w2", "y"]}
    ]


def test_state_cannot_end_the_data_block(tmp_path: Path) -> None:
    widget = anywidget(text="</script><script>alert(1)</script>")
    soup = page_with({"a1": widget}, "a1")
    mount_interactives(soup, tmp_path, "")
    again = BeautifulSoup(str(soup), "html.parser")
    assert data_block(again)["models"]["w1"]["state"]["text"] == widget["state"]["text"]


def test_core_control_is_refused_since_it_could_not_react(tmp_path: Path) -> None:
    slider = {
        "model_module": "@jupyter-widgets/controls",
        "model_name": "IntSliderModel",
        "state": {},
    }
    soup = page_with({"a1": slider}, "a1")
    with pytest.raises(ValueError, match="expected an anywidget to show, got IntSliderModel"):
        mount_interactives(soup, tmp_path, "")
