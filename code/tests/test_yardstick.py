"""Bits per character, against PyTorch's cross-entropy and numbers worked by hand."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from unrolled import yardstick
from unrolled.corpus import CharacterVocabulary, load

VOCABULARY = CharacterVocabulary.from_text("abc")


def uniform(tokens):
    return torch.zeros(*tokens.shape, 4)


def windowed(width):
    """A model whose next token hangs on the last `width` tokens, and on nothing before."""
    table = torch.randn(4, 4, generator=torch.Generator().manual_seed(1))

    def model(tokens):
        padded = torch.nn.functional.pad(table[tokens], (0, 0, width - 1, 0))
        return padded.unfold(1, width, 1).sum(-1)

    return model


def test_passage():
    passage = yardstick.passage()
    assert len(passage) == 20_000
    assert passage.startswith("FIRST WITCH:\nWhen shall we three meet again\nIn thunder,")
    assert load().test.startswith(passage)


def test_uniform_costs_log2_of_the_vocabulary():
    assert yardstick.bits_per_character(uniform, VOCABULARY, "abcab") == pytest.approx(2.0)


def test_equals_cross_entropy():
    model = windowed(3)
    tokens = torch.tensor(VOCABULARY.encode("abccbabacb"))
    logits = model(torch.cat([torch.tensor([0]), tokens[:-1]])[None])[0]
    expected = cross_entropy(logits.double(), tokens).item() / math.log(2)
    got = yardstick.bits_per_character(model, VOCABULARY, "abccbabacb")
    assert got == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("context_length", [2, 5, 8, 9, 31, 100])
def test_every_character_is_scored_once(context_length):
    text = "abccb" * 6
    got = yardstick.bits_per_character(uniform, VOCABULARY, text, context_length)
    assert got == pytest.approx(2.0)


@pytest.mark.parametrize("context_length", [6, 7, 10, 64])
def test_a_window_that_holds_the_context_changes_nothing(context_length):
    model, text = windowed(3), "abccbabacbbca" * 3
    whole = yardstick.bits_per_character(model, VOCABULARY, text)
    part = yardstick.bits_per_character(model, VOCABULARY, text, context_length)
    assert part == pytest.approx(whole, abs=1e-12)


def test_bad_input():
    with pytest.raises(ValueError, match="expected a text to score"):
        yardstick.bits_per_character(uniform, VOCABULARY, "")
    with pytest.raises(ValueError, match="got 'z'"):
        yardstick.bits_per_character(uniform, VOCABULARY, "z")
    with pytest.raises(ValueError, match="context_length of at least 2, got 1"):
        yardstick.bits_per_character(uniform, VOCABULARY, "ab", 1)
    with pytest.raises(ValueError, match=r"got shape \(1, 2\)"):
        yardstick.surprises(uniform, torch.ones(1, 2, dtype=torch.int64))
