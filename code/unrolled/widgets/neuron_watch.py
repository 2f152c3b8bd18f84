"""What does this neuron watch? A text colored by one unit of a trained character model."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import traitlets

from unrolled.widgets.interactive import Interactive
from unrolled.widgets.modules import module, style
from unrolled.widgets.packed_recurrence import pack_model, precision_note, read

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unrolled.corpus import CharacterVocabulary
    from unrolled.rnn import RecurrentModel

MOST_CHARACTERS = 2_000
SPEAKER = re.compile(r"^[A-Z][A-Z' ,.\-]*:$", re.MULTILINE)


def _speaker_names(text: str) -> list[bool]:
    named = [False] * len(text)
    for line in SPEAKER.finditer(text):
        named[line.start() : line.end()] = [True] * len(line.group())
    return named


TRAITS: Mapping[str, Callable[[str], list[bool]]] = MappingProxyType(
    {
        "line ends": lambda text: [character == "\n" for character in text],
        "speaker names": _speaker_names,
        "spaces": lambda text: [character == " " for character in text],
        "vowels": lambda text: [character in "aeiouAEIOU" for character in text],
    }
)
"""Which characters of a text each search of the page is about."""


class NeuronWatch(Interactive):
    """Choose a unit: the text is colored by its value after each character.

    The page runs `model` over `text`, or over the reader's own, from ``h_0 = 0`` and the
    boundary token, and finds the units that follow line ends, speaker names, spaces, vowels or
    chosen characters by their correlation. `units` are ``(index, label, score)`` to begin
    with; without them, `find_units` finds one for each search. Used in ``book/rnn.md``.

    Raises ValueError where model, vocabulary, text and units don't fit together, and for a
    text of more than 2,000 characters.
    """

    widget_name = "neuron-watch"
    _esm = module("neuron_watch.js")
    _css = style("words.css", "neuron_watch.css")

    weights = traitlets.Bytes().tag(sync=True)
    shape = traitlets.Dict().tag(sync=True)
    alphabet = traitlets.List(traitlets.Unicode()).tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    units = traitlets.List(traitlets.Dict()).tag(sync=True)
    unit = traitlets.Int(0).tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        model: RecurrentModel,
        vocabulary: CharacterVocabulary,
        text: str,
        units: Sequence[tuple[int, str, float]] | None = None,
        *,
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        if not 1 <= len(text) <= MOST_CHARACTERS:
            raise ValueError(
                f"expected a text of 1 to {MOST_CHARACTERS} characters, got {len(text)}"
            )
        packed = pack_model(model, len(vocabulary))
        listed = find_units(model, vocabulary, text) if units is None else units
        _check_units(listed, packed.shape["hidden"])
        super().__init__(
            caption=caption,
            still=still,
            still_alt=still_alt,
            weights=packed.weights,
            shape=packed.shape,
            alphabet=list(vocabulary.tokens),
            text=text,
            units=[
                {"index": int(index), "label": label, "score": round(float(score), 3)}
                for index, label, score in listed
            ],
            unit=int(listed[0][0]) if listed else 0,
            note=precision_note(model, packed, [0, *vocabulary.encode(text)]),
        )


def _check_units(units: Sequence[tuple[int, str, float]], hidden: int) -> None:
    for unit in units:
        if len(unit) != 3 or not 0 <= unit[0] < hidden:
            raise ValueError(
                f"expected units as (index from 0 to {hidden - 1}, label, score), got {unit!r}"
            )
        if not str(unit[1]).strip() or not math.isfinite(unit[2]):
            raise ValueError(f"expected a label and a finite score, got {unit!r}")


def correlations(
    model: RecurrentModel, vocabulary: CharacterVocabulary, text: str, trait: Sequence[bool]
) -> np.ndarray:
    """Pearson's correlation (H) of each unit with a trait of the characters; 0 if one is flat."""
    if len(trait) != len(text):
        raise ValueError(f"expected a trait of {len(text)} characters, got {len(trait)}")
    hidden, _ = read(model, [0, *vocabulary.encode(text)])
    units = hidden[1:].numpy()  # (T, H): the value after each character, the boundary's left out
    units = units - units.mean(0)
    wanted = np.asarray(trait, dtype=float) - np.mean(trait)
    spread = np.sqrt((units**2).sum(0) * (wanted**2).sum())
    return np.divide(wanted @ units, spread, out=np.zeros(len(spread)), where=spread > 1e-12)


def find_units(
    model: RecurrentModel, vocabulary: CharacterVocabulary, text: str
) -> list[tuple[int, str, float]]:
    """For each of `TRAITS` that the text has, the unit that follows it best: its correlation."""
    found = []
    for label, trait_of in TRAITS.items():
        trait = trait_of(text)
        if any(trait) and not all(trait):
            scores = correlations(model, vocabulary, text, trait)
            best = int(np.abs(scores).argmax())
            found.append((best, label, float(scores[best])))
    return found
