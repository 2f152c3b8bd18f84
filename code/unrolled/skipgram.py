"""Skip-gram with negative sampling: guess a word's company, and the same map appears.

A second way to word vectors. No window is judged as a whole: the model looks at one word and
says of another whether it was seen nearby. Pairs from the text are the yes examples; random
words, drawn as in `unrolled.embeddings.Noise`, are the no examples.

Mikolov, Sutskever, Chen, Corrado and Dean (2013), https://arxiv.org/abs/1310.4546,
sections 2.2 (negative sampling) and 2.3 (subsampling of frequent words). One departure: the
window has a fixed radius, theirs draws one for every word. Explained in ``book/embeddings.md``.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from unrolled.embeddings import Noise
from unrolled.training import Record, TrainingConfig, training_steps


def subsample(
    ids: Tensor, threshold: float, generator: torch.Generator, first_word: int = 2
) -> Tensor:
    r"""Return a token stream (M,) from which many of the most frequent words were dropped.

    A word that is a share f of the text is kept with probability $\min(1, \sqrt{\theta / f})$,
    where θ is the threshold; special tokens always stay. What is dropped counts as not there, so
    the words around it move closer together.
    """
    if not threshold > 0:
        raise ValueError(f"expected a threshold above 0, got {threshold}")
    frequency = torch.bincount(ids).double() / len(ids)  # (V,)
    keep = (threshold / frequency.clamp(min=1e-12)).sqrt().clamp(max=1)
    keep[:first_word] = 1
    return ids[torch.rand(len(ids), generator=generator, dtype=torch.float64) < keep[ids]]


def pairs(ids: Tensor, radius: int, first_word: int = 2) -> Tensor:
    """Return all (center, neighbor) pairs (P, 2) of words at most `radius` tokens apart.

    A pair never reaches across a boundary token, and unknown words are in no pair.
    """
    if radius < 1:
        raise ValueError(f"expected a radius of at least 1, got {radius}")
    found = []
    speech = torch.cumsum(ids == 0, dim=0)  # the number of the speech each token belongs to
    for distance in range(1, radius + 1):
        left, right = ids[:-distance], ids[distance:]
        good = (left >= first_word) & (right >= first_word)
        good &= speech[:-distance] == speech[distance:]
        found += [torch.stack([left, right], 1)[good], torch.stack([right, left], 1)[good]]
    return torch.cat(found)


class SkipGram(nn.Module):
    r"""Score how well words go together: $s(w, o) = W_w \cdot W'_o$, $P(\text{seen together}) =
    \sigma(s)$.

    `embed` W (V, C) holds the vectors of words as centers: the map. `context` W' (V, C) holds
    the vectors of words as company, which are thrown away in the end.
    """

    def __init__(self, vocab_size: int, dim: int) -> None:
        super().__init__()
        if vocab_size < 1 or dim < 1:
            raise ValueError(f"expected sizes of at least 1, got {vocab_size} words, dim {dim}")
        self.embed = nn.Embedding(vocab_size, dim)
        self.context = nn.Embedding(vocab_size, dim)
        nn.init.normal_(self.embed.weight, std=0.1)
        nn.init.zeros_(self.context.weight)  # every pair starts at probability one half

    def forward(self, centers: Tensor, others: Tensor) -> Tensor:
        """Return logits (B, K): how well each of `others` (B, K) goes with its center (B,)."""
        if others.ndim != 2 or centers.shape != others.shape[:1]:
            raise ValueError(
                f"expected centers (B,) and others (B, K), got {tuple(centers.shape)} and "
                f"{tuple(others.shape)}"
            )
        center = self.embed(centers).unsqueeze(1)  # (B, 1, C)
        return (center * self.context(others)).sum(dim=2)  # (B, K)


def train_skipgram(
    model: SkipGram, positive: Tensor, noise: Noise, config: TrainingConfig, negatives: int = 5
) -> Iterator[Record]:
    """Train on pairs (P, 2) from a text against `negatives` random words for each.

    The loss is in nats per judgment, so it begins at log 2 = .693.
    """
    if positive.ndim != 2 or positive.shape[1] != 2 or len(positive) == 0:
        raise ValueError(f"expected pairs of shape (P, 2), got {tuple(positive.shape)}")
    if negatives < 1:
        raise ValueError(f"expected at least 1 negative, got {negatives}")
    B = config.batch_size
    labels = torch.zeros(B, 1 + negatives)
    labels[:, 0] = 1

    def batch(generator: torch.Generator) -> tuple[Tensor, Tensor]:
        seen = positive[torch.randint(len(positive), (B,), generator=generator)]  # (B, 2)
        random = noise.draw((B, negatives), generator)
        others = torch.cat([seen[:, 1:], random], dim=1)  # (B, 1 + negatives)
        return model(seen[:, 0], others), labels

    yield from training_steps(model.parameters(), batch, config)
