"""What of a text stands in another, character by character: the test for memorizing.

A model that writes like its training text may have learned how that text goes, or may be reciting
it. The two are told apart by looking: what is the longest stretch of what it wrote that stands in
the training text, letter for letter? Some overlap is there by chance, since all English shares
its phrases; so the figure means something only beside that of a text which the model's author
can't have copied, such as a held-out play.

All stretches of the source are sorted once by their first eight characters, eight to a 64-bit
number. A stretch of the sample is then found by bisection, and from there on compared letter by
letter. The result is exact. (Carlini et al. 2021, https://arxiv.org/abs/2012.07805, count in this
way what an LLM gives away of its training text.) Explained in ``book/capstone.md``.
"""

from dataclasses import dataclass

import numpy as np

SORTED_BY = 8
"""Characters that fit into one number of 64 bits, a byte each."""
LARGEST_ALPHABET = 254  # a byte, but for the end of the source and for what the source lacks
END, STRANGE = 0, 255


@dataclass(frozen=True)
class Overlap:
    """A stretch that stands in the sample and in the source, letter for letter."""

    text: str
    start: int  # where it begins in the sample
    position: int  # where it begins in the source, at one of the places if there are several

    def __len__(self) -> int:
        return len(self.text)


class Source:
    """A text of which copies are sought, ready to be searched.

    Holds about 17 bytes for each character.

    Raises:
        ValueError: The text is empty, or has more than 254 different characters.
    """

    def __init__(self, text: str) -> None:
        alphabet = sorted(set(text))
        if not 0 < len(alphabet) <= LARGEST_ALPHABET:
            raise ValueError(
                f"expected a text of 1 to {LARGEST_ALPHABET} different characters, "
                f"got {len(alphabet)}"
            )
        self.text = text
        self._code = {character: n for n, character in enumerate(alphabet, 1)}
        self._codes = self._encoded(text, END)
        keys = _keys(self._codes)
        self._order = np.argsort(keys, kind="stable")  # (M,): places, sorted by what begins there
        self._sorted = keys[self._order]  # (M,)

    def _encoded(self, text: str, padding: int) -> np.ndarray:
        codes = [self._code.get(character, STRANGE) for character in text]
        return np.array(codes + [padding] * SORTED_BY, dtype=np.uint8)

    def lengths(self, sample: str) -> np.ndarray:
        """How long a stretch of the source begins at each character of the sample: (N,) ints."""
        return np.array([length for length, _ in self._matches(sample)], dtype=np.int64)

    def longest(self, sample: str) -> Overlap:
        """The longest stretch of the sample that stands in the source; the first of several.

        Raises:
            ValueError: The sample is empty.
        """
        if not sample:
            raise ValueError("expected a sample to look for, got an empty text")
        matches = self._matches(sample)
        start = max(range(len(sample)), key=lambda i: matches[i][0])
        length, position = matches[start]
        return Overlap(sample[start : start + length], start, position)

    def share_copied(self, sample: str, at_least: int) -> float:
        """The share of the sample's characters that lie in a copied stretch of that length.

        Raises:
            ValueError: The sample is empty, or `at_least` is below 1.
        """
        if not sample or at_least < 1:
            raise ValueError(
                f"expected a sample and at_least above 0, got {len(sample)} characters, {at_least}"
            )
        copied = np.zeros(len(sample), dtype=bool)
        for start, length in enumerate(self.lengths(sample)):
            if length >= at_least:
                copied[start : start + length] = True
        return float(copied.mean())

    def lines(self, overlap: Overlap) -> tuple[str, str, str]:
        """The source's whole lines around an overlap: what is before it, it, what is after it."""
        end = overlap.position + len(overlap)
        first = self.text.rfind("\n", 0, overlap.position) + 1
        last = self.text.find("\n", end)
        last = len(self.text) if last < 0 else last
        return self.text[first : overlap.position], overlap.text, self.text[end:last]

    def _matches(self, sample: str) -> list[tuple[int, int]]:
        """For each place of the sample: the length of its longest match, and where it is."""
        codes = self._encoded(sample, STRANGE)
        keys = _keys(codes)
        left, right = (np.searchsorted(self._sorted, keys, side) for side in ("left", "right"))
        return [
            self._longer(codes, i, self._order[low:high])
            if low < high
            else self._shorter(int(keys[i]), low)
            for i, (low, high) in enumerate(zip(left.tolist(), right.tolist(), strict=True))
        ]

    def _longer(self, codes: np.ndarray, start: int, places: np.ndarray) -> tuple[int, int]:
        """Go on from places whose first eight characters agree, while one of them agrees."""
        length = SORTED_BY
        while True:
            going_on = places[self._codes[places + length] == codes[start + length]]
            if not len(going_on):
                return length, int(places[0])
            places, length = going_on, length + 1

    def _shorter(self, key: int, place: int) -> tuple[int, int]:
        """Fewer than eight characters agree: most with one of the two neighbors in the order."""
        neighbors = [n for n in (place - 1, place) if 0 <= n < len(self._order)]
        return max((_agreeing(key, int(self._sorted[n])), int(self._order[n])) for n in neighbors)


def _keys(codes: np.ndarray) -> np.ndarray:
    """Each eight codes in a row as one number, the first weighing most: (M + 8,) to (M,)."""
    size = len(codes) - SORTED_BY
    keys = np.zeros(size, dtype=np.uint64)
    for n in range(SORTED_BY):
        keys = (keys << np.uint64(8)) | codes[n : n + size]
    return keys


def _agreeing(key: int, other: int) -> int:
    """How many leading bytes two keys share."""
    return SORTED_BY - ((key ^ other).bit_length() + 7) // 8
