"""What the theme's pages lack is mended."""

from __future__ import annotations

from bs4 import BeautifulSoup

from unrolled.press.accessibility import DESCRIPTION_LENGTH, mend


def mended(body: str, head: str = "") -> BeautifulSoup:
    soup = BeautifulSoup(f"<html><head>{head}</head><body>{body}</body></html>", "html.parser")
    mend(soup)
    return soup


def test_description_is_the_first_paragraph_cut_at_a_word() -> None:
    soup = mended(f"<article><h1>T</h1><p>{'word ' * 60}</p><p>Not this.</p></article>")
    description = soup.find("meta", attrs={"name": "description"})["content"]
    assert description.startswith("word word")
    assert description.endswith("word …")
    assert len(description) <= DESCRIPTION_LENGTH + 2


def test_a_table_scrolls_in_a_named_box_and_a_widgets_own_does_not() -> None:
    soup = mended(
        "<article><table><caption>Scores</caption></table>"
        '<figure data-widget="w"><table></table></figure></article>'
    )
    box = soup.find("div", class_="wide")
    assert (box["tabindex"], box["aria-label"]) == ("0", "Scores")
    assert len(soup.find_all("div", class_="wide")) == 1


def test_tables_of_one_section_have_different_names() -> None:
    soup = mended("<article><h2>Axes<a>#</a></h2><table></table><table></table></article>")
    names = [box["aria-label"] for box in soup.find_all("div", class_="wide")]
    assert names == ["Table: Axes", "Table: Axes (2)"]


def test_bibliography_has_no_deprecated_role() -> None:
    soup = mended('<div class="citation-list" role="list"><div role="doc-biblioentry"></div></div>')
    assert "role" not in str(soup.body)


def test_one_viewport_named_sidebar_and_reachable_code() -> None:
    head = '<meta name="viewport" content="a"/>' * 3
    body = '<div id="pst-primary-sidebar"></div><div class="highlight"><pre>x</pre></div>'
    soup = mended(body, head)
    assert len(soup.find_all("meta", attrs={"name": "viewport"})) == 1
    assert soup.find(id="pst-primary-sidebar")["aria-label"]
    assert soup.pre["tabindex"] == "0"
