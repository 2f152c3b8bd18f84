"""Writing with a language model: draw the next token, append it, ask again.

One function for every model of the book, from counted letters to a transformer. Temperature is
explained in ``book/language-models.md``; top-k (Fan et al. 2018, https://aclanthology.org/P18-1082/),
top-p (Holtzman et al. 2020, https://arxiv.org/abs/1904.09751) and caches in ``book/gpt.md``.
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


def choices(
    logits: torch.Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> torch.Tensor:
    """Probabilities to draw from: `sharpen`, then cut off the unlikely: (..., V) to (..., V).

    First only the k likeliest tokens stay; then, of the new probabilities, the fewest likeliest
    that have p together (always one at least). What is left is divided by its sum. Of tokens
    that are equally likely, the lower id comes first.

    Raises:
        ValueError: top_k below 1, top_p outside (0, 1], or a negative temperature.
    """
    if top_k is not None and top_k < 1:
        raise ValueError(f"expected top_k of at least 1, got {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"expected top_p above 0 and at most 1, got {top_p}")
    probabilities = sharpen(logits, temperature)
    if top_k is None and top_p is None:
        return probabilities
    ranked, ids = probabilities.sort(dim=-1, descending=True, stable=True)
    if top_k is not None:
        ranked[..., top_k:] = 0
        ranked = ranked / ranked.sum(-1, keepdim=True)
    if top_p is not None and top_p < 1:
        before = ranked.cumsum(-1) - ranked  # what the likelier tokens have together
        ranked = ranked.masked_fill(before >= top_p, 0)
        ranked = ranked / ranked.sum(-1, keepdim=True)
    return torch.zeros_like(ranked).scatter(-1, ids, ranked)


@torch.no_grad()
def generate(
    model: SequenceModel,
    tokens: torch.Tensor,
    n: int,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
    context_length: int | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
) -> torch.Tensor:
    """Append n tokens to each row: (B, T) int64 to (B, T + n).

    Args:
        model: Maps tokens (B, T) to logits (B, T, V).
        tokens: What to go on from; at least one token, the boundary token if nothing else.
        n: How many tokens to append.
        temperature: See `sharpen`.
        generator: Where the chance comes from; the same seed writes the same text.
        context_length: Show the model at most this many of the last tokens. Without it, a
            model that has a memory (`run`) reads each token once and carries the memory on. Where
            the memory has room for `model.context_length` tokens only and is full, it is
            dropped, and the last half of them read again.
        top_k: See `choices`, as for `top_p`.

    Raises:
        ValueError: No token to go on from, a negative n, or what `choices` refuses.
    """
    if tokens.dim() != 2 or tokens.shape[1] == 0:
        raise ValueError(f"expected tokens of shape (B, T), T > 0, got {tuple(tokens.shape)}")
    if n < 0:
        raise ValueError(f"expected n of at least 0, got {n}")
    remembers, state, new = hasattr(model, "run") and context_length is None, None, tokens
    room, held = getattr(model, "context_length", None), 0  # of the memory; in it
    for _ in range(n):
        if remembers:
            if room is not None and held + new.shape[1] > room:
                state, held, new = None, 0, tokens[:, -max(1, room // 2) :]
            hidden, state = model.run(new, state)  # (B, T, H): only what it hasn't read yet
            held += new.shape[1]
            logits = model.head(hidden[:, -1])  # (B, V)
        else:
            seen = tokens if context_length is None else tokens[:, -context_length:]
            logits = model(seen)[:, -1]  # (B, V)
        likely = choices(logits, temperature, top_k, top_p)
        chosen = torch.multinomial(likely, 1, generator=generator)
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
    top_k: int | None = None,
    top_p: float | None = None,
) -> str:
    """The prompt and n more tokens, as text; everything else as in `generate`."""
    tokens = torch.tensor([[0, *vocabulary.encode(prompt)]])  # the boundary token starts the text
    generator = torch.Generator().manual_seed(seed)
    written = generate(model, tokens, n, temperature, generator, context_length, top_k, top_p)
    return vocabulary.decode(written[0].tolist())
