"""Byte-pair encoding: by hand, against a slow counter, against the tokenizers library."""

from __future__ import annotations

import random
import re
from collections import Counter
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from unrolled import corpus, yardstick
from unrolled.bpe import FIRST_MERGE, BytePairTokenizer, merge, pieces
from unrolled.widgets.packed_merges import byte_characters

LINE = "A horse! a horse! my kingdom for a horse!"
WORD, SPACE = r"\p{L}\p{N}_", r"\x{9}-\x{d}\x{1c}-\x{20}\x{85}\x{a0}\p{Z}"
LIBRARY_PIECE = (
    rf" ?[{WORD}]+(?:'[{WORD}]+)*| ?[^{WORD}{SPACE}]+|[{SPACE}]+(?![^{SPACE}])|[{SPACE}]+"
)
UNICODE = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=40)
"""Any text; code points that have no character yet differ from one Unicode version to the next."""


@pytest.fixture(scope="module")
def tokenizer() -> BytePairTokenizer:
    return BytePairTokenizer.train(corpus.load().validation, 600)


def library_splitting() -> pre_tokenizers.PreTokenizer:
    """The library's pre-tokenizer that cuts text as `pieces` does, and shows bytes its way."""
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(LIBRARY_PIECE), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def in_the_library(tokenizer: BytePairTokenizer) -> Tokenizer:
    """The same merges and ids in the tokenizers library."""
    names = ["</s>", *byte_characters()]
    merges = []
    for left, right in tokenizer.merges:
        merges.append((names[left], names[right]))
        names.append(names[left] + names[right])
    library = Tokenizer(models.BPE({name: i for i, name in enumerate(names)}, merges))
    library.pre_tokenizer = library_splitting()
    library.decoder = decoders.ByteLevel()
    return library


def slow_merges(text: str, n_merges: int) -> list[tuple[int, int]]:
    """The merges, found by counting everything anew each time."""
    counts = Counter(pieces(text))
    words = {piece: [byte + 1 for byte in piece.encode()] for piece in counts}
    merges = []
    for k in range(n_merges):
        pairs = Counter()
        for piece, ids in words.items():
            for pair in pairwise(ids):
                pairs[pair] += counts[piece]
        if not pairs:
            break
        merges.append(min(pairs, key=lambda pair: (-pairs[pair], pair)))
        words = {p: merge(ids, merges[-1], FIRST_MERGE + k) for p, ids in words.items()}
    return merges


# by hand


def test_a_line_by_hand() -> None:
    """`or` stands 4 times (3 horses, 1 for); then pairs of 3 and of 2, ties to the lowest ids."""
    tokenizer = BytePairTokenizer.train(LINE, 6)
    made = list(tokenizer.tokens[FIRST_MERGE:])
    assert made == ["or", " h", "se", "orse", " horse", " a"]
    ids = tokenizer.encode(LINE)
    cut = "A| horse|!| a| horse|!| |m|y| |k|i|n|g|d|o|m| |f|or| a| horse|!"
    assert [tokenizer.tokens[i] for i in ids] == cut.split("|")
    assert tokenizer.encode("for") == [ord("f") + 1, FIRST_MERGE]
    assert len(tokenizer) == FIRST_MERGE + 6


def test_merges_go_from_left_to_right() -> None:
    assert merge([5, 5, 5], (5, 5), 300) == [300, 5]
    tokenizer = BytePairTokenizer(((2, 2),))
    assert tokenizer.encode("\x01\x01\x01") == [257, 2]


def test_merges_are_made_in_their_order() -> None:
    """With ab before bc, abc is ab|c; the other way round it is a|bc."""
    a, b, c = (ord(letter) + 1 for letter in "abc")
    assert BytePairTokenizer(((a, b), (b, c))).encode("abc") == [257, c]
    assert BytePairTokenizer(((b, c), (a, b))).encode("abc") == [a, 257]


def test_pieces_lose_nothing_and_keep_the_space_before_a_word() -> None:
    assert pieces("ROMEO:\nBut soft, what light") == [
        *("ROMEO", ":", "\n", "But", " soft", ",", " what", " light"),
    ]
    assert pieces(" thou'rt  mad 'tis") == [" thou'rt", " ", " mad", " '", "tis"]
    text = corpus.load().validation
    assert "".join(pieces(text)) == text


# training


@pytest.mark.parametrize(
    "text", [LINE, "ab" * 40, "a", "aaaa aaa aa", "naïve café 🎭🎭 日本語日本語"]
)
def test_counting_on_finds_what_counting_anew_finds(text: str) -> None:
    assert list(BytePairTokenizer.train(text, 30).merges) == slow_merges(text, 30)


def test_counting_on_finds_what_counting_anew_finds_in_a_play() -> None:
    text = corpus.load().validation[:30_000]
    assert list(BytePairTokenizer.train(text, 120).merges) == slow_merges(text, 120)


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("abc '\né"), min_size=1, max_size=120))
def test_counting_on_finds_what_counting_anew_finds_in_anything(text: str) -> None:
    assert list(BytePairTokenizer.train(text, 12).merges) == slow_merges(text, 12)


def test_the_library_counts_the_same() -> None:
    """Its ties fall otherwise, so compare what doesn't hang on them: how far the text shrinks."""
    text = corpus.load().validation
    library = Tokenizer(models.BPE())
    library.pre_tokenizer = library_splitting()
    trainer = trainers.BpeTrainer(
        vocab_size=256 + 400,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    library.train_from_iterator([text], trainer)
    ours, theirs = BytePairTokenizer.train(text, 400), library.encode(text).ids
    assert len(ours.encode(text)) == pytest.approx(len(theirs), rel=2e-3)
    made = {token.encode() for token in ours.tokens[FIRST_MERGE:]}
    shown = dict(zip(byte_characters(), range(256), strict=True))
    known = {bytes(shown[c] for c in token) for token in library.get_vocab()}
    assert len(made & known) > 0.98 * len(made)


def test_same_text_same_merges_in_any_order_of_its_speeches() -> None:
    speeches = corpus.load().validation.strip().split("\n\n")
    first = BytePairTokenizer.train("\n\n".join(speeches), 200)
    random.Random(1).shuffle(speeches)
    assert BytePairTokenizer.train("\n\n".join(speeches), 200) == first


def test_training_ends_where_nothing_is_left_to_merge() -> None:
    tokenizer = BytePairTokenizer.train("abc", 50)
    assert len(tokenizer.merges) == 2
    assert len(tokenizer.encode("abc")) == 1


# encoding and decoding


@settings(max_examples=200, deadline=None)
@given(UNICODE)
def test_any_text_comes_back(tokenizer: BytePairTokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.decode([0, *ids, 0]) == text
    assert len(ids) <= len(text.encode())
    assert 0 not in ids


@settings(max_examples=200, deadline=None)
@given(UNICODE)
def test_ids_are_those_of_the_library(tokenizer: BytePairTokenizer, text: str) -> None:
    library = in_the_library(tokenizer)
    assert tokenizer.encode(text) == library.encode(text).ids
    assert library.decode(library.encode(text).ids) == text


def test_ids_of_a_whole_play_are_those_of_the_library(tokenizer: BytePairTokenizer) -> None:
    text = corpus.load().test
    assert tokenizer.encode(text) == in_the_library(tokenizer).encode(text).ids


def test_the_first_merges_are_a_tokenizer(tokenizer: BytePairTokenizer) -> None:
    text = corpus.load().validation[:5000]
    lengths = []
    for n in (0, 1, 50, 600):
        part = tokenizer.first(n)
        assert len(part) == FIRST_MERGE + n
        assert part.decode(part.encode(text)) == text
        lengths.append(len(part.encode(text)))
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] == len(text.encode())
    assert BytePairTokenizer.train(corpus.load().validation, 50) == tokenizer.first(50)


def test_half_a_character_decodes_to_a_sign_and_does_not_fail(
    tokenizer: BytePairTokenizer,
) -> None:
    ids = BytePairTokenizer().encode("🎭")
    assert len(ids) == 4
    assert tokenizer.decode(ids[:2]) == "�"
    assert tokenizer.tokens[0xF0 + 1] == r"\xf0"


def test_the_yardstick_takes_it(tokenizer: BytePairTokenizer) -> None:
    """A model without a clue pays log2 V for each token, spread over the characters."""
    text = corpus.load().test[:500]
    V, N = len(tokenizer), len(tokenizer.encode(text))
    bits = yardstick.bits_per_character(lambda t: torch.zeros(*t.shape, V), tokenizer, text)
    assert bits == pytest.approx(N * torch.log2(torch.tensor(float(V))).item() / 500, rel=1e-6)


# bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BytePairTokenizer.train("", 3), "expected a text to count"),
        (lambda: BytePairTokenizer.train("a", -1), "n_merges of at least 0, got -1"),
        (
            lambda: BytePairTokenizer(((1, 257),)),
            "merge 0 to join ids from 1 to 256, got 1 and 257",
        ),
        (lambda: BytePairTokenizer(((0, 5),)), "got 0 and 5"),
        (lambda: BytePairTokenizer(((1, 2), (1, 2))), "expected 2 different merges, got 1"),
        (lambda: BytePairTokenizer().first(1), "n_merges from 0 to 0, got 1"),
        (lambda: BytePairTokenizer().decode([257]), "ids from 0 to 256, got 257..257"),
        (lambda: BytePairTokenizer().encode("\ud800"), "surrogates not allowed"),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
