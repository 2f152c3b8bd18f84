"""The one measure of the whole book: bits per character on one passage of a held-out play.

Every model, from counted letters to a pretrained transformer, is scored on `passage()` and asked
to go on from `PROMPT`, so that all of them can stand on one ladder. Explained in
``book/language-models.md``.
"""

import math
from collections.abc import Callable

import torch

from unrolled import corpus
from unrolled.corpus import CharacterVocabulary

PROMPT = "ROMEO:\nBut soft, what light"
PASSAGE_LENGTH = 20_000

SequenceModel = Callable[[torch.Tensor], torch.Tensor]
"""Any callable that maps tokens (B, T), int64, to logits (B, T, V)."""


def passage() -> str:
    """The first 20,000 characters of Macbeth, the play that no model is trained on."""
    return corpus.load().test[:PASSAGE_LENGTH]


@torch.no_grad()
def surprises(
    model: SequenceModel, tokens: torch.Tensor, context_length: int | None = None
) -> torch.Tensor:
    """How many bits each token of one text costs the model: (N,) ids to (N,) float64.

        s_t = -log2 P(x_t | </s>, x_1, ..., x_{t-1})

    The first token is predicted from the boundary token alone. A model that can hold only
    `context_length` tokens sees the text through a window that moves by half its width, so every
    token but the first ones has at least half a window before it.

    Raises:
        ValueError: The text is empty, or `context_length` is below 2.
    """
    if tokens.dim() != 1 or len(tokens) == 0:
        raise ValueError(f"expected at least one token in a row, got shape {tuple(tokens.shape)}")
    if context_length is not None and context_length < 2:
        raise ValueError(f"expected a context_length of at least 2, got {context_length}")
    N = len(tokens)
    inputs = torch.cat([torch.zeros(1, dtype=torch.int64), tokens[:-1]])  # boundary first
    window = min(context_length or N, N)
    bits = torch.empty(N, dtype=torch.float64)
    done = 0  # tokens scored so far
    while done < N:
        start = 0 if done == 0 else min(done - window // 2, N - window)
        logits = model(inputs[None, start : start + window])  # (1, window, V)
        nats = -logits[0].double().log_softmax(-1)  # (window, V)
        new = slice(done - start, window)
        scored = tokens[done : start + window]
        bits[done : start + window] = nats[new].gather(1, scored[:, None])[:, 0] / math.log(2)
        done = start + window
    return bits


def bits_per_character(
    model: SequenceModel,
    vocabulary: CharacterVocabulary,
    text: str,
    context_length: int | None = None,
) -> float:
    """Average surprise of a model over a text, in bits per character.

        BPC = (1 / N) sum_t -log2 P(x_t | x_1, ..., x_{t-1}),  N = characters of the text

    N counts characters whatever the tokens are, so models with words or word pieces compare
    with models of characters.

    Raises:
        ValueError: The text is empty or holds what the vocabulary does not have.
    """
    if not text:
        raise ValueError("expected a text to score, got an empty one")
    tokens = torch.tensor(vocabulary.encode(text))
    return surprises(model, tokens, context_length).sum().item() / len(text)
