"""Counted models: by hand, by brute force, and by what probabilities must be."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from unrolled import yardstick
from unrolled.corpus import CharacterVocabulary, WordVocabulary
from unrolled.ngram import AddAlpha, Interpolated, NGram, WittenBell, perplexity

ABRA = "abracadabra"
VOCABULARY = CharacterVocabulary.from_text(ABRA)  # </s> a b c d r
SMOOTHINGS = [
    AddAlpha(1.0), AddAlpha(0.01), Interpolated(0.7), Interpolated(0.0),
    WittenBell(), WittenBell(8.0),
]  # fmt: skip


def brute(text, context, token, order, smoothing, size):
    """P(token | context) with no table and no array: count in the text itself."""

    def seen(h):
        return Counter(
            text[i + len(h)] for i in range(len(text) - len(h)) if text[i:].startswith(h)
        )

    context = context[len(context) - order + 1 :] if order > 1 else ""
    counts = seen(context)
    n, t = sum(counts.values()), len(counts)
    if isinstance(smoothing, AddAlpha):
        return (counts[token] + smoothing.alpha) / (n + smoothing.alpha * size)
    shorter = (
        brute(text, context[1:], token, len(context), smoothing, size) if context else 1 / size
    )
    if n == 0:
        return shorter
    if isinstance(smoothing, Interpolated):
        return smoothing.weight * counts[token] / n + (1 - smoothing.weight) * shorter
    pull = smoothing.strength * t
    return (counts[token] + pull * shorter) / (n + pull)


def test_hand_worked_bigram():
    model = NGram.fit(ABRA, VOCABULARY, 2, AddAlpha(0))
    after_a = model.distribution("a")  # ab ac ad ab: b twice, c and d once
    assert after_a.tolist() == [0, 0, 0.5, 0.25, 0.25, 0]
    laplace = NGram.fit(ABRA, VOCABULARY, 2, AddAlpha(1)).distribution("a")
    assert laplace == pytest.approx(np.array([1, 1, 3, 2, 2, 1]) / 10)
    # n = 4, t = 3; unigram: n = 11, t = 5, uniform 1/6
    unigram_b = (2 + 5 / 6) / 16
    assert NGram.fit(ABRA, VOCABULARY, 2, WittenBell()).distribution("a")[2] == pytest.approx(
        (2 + 3 * unigram_b) / 7
    )


@pytest.mark.parametrize("smoothing", SMOOTHINGS, ids=str)
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_agrees_with_brute_force(order, smoothing):
    model = NGram.fit(ABRA, VOCABULARY, order, smoothing)
    for context in ("abra", "cada", "rrrr", "dbra", "rabr"):
        got = model.distribution(context)
        for token in "abcdr":
            expected = brute(ABRA, context, token, order, smoothing, len(VOCABULARY))
            assert got[VOCABULARY.encode(token)[0]] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    text=st.text("abcdr", min_size=1, max_size=30),
    context=st.text("abcdr", max_size=8),
    order=st.integers(1, 6),
    smoothing=st.sampled_from(SMOOTHINGS),
)
def test_probabilities_sum_to_one(text, context, order, smoothing):
    distribution = NGram.fit(text, VOCABULARY, order, smoothing).distribution(context)
    assert distribution.sum() == pytest.approx(1, abs=1e-12)
    assert (distribution > 0).all()


@settings(max_examples=30, deadline=None)
@given(tokens=st.lists(st.integers(0, 5), min_size=1, max_size=12), order=st.integers(1, 5))
def test_causality_and_agreement_of_all_roads(tokens, order):
    model = NGram.fit(ABRA, VOCABULARY, order)
    whole = model(torch.tensor([tokens]))[0]
    assert whole.shape == (len(tokens), 6)
    for t in range(len(tokens)):
        assert torch.equal(whole[t], model(torch.tensor([tokens[: t + 1]]))[0, -1])
    last = model.probabilities(np.array([0, *tokens]))[-1]
    assert last == pytest.approx(model.distribution(tokens))


def test_the_boundary_cuts_the_context():
    model = NGram.fit(ABRA, VOCABULARY, 3)
    b, r = VOCABULARY.encode("br")
    cut = model(torch.tensor([[b, 0, r]]))[0, -1]
    assert cut.exp().numpy() == pytest.approx(model.distribution("r"))
    assert cut.exp().numpy() != pytest.approx(model.distribution("br"))
    assert model.distribution("") == pytest.approx(model.with_(order=1).distribution("abr"))


@pytest.mark.parametrize("order", [1, 3, 5])
def test_bits_agree_with_cross_entropy_and_the_yardstick(order):
    rng = np.random.default_rng(0)
    text = "".join(rng.choice(list("abcdr"), 3000))
    model = NGram.fit(ABRA * 20, VOCABULARY, order)
    tokens = VOCABULARY.encode(text)
    logits = model(torch.tensor([[0, *tokens[:-1]]]))[0]
    expected = cross_entropy(logits, torch.tensor(tokens)).item() / math.log(2)
    assert model.surprises(tokens).mean() == pytest.approx(expected)
    assert yardstick.bits_per_character(model, VOCABULARY, text) == pytest.approx(expected)


@pytest.mark.parametrize("smoothing", SMOOTHINGS, ids=str)
def test_one_pass_scores_every_order(smoothing):
    model = NGram.fit(ABRA, VOCABULARY, 4, smoothing)
    tokens = VOCABULARY.encode("cadabrabbac")
    for n, row in enumerate(model.surprises_by_order(tokens), 1):
        assert row == pytest.approx(model.with_(order=n).surprises(tokens))
        assert row == pytest.approx(NGram.fit(ABRA, VOCABULARY, n, smoothing).surprises(tokens))


def test_maximum_likelihood_gives_the_unseen_no_chance():
    model = NGram.fit(ABRA, VOCABULARY, 2, AddAlpha(0))
    bits = model.surprises(VOCABULARY.encode("abc"))
    assert bits[1] == 1.0
    assert math.isinf(bits[2])
    assert math.isinf(perplexity(bits.mean()))


def test_words_and_sizes():
    vocabulary = WordVocabulary.from_text("to be or not to be")
    model = NGram.fit("to be or not to be", vocabulary, 2, AddAlpha(0))
    assert model.distribution("to")[vocabulary.encode("be")[0]] == 1.0
    assert model.order == 2
    assert model.entries == 4 + 4  # to be or not; to-be be-or or-not not-to


def test_perplexity_of_equal_choices():
    assert perplexity(math.log2(70)) == pytest.approx(70)


def test_bad_input():
    with pytest.raises(ValueError, match="order of at least 1, got 0"):
        NGram.fit(ABRA, VOCABULARY, 0)
    with pytest.raises(ValueError, match="order of at most 24 with 6 tokens, got 40"):
        NGram.fit(ABRA, VOCABULARY, 40)
    with pytest.raises(ValueError, match="expected a text to count"):
        NGram.fit("", VOCABULARY, 2)
    with pytest.raises(ValueError, match="got 'z'"):
        NGram.fit(ABRA, VOCABULARY, 2).distribution("z")
    with pytest.raises(ValueError, match="order from 1 to 2, got 3"):
        NGram.fit(ABRA, VOCABULARY, 2).with_(order=3)
    with pytest.raises(ValueError, match=r"shape \(B, T\), got \(3,\)"):
        NGram.fit(ABRA, VOCABULARY, 2)(torch.tensor([1, 2, 3]))
    for wrong in (lambda: AddAlpha(-1), lambda: Interpolated(1), lambda: WittenBell(0)):
        with pytest.raises(ValueError, match="expected"):
            wrong()
