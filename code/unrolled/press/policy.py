"""States each page's Content-Security-Policy and makes the page keep it.

Style attributes become classes of one hashed `<style>` element, the theme's
inline handlers become `data-press` hooks that `book.js` serves, and each inline
script is allowed by its hash alone.
"""

from __future__ import annotations

import base64
import hashlib

from bs4 import BeautifulSoup

BASE = {
    "default-src": ["'none'"],
    "script-src": ["'self'", "'wasm-unsafe-eval'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "manifest-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
}

HANDLERS = {"window.print()": "print", "toggleFullScreen()": "fullscreen"}
"""The theme's inline handlers and what `book.js` knows them by."""

EXECUTED = {None, "", "text/javascript", "application/javascript", "module"}


def _source(text: str) -> str:
    """The CSP source that allows exactly this inline text."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _name_handlers(soup: BeautifulSoup) -> None:
    for element in soup.find_all(True):
        for attribute in [name for name in element.attrs if name.startswith("on")]:
            action = " ".join(str(element[attribute]).split())
            if action not in HANDLERS:
                raise ValueError(
                    f"expected inline handlers among {sorted(HANDLERS)}, got {action!r}: "
                    "the page's Content-Security-Policy would block it"
                )
            element["data-press"] = HANDLERS[action]
            del element[attribute]


def _gather_styles(soup: BeautifulSoup) -> None:
    rules: dict[str, str] = {}
    for element in soup.find_all(style=True):
        declarations = element["style"].strip().rstrip(";")
        name = "s-" + hashlib.sha256(declarations.encode()).hexdigest()[:8]
        rules[name] = declarations
        element["class"] = [*element.get("class", []), name]
        del element["style"]
    if rules:
        sheet = soup.new_tag("style")
        sheet.string = "".join(
            f".{name}.{name}{{{declarations}}}" for name, declarations in sorted(rules.items())
        )
        soup.head.append(sheet)


def state_policy(soup: BeautifulSoup) -> None:
    """Write the page's policy into its head.

    Raises ValueError for an inline handler that `book.js` doesn't know.
    """
    _name_handlers(soup)
    _gather_styles(soup)
    policy = {name: list(sources) for name, sources in BASE.items()}
    for script in soup.find_all("script", src=False):
        if script.get("type") in EXECUTED and script.string:
            policy["script-src"].append(_source(script.string))
    for sheet in soup.find_all("style"):
        policy["style-src"].append(_source(sheet.string or ""))
    content = "; ".join(f"{name} {' '.join(dict.fromkeys(s))}" for name, s in policy.items())
    meta = soup.new_tag("meta", attrs={"http-equiv": "Content-Security-Policy"})
    meta["content"] = content
    charset = soup.head.find("meta", charset=True)
    charset.insert_after(meta)
