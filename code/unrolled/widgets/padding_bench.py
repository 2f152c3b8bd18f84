"""Sentences of different lengths become one table: padding, mask, positions, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import traitlets

from unrolled.widgets.interactive import Interactive
from unrolled.widgets.modules import module, style
from unrolled.widgets.packed_merges import pack_pretrained

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from transformers import PreTrainedTokenizerFast

LONGEST_TEXT = 80
LONGEST_ROW = 24
MOST_TEXTS = 4
WAYS = ("alone", "left", "right")


class PaddingBench(Interactive):
    """A batch of sentences as a causal language model gets it, in training and for writing.

    The page has all merges of the tokenizer, so ids are those that Python gives; mask, positions,
    labels and targets follow transformers. `outputs` is what the LLM wrote after each of `texts`
    by itself (``"alone"``) and in a batch padded on the ``"left"`` and on the ``"right"``; it is
    shown as long as the sentences are those. Used in ``book/huggingface.md``.

    Raises ValueError for no texts or too many, a text that is too long, outputs that do not have
    one text for each sentence and way, or a tokenizer without a padding token.
    """

    widget_name = "padding-bench"
    _esm = module("padding_bench.js")
    _css = style("words.css", "padding_bench.css")

    merges = traitlets.Bytes().tag(sync=True)
    tokenizer = traitlets.Dict().tag(sync=True)
    pad_id = traitlets.Int().tag(sync=True)
    preset = traitlets.List(traitlets.Unicode()).tag(sync=True)
    texts = traitlets.List(traitlets.Unicode()).tag(sync=True)
    outputs = traitlets.Dict().tag(sync=True)
    side = traitlets.Enum(("left", "right"), "right").tag(sync=True)
    cut = traitlets.Enum(("left", "right"), "right").tag(sync=True)
    labels = traitlets.Enum(("good", "padding", "shifted"), "good").tag(sync=True)
    length = traitlets.Int(LONGEST_ROW).tag(sync=True)

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        texts: Sequence[str],
        *,
        outputs: Mapping[str, Sequence[str]],
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        if not 1 <= len(texts) <= MOST_TEXTS:
            raise ValueError(f"expected 1 to {MOST_TEXTS} texts, got {len(texts)}")
        for text in texts:
            if len(text) > LONGEST_TEXT:
                raise ValueError(
                    f"expected texts of at most {LONGEST_TEXT} characters, got {len(text)}"
                )
        counts = {way: len(written) for way, written in outputs.items()}
        if counts != dict.fromkeys(WAYS, len(texts)):
            raise ValueError(
                f"expected outputs {', '.join(WAYS)} with {len(texts)} texts each, got {counts}"
            )
        if tokenizer.pad_token_id is None:
            raise ValueError("expected a tokenizer with a padding token, got one without")
        packed = pack_pretrained(tokenizer)
        super().__init__(
            caption=caption,
            still=still,
            still_alt=still_alt,
            merges=packed.merges,
            tokenizer={"special": packed.special, "bytes": packed.alphabet},
            pad_id=tokenizer.pad_token_id,
            preset=list(texts),
            texts=list(texts),
            outputs={way: list(written) for way, written in outputs.items()},
        )
