"""Each plausible wrong answer is caught, with the hint that belongs to it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
import torch
from wrong_answers import assert_caught, assert_passed

from unrolled.check import language_models as check
from unrolled.corpus import CharacterVocabulary
from unrolled.ngram import NGram, WittenBell


def per_token(value, unit, tokens, characters):
    return {"nats": value / math.log(2), "bits": value, "perplexity": math.log2(value)}[unit]


def swapped(value, unit, tokens, characters):
    return per_token(value, unit, 1, 1) * characters / tokens


def nats_kept(value, unit, tokens, characters):
    value = math.log2(value) if unit == "perplexity" else value
    return value * tokens / characters


def natural(value, unit, tokens, characters):
    value = math.log(value) if unit == "perplexity" else per_token(value, unit, 1, 1)
    return value * tokens / characters


def shared_too_early(value, unit, tokens, characters):
    if unit == "perplexity":
        return math.log2(value * tokens / characters)
    return per_token(value, unit, 1, 1) * tokens / characters


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (per_token, "how many tokens does a character have"),
        (swapped, "changed places"),
        (nats_kept, "nats are not bits yet"),
        (natural, "a natural logarithm gives nats"),
        (shared_too_early, "perplexity was shared out before"),
    ],
)
def test_units(answer, words) -> None:
    assert_caught(check.units(answer), words)


def greedy(p, n, generator):
    return p.argmax().repeat(n)


def without_replacement(p, n, generator):
    return torch.multinomial(p, n, generator=generator)


def in_rounds(p, n, generator):
    """Puts the tokens back after each round only."""
    kinds = int((p > 0).sum())
    rounds = [torch.multinomial(p, kinds, generator=generator) for _ in range(-(-n // kinds))]
    return torch.cat(rounds)[:n]


def own_chance(p, n, generator):
    return torch.multinomial(p, n, replacement=True)


def fixed_seed(p, n, generator):
    return torch.multinomial(p, n, True, generator=torch.Generator().manual_seed(0))


def uniform(p, n, generator):
    seen = p.nonzero()[:, 0]
    return seen[torch.randint(len(seen), (n,), generator=generator)]


def one_for_all(p, n, generator):
    few = torch.multinomial(p, -(-n // 2), True, generator=generator)
    return few.repeat_interleave(2)[:n]


def one_too_far(p, n, generator):
    return torch.multinomial(p, n, True, generator=generator) + 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (greedy, "taken, not drawn"),
        (without_replacement, "your code raised RuntimeError"),
        (in_rounds, "put back too late"),
        (own_chance, "comes from elsewhere"),
        (fixed_seed, "a seed is set inside"),
        (uniform, "the probabilities are not used"),
        (one_for_all, "handed out several times"),
        (one_too_far, "expected ids 0 and 1"),
    ],
)
def test_draws(answer, words) -> None:
    assert_caught(check.draws(answer), words)


def test_draws_by_inversion_pass_too() -> None:
    def inversion(p, n, generator):
        points = torch.rand(n, generator=generator, dtype=torch.float64)
        return torch.searchsorted(p.double().cumsum(0), points).clamp(max=len(p) - 1)

    assert_passed(check.draws, inversion)


def steps(train, heldout, n):
    places = range(0, len(heldout) - n + 1, n)
    return sum(heldout[i : i + n] in train for i in places) / max(len(places), 1)


def distinct(train, heldout, n):
    ours = {heldout[i : i + n] for i in range(len(heldout) - n + 1)}
    return len([s for s in ours if s in train]) / max(len(ours), 1)


def over_characters(train, heldout, n):
    return sum(heldout[i : i + n] in train for i in range(len(heldout) - n + 1)) / len(heldout)


def off_by_one(train, heldout, n):
    places = range(len(heldout) - n)
    return sum(heldout[i : i + n] in train for i in places) / max(len(places), 1)


def other_way(train, heldout, n):
    places = range(len(train) - n + 1)
    return sum(train[i : i + n] in heldout for i in places) / len(places)


def no_places(train, heldout, n):
    places = range(len(heldout) - n + 1)
    return sum(heldout[i : i + n] in train for i in places) / len(places)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (steps, "only every length-th place"),
        (distinct, "each stretch was counted once"),
        (over_characters, "divided by the characters"),
        (off_by_one, "the last place was missed"),
        (other_way, "the two texts changed places"),
        (no_places, "ZeroDivisionError"),
    ],
)
def test_copied(answer, words) -> None:
    assert_caught(check.copied(answer), words)


def taken_from(counts, d):
    return np.select([counts == 1, counts == 2, counts >= 3], d, 0.0)


def lost(counts, shorter, d):
    n = counts.sum(1, keepdims=True)
    return np.where(n > 0, (counts - taken_from(counts, d)) / np.maximum(n, 1), shorter)


def from_unseen(counts, shorter, d):
    n = counts.sum(1, keepdims=True)
    taken = taken_from(counts, d)
    less = counts - np.where(counts > 0, taken, d[0])
    return np.where(
        n > 0, (less + taken.sum(1, keepdims=True) * shorter) / np.maximum(n, 1), shorter
    )


def evenly(counts, shorter, d):
    return smoothed(counts, np.full_like(shorter, 1 / shorter.shape[1]), d, shorter)


def smoothed(counts, lean_on, d, unseen):
    n = counts.sum(1, keepdims=True)
    taken = taken_from(counts, d)
    mixed = (counts - taken + taken.sum(1, keepdims=True) * lean_on) / np.maximum(n, 1)
    return np.where(n > 0, mixed, unseen)


def exactly_three(counts, shorter, d):
    n = counts.sum(1, keepdims=True)
    taken = np.select([counts == 1, counts == 2, counts == 3], d, 0.0)
    mixed = (counts - taken + taken.sum(1, keepdims=True) * shorter) / np.maximum(n, 1)
    return np.where(n > 0, mixed, shorter)


def one_discount(counts, shorter, d):
    return smoothed(counts, shorter, (d[0],) * 3, shorter)


def divides_by_zero(counts, shorter, d):
    taken = taken_from(counts, d)
    with np.errstate(all="ignore"):
        mixed = counts - taken + taken.sum(1, keepdims=True) * shorter
        return mixed / counts.sum(1, keepdims=True)


def silent_when_unseen(counts, shorter, d):
    return smoothed(counts, shorter, d, 0 * shorter)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lost, "went nowhere"),
        (from_unseen, "went below zero"),
        (evenly, "shared out evenly"),
        (exactly_three, "counts above 3 gave nothing"),
        (one_discount, "the first discount was used for all"),
        (divides_by_zero, "divides by zero"),
        (silent_when_unseen, "gives nothing"),
    ],
)
def test_kneser_ney(answer, words) -> None:
    assert_caught(check.kneser_ney(answer), words)


def bets(ids, order, V, when="after", lean=True):
    seen = defaultdict(Counter)

    def count(t):
        for k in range(min(order, t + 1)):
            seen[k, tuple(ids[t - k : t])][ids[t]] += 1

    if when == "first":
        for t in range(len(ids)):
            count(t)
    result = []
    for t, token in enumerate(ids):
        if when == "before":
            count(t)
        p = 1 / V
        for k in range(min(order, t + 1)):
            row = seen[k, tuple(ids[t - k : t])]
            if row:
                base = p if lean else 1 / V
                p = (row[token] + len(row) * base) / (row.total() + len(row))
        result.append(p)
        if when == "after":
            count(t)
    return np.array(result)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda i, o, V: bets(i, o, V, "before"), "counted before it is bet on"),
        (lambda i, o, V: bets(i, o, V, "first"), "the future too"),
        (lambda i, o, V: bets(i, o + 1, V), "order n has n tokens together"),
        (lambda i, o, V: bets(i, o, V, lean=False), "each leans on the shorter one"),
        (lambda i, o, V: -np.log2(bets(i, o, V)), "these are bits"),
    ],
)
def test_cache(answer, words) -> None:
    assert_caught(check.cache(answer), words)


def test_the_reference_of_the_cache_agrees_with_the_book_s_model() -> None:
    """A cache's bet at place t is that of an n-gram model counted on the text before t."""
    text = "abacabadabacaba"
    vocabulary = CharacterVocabulary.from_text(text)
    ids = vocabulary.encode(text)
    bet = check.read_on(ids, 3, len(vocabulary))
    for t in range(1, len(ids)):
        model = NGram.fit(ids[:t], vocabulary, 3, WittenBell(1))
        assert bet[t] == pytest.approx(model.distribution(ids[:t])[ids[t]])
    assert_passed(check.cache, bets)
