"""The page's Content-Security-Policy and what the page gives up for it."""

from __future__ import annotations

import base64
import hashlib

import pytest
from bs4 import BeautifulSoup

from unrolled.press.policy import state_policy
from unrolled.press.third_parties import remove_third_parties


def soup_of(head: str = "", body: str = "") -> BeautifulSoup:
    html = f'<html><head><meta charset="utf-8"/>{head}</head><body>{body}</body></html>'
    return BeautifulSoup(html, "html.parser")


def policy_of(soup: BeautifulSoup) -> dict[str, list[str]]:
    content = soup.find("meta", attrs={"http-equiv": True})["content"]
    return {name: sources for name, *sources in map(str.split, content.split(";"))}


def sha(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_policy_comes_right_after_the_charset_and_allows_the_site_alone() -> None:
    soup = soup_of()
    state_policy(soup)
    assert soup.head.find_all("meta")[1]["http-equiv"] == "Content-Security-Policy"
    policy = policy_of(soup)
    assert policy["default-src"] == ["'none'"]
    assert policy["style-src"] == ["'self'"]
    assert not any("unsafe-inline" in s or "http" in s for row in policy.values() for s in row)


def test_inline_script_is_allowed_by_its_hash_and_data_is_not() -> None:
    soup = soup_of('<script>let a = "é";</script><script type="application/json">{}</script>')
    state_policy(soup)
    sources = policy_of(soup)["script-src"]
    assert sha('let a = "é";') in sources
    assert sha("{}") not in sources


def test_style_attributes_become_classes_of_a_hashed_sheet() -> None:
    soup = soup_of(body='<p class="x" style="width: 3em;">a</p><p style="width: 3em">b</p>')
    state_policy(soup)
    first, second = soup.find_all("p")
    assert "style" not in first.attrs
    assert first["class"][1] == second["class"][0]
    sheet = soup.find("style").string
    assert sheet.count("width: 3em") == 1
    assert sha(sheet) in policy_of(soup)["style-src"]


def test_known_handler_becomes_a_hook_and_an_unknown_one_is_refused() -> None:
    soup = soup_of(body='<button onclick="window.print()">p</button>')
    state_policy(soup)
    assert soup.button.attrs == {"data-press": "print"}
    with pytest.raises(ValueError, match=r"got 'steal\(\)'"):
        state_policy(soup_of(body='<a onclick="steal()">x</a>'))


def test_third_parties_leave_and_search_stays_on_its_page() -> None:
    head = (
        '<script src="_static/sphinx-thebe.js"></script>'
        '<script>const THEBE_JS_URL = "https://elsewhere"</script>'
        '<script src="_static/searchtools.js"></script><script src="_static/doctools.js"></script>'
    )
    ordinary, search = soup_of(head), soup_of(head, '<div id="search-results"></div>')
    remove_third_parties(ordinary)
    remove_third_parties(search)
    assert [s["src"] for s in ordinary.find_all("script")] == ["_static/doctools.js"]
    assert "_static/searchtools.js" in str(search)
    assert "elsewhere" not in str(ordinary)
