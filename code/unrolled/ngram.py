r"""Language models that only count: n-grams of characters or of words, and smoothing.

An n-gram model of order n predicts the next token from the n-1 tokens before it, by counting what
followed them in the training text. Nothing is learned by gradients; the whole model is tables.
The page is ``book/language-models.md``; Jurafsky and Martin's chapter on n-grams tells more.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import torch

from unrolled.corpus import CharacterVocabulary

ROWS = 1024  # contexts worked on at once, to bound memory


class Smoothing(Protocol):
    """Turns counts into probabilities, with the next shorter context's to lean on."""

    def __call__(self, counts: np.ndarray, shorter: np.ndarray) -> np.ndarray:
        """(N, V) counts and (N, V) probabilities to (N, V) probabilities."""
        ...


@dataclass(frozen=True)
class AddAlpha:
    r"""Pretend that every token was seen `alpha` more times than it was.

        P(w | h) = (c(h, w) + alpha) / (n(h) + alpha V),   n(h) = sum_w c(h, w)

    alpha = 1 is Laplace's rule. alpha = 0 is maximum likelihood: bare relative frequencies,
    0 for everything in a context that was never seen.
    """

    alpha: float = 1.0

    def __post_init__(self) -> None:
        if not self.alpha >= 0:
            raise ValueError(f"expected alpha of at least 0, got {self.alpha}")

    def __call__(self, counts: np.ndarray, shorter: np.ndarray) -> np.ndarray:
        """(N, V) counts to (N, V) probabilities; the shorter context plays no part."""
        V = counts.shape[1]
        total = counts.sum(1, keepdims=True) + self.alpha * V  # (N, 1)
        return (counts + self.alpha) / np.where(total > 0, total, 1)


@dataclass(frozen=True)
class Interpolated:
    r"""Mix every context with the shorter one, always in the same proportion.

        P(w | h) = weight c(h, w) / n(h) + (1 - weight) P(w | h'),   h' = h without its first token

    A context that was never seen says nothing, so the shorter one speaks alone.
    """

    weight: float = 0.7

    def __post_init__(self) -> None:
        if not 0 <= self.weight < 1:
            raise ValueError(f"expected a weight from 0 to below 1, got {self.weight}")

    def __call__(self, counts: np.ndarray, shorter: np.ndarray) -> np.ndarray:
        """(N, V) counts and (N, V) probabilities to (N, V) probabilities."""
        n = counts.sum(1, keepdims=True)  # (N, 1)
        weight = np.where(n > 0, self.weight, 0.0)
        return weight * counts / np.maximum(n, 1) + (1 - weight) * shorter


@dataclass(frozen=True)
class WittenBell:
    r"""Trust a context the less, the more often it surprised us.

        P(w | h) = (c(h, w) + kappa d(h) P(w | h')) / (n(h) + kappa d(h)),
        h' = h without its first token

    d(h) is the number of different tokens seen after h, that is, how often something new turned
    up there. Where n(h) = 0, the shorter context speaks alone. With strength kappa = 1 this is
    method C of Witten and Bell (1991), interpolated as by Chen and Goodman (1999); the strength is
    ours, to be chosen on validation text.
    """

    strength: float = 1.0

    def __post_init__(self) -> None:
        if not self.strength > 0:
            raise ValueError(f"expected a strength above 0, got {self.strength}")

    def __call__(self, counts: np.ndarray, shorter: np.ndarray) -> np.ndarray:
        """(N, V) counts and (N, V) probabilities to (N, V) probabilities."""
        n = counts.sum(1, keepdims=True)  # (N, 1)
        d = (counts > 0).sum(1, keepdims=True)  # (N, 1)
        pull = np.where(n > 0, self.strength * d, 1.0)  # never seen: the shorter speaks alone
        return (counts + pull * shorter) / (n + pull)


@dataclass(frozen=True, eq=False)
class Table:
    """Which tokens followed each context of one length, and how often.

    A context is one integer: its tokens' ids are the digits of a number to the base V.
    """

    contexts: np.ndarray  # (C,) int64, sorted
    starts: np.ndarray  # (C + 1,) row c owns entries starts[c] to starts[c + 1]
    followers: np.ndarray  # (E,) int64 token ids
    counts: np.ndarray  # (E,) int64

    @classmethod
    def count(cls, contexts: np.ndarray, followers: np.ndarray, vocab_size: int) -> Self:
        """Count pairs of a context's number and the token after it, (N,) and (N,)."""
        pairs, counts = np.unique(contexts * vocab_size + followers, return_counts=True)
        owners, starts = np.unique(pairs // vocab_size, return_index=True)
        return cls(owners, np.append(starts, len(pairs)), pairs % vocab_size, counts)

    def rows(self, contexts: np.ndarray, vocab_size: int) -> np.ndarray:
        """Counts of every token after each context: (N,) to (N, V) float64."""
        dense = np.zeros((len(contexts), vocab_size))
        if len(self.contexts) == 0 or len(contexts) == 0:
            return dense
        place = np.searchsorted(self.contexts, contexts).clip(max=len(self.contexts) - 1)  # (N,)
        seen = np.flatnonzero(self.contexts[place] == contexts)
        first, last = self.starts[place[seen]], self.starts[place[seen] + 1]
        width = last - first  # how many different tokens followed
        row = np.repeat(seen, width)
        before = np.cumsum(width) - width  # entries of the rows above
        entry = np.arange(len(row)) + np.repeat(first - before, width)
        dense[row, self.followers[entry]] = self.counts[entry]
        return dense


@dataclass(frozen=True, eq=False)
class NGram:
    """P(next token | the order-1 tokens before it), from counts.

    Maps tokens (B, T) to log-probabilities (B, T, V) like every sequence model of the book. The
    boundary token (id 0) cuts a context: it and what stands before it are not looked at. `fit` puts
    one before the text, and none after it, so the end of a text is not predicted.
    """

    vocabulary: CharacterVocabulary
    tables: tuple[Table, ...]  # tables[k] has the contexts of k tokens
    smoothing: Smoothing

    @classmethod
    def fit(
        cls,
        text: str | Sequence[int] | np.ndarray,
        vocabulary: CharacterVocabulary,
        order: int,
        smoothing: Smoothing | None = None,
    ) -> Self:
        """Count the n-grams of a text, or of its token ids, for every n up to `order`.

        Raises:
            ValueError: The order is below 1 or too high for 64-bit numbers, or the text is empty.
        """
        V = len(vocabulary)
        if order < 1:
            raise ValueError(f"expected an order of at least 1, got {order}")
        if V**order >= 2**63:
            most = int(63 / math.log2(V))
            raise ValueError(f"expected an order of at most {most} with {V} tokens, got {order}")
        tokens = np.asarray(vocabulary.encode(text) if isinstance(text, str) else text, np.int64)
        if tokens.size == 0:
            raise ValueError("expected a text to count, got an empty one")
        tables = []
        for contexts, usable in _contexts(np.append(0, tokens[:-1]), order - 1, V):
            tables.append(Table.count(contexts[usable], tokens[usable], V))
        return cls(vocabulary, tuple(tables), smoothing or WittenBell())

    @property
    def order(self) -> int:
        """How many tokens an n-gram has, the predicted one included."""
        return len(self.tables)

    @property
    def entries(self) -> int:
        """How many counts are stored: what stands for parameters here."""
        return sum(len(table.counts) for table in self.tables)

    def with_(self, order: int | None = None, smoothing: Smoothing | None = None) -> Self:
        """The same counts read with a lower order or another smoothing."""
        order = self.order if order is None else order
        if not 1 <= order <= self.order:
            raise ValueError(f"expected an order from 1 to {self.order}, got {order}")
        return type(self)(self.vocabulary, self.tables[:order], smoothing or self.smoothing)

    def _by_order(self, tokens: np.ndarray) -> Iterator[np.ndarray]:
        """P(next | tokens so far) of order 1, 2, ...: the same (T, V) array, refined."""
        V = len(self.vocabulary)
        result = np.full((len(tokens), V), 1 / V)
        for table, (contexts, usable) in zip(
            self.tables, _contexts(tokens, self.order - 1, V), strict=True
        ):
            counts = table.rows(contexts[usable], V)  # (N, V)
            result[usable] = self.smoothing(counts, result[usable])
            yield result

    def probabilities(self, tokens: np.ndarray) -> np.ndarray:
        """P(next | tokens so far) at every position of one text: (T,) ids to (T, V) float64."""
        *_, result = self._by_order(tokens)
        return result

    def distribution(self, context: str | Sequence[int] = "") -> np.ndarray:
        """P(next | context), (V,) float64."""
        ids = self.vocabulary.encode(context) if isinstance(context, str) else list(context)
        return self.probabilities(np.array([0, *ids][-self.order :]))[-1]

    def __call__(self, tokens: torch.Tensor) -> torch.Tensor:
        """Log-probabilities of the next token: (B, T) int64 to (B, T, V) float64, in nats."""
        if tokens.dim() != 2:
            raise ValueError(f"expected tokens of shape (B, T), got {tuple(tokens.shape)}")
        rows = [self.probabilities(row.numpy()) for row in tokens.cpu()]
        with np.errstate(divide="ignore"):  # maximum likelihood may give 0
            return torch.from_numpy(np.log(np.stack(rows)))

    def surprises(self, tokens: Sequence[int] | np.ndarray) -> np.ndarray:
        """-log2 P(token | tokens before it) of each token of a text, in bits: (N,) to (N,)."""
        return self.surprises_by_order(tokens)[-1]

    def surprises_by_order(self, tokens: Sequence[int] | np.ndarray) -> np.ndarray:
        """What `surprises` would say for each order up to this model's: (N,) to (order, N) bits.

        One pass is enough, because a model of order n is built from the one of order n - 1.
        """
        tokens = np.asarray(tokens, dtype=np.int64)
        inputs = np.append(0, tokens[:-1])
        bits = np.empty((self.order, len(tokens)))
        for start in range(0, len(tokens), ROWS):
            first = max(0, start - self.order + 1)  # enough tokens before to fill the context
            target = tokens[start : start + ROWS]
            for n, rows in enumerate(self._by_order(inputs[first : start + ROWS])):
                chosen = rows[start - first :][np.arange(len(target)), target]
                with np.errstate(divide="ignore"):  # maximum likelihood may give 0
                    bits[n, start : start + ROWS] = 0.0 - np.log2(chosen)  # 0 bits, not -0
        return bits


def _contexts(
    tokens: np.ndarray, longest: int, vocab_size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For k = 0 to `longest`: the last k tokens at each position, as one number, (T,) int64, and
    whether there are k tokens since the last boundary, (T,) bool."""
    T = len(tokens)
    position = np.arange(T)
    boundary = np.maximum.accumulate(np.where(tokens == 0, position, -1))
    available = position - boundary  # tokens since the last boundary
    number = np.zeros(T, np.int64)
    for k in range(longest + 1):
        yield number, available >= k
        moved = np.zeros(T, np.int64)
        moved[k:] = tokens[: max(T - k, 0)]  # the token k places back becomes the next digit
        number = number + moved * vocab_size**k


def perplexity(bits_per_token: float) -> float:
    """2 to the bits: among how many equally likely tokens the model seems to choose."""
    return 2.0**bits_per_token
