"""A pretrained LLM of the `transformers` library, used as one of the book's own models.

Every model of the book maps tokens (B, T) to logits (B, T, V), may carry a memory from call to
call (`run`), and is written with by `unrolled.sampling.generate`. `Borrowed` gives an LLM the
same three doors, so that it stands on the same ladder: it is asked to go on from the same prompt
in the same way, and scored in bits per *character*, whatever its tokens are. Its memory is the
cache of keys and values of ``book/gpt.md``. Explained in ``book/capstone.md``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from unrolled.sampling import generate

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

BETWEEN_TEXTS = "<|endoftext|>"
"""What several families of LLMs were shown between two texts when they were pretrained."""


class Borrowed:
    """A causal LM and its tokenizer behind the interface of the book's models.

    A model wrapped by `peft` will do as well: it answers with its adapter while that is on. The
    boundary token, which stands before every text, is the one that the LLM was shown between
    texts: ``<|endoftext|>`` where there is one, else its first or last token of a text.

    Raises:
        ValueError: The tokenizer has no token that could stand between texts.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.context_length = model.config.max_position_embeddings
        candidates = (
            tokenizer.get_vocab().get(BETWEEN_TEXTS),
            tokenizer.bos_token_id,
            tokenizer.eos_token_id,
        )
        known = [token for token in candidates if token is not None]
        if not known:
            raise ValueError("expected a tokenizer with a token between texts, got one with none")
        self.boundary = known[0]

    def encode(self, text: str) -> list[int]:
        """Ids of a text, without any token that stands for no text."""
        return self.tokenizer.encode(text, add_special_tokens=False)

    def decode(self, ids: list[int]) -> str:
        """Text of ids; tokens that stand for no text are left out."""
        return self.tokenizer.decode(ids, skip_special_tokens=True)

    def __call__(self, tokens: Tensor) -> Tensor:
        """Tokens (B, T), int64, to logits (B, T, V)."""
        return self.model(tokens, use_cache=False).logits

    def run(self, tokens: Tensor, state: object = None) -> tuple[Tensor, object]:
        """Tokens (B, T) and a memory of those before to the last block's vectors (B, T, C).

        The memory that comes back is the one that went in, grown by T: use it once.
        """
        decoder = self.model.get_decoder()
        out = decoder(tokens, past_key_values=state, use_cache=True)
        return out.last_hidden_state, out.past_key_values

    def head(self, hidden: Tensor) -> Tensor:
        """Vectors (..., C) to logits (..., V), float32."""
        return self.model.get_output_embeddings()(hidden).float()

    @torch.no_grad()
    def surprises(self, text: str, stretch: int = 512) -> Tensor:
        """How many bits each token of a text costs, (N,) float64, the first from the boundary.

            s_t = -log2 P(x_t | boundary, x_1, ..., x_{t-1})

        Each token sees all that its window holds: the text is read in stretches, and the memory
        carried on. (A text longer than the window would need a window that moves; it is refused.)

        Raises:
            ValueError: The text is empty, or longer than the model's window.
        """
        tokens = torch.tensor([self.boundary, *self.encode(text)])  # (N + 1,)
        if not 1 < len(tokens) <= self.context_length + 1:
            raise ValueError(
                f"expected a text of 1 to {self.context_length} tokens, got {len(tokens) - 1}"
            )
        bits, memory = [], None
        for inputs, targets in zip(
            tokens[:-1].split(stretch), tokens[1:].split(stretch), strict=True
        ):
            hidden, memory = self.run(inputs[None], memory)  # (1, stretch, C)
            nats = F.cross_entropy(self.head(hidden[0]), targets, reduction="none")
            bits.append(nats.double() / math.log(2))
        return torch.cat(bits)

    def bits_per_character(self, text: str) -> float:
        """The book's yardstick: all bits of a text, divided by its *characters*."""
        return self.surprises(text).sum().item() / len(text)

    def continue_text(
        self,
        prompt: str,
        n: int,
        temperature: float = 1.0,
        seed: int = 0,
        top_p: float | None = None,
    ) -> str:
        """The prompt and n more tokens, as text; everything else as in `generate`."""
        tokens = torch.tensor([[self.boundary, *self.encode(prompt)]])
        generator = torch.Generator().manual_seed(seed)
        written = generate(self, tokens, n, temperature, generator, top_p=top_p)
        return self.decode(written[0].tolist())
