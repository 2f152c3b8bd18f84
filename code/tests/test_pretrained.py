"""The pretrained LLM's tokenizer, from its file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import pretrained
from unrolled.bpe import BytePairTokenizer
from unrolled.pretrained import load_tokenizer


def tokens(text: str) -> list[str]:
    loaded = load_tokenizer()
    return [loaded.decode([i]) for i in loaded.encode(text)]


def test_49152_tokens_and_what_they_are() -> None:
    loaded = load_tokenizer()
    assert len(loaded) == 49_152
    assert loaded.eos_token == "<|im_end|>"
    assert loaded.encode("<|im_start|>user") == [1, loaded.encode("user")[0]]
    assert load_tokenizer() is loaded


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (" unhappiest", [" unh", "app", "iest"]),
        (" strawberry", [" strawberry"]),
        ("strawberry", ["st", "raw", "berry"]),
        ("1600", ["1", "6", "0", "0"]),
        ("ROMEO", ["RO", "ME", "O"]),
        ("a  12", ["a", "  ", "1", "2"]),  # digits are cut off first: both blanks are one token
    ],
)
def test_how_it_cuts(text: str, cut: list[str]) -> None:
    assert tokens(text) == cut


def test_transformers_own_reading_differs_where_blanks_meet_digits_and_nowhere_else() -> None:
    """Why the tokenizer is put together here: the splitting rule is lost there."""
    from transformers import AutoTokenizer

    folder = pretrained.assets.fetch("smollm2")
    other = AutoTokenizer.from_pretrained(str(folder), gguf_file=pretrained.GGUF_FILE)
    text = "In 1599, Hamlet's first night: naïve, 🎭 и 12.50 for two; x += 3\n"
    assert other.encode(text) == load_tokenizer().encode(text)
    assert other.get_vocab() == load_tokenizer().get_vocab()
    assert other.encode("a  12") != load_tokenizer().encode("a  12")


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("aZé 日本🎭\n\t'0123.,!—"), max_size=40))
def test_text_comes_back(text: str) -> None:
    loaded = load_tokenizer()
    assert loaded.decode(loaded.encode(text)) == text


def test_its_merges_in_the_books_class_give_the_same_cuts() -> None:
    """It is nothing but bytes and merges: the book's class can hold it."""
    model = json.loads(load_tokenizer().backend_tokenizer.to_str())["model"]
    from unrolled.widgets.packed_merges import byte_characters

    value = {character: byte + 1 for byte, character in enumerate(byte_characters())}
    ids = dict(value)
    merges = []
    for left, right in model["merges"]:
        merges.append((ids[left], ids[right]))
        ids[left + right] = 257 + len(merges) - 1
    ours = BytePairTokenizer(tuple(merges))
    for word in (" unhappiest", " Shakespeare", " antidisestablishmentarianism", "BANQUO"):
        assert [ours.decode([i]) for i in ours.encode(word)] == tokens(word)


def test_another_way_to_split_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "SPLITTING", "gpt-2")
    load_tokenizer.cache_clear()
    with pytest.raises(ValueError, match="split as 'gpt-2', got 'smollm'"):
        load_tokenizer()
    load_tokenizer.cache_clear()
