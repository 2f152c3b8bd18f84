"""The runtime that mounts interactives, on small pages of its own in a real browser."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from built_site import Watch
from playwright.sync_api import Page, expect
from tiny_book import serving

from unrolled.press.mounting import STATE_TYPE, VIEW_TYPE, mount_interactives
from unrolled.press.policy import state_policy

COUNTER = """
export default { render({ model, el }) {
  const button = document.createElement("button");
  const show = () => { button.textContent = `count ${model.get("count")}`; };
  button.addEventListener("click", () => {
    model.set("count", model.get("count") + 1);
    model.save_changes();
  });
  model.on("change:count", show);
  show();
  el.append(button);
} };
"""
SUM_OF_BYTES = """
export default () => ({ async render({ model, el }) {
  const view = model.get("data");
  let sum = 0;
  for (let i = 0; i < view.byteLength; i += 1) sum += view.getUint8(i);
  el.textContent = `sum ${sum}`;
} });
"""
BROKEN = 'export default { render() { throw new Error("no such thing"); } };'
NOT_JAVASCRIPT = "export default {{"
INNER = """
export default { async render({ model, el }) {
  const inner = await model.widget_manager.get_model(model.get("inner"));
  el.textContent = `inner has ${inner.get("count")}`;
} };
"""


def anywidget(module: str, data: bytes = b"", **state: object) -> dict:
    entry = {"data": base64.b64encode(data).decode(), "path": ["data"], "encoding": "base64"}
    return {
        "model_module": "anywidget",
        "model_name": "AnyModel",
        "state": {"_esm": module, "caption": "A caption.", **state},
        "buffers": [entry] if data else [],
    }


def link(kind: str, source: str, target: str) -> dict:
    state = {"source": [f"IPY_MODEL_{source}", "count"], "target": [f"IPY_MODEL_{target}", "count"]}
    return {"model_module": "@jupyter-widgets/controls", "model_name": kind, "state": state}


@pytest.fixture
def show(page: Page, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Write a page with these models, the named ones shown, and open it."""
    with serving(tmp_path) as address:

        def open_page(models: dict[str, dict], *shown: str) -> Page:
            views = "".join(
                f'<script type="{VIEW_TYPE}">{json.dumps({"model_id": id_})}</script>'
                for id_ in shown
            )
            state = json.dumps({"state": models}).replace("</", "<\\/")
            soup = BeautifulSoup(
                '<!DOCTYPE html><html><head><meta charset="utf-8"/><link rel="icon" href="data:,">'
                f'<script type="{STATE_TYPE}">{state}</script></head>'
                f"<body>{views}<p>The rest.</p></body></html>",
                "html.parser",
            )
            mount_interactives(soup, tmp_path, "")
            state_policy(soup)
            (tmp_path / "index.html").write_text(str(soup), encoding="utf-8")
            page.goto(address)
            return page

        yield open_page


def test_widget_reacts_under_the_strict_policy(show: Callable, watch: Watch) -> None:
    page = show({"a": anywidget(COUNTER, name="counter", count=3)}, "a")
    expect(page.locator('[data-widget="counter"]')).to_have_attribute("data-ready", "")
    page.get_by_role("button").click()
    expect(page.get_by_role("button")).to_have_text("count 4")
    assert watch.complaints == []


def test_two_views_of_one_model_stay_in_step(show: Callable) -> None:
    page = show({"a": anywidget(COUNTER, count=0)}, "a", "a")
    page.get_by_role("button").nth(0).click()
    expect(page.get_by_role("button").nth(1)).to_have_text("count 1")


def test_links_carry_state_both_ways_or_one(show: Callable) -> None:
    models = {id_: anywidget(COUNTER, count=0) for id_ in ("a", "b", "c")}
    models["ab"] = link("LinkModel", "a", "b")
    models["bc"] = link("DirectionalLinkModel", "b", "c")
    page = show(models, "a", "b", "c")
    expect(page.get_by_role("button")).to_have_count(3)  # `all` waits for none
    a, b, c = page.get_by_role("button").all()
    b.click()
    for button in (a, b, c):
        expect(button).to_have_text("count 1")
    c.click()
    expect(c).to_have_text("count 2")
    expect(a).to_have_text("count 1")


def test_large_buffer_is_fetched_once_and_only_when_started(show: Callable, watch: Watch) -> None:
    data = bytes([1, 2, 3]) * 20_000
    page = show(
        {"a": anywidget(SUM_OF_BYTES, data), "b": anywidget(SUM_OF_BYTES, b"\x05")}, "a", "b"
    )
    expect(page.get_by_text("sum 5")).to_be_visible()
    assert not any(address.endswith(".bin") for address in watch.requests)
    page.get_by_role("button", name="Start (60 kB)").click()
    expect(page.get_by_text(f"sum {sum(data)}")).to_be_visible()
    assert sum(address.endswith(".bin") for address in watch.requests) == 1
    expect(page.get_by_role("button", name="Start")).to_have_count(0)


def test_two_interactives_with_the_same_bytes_fetch_them_once(show: Callable, watch: Watch) -> None:
    data = bytes([1, 2, 3]) * 20_000
    page = show({"a": anywidget(SUM_OF_BYTES, data), "b": anywidget(SUM_OF_BYTES, data)}, "a", "b")
    for done in (1, 2):
        page.get_by_role("button", name="Start (60 kB)").first.click()
        expect(page.get_by_text(f"sum {sum(data)}")).to_have_count(done)
    assert sum(address.endswith(".bin") for address in watch.requests) == 1


@pytest.mark.parametrize("module", [BROKEN, NOT_JAVASCRIPT])
def test_failing_widget_says_so_and_leaves_the_page_working(module: str, show: Callable) -> None:
    page = show({"a": anywidget(module), "b": anywidget(COUNTER, count=0)}, "a", "b")
    expect(page.get_by_text("This interactive could not start:")).to_be_visible()
    page.get_by_role("button").click()
    expect(page.get_by_role("button")).to_have_text("count 1")
    expect(page.get_by_text("The rest.", exact=True)).to_be_visible()


def test_missing_data_is_said_and_can_be_tried_again(show: Callable) -> None:
    data = bytes([7]) * 60_000
    show_page = show({"a": anywidget(SUM_OF_BYTES, data)}, "a")
    show_page.route("**/*.bin", lambda route: route.fulfill(status=404))
    show_page.get_by_role("button", name="Start").click()
    expect(show_page.get_by_text("could not be fetched (404)")).to_be_visible()
    show_page.unroute("**/*.bin")
    show_page.get_by_role("button", name="Start").click()
    expect(show_page.get_by_text(f"sum {sum(data)}")).to_be_visible()


def test_widget_finds_the_widget_it_refers_to(show: Callable) -> None:
    models = {"a": anywidget(COUNTER, count=8), "b": anywidget(INNER, inner="IPY_MODEL_a")}
    expect(show(models, "b").get_by_text("inner has 8")).to_be_visible()
