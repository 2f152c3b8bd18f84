"""What is it looking at? All heads of a trained GPT on the reader's own text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from unrolled.widgets.modules import module, style
from unrolled.widgets.packed_gpt import GPTInteractive

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unrolled.bpe import BytePairTokenizer
    from unrolled.corpus import CharacterVocabulary
    from unrolled.gpt import GPT

MOST_CHARACTERS = 1_000
MOST_TOKENS = 128
"""More than that would make the cells of a head's picture smaller than a phone can show."""


class WhatIsItLookingAt(GPTInteractive):
    """Type a text: the attention weights of every head, live, as pictures and as numbers.

    The page runs the model over the text, at most its first 128 tokens with the boundary (fewer
    for a smaller context), and keeps every head's weights. `head` is the one to begin with,
    counted through all layers: layer * n_heads + head; `token` the one that looks, 0 for the
    boundary, -1 for the last. Used in ``book/gpt.md``.

    Raises ValueError where model, vocabulary, text, head and token don't fit together.
    """

    widget_name = "what-is-it-looking-at"
    _esm = module("what_is_it_looking_at.js")
    _css = style("words.css", "write_with_me.css", "what_is_it_looking_at.css")

    text = traitlets.Unicode().tag(sync=True)
    most_tokens = traitlets.Int(MOST_TOKENS).tag(sync=True)
    head = traitlets.Int(0).tag(sync=True)
    token = traitlets.Int(-1).tag(sync=True)

    def __init__(
        self,
        model: GPT,
        vocabulary: CharacterVocabulary | BytePairTokenizer,
        text: str,
        *,
        head: int = 0,
        token: int = -1,
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        if not 1 <= len(text) <= MOST_CHARACTERS:
            raise ValueError(
                f"expected a text of 1 to {MOST_CHARACTERS} characters, got {len(text)}"
            )
        n_heads = len(model.blocks) * model.blocks[0].attention.n_heads
        if not 0 <= head < n_heads:
            raise ValueError(f"expected a head from 0 to {n_heads - 1}, got {head}")
        most = min(MOST_TOKENS, model.context_length)
        tokens = [0, *vocabulary.encode(text)][:most]
        if not -1 <= token < len(tokens):
            raise ValueError(f"expected a token from -1 to {len(tokens) - 1}, got {token}")
        super().__init__(
            model,
            vocabulary,
            tokens,
            caption=caption,
            still=still,
            still_alt=still_alt,
            text=text,
            most_tokens=most,
            head=head,
            token=token,
        )
