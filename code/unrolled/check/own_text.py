"""Whether a text that a reader chose can be learned from, and what is held out really is."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from unrolled.check.trial import Trial, Wrong, shown

LEAST = 4_000  # characters, of the held-out text and of what is learned
LINE = 40  # characters; a line as long is in no second text by chance
GARBLED = ("â€", "Ã©", "Ã¨", "Ã¼", "Ã¶", "Ã¤", "\ufffd")
"""What UTF-8 looks like when it is read as something else."""


def judge(trial: Trial, texts: Any, held_out: Any) -> None:
    """Raise Wrong with the first fault of a choice."""
    if isinstance(texts, str):
        raise Wrong(
            "expected `texts` to be a list of texts, got one string",
            "a string is a list of letters: put it in brackets",
        )
    if not isinstance(texts, (list, tuple)) or not texts:
        raise Wrong(f"expected `texts` to be a list of texts, got {shown(texts)}")
    if not isinstance(held_out, str):
        raise Wrong(f"expected `held_out` to be one text, got {shown(held_out)}")
    for text in (*texts, held_out):
        _readable(text)
    trial.holds(f"{len(texts)} texts, readable")
    for name, size in (("`held_out`", len(held_out)), ("`texts`", sum(map(len, texts)))):
        if size < LEAST:
            raise Wrong(
                f"{name}: expected at least {LEAST:,} characters, got {size:,}",
                "too little to measure on, or to learn from",
            )
    learned = _Windows(texts)
    leaked = [line for line in _long_lines(held_out) if line in learned]
    if leaked:
        raise Wrong(
            f"{len(leaked)} lines of `held_out` are in `texts` as well, such as {leaked[0][:70]!r}",
            "the held-out text is in both parts, or they share a preface: split by whole works, "
            "and cut off what the collection added",
        )
    trial.holds(
        f"{sum(map(len, texts)):,} characters to learn from, {len(held_out):,} held out, "
        f"no line of {LINE} characters in both"
    )


def _readable(text: Any) -> None:
    if isinstance(text, bytes):
        raise Wrong("expected texts, got bytes", "decode them: `.read_text(encoding='utf-8')`")
    if not isinstance(text, str):
        raise Wrong(f"expected texts, got {shown(text)}")
    if not text.strip():
        raise Wrong("expected texts, got an empty one")
    if len(text) < 200 and "\n" not in text.strip() and text.strip().endswith((".txt", ".md")):
        raise Wrong(
            f"expected a text, got {text!r}",
            "that is the name of a file; `Path(...).read_text(encoding='utf-8')` reads it",
        )
    start = text[:100_000]
    strange = sum(unicodedata.category(sign) == "Cc" and sign not in "\n\r\t\f" for sign in start)
    if "\0" in text or strange > 0.01 * len(start):
        raise Wrong("expected texts, got something binary", "a picture, or a compressed file?")
    found = next((sign for sign in GARBLED if text.count(sign) > 2), "")
    if found:
        place = text.index(found)
        raise Wrong(
            f"a text has signs that nobody writes: {text[max(0, place - 15) : place + 15]!r}",
            "the file was read in another encoding than it was written in; try encoding='utf-8'",
        )


def _long_lines(text: str) -> Iterator[str]:
    """Lines that are long enough to be nobody else's, with single blanks."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return (line for line in lines if len(line) >= LINE)


class _Windows:
    """Texts in which lines are sought, however these are broken there."""

    def __init__(self, texts: list[str]) -> None:
        self.whole = "\n".join(" ".join(text.split()) for text in texts)
        starts = [0] + [n + 1 for n, sign in enumerate(self.whole) if sign in " \n"]
        self.openings = {self.whole[start : start + LINE] for start in starts}

    def __contains__(self, line: str) -> bool:
        return line[:LINE] in self.openings and line in self.whole
