"""What holds on every page of the site, whatever it is about."""

from __future__ import annotations

import gzip
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from built_site import DESKTOP, PHONE, SITE, Watch
from playwright.sync_api import Browser, BrowserContext, Page, expect

PAGES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.rglob("*.html")
    if path != SITE / "index.html"  # a redirect
)
FIRST_LOAD_LIMIT = 500_000
"""Bytes, compressed, that a page may ask for before any interactive is started."""


def test_there_are_pages() -> None:
    assert "book/index.html" in PAGES
    assert "book/language-models.html" in PAGES


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("name", PAGES)
def test_page_is_quiet_light_and_at_home(name: str, page: Page, watch: Watch, site: str) -> None:
    """No word on the console, no request elsewhere, at most 500 kB compressed."""
    open_page(page, f"{site}/{name}")
    assert watch.complaints == []
    assert watch.strangers(site) == []
    files = {urlparse(address).path.lstrip("/") for address in watch.requests}
    weights = {
        file: len(gzip.compress((SITE / unquote(file)).read_bytes())) for file in files if file
    }
    assert sum(weights.values()) <= FIRST_LOAD_LIMIT, sorted(weights.items(), key=lambda w: -w[1])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible(name: str, size: dict, theme: str, browser: Browser, site: str) -> None:
    """No axe violation and no sideways scrolling, every interactive started."""
    context = browser.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce")
    page = context.new_page()
    open_page(page, f"{site}/{name}")
    for figure in page.query_selector_all("figure[data-model]"):
        if start := figure.query_selector("[data-start]"):
            start.click()
    for figure in page.locator("figure[data-model]").all():
        figure.locator("xpath=self::*[@data-ready]").wait_for(timeout=20_000)
    found = Axe().run(page).response
    assert len(found["passes"]) > 10
    violations = found["violations"]
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in violations] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_page_reads_without_javascript(name: str, browser: Browser, site: str) -> None:
    """The text, the formulas and the stills are there; nothing pretends to work."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/{name}")
    assert len(page.locator("main").inner_text()) > 100
    for figure in page.locator("figure[data-model]").all():
        assert figure.locator("figcaption").is_visible()
        assert figure.locator("img.interactive-still").is_visible()
        assert figure.locator("img.interactive-still").get_attribute("alt")
    assert page.locator("textarea:visible").count() == 0
    context.close()


class Addresses(HTMLParser):
    """Collects a page's ids and the addresses it leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if named.get("id"):
            self.ids.add(named["id"])
        for attribute in ("href", "src"):
            if named.get(attribute):
                self.addresses.append(named[attribute])


def parsed(path: Path) -> Addresses:
    found = Addresses()
    found.feed(path.read_text(encoding="utf-8"))
    return found


def test_every_internal_link_leads_somewhere() -> None:
    """Each page, file and anchor that a page names exists in the site."""
    pages = {name: parsed(SITE / name) for name in [*PAGES, "index.html"]}
    broken = []
    for name, page in pages.items():
        for address in page.addresses:
            if urlparse(address).scheme:
                continue
            target, anchor = urldefrag(urljoin(f"/{name}", address))
            file = unquote(urlparse(target).path).lstrip("/")
            if not (SITE / file).is_file():
                broken.append(f"{name}: {address}")
            elif anchor and file in pages and unquote(anchor) not in pages[file].ids:
                broken.append(f"{name}: {address} (no such place on the page)")
    assert broken == []


def test_root_leads_to_the_book(page: Page, site: str) -> None:
    page.goto(site)
    page.wait_for_url(f"{site}/book/index.html")


def test_a_page_opened_as_a_file_says_why_nothing_moves(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto((SITE / "book" / "language-models.html").as_uri())
    status = page.locator("figure[data-model] .interactive-status").first
    expect(status).to_contain_text("runs only where the book is served")
