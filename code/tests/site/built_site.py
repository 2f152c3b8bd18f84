"""Where the built site is, and how the browser tests look at it."""

from __future__ import annotations

from http.server import SimpleHTTPRequestHandler
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage

SITE = Path(__file__).parents[3] / "_build" / "html"
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a word on the terminal."""

    def log_message(self, *_: object) -> None:
        pass


class Watch:
    """What a context's pages said and asked for."""

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    def strangers(self, site: str) -> list[str]:
        """Requests that went elsewhere than to the site."""
        own = (site, "data:", "blob:")
        return [address for address in self.requests if not address.startswith(own)]
