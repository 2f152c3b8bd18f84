"""Writing with a language model: draw the next token, append it, ask again.

One function for every model of the book, from counted letters to a transformer. The page is
``book/language-models.md``.
"""

import torch

from unrolled.corpus import CharacterVocabulary
from unrolled.yardstick import SequenceModel


def sharpen(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """Probabilities of logits at a temperature: (..., V) to (..., V).

        P_tau(w) = exp(logit_w / tau) / sum_v exp(logit_v / tau)

    tau = 1 leaves the model's probabilities, below 1 the likely tokens gain, above 1 they lose,
    and tau = 0 gives everything to the likeliest (greedy).

    Raises:
        ValueError: The temperature is negative.
    """
    if not temperature >= 0:
        raise ValueError(f"expected a temperature of at least 0, got {temperature}")
    if temperature == 0:
        best = logits.argmax(-1, keepdim=True)
        return torch.zeros_like(logits).scatter(-1, best, 1.0)
    return (logits / temperature).softmax(-1)


@torch.no_grad()
def generate(
    model: SequenceModel,
    tokens: torch.Tensor,
    n: int,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
    context_length: int | None = None,
) -> torch.Tensor:
    """Append n tokens to each row: (B, T) int64 to (B, T + n).

    Args:
        model: Maps tokens (B, T) to logits (B, T, V).
        tokens: What to go on from; at least one token, the boundary token if nothing else.
        n: How many tokens to append.
        temperature: See `sharpen`.
        generator: Where the chance comes from; the same seed writes the same text.
        context_length: Show the model at most this many of the last tokens. Without it, a
            model that has a memory (`run`) reads each token once and carries the memory on.

    Raises:
        ValueError: No token to go on from, or a negative n or temperature.
    """
    if tokens.dim() != 2 or tokens.shape[1] == 0:
        raise ValueError(f"expected tokens of shape (B, T), T > 0, got {tuple(tokens.shape)}")
    if n < 0:
        raise ValueError(f"expected n of at least 0, got {n}")
    remembers, state, new = hasattr(model, "run") and context_length is None, None, tokens
    for _ in range(n):
        if remembers:
            hidden, state = model.run(new, state)  # (B, T, H): only what it hasn't read yet
            logits = model.head(hidden[:, -1])  # (B, V)
        else:
            seen = tokens if context_length is None else tokens[:, -context_length:]
            logits = model(seen)[:, -1]  # (B, V)
        chosen = torch.multinomial(sharpen(logits, temperature), 1, generator=generator)
        tokens, new = torch.cat([tokens, chosen], dim=1), chosen  # (B, T + 1), (B, 1)
    return tokens


def continue_text(
    model: SequenceModel,
    vocabulary: CharacterVocabulary,
    prompt: str,
    n: int,
    temperature: float = 1.0,
    seed: int = 0,
    context_length: int | None = None,
) -> str:
    """The prompt and n more tokens, as text."""
    tokens = torch.tensor([[0, *vocabulary.encode(prompt)]])  # the boundary token starts the text
    generator = torch.Generator().manual_seed(seed)
    return vocabulary.decode(
        generate(model, tokens, n, temperature, generator, context_length)[0].tolist()
    )
