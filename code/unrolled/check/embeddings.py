"""Checks of ``exercises/embeddings.md``: noise, analogies, turns, removed directions, controls."""

from collections.abc import Callable

import numpy as np

from unrolled.check.chapter import Chapter
from unrolled.check.trial import Trial

CHAPTER = Chapter("embeddings", 2)
progress, export = CHAPTER.progress, CHAPTER.export


def noise_shares(counts: np.ndarray, power: float, special: int) -> np.ndarray:
    """The reference of `noise`."""
    weights = np.where(counts > 0, np.maximum(counts, 1) ** power, 0)
    weights[:special] = 0
    return weights / weights.sum()


@CHAPTER.task("Whom to draw as noise", minutes=8)
def noise(trial: Trial, answer: Callable) -> None:
    """Check noise shares: ``answer(counts (V,), power, special)`` to probabilities (V,)."""
    random = np.random.default_rng(2)
    cases = [(np.array([9.0, 0, 16, 81]), 0.5, 1), (np.array([5.0, 7, 1, 3, 0, 6]), 1.0, 2)]
    cases += [(random.integers(0, 60, 7).astype(float), power, 2) for power in (0.75, 0.3, 0.0)]
    cases[-1][0][5] = 0  # a word that never came, with power 0
    for counts, power, special in cases:
        free = counts.copy()
        free[:special] = 0
        every = np.where(free > 0, np.maximum(free, 1) ** power, 0)
        all_words = np.where(counts > 0, np.maximum(counts, 1) ** power, 0)
        unseen = free**power
        unseen[:special] = 0
        trial.same(
            trial.call(answer, counts, power, special),
            noise_shares(counts, power, special),
            {
                "these are weights; probabilities sum to one": every,
                "special tokens are no words, and are never drawn": all_words / all_words.sum(),
                "a word that never came is drawn: 0 to the power 0 is 1": unseen / unseen.sum(),
                "the power was left out": free / free.sum(),
                "the power was taken of shares that already summed to one, and they no longer do": (
                    every / free.sum() ** power
                ),
            },
        )
    trial.holds("powers from 0 to 1, special tokens, words that never came")


def solve(vectors: np.ndarray, quads: np.ndarray, exclude: bool, **slip: bool) -> np.ndarray:
    """What is nearest to b - a + c in each row (a, b, c, d) of `quads`: (N,) row numbers."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    table = vectors if slip.get("dot") else vectors / lengths
    a, b, c = (vectors[quads[:, i]] for i in range(3))
    target = a - b + c if slip.get("turned") else b - a + c
    score = target @ table.T  # (N, V)
    if slip.get("distance"):
        score = -np.linalg.norm(vectors[None] - target[:, None], axis=2)
    if exclude:
        given = quads[:, 2:3] if slip.get("only_c") else quads[:, :3]
        np.put_along_axis(score, given, -np.inf, axis=1)
    return score.argmax(1)


@CHAPTER.task("An analogy test, and what it hides", minutes=14)
def analogies(trial: Trial, answer: Callable) -> None:
    """Check a test: ``answer(vectors (V, C), quads (N, 4), exclude_inputs)`` to a share."""

    def share(vectors: np.ndarray, quads: np.ndarray, exclude: bool, **slip: bool) -> float:
        return float((solve(vectors, quads, exclude, **slip) == quads[:, 3]).mean())

    plane = np.array([[1.0, 0], [1, 1], [2, 0.2], [2, 1.2], [9, 6]])
    cases = [(plane, np.array([[0, 1, 2, 3]]), True)]
    for seed in range(3):
        vectors, quads = _planted(seed)
        cases += [(vectors, quads, True), (vectors, quads, False)]
    for vectors, quads, exclude in cases:
        truth = share(vectors, quads, exclude)
        given = f"{len(vectors)} vectors, {len(quads)} analogies, exclude_inputs={exclude}"
        got = trial.call(answer, vectors, quads, exclude, given=given)
        trial.same(
            got,
            truth,
            {
                "exclude_inputs is not looked at": share(vectors, quads, not exclude),
                "the nearest was found by the largest dot product, which favors long vectors; "
                "divide by the lengths": share(vectors, quads, exclude, dot=True),
                "nearest is meant by angle, not by distance": share(
                    vectors, quads, exclude, distance=True
                ),
                "the difference points the other way: a is to b as c is to d": share(
                    vectors, quads, exclude, turned=True
                ),
                "only the third word was left out; all three words that were put in must be": share(
                    vectors, quads, exclude, only_c=True
                ),
                "a share is right answers divided by all": truth * len(quads),
            },
        )
        if len(vectors) == 5:
            trial.holds("four points in a plane, and a long one far out")
    trial.holds("random vectors, with the inputs left out and with the inputs allowed")


def _planted(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random vectors of very different lengths with noisy parallelograms among them."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(60, 5)) * random.uniform(0.3, 4, (60, 1))
    step = random.normal(size=5)
    vectors[20:40] = vectors[:20] + 1.3 * step + 0.25 * random.normal(size=(20, 5))
    first = random.permutation(20)
    second = np.roll(first, 1)
    return vectors, np.stack([first, first + 20, second, second + 20], 1)


@CHAPTER.task("Turn the map", minutes=9)
def rotation(trial: Trial, answer: Callable) -> None:
    """Check rotations: ``answer(size, random)`` to a matrix (size, size)."""
    seen = []
    for size, seed in [(2, 0), (3, 1), (3, 2), (8, 3), (50, 4)]:
        given = f"size {size}"
        q = np.asarray(trial.call(answer, size, np.random.default_rng(seed), given=given))
        trial.that(q.shape == (size, size), f"expected a matrix ({size}, {size}), got {q.shape}")
        lengths = np.linalg.norm(q, axis=0)
        square = q.T @ q
        hint = "columns of length 1 are not enough: they must stand at right angles to each other"
        if not np.allclose(lengths, 1, atol=1e-6):
            hint = "a random matrix stretches: its columns don't have length 1"
        trial.that(
            bool(np.allclose(square, np.eye(size), atol=1e-6)),
            "vectors change their lengths or angles when multiplied with your matrix",
            hint,
        )
        trial.that(
            bool(np.linalg.det(q) > 0),
            "your matrix mirrors the space: its determinant is -1",
            "turn one column around and it is a rotation",
        )
        plain = np.allclose(np.sort(np.abs(q), axis=1)[:, :-1], 0, atol=1e-6)
        trial.that(
            not plain,
            "every axis is still an axis",
            "the identity, or a change of order and signs, mixes no two numbers",
        )
        seen.append(q)
    trial.holds("lengths and angles stay, nothing is mirrored, axes are mixed, sizes 2 to 50")
    trial.that(
        not np.allclose(seen[1], seen[2], atol=1e-6),
        "two random generators gave the same rotation",
        "chance must come from the generator that is passed in",
    )
    twin = np.asarray(trial.call(answer, 3, np.random.default_rng(1), given="size 3"))
    trial.that(
        bool(np.allclose(twin, seen[1])),
        "the same generator twice gave two rotations",
        "chance must come from the generator that is passed in",
    )
    trial.holds("another generator, another rotation; the same one, the same")


def without(vectors: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The reference of `remove`."""
    unit = direction / np.linalg.norm(direction)
    return vectors - np.outer(vectors @ unit, unit)


@CHAPTER.task("Take a direction out", minutes=12)
def remove(trial: Trial, answer: Callable) -> None:
    """Check a projection: ``answer(vectors (N, C), direction (C,))`` to (N, C)."""
    random = np.random.default_rng(4)
    cases = [(np.array([[3.0, 4.0], [1.0, 0.0]]), np.array([0.0, 0.5]))]
    cases += [(random.normal(size=(6, 4)), random.normal(size=4) * size) for size in (3.0, 0.2)]
    for vectors, direction in cases:
        along = vectors @ direction
        length = np.linalg.norm(direction)
        clean = without(vectors, direction)
        trial.same(
            trial.call(answer, vectors, direction),
            clean,
            {
                "the direction was not brought to length 1, so too much or too little is taken": (
                    vectors - np.outer(along, direction)
                ),
                "the direction was brought to length 1 only once; the amount needs it too": (
                    vectors - np.outer(along, direction / length)
                ),
                "the whole direction was subtracted from every word, whatever it has of it": (
                    vectors - direction
                ),
                "this is the part along the direction; what is wanted is the rest": vectors - clean,
                "the rest was scaled to length 1; leave the lengths as they come out": (
                    clean / np.maximum(np.linalg.norm(clean, axis=1, keepdims=True), 1e-12)
                ),
                "twice the part along the direction was taken: that mirrors it": (
                    2 * clean - vectors
                ),
            },
        )
    trial.holds("long and short directions; nothing along the direction is left, all else stays")


def matched(
    frequency: np.ndarray, words: np.ndarray, candidates: np.ndarray, **slip: bool
) -> np.ndarray:
    """The reference of `controls`: greedy, in the order of `words`."""
    scale = np.asarray(frequency, float) if slip.get("raw") else np.log(frequency)
    free = [c for c in candidates.tolist() if slip.get("own") or c not in words.tolist()]
    chosen = []
    for word in words.tolist():
        best = min(free, key=lambda c: abs(scale[c] - scale[word]))
        chosen.append(best)
        if not slip.get("again"):
            free.remove(best)
    return np.array(chosen)


@CHAPTER.task("A control that is as frequent", minutes=12)
def controls(trial: Trial, answer: Callable) -> None:
    """Check controls: ``answer(frequency (V,), words (N,), candidates (M,))`` to rows (N,)."""
    frequency = np.array([1000.0, 100, 60, 160, 55, 1100, 9, 8])
    hand = (frequency, np.array([1, 6]), np.array([0, 2, 3, 5, 7]))
    cases = [hand]
    for seed in range(4):
        random = np.random.default_rng(seed)
        rows = random.permutation(40)
        frequency = np.exp(random.uniform(1, 9, 40)).round() + random.uniform(0, 0.1, 40)
        cases.append((frequency, rows[:8], np.sort(rows[4:34])))
    for case in cases:
        frequency, words, candidates = case
        size = len(words)
        given = "frequencies [1000, 100, 60, 160, 55, 1100, 9, 8], words [1, 6], candidates " + str(
            candidates.tolist()
        )
        if size > 2:
            given = f"{size} words and {len(candidates)} candidates, some of them the words"
        trial.same(
            trial.call(answer, *case, given=given),
            matched(*case),
            {
                "the nearest count was taken; 100 and 160 are nearer by ratio than 100 and 60":
                    lambda c=case: matched(*c, raw=True),
                "a control was used twice": lambda c=case: matched(*c, again=True),
                "a word of the list became a control": lambda c=case: matched(*c, own=True),
            },
            name="the row numbers",
        )  # fmt: skip
        if size == 2:
            trial.holds("the example by hand")
    trial.holds("random frequencies; no control twice, none of the words themselves")
