"""The launch links of a page, as the built site has them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from everything_book import KERNEL, EverythingBook

from unrolled.press.launch import binder_url, colab_url, download_button
from unrolled.press.repository import Repository

BOOK = Repository("ada", "the-book")
CODE = KERNEL + "# {}\n\n```{{code-cell}} ipython3\nprint(1)\n```\n"


def make(folder: Path, repository: str) -> EverythingBook:
    """Build a book with two pages of code, one of them deeper, and pages without."""
    book = EverythingBook(folder, repository=repository)
    book.write_all("# The first page\n")
    book.write("book/second.md", CODE.format("The second page"))
    book.write("book/deep/third.md", CODE.format("The third page"))
    index = "# A tiny book\n\n```{toctree}\nfirst\nsecond\ndeep/third\nreferences\n```\n"
    book.write("book/index.md", index)
    assert book.build() == ""
    return book


def buttons(book: EverythingBook, page: str) -> Tag:
    """Return the buttons in the header of a page."""
    html = (book.folder / "_build/html/book" / f"{page}.html").read_text()
    return BeautifulSoup(html, "html.parser").select_one(".article-header-buttons")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> EverythingBook:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GITHUB_REPOSITORY", raising=False)
        return make(tmp_path_factory.mktemp("known"), BOOK.url)


@pytest.mark.parametrize("page", ["second", "deep/third"])
def test_links_lead_to_the_generated_notebook(known: EverythingBook, page: str) -> None:
    links = [a["href"] for a in buttons(known, page).select(".dropdown-launch-buttons a")]
    assert links == [
        f"https://colab.research.google.com/github/ada/the-book/blob/notebooks/book/{page}.ipynb",
        f"https://mybinder.org/v2/gh/ada/the-book/notebooks?urlpath=lab/tree/book/{page}.ipynb",
    ]


@pytest.mark.parametrize("page", ["second", "deep/third"])
def test_download_is_a_file_of_the_site(known: EverythingBook, page: str) -> None:
    (link,) = buttons(known, page).select("a[download]")
    assert link["download"] == page.rsplit("/", maxsplit=1)[-1] + ".ipynb"
    folder = (known.folder / "_build/html/book" / f"{page}.html").parent
    target = (folder / link["href"]).resolve()
    assert target == (known.folder / "_build/html/_notebooks/book" / f"{page}.ipynb").resolve()
    assert target.is_file()
    assert "Download" in link["title"]


@pytest.mark.parametrize("page", ["index", "first", "references"])
def test_pages_without_code_have_none(known: EverythingBook, page: str) -> None:
    found = buttons(known, page)
    assert found.select("a[download]") == []
    assert not re.search(r"colab|binder|_sources|\.ipynb", str(found))


def test_the_source_of_a_page_is_no_longer_offered(known: EverythingBook) -> None:
    assert "_sources" not in str(buttons(known, "second"))


def test_without_a_repository_only_the_download_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    book = make(tmp_path, "")
    assert not re.search(r"colab|binder", str(buttons(book, "second")))
    assert len(buttons(book, "second").select("a[download]")) == 1
    monkeypatch.setenv("GITHUB_REPOSITORY", "bob/fork")
    book.build()  # no page changed, but every page's links did
    assert "bob/fork" in str(buttons(book, "second"))


def test_addresses_are_quoted() -> None:
    assert colab_url(BOOK, "book/a b").endswith("/book/a%20b.ipynb")
    assert binder_url(BOOK, "book/a&b").endswith("lab/tree/book/a%26b.ipynb")
    url = download_button('book/a"b', '../a"b.ipynb')["url"]
    assert url == '../a&quot;b.ipynb" download="a&quot;b.ipynb'
