"""Checks of ``exercises/language-models.md``: units, chance, leaks, smoothing, reading on."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from unrolled.check.chapter import Chapter
from unrolled.check.trial import Trial

CHAPTER = Chapter("language-models", 1)
progress, export = CHAPTER.progress, CHAPTER.export

LN2 = math.log(2)


def bits_per_character(value: float, unit: str, tokens: int, characters: int) -> float:
    """The reference of `units`: a published figure as bits per character."""
    per_token = {"nats": value / LN2, "bits": value, "perplexity": math.log2(value)}[unit]
    return per_token * tokens / characters


@CHAPTER.task("One ruler for four papers", minutes=7)
def units(trial: Trial, answer: Callable[[float, str, int, int], float]) -> None:
    """Check a conversion to bits per character: ``answer(value, unit, tokens, characters)``."""
    cases = [(2.0, "bits", 7, 7), (LN2, "nats", 5, 5), (8.0, "perplexity", 3, 3)]
    cases += [(1.0, "perplexity", 4, 9), (7.25, "bits", 200, 1000), (5.0, "nats", 200, 1100)]
    cases += [(90.0, "perplexity", 1000, 5400), (3.0, "perplexity", 2000, 1500)]
    for value, unit, tokens, characters in cases:
        trial.same(
            trial.call(answer, value, unit, tokens, characters),
            bits_per_character(value, unit, tokens, characters),
            {
                "the figure is per token, but the answer is per character: how many tokens does "
                "a character have?": bits_per_character(value, unit, 1, 1),
                "tokens and characters changed places": bits_per_character(
                    value, unit, characters, tokens
                ),
                "nats are not bits yet: one bit is ln 2 nats": value * tokens / characters,
                "a natural logarithm gives nats": math.log(value) * tokens / characters,
                "perplexity was shared out before its logarithm was taken: it is not a sum over "
                "tokens, bits are": lambda v=value, t=tokens, c=characters: math.log2(v * t / c),
            },
        )
        if tokens == characters and unit == "perplexity":
            trial.holds("bits, nats and perplexity of characters")
    trial.holds("figures per word and per word piece")


@CHAPTER.task("A sampler that never repeats itself", minutes=8)
def draws(trial: Trial, answer: Callable) -> None:
    """Check independent draws: ``answer(probabilities (V,), n, generator)`` to ids (n,)."""
    import torch

    def run(p: list[float], n: int, seed: int = 0) -> np.ndarray:
        generator = torch.Generator().manual_seed(seed)
        given = f"probabilities {p} and n = {n}" if len(p) < 6 else f"{len(p)} tokens and n = {n}"
        ids = np.asarray(
            trial.call(lambda p, n: answer(p, n, generator), torch.tensor(p), n, given=given)
        )
        trial.that(ids.shape == (n,), f"expected ids of shape ({n},), got {ids.shape}")
        return ids

    few = run([0.5, 0.5], 7)
    trial.that(
        bool(np.isin(few, [0, 1]).all()), f"expected ids 0 and 1, got {sorted(set(few.tolist()))}"
    )
    trial.holds("as many draws as asked for, also more than there are tokens")
    sure = run([0.0, 1.0, 0.0], 50)
    trial.that(
        bool((sure == 1).all()),
        "expected only token 1, whose probability is 1, got others",
        "tokens of probability 0 are drawn, or the ids are off by one",
    )
    p, n = [0.6, 0.25, 0.1, 0.05, 0.0], 4000
    ids = run(p, n)
    shares = np.bincount(ids, minlength=5)[:5] / n
    trial.that(shares[1] > 0, "only one token ever comes", "the likeliest was taken, not drawn")
    late = "a token that was drawn is put back too late, or not at all"
    repeats, expected = float(np.mean(ids[1:] == ids[:-1])), float(np.square(p).sum())
    trial.that(
        bool(np.allclose(shares, p, atol=0.04)),
        f"expected shares near {p}, got {np.round(shares, 2).tolist()}",
        "the probabilities are not used" if abs(repeats - np.square(shares).sum()) < 0.05 else late,
    )
    trial.holds("shares as the probabilities say")
    trial.that(
        abs(repeats - expected) < 0.05,
        f"two draws in a row agree in {100 * repeats:.0f} % of the cases, expected "
        f"{100 * expected:.0f} %",
        late if repeats < expected else "the same draw is handed out several times",
    )
    trial.holds("one draw says nothing about the next")
    trial.that(
        bool((run(p, 200, 3) == run(p, 200, 3)).all()),
        "the same seed twice gave two different rows of draws",
        "chance comes from elsewhere than from the `generator`",
    )
    trial.that(
        bool((run(p, 200, 3) != run(p, 200, 4)).any()),
        "two seeds gave the same draws",
        "a seed is set inside the function",
    )
    trial.holds("chance comes from the generator alone")


def copied_share(train: str, heldout: str, length: int) -> float:
    """The reference of `copied`: the share of places of `heldout` whose next `length` characters
    stand in `train`."""
    seen = {train[i : i + length] for i in range(len(train) - length + 1)}
    places = len(heldout) - length + 1
    return sum(heldout[i : i + length] in seen for i in range(places)) / places if places > 0 else 0


@CHAPTER.task("A leak in a split", minutes=10)
def copied(trial: Trial, answer: Callable[[str, str, int], float]) -> None:
    """Check a measure of leaks: ``answer(train, heldout, length)`` to a share from 0 to 1."""

    def spaced(train: str, heldout: str, n: int) -> float:
        places = range(0, len(heldout) - n + 1, n)
        return sum(heldout[i : i + n] in train for i in places) / max(len(places), 1)

    def kinds(train: str, heldout: str, n: int) -> float:
        stretches = {heldout[i : i + n] for i in range(len(heldout) - n + 1)}
        return sum(s in train for s in stretches) / max(len(stretches), 1)

    def by_length(train: str, heldout: str, n: int) -> float:
        return copied_share(train, heldout, n) * (len(heldout) - n + 1) / len(heldout)

    def last_missed(train: str, heldout: str, n: int) -> float:
        return copied_share(train, heldout[:-1], n)

    random = np.random.default_rng(7)
    cases = [("abcabd", "xxabcx", 3), ("abcdef", "cdef", 2), ("to be or not to be", "be not", 3)]
    for n in (2, 4, 5):
        train, heldout = ("".join(random.choice(list("ab c"), size)) for size in (300, 80))
        cases.append((train, heldout, n))
    for case in cases:
        trial.same(
            trial.call(answer, *case, given=str(case) if len(case[0]) < 20 else "random texts"),
            copied_share(*case),
            {
                "only every length-th place was looked at; a copy can begin anywhere": spaced(
                    *case
                ),
                "each stretch was counted once, however often it stands there": kinds(*case),
                "divided by the characters of the text: it has fewer places where a stretch of "
                "this length can begin": by_length(*case),
                "the last place was missed": last_missed(*case),
                "the two texts changed places": copied_share(case[1], case[0], case[2]),
            },
        )
    trial.holds("texts with some copies")
    trial.same(
        trial.call(answer, "abc", "abcabc", 3), 0.5, {"a share is a fraction of places": 2.0}
    )
    for case in [("abc", "xyz", 2), ("abc", "a", 2), ("abc", "", 5)]:
        trial.same(trial.call(answer, *case), 0.0)
    trial.holds("nothing copied, and a text shorter than the stretch")


def discounted(counts: np.ndarray, shorter: np.ndarray, discounts: Sequence[float]) -> np.ndarray:
    """The reference of `kneser_ney`."""
    n = counts.sum(1, keepdims=True)
    taken = np.append(0, discounts)[np.minimum(counts, 3).astype(int)]  # (N, V)
    mixed = (counts - taken + taken.sum(1, keepdims=True) * shorter) / np.maximum(n, 1)
    return np.where(n > 0, mixed, shorter)


@CHAPTER.task("A smoothing that beats the chapter's", minutes=14)
def kneser_ney(trial: Trial, answer: Callable) -> None:
    """Check discounting: ``answer(counts (N, V), shorter (N, V), discounts (3,))`` to (N, V)."""
    random = np.random.default_rng(3)
    cases = [(np.array([[3.0, 1, 0, 0]]), np.full((1, 4), 0.25), (0.5, 0.75, 1.0))]
    for rows, V in ((4, 5), (6, 9)):
        counts = random.poisson(1.2, (rows, V)).astype(float)
        counts[0] = 0  # a context that was never seen
        shorter = random.dirichlet(np.ones(V), rows)
        cases += [(counts, shorter, d) for d in ((0.5, 0.9, 1.2), (1.0, 1.0, 1.0), (0.9, 1.4, 2.0))]
    for counts, shorter, d in cases:
        given = f"counts of shape {counts.shape} and discounts {d}"
        if len(counts) == 1:
            given = f"counts [[3, 1, 0, 0]], shorter = 1/4 each, discounts {d}"
        got = trial.call(answer, counts, shorter, d, given=given)
        trial.same(got, discounted(counts, shorter, d), _discount_mistakes(counts, shorter, d))
        if len(counts) == 1:
            trial.holds("the example by hand")
    trial.holds("random counts, contexts that were never seen, and every row sums to one")


def _discount_mistakes(
    counts: np.ndarray, shorter: np.ndarray, discounts: Sequence[float]
) -> dict[str, np.ndarray]:
    n, V = counts.sum(1, keepdims=True), counts.shape[1]
    taken = np.append(0, discounts)[np.minimum(counts, 3).astype(int)]
    freed, kept, safe = taken.sum(1, keepdims=True), counts - taken, np.maximum(n, 1)
    unseen = np.where(counts == 0, discounts[0], taken)  # a discount from counts of 0 too
    last = np.where(counts > 3, 0, taken)  # none from counts above 3
    one = np.where(counts > 0, discounts[0], 0)  # the same for all
    known = {
        "what was taken from the counts went nowhere, so a row sums to less than one": kept / safe,
        "a discount was taken from tokens that were never seen as well: their count of 0 went "
        "below zero": (counts - unseen + freed * shorter) / safe,
        "what was freed was shared out evenly; the shorter context should say to whom it goes":
            (kept + freed / V) / safe,
        "counts above 3 gave nothing; the third discount is for 3 and more":
            (counts - last + last.sum(1, keepdims=True) * shorter) / safe,
        "the first discount was used for all counts":
            (np.maximum(counts - one, 0) + one.sum(1, keepdims=True) * shorter) / safe,
    }  # fmt: skip
    known = {says: np.where(n > 0, wrong, shorter) for says, wrong in known.items()}
    with np.errstate(all="ignore"):
        known["a context that was never seen divides by zero: there the shorter one speaks"] = (
            kept + freed * shorter
        ) / n
    known["a context that was never seen gives nothing: there the shorter one speaks"] = (
        kept + freed * shorter
    ) / safe
    return known


def read_on(ids: Sequence[int], order: int, vocab_size: int, peek: bool = False) -> np.ndarray:
    """The reference of `cache`: Witten-Bell from the text so far; `peek` counts before it bets."""
    seen: list[dict[tuple[int, ...], dict[int, int]]] = [{} for _ in range(order)]
    result = []
    for t, token in enumerate(ids):
        if peek:
            _count(seen, ids, t)
        p = 1 / vocab_size
        for k in range(min(order, t + 1)):
            row = seen[k].get(tuple(ids[t - k : t]), {})
            if row:
                p = (row.get(token, 0) + len(row) * p) / (sum(row.values()) + len(row))
        result.append(p)
        if not peek:
            _count(seen, ids, t)
    return np.array(result)


def _count(seen: list, ids: Sequence[int], t: int) -> None:
    for k in range(min(len(seen), t + 1)):
        row = seen[k].setdefault(tuple(ids[t - k : t]), {})
        row[ids[t]] = row.get(ids[t], 0) + 1


@CHAPTER.task("A model that goes on reading", minutes=18)
def cache(trial: Trial, answer: Callable[[list[int], int, int], np.ndarray]) -> None:
    """Check a cache: ``answer(ids, order, vocab_size)`` to the probabilities (T,) of what came."""
    random = np.random.default_rng(5)
    cases = [([1, 1, 1], 1, 4), ([1, 2, 1, 2, 1], 2, 3)]
    cases += [(random.integers(1, 4, 40).tolist(), order, 6) for order in (1, 2, 4)]
    for ids, order, V in cases:
        given = (
            f"ids {ids}, order {order}, V = {V}"
            if len(ids) < 9
            else f"{len(ids)} ids, order {order}"
        )
        got = trial.call(answer, ids, order, V, given=given)
        trial.same(
            got,
            read_on(ids, order, V),
            {
                "a token is counted before it is bet on: the model has seen the answer":
                    lambda i=ids, o=order, v=V: read_on(i, o, v, peek=True),
                "the whole text is counted first, the future too":
                    lambda i=ids, o=order, v=V: _all_first(i, o, v),
                "order n has n tokens together with the predicted one, so n - 1 before it":
                    lambda i=ids, o=order, v=V: read_on(i, o + 1, v),
                "only the longest context that was seen is asked; each leans on the shorter one":
                    lambda i=ids, o=order, v=V: _longest_only(i, o, v),
                "these are bits; the task asks for probabilities":
                    lambda i=ids, o=order, v=V: -np.log2(read_on(i, o, v)),
            },
        )  # fmt: skip
        if order == 1 and len(ids) == 3:
            trial.holds("a model of order 1, by hand")
    trial.holds("orders 1, 2 and 4 on random ids, each bet made before its token is counted")
    trial.same(trial.call(answer, [2], 3, 5), [0.2], {})
    trial.holds("a text of one token")


def _all_first(ids: Sequence[int], order: int, vocab_size: int) -> np.ndarray:
    seen: list[dict] = [{} for _ in range(order)]
    for t in range(len(ids)):
        _count(seen, ids, t)
    result = []
    for t, token in enumerate(ids):
        p = 1 / vocab_size
        for k in range(min(order, t + 1)):
            row = seen[k][tuple(ids[t - k : t])]
            p = (row.get(token, 0) + len(row) * p) / (sum(row.values()) + len(row))
        result.append(p)
    return np.array(result)


def _longest_only(ids: Sequence[int], order: int, vocab_size: int) -> np.ndarray:
    seen: list[dict] = [{} for _ in range(order)]
    result = []
    for t, token in enumerate(ids):
        p = 1 / vocab_size
        for k in reversed(range(min(order, t + 1))):
            if row := seen[k].get(tuple(ids[t - k : t])):
                p = (row.get(token, 0) + len(row) / vocab_size) / (sum(row.values()) + len(row))
                break
        result.append(p)
        _count(seen, ids, t)
    return np.array(result)
