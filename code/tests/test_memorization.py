"""The longest common stretch, against Python's own search and by hand."""

from __future__ import annotations

import difflib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled import corpus
from unrolled.memorization import Overlap, Source

TEXT = "But, soft! what light through yonder window breaks?\nIt is the east, and Juliet is the sun."


def by_brute_force(sample: str, text: str) -> list[int]:
    """The length of the longest stretch of `text` from each place of `sample` on."""
    return [
        max(n for n in range(len(sample) - i + 1) if sample[i : i + n] in text)
        for i in range(len(sample))
    ]


def test_by_hand() -> None:
    source = Source(TEXT)
    found = source.longest("O what light through the window?")
    assert found == Overlap(" what light through ", 1, 10)
    assert len(found) == 20
    assert source.lines(found) == (
        "But, soft!", " what light through ", "yonder window breaks?",
    )  # fmt: skip
    assert source.share_copied("O what light through the window?", 20) == 20 / 32
    assert source.share_copied("O what light through the window?", 21) == 0


def test_a_copy_is_found_whole_and_what_the_source_lacks_breaks_it() -> None:
    source = Source(TEXT)
    assert source.longest(TEXT) == Overlap(TEXT, 0, 0)
    assert source.share_copied(TEXT, len(TEXT)) == 1
    assert source.longest("yonder ☃ window breaks").text == " window breaks"
    assert source.longest("☃☃") == Overlap("", 0, source.longest("☃☃").position)
    assert source.lengths("sun.☃").tolist() == [4, 3, 2, 1, 0]  # up to the source's last sign


def test_lines_around_an_overlap_of_several_lines() -> None:
    source = Source("one\ntwo two\nthree three\nfour")
    found = source.longest("(two\nthree)")
    assert source.lines(found) == ("two ", "two\nthree", " three")
    assert source.lines(source.longest("four")) == ("", "four", "")


@given(
    st.text("ab", min_size=1, max_size=60),
    st.text("abc", min_size=1, max_size=40),
)
def test_lengths_equal_brute_force(text: str, sample: str) -> None:
    """Two letters make long overlaps; the third stands in no source."""
    source = Source(text)
    assert source.lengths(sample).tolist() == by_brute_force(sample, text)
    found = source.longest(sample)
    theirs = difflib.SequenceMatcher(None, sample, text, autojunk=False).find_longest_match()
    assert (len(found), found.start) == (theirs.size, theirs.a)
    assert text[found.position :].startswith(found.text)
    assert sample[found.start :].startswith(found.text)


def test_the_whole_training_text() -> None:
    """Every length found in 4.6 million characters is the longest there is."""
    plays = corpus.load()
    source, sample = Source(plays.train), plays.test[5000:5300]
    lengths = source.lengths(sample)
    for i, length in enumerate(lengths.tolist()):
        assert sample[i : i + length] in plays.train
        if i + length < len(sample):
            assert sample[i : i + length + 1] not in plays.train
    scene = plays.train[2_000_000:2_000_400]
    assert source.longest(scene).position == plays.train.index(scene)
    assert np.array_equal(
        source.lengths(scene), np.maximum(source.lengths(scene), range(400, 0, -1))
    )


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: Source(""), "1 to 254 different characters, got 0"),
        (lambda: Source("".join(map(chr, range(300)))), "different characters, got 300"),
        (lambda: Source("a").longest(""), "a sample to look for, got an empty text"),
        (lambda: Source("a").share_copied("", 3), "got 0 characters, 3"),
        (lambda: Source("a").share_copied("ab", 0), "got 2 characters, 0"),
    ],
)
def test_bad_arguments_are_refused(act, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        act()
