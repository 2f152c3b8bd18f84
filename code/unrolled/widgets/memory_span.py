"""How long does it remember? One early character changed, two models reading on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import traitlets

from unrolled.widgets.interactive import Interactive
from unrolled.widgets.modules import module, style
from unrolled.widgets.packed_recurrence import pack_model, precision_note

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unrolled.corpus import CharacterVocabulary
    from unrolled.rnn import RecurrentModel

TEXT_LENGTHS = (20, 800)
MOST_MODELS = 3


class MemorySpan(Interactive):
    """Change a character; the models read both texts, and the difference in memory fades.

    For each model the page plots, for every step t from the change on, the length of
    ``m_t - m'_t`` on a logarithmic scale, where m is all that is carried on (h; for an LSTM
    h and c), and how much probability moved in the distribution of the next character
    (total variation, 0 to 1). Its half-life is that of the straight line which fits the
    logarithm best. `models` are one to three, by name; `position` counts from 0 and lies in
    the first half of `text`; `replacement` is the character put there (else a vowel).
    Used in ``book/rnn.md``.

    Raises ValueError where models, vocabulary, text and change don't fit together.
    """

    widget_name = "memory-span"
    _esm = module("memory_span.js")
    _css = style("words.css", "chart.css", "memory_span.css")

    weights = traitlets.Bytes().tag(sync=True)
    models = traitlets.List(traitlets.Dict()).tag(sync=True)
    alphabet = traitlets.List(traitlets.Unicode()).tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    position = traitlets.Int(0).tag(sync=True)
    replacement = traitlets.Unicode().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        models: Mapping[str, RecurrentModel],
        vocabulary: CharacterVocabulary,
        text: str,
        *,
        position: int = 0,
        replacement: str | None = None,
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        if not 1 <= len(models) <= MOST_MODELS:
            raise ValueError(f"expected 1 to {MOST_MODELS} models, got {len(models)}")
        shortest, longest = TEXT_LENGTHS
        if not shortest <= len(text) <= longest:
            raise ValueError(
                f"expected a text of {shortest} to {longest} characters, got {len(text)}"
            )
        if not 0 <= position < len(text) // 2:
            raise ValueError(f"expected a position from 0 to {len(text) // 2 - 1}, got {position}")
        characters = vocabulary.tokens[1:]
        if replacement is None:
            replacement = _another(text[position], characters)
        if replacement not in characters:
            raise ValueError(f"expected a character of the vocabulary, got {replacement!r}")
        tokens = [0, *vocabulary.encode(text)]
        packed = {name: pack_model(model, len(vocabulary)) for name, model in models.items()}
        notes = {
            name: precision_note(model, packed[name], tokens) for name, model in models.items()
        }
        super().__init__(
            caption=caption,
            still=still,
            still_alt=still_alt,
            weights=b"".join(one.weights for one in packed.values()),
            models=[{"name": name, "shape": one.shape} for name, one in packed.items()],
            alphabet=list(vocabulary.tokens),
            text=text,
            position=position,
            replacement=replacement,
            note=" ".join(f"{name}: {note}" for name, note in notes.items() if note),
        )


def _another(character: str, characters: tuple[str, ...]) -> str:
    """A vowel that doesn't stand there already; else the first character that doesn't."""
    others = [other for other in characters if other != character]
    vowels = [other for other in others if other in "aeiou"]
    if not others:
        raise ValueError(f"expected a vocabulary of at least 2 characters, got {characters!r}")
    return (vowels or others)[0]
