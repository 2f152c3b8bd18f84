"""Takes out of a page what the theme would fetch from elsewhere or never use.

A reader's browser talks to the site alone: no kernel service, no advertisement
slot, no script that draws icons the style sheet already has.
"""

from __future__ import annotations

import re

from bs4 import BeautifulSoup

UNUSED_FILES = re.compile(r"sphinx-thebe\.(?:js|css)|scripts/fontawesome\.js")
UNUSED_SNIPPETS = re.compile(r"\bTHEBE_JS_URL\b|\bkernelName\b")
SEARCH_FILES = re.compile(r"searchtools\.js|language_data\.js|searchindex\.js")


def remove_third_parties(soup: BeautifulSoup) -> None:
    """Drop thebe, the icon script and the advertisement slot; leave search to its own page."""
    on_search_page = soup.find(id="search-results") is not None
    for element in soup.find_all(["script", "link"]):
        address = element.get("src") or element.get("href") or ""
        if (
            UNUSED_FILES.search(address)
            or element.get("type") == "text/x-thebe-config"
            or UNUSED_SNIPPETS.search(element.string or "")
            or (SEARCH_FILES.search(address) and not on_search_page)
        ):
            element.decompose()
    for slot in soup.find_all(id="ethical-ad-placement"):
        slot.decompose()
