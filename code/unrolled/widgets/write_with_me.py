"""Write with me: a trained GPT goes on from the reader's prompt, in the reader's browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from unrolled.widgets.modules import module, style
from unrolled.widgets.packed_gpt import GPTInteractive
from unrolled.yardstick import PROMPT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unrolled.bpe import BytePairTokenizer
    from unrolled.corpus import CharacterVocabulary
    from unrolled.gpt import GPT

MOST_CHARACTERS = 2_000
TEMPERATURES = (0.1, 2.0)
MOST_COUNT = 1_000


class WriteWithMe(GPTInteractive):
    """Prompt a GPT, see what it expects at each step, choose how it draws, let it go on.

    The page holds the model's weights as 8-bit integers and runs it with a key-value cache. It
    draws as `unrolled.sampling.choices` says: temperature, then `top_k` (0: all tokens), then
    `top_p` (1: all), or `greedy`. `seed` and the place in the text decide the draw, so a text can
    be written again, but it is another one than PyTorch's generator draws. `count` is how many
    tokens one press writes. Used in ``book/gpt.md``.

    Raises ValueError where model, vocabulary, prompt and settings don't fit together.
    """

    widget_name = "write-with-me"
    _esm = module("write_with_me.js")
    _css = style("words.css", "write_with_me.css")

    prompt = traitlets.Unicode().tag(sync=True)
    temperature = traitlets.Float(1.0).tag(sync=True)
    top_k = traitlets.Int(0).tag(sync=True)
    top_p = traitlets.Float(1.0).tag(sync=True)
    greedy = traitlets.Bool(False).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    count = traitlets.Int(200).tag(sync=True)

    def __init__(
        self,
        model: GPT,
        vocabulary: CharacterVocabulary | BytePairTokenizer,
        prompt: str = PROMPT,
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        greedy: bool = False,
        seed: int = 0,
        count: int = 200,
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        if len(prompt) > MOST_CHARACTERS:
            raise ValueError(
                f"expected a prompt of at most {MOST_CHARACTERS} characters, got {len(prompt)}"
            )
        coldest, hottest = TEMPERATURES
        if not coldest <= temperature <= hottest:
            raise ValueError(
                f"expected a temperature from {coldest} to {hottest}, got {temperature}"
            )
        if top_k < 0:
            raise ValueError(f"expected top_k of at least 0, where 0 means all, got {top_k}")
        if not 0 < top_p <= 1:
            raise ValueError(f"expected top_p above 0 and at most 1, got {top_p}")
        if seed < 0:
            raise ValueError(f"expected a seed of at least 0, got {seed}")
        if not 1 <= count <= MOST_COUNT:
            raise ValueError(f"expected a count from 1 to {MOST_COUNT}, got {count}")
        super().__init__(
            model,
            vocabulary,
            [0, *vocabulary.encode(prompt)],
            caption=caption,
            still=still,
            still_alt=still_alt,
            prompt=prompt,
            temperature=float(temperature),
            top_k=top_k,
            top_p=float(top_p),
            greedy=greedy,
            seed=seed,
            count=count,
        )
