"""The built site, served on this machine, and a browser that watches what pages do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer

import pytest
from answering import PAGES
from browser import find
from built_site import DESKTOP, SITE, QuietHandler, Watch
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tiny_book import TinyBook, serving


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Base URL of the built site."""
    if not (SITE / "book" / "index.html").exists():
        pytest.fail(f"expected the built site in {SITE}: run make book first")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of a tiny book with questions, exercises and the page of all answers."""
    book = TinyBook(tmp_path_factory.mktemp("answers"))
    assert book.build(PAGES) == ""
    with serving(book.html) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=find(), args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=DESKTOP)
    yield context
    context.close()


@pytest.fixture
def watch(context: BrowserContext) -> Watch:
    return Watch(context)


@pytest.fixture
def page(context: BrowserContext, watch: Watch) -> Page:
    """A page of a fresh browser; `watch` hears what it says."""
    return context.new_page()
