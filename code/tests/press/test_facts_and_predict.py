"""The facts at the top of a page, and the box that asks for a guess."""

import re

import pytest

from unrolled.press.facts import spoken

HEAD = """\
---
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
FACTS = """
```{facts}
:read: 40 min
:needs: [](other.md), a little Python
:able: count n-grams; say what $P(x)$ is
```
"""
PREDICT = """
```{predict} What will $x$ be
:options: it grows | it *shrinks* | neither
Write it down, then run.
```

```{predict} And then?
:options: yes | no
```
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory, new_book):
    """A page that runs, and one that does not."""
    book = new_book(tmp_path_factory.mktemp("book"))
    cell = "\n```{code-cell} ipython3\nimport time; time.sleep(2)\n```\n"
    warnings = book.build(
        {
            "runs": f"{HEAD}\n# Runs\n{FACTS}{PREDICT}{cell}",
            "still": f"# Still\n{FACTS}",
            "other": "# The other page\n\nNothing.\n",
        }
    )
    assert warnings == ""
    return book


def test_the_facts_are_a_description_list(built):
    html = built.page("runs")
    facts = html[html.index('<dl class="facts') :]
    facts = facts[: facts.index("</dl>")]

    assert re.findall(r"<dt>(.*?)</dt>", facts) == [
        "Time to read",
        "Time to run",
        "You need",
        "You will be able to",
    ]
    assert 'href="other.html"' in facts
    assert "The other page" in facts
    assert facts.count("<li>") == 2
    assert 'class="math' in facts


def test_exercises_are_solved_not_read(tiny_book):
    facts = "```{facts}\n:solve: 60 min\n:needs: nothing\n:able: go on\n```"
    tiny_book.build({"page": f"# Page\n\n{facts}\n"})
    assert "<dt>Time to solve</dt><dd><p>60 min</p>" in tiny_book.page("page").replace("\n", "")


def test_the_time_to_run_is_the_executions_own(built):
    seconds = re.search(r"about (\d+) seconds on the CPU that built this page", built.page("runs"))

    assert seconds
    assert 2 <= int(seconds[1]) <= 60
    assert "Time to run" not in built.page("still")


def test_a_guess_is_plain_form_controls(built):
    html = built.page("runs")

    assert '<div class="predict admonition">' in html
    assert "Predict before you run: What will" in html
    assert html.count('<input type="radio" name="guess-1">') == 3
    assert html.count('<input type="radio" name="guess-2">') == 2
    assert "it <em>shrinks</em></span></label>" in html
    assert html.count("<legend>Your guess</legend>") == 2


def test_their_styles_load_where_they_stand(built):
    assert "_static/predict.css" in built.page("runs")
    assert "_static/predict.css" not in built.page("still")
    assert "_static/facts.css" in built.page("still")
    assert "_static/facts.css" not in built.page("other")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```{facts}\n:read: 4 min\n```", "expected the options needs, able, and read or solve"),
        (
            "```{facts}\n:read: 4 min\n:solve: 9 min\n:needs: no\n:able: go\n```",
            "got ['able', 'needs', 'read', 'solve']",
        ),
        ("```{predict} x\n:options: only one\n```", "expected options such as 'a | b | c'"),
    ],
)
def test_complaints(tiny_book, text, message):
    assert message in tiny_book.build({"page": f"# Page\n\n{text}\n"})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "about a second"), (12.4, "about 12 seconds"), (150, "about 2.5 minutes")],
)
def test_times_are_rounded(seconds, text):
    assert spoken(seconds) == text
