"""Finding the word that someone types."""

from __future__ import annotations

WORDS = ["</s>", "the", "then", "theater", "o'er", "queen", "been", "queue", "quince"]


def test_find_complete_and_spell(run_js) -> None:
    script = """
    const book = lexicon(data, 1);
    return {
      found: ["Queen ", "o’er", "", "king", "</s>"].map(book.find),
      begun: [book.complete("THE", 2), book.complete("", 5), book.complete("<", 5)],
      close: [book.spellings("quene", 4), book.spellings("teh", 4), book.spellings("zzzz", 4)],
    };
    """
    result = run_js(["lexicon.js"], script, WORDS)
    assert result["found"] == [5, 4, -1, -1, -1]
    assert result["begun"] == [["the", "then"], [], []]
    assert result["close"] == [["queen", "queue", "quince"], ["the"], []]


def test_edit_distance_by_hand(run_js) -> None:
    pairs = [["kitten", "sitting"], ["form", "from"], ["a", "a"], ["", "ab"], ["abc", "xyz"]]
    script = "return data.map(([a, b]) => editDistance(a, b, 3));"
    assert run_js(["lexicon.js"], script, pairs) == [3, 1, 0, 2, 3]
    script = "return data.map(([a, b]) => editDistance(a, b, 1) > 1);"
    assert run_js(["lexicon.js"], script, pairs) == [True, False, False, True, True]
