"""A tiny book with questions and exercises, and what a reader does in its pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Locator, Page

PAGE = """\
# Embeddings

```{question} emb-what
prompt: What is a word embedding, in terms of $d$?
answer: A vector of length $d$.
ideas:
  - says: An embedding is a vector.
    terms: [[vector, list of numbers]]
  - says: Its numbers are learned.
    terms: [[learned, trained]]
```

```{question} emb-be-the-embedder
prompt: |
  Give two words
  for each.

  - Say why.
  - Be brief.
kind: list
boxes: [King, Button]
answer: Queen.
ideas: [{says: Royalty., terms: [[queen]]}]
```
"""
REVIEW = "# Your answers\n\n```{review}\n```\n"
TASKS = ["double", "triple"]
ANSWERS = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# Exercises: toys
""" + "".join(
    f"""
## {number}. To {task} ({number} min)

```{{code-cell}} ipython3
:tags: [fill]
def {task}(x): return {number + 1} * x
```

```{{solution}} {task}
Multiply.
```
"""
    for number, task in enumerate(TASKS, 1)
)
STARTER = "# Exercises: toys\n" + "".join(
    f"\n## {number}. To {task} ({number} min)\n\n```{{solution}} {task}\n```\n"
    for number, task in enumerate(TASKS, 1)
)
PAGES = {"embeddings": PAGE, "review": REVIEW, "toys": STARTER, "answers/toys": ANSWERS}
KEY = "unrolled.answers/"
NASTY = "<img src=x onerror=alert(1)><script>alert(2)</script> שלום 🎭"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"
FORBIDDEN = """Object.defineProperty(window, 'localStorage',
  { get() { throw new DOMException('no', 'SecurityError') } })"""


def box(page: Page, id: str = "emb-what") -> Locator:
    """Return a question's box."""
    return page.locator(f'textarea[data-question="{id}"]')


def answer(page: Page, text: str, id: str = "emb-what") -> None:
    """Write an answer and commit it."""
    box(page, id).fill(text)
    page.locator(f'#{id} [data-role="commit"]').click()


def idea(page: Page, number: int, id: str = "emb-what") -> Locator:
    """Return a key idea in its question's section."""
    return page.locator(f"#{id} .question-ideas > li").nth(number - 1)


def stored(page: Page, id: str = "emb-what") -> dict[str, Any] | None:
    """Return what the browser's storage holds of a question."""
    text = page.evaluate("key => localStorage.getItem(key)", KEY + id)
    return json.loads(text) if text else None


def record(id: str = "emb-what", days_ago: int = 0, **changes: Any) -> dict[str, Any]:
    """Make a stored answer, committed some days ago."""
    at = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat().replace("+00:00", "Z")
    boxes = changes.pop("boxes", ["a vector"])
    return {
        "schema": 2, "id": id, "boxes": boxes, "edited": at, "skipped": None, "kept": [],
        "committed": {"boxes": boxes, "at": at}, "marks": {}, "grades": [], "draft": None,
        "attempts": [],
    } | changes  # fmt: skip


def put(page: Page, *records: dict[str, Any]) -> None:
    """Put answers into the browser's storage."""
    for one in records:
        pair = [KEY + one["id"], json.dumps(one)]
        page.evaluate("([key, text]) => localStorage.setItem(key, text)", pair)


def bring_in(page: Page, text: object, name: str = "answers.json") -> None:
    """Choose a file of this text, or JSON, in the page of all answers."""
    content = text.encode() if isinstance(text, str) else json.dumps(text).encode()
    file = {"name": name, "mimeType": "application/json", "buffer": content}
    page.locator(".review-import input").set_input_files(file)


def taken_along(page: Page, role: str) -> str:
    """Press a button and return the file that it offers."""
    with page.expect_download() as download:
        page.locator(f'[data-role="{role}"]:visible').click()
    return download.value.path().read_text(encoding="utf-8")


def status(page: Page) -> Locator:
    """Return the line in which the page of all answers speaks."""
    return page.locator(".review-status")
