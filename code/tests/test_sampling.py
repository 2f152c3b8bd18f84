"""Sampling: temperature, seeds, and models that are sure of themselves."""

import math

import pytest
import torch

from unrolled.corpus import CharacterVocabulary
from unrolled.ngram import AddAlpha, NGram
from unrolled.sampling import choices, continue_text, generate, sharpen

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


def logits_of(*probabilities):
    return torch.tensor(probabilities, dtype=torch.float64).log()


def test_hand_worked_top_k_and_top_p():
    logits = logits_of(0.1, 0.5, 0.15, 0.25)
    assert choices(logits).tolist() == pytest.approx([0.1, 0.5, 0.15, 0.25])
    assert choices(logits, top_k=2).tolist() == pytest.approx([0, 2 / 3, 0, 1 / 3])
    assert choices(logits, top_k=9).tolist() == pytest.approx([0.1, 0.5, 0.15, 0.25])
    assert choices(logits, top_p=0.7).tolist() == pytest.approx([0, 2 / 3, 0, 1 / 3])
    assert choices(logits, top_p=0.8).tolist() == pytest.approx([0, 5 / 9, 1.5 / 9, 2.5 / 9])
    assert choices(logits, top_p=0.01).tolist() == [0, 1, 0, 0]
    assert choices(logits, top_p=1).tolist() == pytest.approx([0.1, 0.5, 0.15, 0.25])
    # first k: 2/3 and 1/3; then p of these
    assert choices(logits, top_k=2, top_p=0.6).tolist() == [0, 1, 0, 0]
    assert choices(logits, temperature=0, top_k=3, top_p=0.9).tolist() == [0, 1, 0, 0]
    # temperature first: squared and normalized 0.25 / 0.345 is above 0.7
    assert choices(logits, temperature=0.5, top_p=0.7).tolist() == [0, 1, 0, 0]


def test_of_equals_the_lower_ids_stay():
    assert choices(torch.zeros(5), top_k=2).tolist() == [0.5, 0.5, 0, 0, 0]
    assert choices(torch.zeros(4), top_p=0.5).tolist() == [0.5, 0.5, 0, 0]


@pytest.mark.parametrize(("k", "p"), [(1, None), (7, None), (None, 0.3), (None, 0.9), (20, 0.8)])
def test_choices_equal_those_of_transformers(k, p):
    transformers = pytest.importorskip("transformers")
    logits = torch.randn(6, 50, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3
    expected = logits / 0.7
    if k is not None:
        expected = transformers.TopKLogitsWarper(k)(None, expected)
    if p is not None:
        expected = transformers.TopPLogitsWarper(p)(None, expected)
    ours = choices(logits, 0.7, k, p)
    assert torch.allclose(ours, expected.softmax(-1), atol=1e-12)
    assert torch.allclose(ours.sum(-1), torch.ones(6, dtype=torch.float64))


def test_what_is_cut_off_is_never_drawn():
    def fair(tokens):
        return torch.tensor([0.0, 3.0, 2.0, 1.0]).expand(*tokens.shape, 4)

    start, chance = torch.ones(500, 1, dtype=torch.int64), torch.Generator().manual_seed(0)
    assert set(generate(fair, start, 1, 1.0, chance, top_k=2)[:, 1].tolist()) == {1, 2}
    assert set(generate(fair, start, 1, 1.0, chance, top_p=0.7)[:, 1].tolist()) == {1, 2}
    assert set(generate(fair, start, 1, 1.0, chance)[:, 1].tolist()) == {0, 1, 2, 3}
    assert set(continue_text(fair, VOCABULARY, "", 99, top_k=1)) == {"a"}


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
    with pytest.raises(ValueError, match="top_k of at least 1, got 0"):
        generate(next_letter, torch.tensor([[1]]), 1, top_k=0)
    for p in (0, 1.5):
        with pytest.raises(ValueError, match=f"top_p above 0 and at most 1, got {p}"):
            generate(next_letter, torch.tensor([[1]]), 1, top_p=p)
    with pytest.raises(ValueError, match="got 'z'"):
        continue_text(next_letter, VOCABULARY, "z", 1)
