"""Mends what the theme's pages lack for screen readers and search engines."""

from __future__ import annotations

from collections import Counter

from bs4 import BeautifulSoup, Tag

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


def _nearest_heading(element: Tag) -> str:
    heading = element.find_previous(["h1", "h2", "h3", "h4"])
    text = heading.get_text(" ", strip=True) if heading else ""
    return text.removesuffix("#").strip()


def _wrap_tables(soup: BeautifulSoup) -> None:
    """A wide table scrolls in its own box, named after its caption or section."""
    names: Counter[str] = Counter()
    for wide in soup.select("article table"):
        if wide.find_parent("figure", attrs={"data-widget": True}):
            continue
        caption = wide.find("caption")
        name = caption.get_text(" ", strip=True) if caption else ""
        name = name or f"Table: {_nearest_heading(wide)}"
        names[name] += 1
        if names[name] > 1:
            name = f"{name} ({names[name]})"
        box = soup.new_tag("div", attrs={"class": "wide", "tabindex": "0", "role": "region"})
        box["aria-label"] = name
        wide.wrap(box)


def _plain_citations(soup: BeautifulSoup) -> None:
    """The bibliography's roles are deprecated ones, in a list that holds no list items."""
    for entry in soup.select("[role='doc-biblioentry'], div.citation-list"):
        del entry["role"]


def mend(soup: BeautifulSoup) -> None:
    """Mend one page in place."""
    _one_viewport(soup)
    _describe(soup)
    _name_regions(soup)
    _wrap_tables(soup)
    _plain_citations(soup)
