"""What a page shows of other pages is never stale, also with every page cached."""

from __future__ import annotations

from tiny_book import TinyBook

FRONT = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""
MODEL = (
    FRONT
    + """# A model

```{{code-cell}} ipython3
from unrolled.reporting import glue, ladder_row
glue("a_bits", {bits})
ladder_row("bigram", "Bigram", {bits}, parameters=1234, train_seconds=2.0, sample="Ay, my lord")
```
"""
)
USER = "# A user\n\nThe model next door scores {glue:text}`a_model.md::a_bits:.2f` bits.\n"
LADDER = "# The ladder\n\n```{ladder}\n:all:\n```\n\n```{timings}\n```\n"


def test_a_changed_value_rewrites_every_page_that_shows_it(tiny_book: TinyBook) -> None:
    pages = {"a_model": MODEL.format(bits=3.25), "b_user": USER, "c_ladder": LADDER}
    assert tiny_book.build(pages) == ""
    assert "3.25" in tiny_book.page("b_user")
    assert "3.250" in tiny_book.page("c_ladder")
    assert tiny_book.build({**pages, "a_model": MODEL.format(bits=2.75)}) == ""
    assert "2.75" in tiny_book.page("b_user")
    assert "3.25" not in tiny_book.page("b_user")
    assert "2.750" in tiny_book.page("c_ladder")


def test_nothing_changed_writes_nothing(tiny_book: TinyBook) -> None:
    pages = {"a_model": MODEL.format(bits=3.25), "b_user": USER, "c_ladder": LADDER}
    tiny_book.build(pages)
    before = (tiny_book.html / "c_ladder.html").stat().st_mtime_ns
    tiny_book.build(pages)
    assert (tiny_book.html / "c_ladder.html").stat().st_mtime_ns == before


def test_ladder_shows_models_in_the_books_order_up_to_its_page(tiny_book: TinyBook) -> None:
    here = "\n\n```{ladder}\n```\n"
    later = MODEL.replace("bigram", "gpt").replace("Bigram", "GPT")
    pages = {"a_model": MODEL.format(bits=3.25) + here, "b_model": later.format(bits=1.5) + here}
    assert tiny_book.build(pages) == ""
    first, second = tiny_book.page("a_model"), tiny_book.page("b_model")
    assert "<p>GPT</p>" not in first
    assert 0 < second.index("<p>Bigram</p>") < second.index("<p>GPT</p>")
    assert "1,234" in first
    assert "Ay, my lord" in first


def test_timings_name_the_pages_that_ran(tiny_book: TinyBook) -> None:
    tiny_book.build({"a_model": MODEL.format(bits=3.25), "c_ladder": LADDER})
    page = tiny_book.page("c_ladder")
    table = page[page.index("Seconds to execute") :]
    assert '<a class="reference internal" href="a_model.html">A model</a>' in table
