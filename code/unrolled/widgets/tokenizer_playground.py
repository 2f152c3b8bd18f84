"""Type anything, and see it as characters, as byte pairs, and as a pretrained LLM's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import traitlets

from unrolled.widgets.interactive import Interactive
from unrolled.widgets.modules import module, style
from unrolled.widgets.packed_merges import PackedTokenizer, pack, pack_pretrained

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from transformers import PreTrainedTokenizerFast

    from unrolled.bpe import BytePairTokenizer

LONGEST = 1000


class TokenizerPlayground(Interactive):
    """One text under three tokenizers, with the merges of the book's applied one by one.

    The ids are exactly those that Python gives: the page has all merges of both tokenizers, as
    two numbers each. `n_merges` is where the stepper stands at first (all, if not said);
    `samples` are texts to start from; without `pretrained`, its part is left out. Used in
    ``book/tokens.md``.

    Raises ValueError for a tokenizer without merges, or a text that is too long.
    """

    widget_name = "tokenizer-playground"
    _esm = module("tokenizer_playground.js")
    _css = style("words.css", "tokenizer_playground.css")

    merges = traitlets.Bytes().tag(sync=True)
    tokenizer = traitlets.Dict().tag(sync=True)
    pretrained_merges = traitlets.Bytes().tag(sync=True)
    pretrained = traitlets.Dict().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    n_merges = traitlets.Int().tag(sync=True)
    samples = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self,
        tokenizer: BytePairTokenizer,
        pretrained: PreTrainedTokenizerFast | None = None,
        *,
        text: str = "How are you?",
        samples: Sequence[str] = (),
        n_merges: int | None = None,
        pretrained_name: str = "The pretrained LLM",
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        count = len(tokenizer.merges)
        n_merges = count if n_merges is None else n_merges
        if count == 0:
            raise ValueError("expected a tokenizer with at least one merge, got none")
        if not 0 <= n_merges <= count:
            raise ValueError(f"expected n_merges from 0 to {count}, got {n_merges}")
        for one in (text, *samples):
            if len(one) > LONGEST:
                raise ValueError(f"expected texts of at most {LONGEST} characters, got {len(one)}")
        ours = pack(tokenizer)
        theirs = PackedTokenizer([], [], b"") if pretrained is None else pack_pretrained(pretrained)
        super().__init__(
            caption=caption,
            still=still,
            still_alt=still_alt,
            merges=ours.merges,
            tokenizer={"special": ours.special, "bytes": ours.alphabet},
            pretrained_merges=theirs.merges,
            pretrained={
                "special": theirs.special,
                "bytes": theirs.alphabet,
                "name": pretrained_name if pretrained is not None else "",
            },
            text=text,
            n_merges=n_merges,
            samples=list(samples),
        )
