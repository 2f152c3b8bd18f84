"""Pretrained word vectors: who lives near whom, and what a difference of two words points at.

A `WordVectors` is a table with one row a word. Everything here is a dot product between rows:

* nearest words: the rows with the largest cosine similarity to a given vector;
* analogies: the rows nearest to ``b - a + c``;
* directions: the mean difference of several word pairs.

The GloVe vectors that `load` reads were trained on six billion words of Wikipedia and newswire
by Pennington, Socher and Manning (2014), https://aclanthology.org/D14-1162. Explained in
``book/embeddings.md``.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from unrolled import assets


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    r"""Return the cosine of the angle between two vectors, from -1 to 1.

    $\cos(a, b) = a \cdot b / (|a| |b|)$

    Raises:
        ValueError: The shapes differ, or a vector is zero and so has no direction.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"expected two vectors of the same shape (C,), got {a.shape}, {b.shape}")
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    if lengths == 0:
        raise ValueError("expected two vectors that are not zero; a zero vector has no direction")
    return float(a @ b / lengths)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Return the rows of a table (N, C), each scaled to length 1 (a zero row stays zero)."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths == 0, 1, lengths)


def cosines_between(rows: np.ndarray) -> np.ndarray:
    """Return the cosines (N (N - 1) / 2,) of all pairs of different rows of a table (N, C)."""
    directions = unit_rows(rows)
    return (directions @ directions.T)[np.triu_indices(len(rows), 1)]


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Words and their vectors: row i of `vectors` (V, C), float32, belongs to ``words[i]``.

    >>> toy = WordVectors(("up", "down", "high"), np.float32([[0, 1], [0, -1], [1, 2]]))
    >>> toy.nearest("up", 1)
    [('high', 0.894427190999...)]

    Raises:
        ValueError: Words and rows don't match one to one, or a word stands there twice.
    """

    words: tuple[str, ...]
    vectors: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", tuple(self.words))
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.words):
            raise ValueError(
                f"expected one row for each of {len(self.words)} words, got an array of shape "
                f"{self.vectors.shape}"
            )
        if len(self._rows) != len(self.words):
            raise ValueError(f"expected {len(self.words)} different words, got {len(self._rows)}")

    def __repr__(self) -> str:
        return f"WordVectors({len(self)} words, {self.vectors.shape[1]} numbers each)"

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._rows

    def __getitem__(self, word: str) -> np.ndarray:
        """Return the vector (C,) of a word, float32."""
        return self.vectors[self.row(word)]

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {word: i for i, word in enumerate(self.words)}

    @cached_property
    def _directions(self) -> np.ndarray:
        return unit_rows(self.vectors.astype(np.float64))

    def row(self, word: str) -> int:
        """Return the number of a word's row.

        Raises:
            ValueError: The word has no vector; the message names words spelled like it.
        """
        if word in self._rows:
            return self._rows[word]
        close = difflib.get_close_matches(str(word).lower(), self.words, n=3)
        hint = f"; spelled like it: {', '.join(close)}" if close else ""
        raise ValueError(f"expected one of the {len(self)} words, got {word!r}{hint}")

    def similarity(self, a: str, b: str) -> float:
        """Return the cosine of the angle between the vectors of two words."""
        return cosine(self[a], self[b])

    def nearest(
        self, target: str | np.ndarray, n: int = 10, exclude: Iterable[str] = ()
    ) -> list[tuple[str, float]]:
        """Return the `n` words nearest to a word or a vector (C,), each with its cosine.

        A word is never listed as its own neighbor; nor are the words in `exclude`.
        """
        if isinstance(target, str):
            exclude = {target, *exclude}
            target = self[target]
        if target.shape != self.vectors.shape[1:]:
            raise ValueError(
                f"expected a word or a vector of shape {self.vectors.shape[1:]}, got {target.shape}"
            )
        if n < 1:
            raise ValueError(f"expected at least 1 neighbor to look for, got {n}")
        similarity = self._directions @ unit_rows(target[None].astype(np.float64))[0]  # (V,)
        similarity[[self.row(word) for word in set(exclude)]] = -np.inf
        order = np.argsort(-similarity, kind="stable")[:n]
        return [(self.words[i], float(similarity[i])) for i in order if similarity[i] > -np.inf]

    def analogy(
        self, a: str, b: str, c: str, n: int = 5, exclude_inputs: bool = True
    ) -> list[tuple[str, float]]:
        """Return the words nearest to ``b - a + c``: "a is to b as c is to ...".

        The literature leaves the three words that were put in out of the ranking and rarely
        says so; ``exclude_inputs=False`` shows the ranking as it is.

        Mikolov, Yih and Zweig (2013), https://aclanthology.org/N13-1090, section 3.
        """
        target = self[b] - self[a] + self[c]
        return self.nearest(target, n, exclude=(a, b, c) if exclude_inputs else ())

    def direction(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """Return the mean difference (C,) ``second - first`` over pairs of words, float32."""
        if not pairs:
            raise ValueError("expected at least one pair of words, got none")
        return np.mean([self[second] - self[first] for first, second in pairs], axis=0)

    def select(self, words: Sequence[str]) -> np.ndarray:
        """Return the vectors (N, C) of the given words, in their order."""
        return self.vectors[[self.row(word) for word in words]]


def load(limit: int = 20_000, folder: Path | None = None) -> WordVectors:
    """Read the `limit` most frequent of GloVe's 400,000 words, 50 numbers each.

    Raises:
        ValueError: `limit` is not between 1 and the number of words there are.
        AssetError: The vectors are not in the cache and can't be fetched.
    """
    import pyarrow.parquet

    folder = assets.fetch("glove") if folder is None else Path(folder)
    table = np.load(folder / "glove_6B_50d_emb.npy", mmap_mode="r")
    if not 1 <= limit <= len(table):
        raise ValueError(f"expected a limit from 1 to {len(table)}, got {limit}")
    index = pyarrow.parquet.read_table(folder / "glove_6B_index.parquet")["index"]
    return WordVectors(tuple(index[:limit].to_pylist()), np.array(table[:limit], dtype=np.float32))


@dataclass(frozen=True)
class Agreement:
    """How far two maps of the same words agree on who is near whom.

    `share` is the mean share of a word's nearest words that both maps name, `standard_error`
    its standard error over words, `chance` what a map with its words shuffled would score.
    """

    share: float
    standard_error: float
    chance: float


def neighbor_table(vectors: np.ndarray, n: int) -> np.ndarray:
    """Return for each row of (N, C) the numbers (N, n) of the rows with the largest cosines."""
    directions = unit_rows(np.asarray(vectors, dtype=np.float64))
    similarity = directions @ directions.T  # (N, N)
    np.fill_diagonal(similarity, -np.inf)
    return np.argsort(-similarity, axis=1, kind="stable")[:, :n]


def neighbor_agreement(a: np.ndarray, b: np.ndarray, n: int = 10) -> Agreement:
    """Compare two tables of vectors (N, C) and (N, E) whose rows belong to the same words.

    For each word: which share of its `n` nearest words in `a` is also among its `n` nearest
    in `b`? By chance (words of one map shuffled) it is n / (N - 1).

    Raises:
        ValueError: The tables have different numbers of rows, or too few for `n` neighbors.
    """
    if len(a) != len(b):
        raise ValueError(f"expected two tables of the same words, got {len(a)} and {len(b)} rows")
    if not 1 <= n < len(a):
        raise ValueError(f"expected from 1 to {len(a) - 1} neighbors of {len(a)} words, got {n}")
    pairs = zip(neighbor_table(a, n), neighbor_table(b, n), strict=True)
    shares = np.array([len(set(first) & set(second)) / n for first, second in pairs])
    error = shares.std(ddof=1) / np.sqrt(len(shares))
    return Agreement(float(shares.mean()), float(error), n / (len(a) - 1))
