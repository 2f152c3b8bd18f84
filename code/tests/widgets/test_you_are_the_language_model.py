"""You are the language model: what the page gets, and its arithmetic against PyTorch's."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from unrolled.corpus import CharacterVocabulary
from unrolled.ngram import NGram
from unrolled.widgets.you_are_the_language_model import Stretch, YouAreTheLanguageModel

TRAIN = "ROMEO:\nBut soft, what light?\n\nJULIET:\nAy me!\n" * 3
TEXT = "JULIET:\nAy, what light?\nBut soft!\n"
MODEL = NGram.fit(TRAIN, CharacterVocabulary.from_text(TRAIN), 4)


TWO = (Stretch("One", 8, 12), Stretch("Start", 0, 5))


def game(stretches=TWO, text=TEXT):
    return YouAreTheLanguageModel(MODEL, text, stretches, caption="Guess the next character.")


def test_the_ngram_paid_what_it_pays_on_the_whole_text():
    bits = MODEL.surprises(MODEL.vocabulary.encode(TEXT))
    for stretch, (start, length) in zip(game().stretches, [(8, 12), (0, 5)], strict=True):
        assert stretch["bits"] == pytest.approx(bits[start : start + length], abs=1e-6)
        assert stretch["target"] == TEXT[start : start + length]
        assert stretch["context"] == TEXT[:start]


def test_expectations_are_the_five_likeliest():
    stretch = game().stretches[0]
    for at, top in enumerate(stretch["top"]):
        distribution = MODEL.distribution(TEXT[: 8 + at])
        assert [p for _, p in top] == pytest.approx(sorted(distribution)[::-1][:5], abs=1e-6)
        for character, p in top:
            expected = distribution[MODEL.vocabulary.tokens.index(character)]
            assert p == pytest.approx(expected, abs=1e-6)


def test_repr_follows_the_state():
    assert repr(game()) == repr(game())
    assert repr(game()) != repr(game(stretches=[Stretch("One", 8, 11)]))
    with_still = YouAreTheLanguageModel(
        MODEL, TEXT, [Stretch("One", 8, 12)], caption="c", still=plt.figure(), still_alt="a chart"
    )
    assert with_still.still_alt == "a chart"


def test_bad_input():
    with pytest.raises(ValueError, match="at least one stretch"):
        game(stretches=[])
    with pytest.raises(ValueError, match="within the text's 34 characters, got 30 to 70"):
        game(stretches=[Stretch("Long", 30)])


def test_bets_are_distributions_with_pytorchs_surprise(run_js):
    unigram = game().unigram
    rng = np.random.default_rng(0)
    cases = [
        [int(rng.integers(-1, len(unigram))), float(rng.uniform(0, 0.99)), int(t)]
        for t in rng.integers(1, len(unigram), 50)
    ]
    got = run_js(
        ["guessing.js"],
        """return data.cases.map(([guess, confidence, truth]) => {
             const bet = betDistribution(data.unigram, guess, confidence);
             return [bet.reduce((a, b) => a + b), surpriseBits(bet[truth])];
           });""",
        {"unigram": unigram, "cases": cases},
    )
    base = torch.tensor(unigram, dtype=torch.float64)
    for (total, bits), (guess, confidence, truth) in zip(got, cases, strict=True):
        bet = base.clone()
        if guess >= 0:
            bet = (1 - confidence) * base
            bet[guess] += confidence
        nats = cross_entropy(bet.log(), torch.tensor(truth)).item()
        assert total == pytest.approx(1, abs=1e-4)  # the unigram is rounded
        assert bits == pytest.approx(nats / math.log(2), abs=1e-3)


def test_running_averages_and_chart(run_js):
    bits = [3.0, 1.0, 0.5, 9.25]
    got = run_js(
        ["guessing.js"],
        """const size = { width: 30, height: 10, steps: 4, top: 8 };
           return [runningAverages(data), chartPoints(data, size), runningAverages([]),
                   characterName(" "), characterName("\\n"), characterName("q")];""",
        bits,
    )
    assert got[0] == pytest.approx((np.cumsum(bits) / np.arange(1, 5)).tolist())
    assert got[1] == "0.0,6.3 10.0,8.8 20.0,9.4 30.0,0.0"
    assert got[2:] == [[], "space", "line break", "q"]
