"""Checks of ``exercises/gpt.md``: counting, top-p, beams, a cache with a window, a diagnosis."""

from __future__ import annotations

from collections.abc import Callable

from unrolled.check import gpt_reading, gpt_writing
from unrolled.check.chapter import Chapter
from unrolled.check.gpt_reading import FAULTS, Layer
from unrolled.check.trial import Trial

CHAPTER = Chapter("gpt", 7)
progress, export = CHAPTER.progress, CHAPTER.export
__all__ = ["FAULTS", "Layer", "beam", "diagnose", "nucleus", "read", "size", "trap"]


def numbers(
    V: int, places: int, N: int, H: int, C: int, tied: bool, biases: bool, slip: str = ""
) -> int:
    """The reference of `size`: the numbers that a GPT learns."""
    linear = biases and slip != "none"
    norm = C * (1 + (linear or slip == "norms"))
    heads = H if slip == "heads" else 1
    attention = heads * 4 * C * C + 4 * C * linear
    forward = (4 if slip == "narrow" else 8) * C * C + (2 if slip == "equal" else 5) * C * linear
    block = attention + forward + 2 * norm
    last = 0 if slip == "last" else norm
    table = V * C * (1 + (not tied or slip == "again"))
    if slip == "shared":
        table = V * C
    return table + (0 if slip == "places" else places * C) + N * block + last


SIZE_SLIPS = {
    "heads": "the heads share the C channels: more heads cost nothing",
    "again": "a tied head is the token table itself, counted already",
    "shared": "an untied head has a table of its own",
    "places": "the table of positions is missing",
    "narrow": "the feed-forward network has two matrices, up and down again",
    "equal": "the feed-forward network's biases: one has 4 C numbers, the other C",
    "none": "the biases are missing: each linear layer but the head has them, each norm too",
    "norms": "without biases the norms have only their factors",
    "last": "there is one more norm after the last block",
}


@CHAPTER.task("How many numbers has it?", minutes=7)
def size(trial: Trial, answer: Callable[..., int]) -> None:
    """Check a count: ``answer(vocab_size, context_length, n_layers, n_heads, C, tied, biases)``."""
    cases = [(9, 4, 1, 1, 8, True, True), (9, 4, 1, 1, 8, True, False)]
    cases += [
        (50, 16, 3, 2, 12, tied, biases) for tied in (True, False) for biases in (True, False)
    ]
    cases += [(50_257, 1024, 24, 16, 1024, True, True)]
    for case in cases:
        *sizes, tied, biases = case
        given = f"sizes {tuple(sizes)}, tied={tied}, biases={biases}"
        trial.same(
            trial.call(answer, *case, given=given),
            numbers(*case),
            {says: numbers(*case, slip=slip) for slip, says in SIZE_SLIPS.items()},
            name="the count",
            tolerance=1e-12,
        )
    trial.holds("small models, tied or not, with biases or without, and a large GPT-2")


nucleus = CHAPTER.task("Top-p, and when to heat", minutes=11)(gpt_writing.nucleus)
beam = CHAPTER.task("Several beginnings alive", minutes=13)(gpt_writing.beam)
trap = CHAPTER.task("A trap for two beams", minutes=6)(gpt_writing.trap)
read = CHAPTER.task("A cache that forgets", minutes=15)(gpt_reading.read)
diagnose = CHAPTER.task("What ails this GPT?", minutes=13)(gpt_reading.diagnose)
