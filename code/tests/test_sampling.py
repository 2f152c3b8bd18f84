"""Sampling: temperature, seeds, and models that are sure of themselves."""

import math

import pytest
import torch

from unrolled.corpus import CharacterVocabulary
from unrolled.ngram import AddAlpha, NGram
from unrolled.sampling import continue_text, generate, sharpen

VOCABULARY = CharacterVocabulary.from_text("abc")


def next_letter(tokens):
    """a is followed by b, b by c, c by a; the boundary token by a."""
    return torch.nn.functional.one_hot(tokens % 3 + 1, 4).float() * 50


def test_hand_worked_temperature():
    logits = torch.tensor([math.log(4.0), math.log(1.0)], dtype=torch.float64)
    assert sharpen(logits, 1).tolist() == pytest.approx([0.8, 0.2])
    assert sharpen(logits, 0.5).tolist() == pytest.approx([16 / 17, 1 / 17])
    assert sharpen(logits, 2).tolist() == pytest.approx([2 / 3, 1 / 3])
    assert sharpen(logits, 0).tolist() == [1.0, 0.0]
    assert sharpen(logits, 3.7).sum().item() == pytest.approx(1)


def test_a_sure_model_is_followed():
    assert continue_text(next_letter, VOCABULARY, "", 5, temperature=1.0) == "abcab"
    assert continue_text(next_letter, VOCABULARY, "b", 3, temperature=0) == "bcab"


def test_rows_of_a_batch_go_on_alone():
    out = generate(next_letter, torch.tensor([[1], [3]]), 2)
    assert out.tolist() == [[1, 2, 3], [3, 1, 2]]


def test_seed_decides():
    model = NGram.fit("abcacbbacabc", VOCABULARY, 2)
    first = continue_text(model, VOCABULARY, "a", 60, seed=1)
    assert first == continue_text(model, VOCABULARY, "a", 60, seed=1)
    assert first != continue_text(model, VOCABULARY, "a", 60, seed=2)


def test_frequencies_come_near_the_probabilities():
    model = NGram.fit("aab", CharacterVocabulary.from_text("ab"), 1, AddAlpha(0))
    out = generate(model, torch.ones(4000, 1, dtype=torch.int64), 1, 1.0, torch.Generator())
    assert (out[:, 1] == 1).double().mean().item() == pytest.approx(2 / 3, abs=0.03)


def test_context_length_limits_what_the_model_sees():
    widths = []

    def spy(tokens):
        widths.append(tokens.shape[1])
        return next_letter(tokens)

    generate(spy, torch.tensor([[1, 2, 3]]), 4, context_length=4)
    assert widths == [3, 4, 4, 4]


def test_bad_input():
    with pytest.raises(ValueError, match="temperature of at least 0, got -1"):
        generate(next_letter, torch.tensor([[1]]), 1, temperature=-1)
    with pytest.raises(ValueError, match=r"T > 0, got \(1, 0\)"):
        generate(next_letter, torch.zeros(1, 0, dtype=torch.int64), 1)
    with pytest.raises(ValueError, match="n of at least 0, got -2"):
        generate(next_letter, torch.tensor([[1]]), -2)
    with pytest.raises(ValueError, match="got 'z'"):
        continue_text(next_letter, VOCABULARY, "z", 1)
