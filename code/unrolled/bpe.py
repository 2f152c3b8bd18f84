r"""Byte-pair encoding: tokens between characters and words, found by counting alone.

A text is bytes, and there are 256 of those, so no text is ever unknown. Training looks for the
two tokens that stand side by side most often, makes them one new token, and does that again,
as often as asked. The list of these merges, in their order, is the whole tokenizer: to encode a
text, make the same merges in the same order. Nothing is learned by gradient, nothing is drawn.

The idea is Gage's (1994), who compressed files with it; Sennrich et al. (2016),
https://aclanthology.org/P16-1162, use it on words; Radford et al. (2019) on bytes. Merges never
cross the pieces of `pieces`. Explained in ``book/tokens.md``.
"""

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

from unrolled.corpus import BOUNDARY

PIECE = re.compile(r" ?\w+(?:'\w+)*| ?[^\w\s]+|\s+(?!\S)|\s+")
"""A word with the space before it, or a run of signs with the space before it, or white space."""

FIRST_MERGE = 257
"""Id of the first merged token: 0 is the boundary, 1 to 256 are the bytes 0 to 255."""

Pair = tuple[int, int]


def pieces(text: str) -> list[str]:
    """Cut a text into words and the like, with nothing lost: ``"".join(pieces(t)) == t``.

    >>> pieces("O, thou'rt  mad!")
    ['O', ',', " thou'rt", ' ', ' mad', '!']
    """
    return PIECE.findall(text)


def merge(ids: Sequence[int], pair: Pair, new: int) -> list[int]:
    """Replace every `pair` that stands side by side by `new`, from left to right.

    >>> merge([1, 2, 1, 2, 3], (1, 2), 9)
    [9, 9, 3]
    """
    merged, i = [], 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


def bytes_of(text: str) -> list[int]:
    """The bytes of a text in UTF-8, as ids from 1 to 256."""
    return [byte + 1 for byte in text.encode("utf-8")]


class PairCounts:
    """How often each pair of tokens stands in a text, kept up to date from merge to merge.

    A text repeats itself: the plays hold more than a million pieces, but only some
    thirty-six thousand different ones. Each of these is kept once, with its count. A merge then
    touches only the words that hold the pair, and a heap knows which pair is next. An entry of
    the heap whose count has changed since is thrown away when it comes up.
    """

    def __init__(self, counted: Iterable[tuple[str, int]]) -> None:
        self.words: list[list[int]] = []
        self.weights: list[int] = []
        self.pairs: Counter[Pair] = Counter()
        self.where: dict[Pair, set[int]] = defaultdict(set)  # words that hold, or held, the pair
        for word, (text, count) in enumerate(counted):
            self.words.append(bytes_of(text))
            self.weights.append(count)
            self._add(word, count)
        self.heap = [(-count, pair) for pair, count in self.pairs.items()]
        heapq.heapify(self.heap)

    def _add(self, word: int, weight: int) -> None:
        ids = self.words[word]
        for pair in pairwise(ids):
            self.pairs[pair] += weight
            self.where[pair].add(word)

    def most_frequent(self) -> Pair | None:
        """The pair with the highest count; of equals, the one of lowest ids."""
        while self.heap and -self.heap[0][0] != self.pairs[self.heap[0][1]]:
            heapq.heappop(self.heap)
        return self.heap[0][1] if self.heap and self.heap[0][0] < 0 else None

    def apply(self, pair: Pair, new: int) -> None:
        """Make the merge in every word that holds the pair."""
        changed: set[Pair] = set()
        for word in self.where.pop(pair):
            before = self.words[word]
            after = merge(before, pair, new)
            if len(after) == len(before):
                continue  # an earlier merge has taken the pair apart
            self._add(word, -self.weights[word])
            self.words[word] = after
            self._add(word, self.weights[word])
            changed.update(pairwise(before), pairwise(after))
        for changed_pair in changed:
            heapq.heappush(self.heap, (-self.pairs[changed_pair], changed_pair))


@dataclass(frozen=True)
class BytePairTokenizer:
    """Text to ids and back, by a list of merges. Id 0 is the boundary token.

    `merges[k]` is the pair of ids that becomes id 257 + k, so a merge can only name ids that
    exist before it. The first k merges are a tokenizer of their own: `first(k)`. Satisfies what
    `unrolled.yardstick` and `unrolled.sampling` ask of a vocabulary.

    Raises:
        ValueError: A merge names an id that doesn't exist yet, or comes twice.
    """

    merges: tuple[Pair, ...] = ()
    _ranks: dict[Pair, int] = field(init=False, repr=False, compare=False)
    _bytes: tuple[bytes, ...] = field(init=False, repr=False, compare=False)
    _seen: dict[str, list[int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = [b"", *(bytes([byte]) for byte in range(256))]
        for left, right in self.merges:
            if not (0 < left < len(parts) and 0 < right < len(parts)):
                raise ValueError(
                    f"expected merge {len(parts) - FIRST_MERGE} to join ids from 1 to "
                    f"{len(parts) - 1}, got {left} and {right}"
                )
            parts.append(parts[left] + parts[right])
        ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        if len(ranks) != len(self.merges):
            raise ValueError(
                f"expected {len(self.merges)} different merges, got {len(ranks)} different ones"
            )
        object.__setattr__(self, "_ranks", ranks)
        object.__setattr__(self, "_bytes", tuple(parts))
        object.__setattr__(self, "_seen", {})

    @classmethod
    def train(cls, text: str, n_merges: int) -> Self:
        """Find `n_merges` merges by counting; fewer if the text has no pair left to merge.

        The same text gives the same merges, always: ties go to the pair of lowest ids.

        Raises:
            ValueError: The text is empty, or the number of merges negative.
        """
        if not text:
            raise ValueError("expected a text to count, got an empty one")
        if n_merges < 0:
            raise ValueError(f"expected n_merges of at least 0, got {n_merges}")
        counts, merges = PairCounts(Counter(pieces(text)).items()), []
        while len(merges) < n_merges and (best := counts.most_frequent()):
            counts.apply(best, FIRST_MERGE + len(merges))
            merges.append(best)
        return cls(tuple(merges))

    def first(self, n_merges: int) -> Self:
        """The tokenizer that has only the first `n_merges` merges of this one."""
        if not 0 <= n_merges <= len(self.merges):
            raise ValueError(f"expected n_merges from 0 to {len(self.merges)}, got {n_merges}")
        return type(self)(self.merges[:n_merges])

    def __len__(self) -> int:
        return FIRST_MERGE + len(self.merges)

    @property
    def tokens(self) -> tuple[str, ...]:
        r"""Each id's text, for the eye: bytes that are no whole character show as ``\xe2``."""
        return (BOUNDARY, *(part.decode("utf-8", "backslashreplace") for part in self._bytes[1:]))

    def encode(self, text: str) -> list[int]:
        """Ids of any text: the merges, in their order, within each piece."""
        ids: list[int] = []
        for piece in pieces(text):
            if piece not in self._seen:
                self._seen[piece] = self._encode_piece(piece)
            ids += self._seen[piece]
        return ids

    def _encode_piece(self, piece: str) -> list[int]:
        ids, last = bytes_of(piece), len(self.merges)
        while len(ids) > 1:
            rank = min(self._ranks.get(pair, last) for pair in pairwise(ids))
            if rank == last:
                break
            ids = merge(ids, self.merges[rank], FIRST_MERGE + rank)
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Text of ids; the boundary token stands for no text.

        Ids that were cut in the middle of a character give the sign for "not readable" there.
        """
        ids = [int(i) for i in ids]
        if any(not 0 <= i < len(self) for i in ids):
            raise ValueError(f"expected ids from 0 to {len(self) - 1}, got {min(ids)}..{max(ids)}")
        return b"".join(self._bytes[i] for i in ids).decode("utf-8", "replace")
