"""Texts cut into blocks, and the order in which they are read."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.finetune import blocks, count_characters, pack
from unrolled.finetune.blocks import batch_at, document_end
from unrolled.pretrained import load_tokenizer


def test_by_hand(tokenizer):
    end = 257
    a, b, c, d = (tokenizer.encode(letter)[0] for letter in "abcd")
    packed = pack(["ab", "cdd"], tokenizer, 3)
    assert packed.tolist() == [[end, a, b], [end, c, d]]  # the last d fills no block
    assert packed.dtype == torch.int64


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("aé 🎭\n", min_size=1, max_size=30), min_size=1, max_size=4))
def test_nothing_is_lost_but_the_rest(texts):
    tokenizer = load_tokenizer()
    whole = [i for text in texts for i in [0, *tokenizer.encode(text)]]
    if len(whole) < 4:
        return
    packed = pack(texts, tokenizer, 4).flatten().tolist()
    assert packed == whole[: len(packed)]
    assert len(whole) - len(packed) < 4


def test_the_books_llm_knows_the_documents_end_as_its_pretraining_did():
    assert document_end(load_tokenizer()) == 0
    assert load_tokenizer().decode([0]) == "<|endoftext|>"


@pytest.mark.parametrize(
    ("vocabulary", "begin", "end", "expected"),
    [({"<|endoftext|>": 5}, 1, 2, 5), ({}, 1, 2, 1), ({}, None, 2, 2), ({}, None, None, None)],
)
def test_other_tokenizers_begin_a_text_or_end_it(vocabulary, begin, end, expected):
    tokenizer = SimpleNamespace(
        get_vocab=lambda: vocabulary,
        convert_tokens_to_ids=vocabulary.get,
        bos_token_id=begin,
        eos_token_id=end,
    )
    assert document_end(tokenizer) == expected


def test_without_a_documents_end_texts_follow_at_once(tokenizer, monkeypatch):
    monkeypatch.setattr(blocks, "document_end", lambda _: None)
    assert pack(["ab", "c"], tokenizer, 3).tolist() == [tokenizer.encode("abc")]


def test_characters_of_the_scored_tokens(tokenizer):
    packed = pack(["abcdef"], tokenizer, 7)  # the end, then six letters
    assert count_characters(packed, tokenizer) == 6
    assert count_characters(pack(["abcdefg"], tokenizer, 4), tokenizer) == 3 + 3
    llm = load_tokenizer()
    text = "ROMEO:\nBut soft, what light"
    assert count_characters(pack([text], llm, len(llm.encode(text)) + 1), llm) == len(text)


@pytest.mark.parametrize(
    ("text", "length", "message"),
    [
        ("abc", 8, "expected at least 8 tokens of text, got 4"),
        ("", 2, "expected at least 2 tokens of text, got 1"),
        ("abc", 1, "expected a block_length of at least 2, got 1"),
    ],
)
def test_too_little_text(tokenizer, text, length, message):
    with pytest.raises(ValueError, match=message):
        pack([text], tokenizer, length)


@given(st.integers(1, 30), st.integers(1, 12), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_every_pass_reads_every_block_once(n_blocks, batch_size, seed):
    steps = 3 * n_blocks  # 3 * batch_size passes
    read = torch.cat([batch_at(s, n_blocks, batch_size, seed) for s in range(1, steps + 1)])
    for start in range(0, len(read), n_blocks):
        assert Counter(read[start : start + n_blocks].tolist()) == Counter(range(n_blocks))


def test_the_order_is_the_seeds_and_each_pass_has_its_own():
    orders = [batch_at(1, 50, 50, seed).tolist() for seed in range(3)]
    assert orders[0] == batch_at(1, 50, 50, 0).tolist()
    assert orders[0] != orders[1] != orders[2]
    assert batch_at(2, 50, 50, 0).tolist() != orders[0]
