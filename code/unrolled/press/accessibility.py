"""Mends what the theme's pages lack for screen readers and search engines."""

from __future__ import annotations

from bs4 import BeautifulSoup

DESCRIPTION_LENGTH = 155


def _describe(soup: BeautifulSoup) -> None:
    """A description from the page's first paragraph."""
    article = soup.find("article")
    first = article.find("p", recursive=True) if article else None
    if first is None or soup.find("meta", attrs={"name": "description"}):
        return
    words = " ".join(first.get_text().split())
    if len(words) > DESCRIPTION_LENGTH:
        words = words[:DESCRIPTION_LENGTH].rsplit(" ", 1)[0] + " …"
    meta = soup.new_tag("meta", attrs={"name": "description", "content": words})
    soup.head.append(meta)


def _one_viewport(soup: BeautifulSoup) -> None:
    for extra in soup.find_all("meta", attrs={"name": "viewport"})[1:]:
        extra.decompose()


def _name_regions(soup: BeautifulSoup) -> None:
    """Landmarks get a name; boxes that scroll sideways can be reached by keyboard."""
    if (sidebar := soup.find(id="pst-primary-sidebar")) is not None:
        sidebar["role"] = "region"
        sidebar["aria-label"] = "Contents of the book"
    if (banner := soup.find(id="bd-header-version-warning")) is not None:
        banner.decompose()
    for footer in soup.find_all("footer", class_="bd-footer"):
        if not footer.get_text(strip=True):
            footer.decompose()
    for block in soup.select("div.highlight pre"):
        block["tabindex"] = "0"
    for button in soup.select("button[title]:not([aria-label])"):
        button["aria-label"] = button["title"]


def _wrap_tables(soup: BeautifulSoup) -> None:
    """A wide table or formula scrolls in its own box, not the page."""
    for wide in soup.select("article table"):
        if wide.find_parent("figure", attrs={"data-widget": True}) or wide.find_parent("math"):
            continue
        box = soup.new_tag("div", attrs={"class": "wide", "tabindex": "0", "role": "region"})
        caption = wide.find("caption")
        box["aria-label"] = caption.get_text(" ", strip=True) if caption else "Table"
        wide.wrap(box)


def mend(soup: BeautifulSoup) -> None:
    """Mend one page in place."""
    _one_viewport(soup)
    _describe(soup)
    _name_regions(soup)
    _wrap_tables(soup)
