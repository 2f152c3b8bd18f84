"""The pretrained LLM of the book: SmolLM2-135M-Instruct, from one file of weights and words.

The file is in GGUF, a format that holds a model's numbers and its tokenizer together. Here its
tokenizer is taken out: 49,152 tokens, made by byte-pair merges as those of `unrolled.bpe` are, but
counted in far more text. Explained in ``book/tokens.md``; the model itself follows in a later
chapter.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from unrolled import assets

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SPLITTING = "smollm"
SPECIAL = 3
"""GGUF's mark for a token that no text contains, such as the end of a turn."""


@cache
def load_tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer of the pretrained LLM, as the class that transformers uses everywhere.

    ``encode`` and ``decode`` work as those of the book's own vocabularies. It cuts digits apart
    before all else, then words as GPT-2 does. (transformers' own reader of GGUF files leaves
    the digits' rule out, so that blanks before a number come out as other ids than those which
    the model was trained on. So the tokenizer is put together here.)

    Raises:
        AssetError: The asset can't be fetched.
        ValueError: The file names another way to split text than the one built here.
    """
    from gguf import GGUFReader
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    fields = GGUFReader(assets.fetch("smollm2") / GGUF_FILE).fields

    def stored(key: str) -> object:
        return fields[f"tokenizer.{key}"].contents()

    if stored("ggml.pre") != SPLITTING:
        raise ValueError(f"expected text split as {SPLITTING!r}, got {stored('ggml.pre')!r}")
    tokens, kinds = stored("ggml.tokens"), stored("ggml.token_type")
    merges = [tuple(merge.split(" ")) for merge in stored("ggml.merges")]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == SPECIAL]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=tokens[stored("ggml.bos_token_id")],
        eos_token=tokens[stored("ggml.eos_token_id")],
        unk_token=tokens[stored("ggml.unknown_token_id")],
        pad_token=tokens[stored("ggml.padding_token_id")],
        chat_template=stored("chat_template"),
        clean_up_tokenization_spaces=False,
    )
