"""Each plausible wrong answer is caught, with the hint that belongs to it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from wrong_answers import assert_caught, assert_passed

from unrolled.check import embeddings as check
from unrolled.embeddings import Noise
from unrolled.vectors import WordVectors


def unnormalized(counts, power, special):
    weights = np.where(counts > 0, counts**power, 0)
    weights[:special] = 0
    return weights


def with_specials(counts, power, special):
    weights = np.where(counts > 0, np.maximum(counts, 1) ** power, 0)
    return weights / weights.sum()


def unseen_too(counts, power, special):
    weights = counts**power
    weights[:special] = 0
    return weights / weights.sum()


def no_power(counts, power, special):
    weights = counts.copy()
    weights[:special] = 0
    return weights / weights.sum()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (unnormalized, "probabilities sum to one"),
        (with_specials, "special tokens are no words"),
        (unseen_too, "0 to the power 0 is 1"),
        (no_power, "the power was left out"),
    ],
)
def test_noise(answer, words) -> None:
    assert_caught(check.noise(answer), words)


def test_the_book_s_own_noise_passes() -> None:
    def book(counts, power, special):
        ids = torch.from_numpy(np.repeat(np.arange(len(counts)), counts.astype(int)))
        shares = Noise.from_ids(ids, len(counts), power, special).cumulative
        return torch.diff(shares, prepend=torch.zeros(1, dtype=torch.float64))

    assert_passed(check.noise, book)


def solved(vectors, quads, exclude, table=None, leave=3, turn=1, by=None):
    table = vectors / np.linalg.norm(vectors, axis=1, keepdims=True) if table is None else table
    right = 0
    for a, b, c, d in quads:
        target = turn * (vectors[b] - vectors[a]) + vectors[c]
        score = table @ target if by is None else by(vectors, target)
        if exclude:
            score[[a, b, c][3 - leave :]] = -np.inf
        right += int(score.argmax() == d)
    return right / len(quads)


def distance(vectors, target):
    return -np.linalg.norm(vectors - target, axis=1)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda v, q, e: solved(v, q, e, table=v), "favors long vectors"),
        (lambda v, q, e: solved(v, q, e, by=distance), "by angle, not by distance"),
        (lambda v, q, e: solved(v, q, e, turn=-1), "points the other way"),
        (lambda v, q, e: solved(v, q, e, leave=1), "only the third word was left out"),
        (lambda v, q, e: solved(v, q, True), "exclude_inputs is not looked at"),
        (lambda v, q, e: solved(v, q, e) * len(q), "divided by all"),
    ],
)
def test_analogies(answer, words) -> None:
    assert_caught(check.analogies(answer), words)


def test_the_book_s_own_analogies_pass() -> None:
    def book(vectors, quads, exclude):
        words = [f"w{i}" for i in range(len(vectors))]
        known = WordVectors(words, vectors)
        best = [
            known.analogy(*(words[i] for i in q[:3]), n=1, exclude_inputs=exclude)[0][0]
            for q in quads
        ]
        return np.mean([word == words[q[3]] for word, q in zip(best, quads, strict=True)])

    assert_passed(check.analogies, book)


def scaled_only(size, random):
    m = random.normal(size=(size, size))
    return m / np.linalg.norm(m, axis=0)


def qr(size, random):
    return np.linalg.qr(random.normal(size=(size, size)))[0]


def mended(q):
    q[:, 0] *= np.sign(np.linalg.det(q))
    return q


def shuffled(size, random):
    return mended(np.eye(size)[random.permutation(size)])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda size, random: random.normal(size=(size, size)), "a random matrix stretches"),
        (scaled_only, "at right angles"),
        (lambda size, random: -mended(qr(size, random)), "determinant is -1"),
        (lambda size, random: np.eye(size), "the identity"),
        (shuffled, "every axis is still an axis"),
        (lambda size, random: mended(qr(size, np.random.default_rng(0))), "generator that is"),
        (lambda size, random: mended(qr(size, np.random.default_rng())), "generator that is"),
    ],
)
def test_rotation(answer, words) -> None:
    assert_caught(check.rotation(answer), words)


def test_a_rotation_passes() -> None:
    assert_passed(check.rotation, lambda size, random: mended(qr(size, random)))


def rest(vectors, direction):
    unit = direction / np.linalg.norm(direction)
    return vectors - np.outer(vectors @ unit, unit)


def half_scaled(vectors, direction):
    unit = direction / np.linalg.norm(direction)
    return vectors - np.outer(vectors @ direction, unit)


def rescaled(vectors, direction):
    left = rest(vectors, direction)
    return left / np.linalg.norm(left, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda v, d: v - np.outer(v @ d, d), "not brought to length 1"),
        (half_scaled, "the amount needs it too"),
        (lambda v, d: v - d, "whatever it has of it"),
        (lambda v, d: v - rest(v, d), "what is wanted is the rest"),
        (rescaled, "leave the lengths"),
        (lambda v, d: 2 * rest(v, d) - v, "mirrors it"),
    ],
)
def test_remove(answer, words) -> None:
    assert_caught(check.remove(answer), words)


def test_an_orthogonal_basis_removes_a_direction_too() -> None:
    def by_basis(vectors, direction):
        basis = np.linalg.svd(direction[None])[2][1:]  # all directions but this one
        return vectors @ basis.T @ basis

    assert_passed(check.remove, by_basis)


def chosen(frequency, words, candidates, scale=np.log, once=True, others=True):
    free = {c for c in candidates.tolist() if not (others and c in set(words.tolist()))}
    result = []
    for word in words:
        gap = {c: abs(scale(frequency[c]) - scale(frequency[word])) for c in free}
        result.append(min(gap, key=gap.get))
        if once:
            free.discard(result[-1])
    return result


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda f, w, c: chosen(f, w, c, scale=float), "nearer by ratio"),
        (lambda f, w, c: chosen(f, w, c, once=False), "used twice"),
        (lambda f, w, c: chosen(f, w, c, others=False), "became a control"),
    ],
)
def test_controls(answer, words) -> None:
    assert_caught(check.controls(answer), words)


def test_controls_pass() -> None:
    assert_passed(check.controls, chosen)
