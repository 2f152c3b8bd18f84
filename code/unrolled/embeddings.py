"""A network that tells valid 5-grams from broken ones, and grows a map of words inside itself.

The text gives the valid examples for free: any five words in a row. A broken one is made from
it by exchanging the word in the middle for a random word. The network sees each word only
through one table W, shared by all positions and all examples, so words that may stand for each
other get similar rows. Nobody asked for the map; it is a side effect.

Collobert and Weston (2008), https://doi.org/10.1145/1390156.1390177, and at length Collobert et
al. (2011), https://jmlr.org/papers/v12/collobert11a.html, section 4, who train with a ranking loss
on windows of 11 words; here it is the log loss on five. Bottou (2014),
https://doi.org/10.1007/s10994-013-5335-x, draws the picture R(W(w1), ..., W(w5)).
Explained in ``book/embeddings.md``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from unrolled.corpus import BOUNDARY, UNKNOWN, WordVocabulary, words
from unrolled.training import Record, TrainingConfig, training_steps


def spoken_words(text: str) -> list[list[str]]:
    """Return the words of each speech: no speaker's name, no punctuation.

    >>> spoken_words("ROMEO:\\nBut soft,\\nwhat light\\n\\nJULIET:\\nAy me!\\n")
    [['but', 'soft', 'what', 'light'], ['ay', 'me']]
    """
    speeches = [block.split("\n", 1)[-1] for block in text.strip().split("\n\n")]
    return [[word for word in words(speech) if word[0].isalnum()] for speech in speeches]


def frequent_words(speeches: list[list[str]], min_count: int) -> WordVocabulary:
    """Return a vocabulary of the words that occur at least `min_count` times."""
    return WordVocabulary.from_text("\n".join(map(" ".join, speeches)), min_count)


def token_stream(speeches: list[list[str]], vocabulary: WordVocabulary) -> Tensor:
    """Return the ids (N,) of all speeches in a row, each followed by the boundary token."""
    rows = {word: i for i, word in enumerate(vocabulary.tokens)}
    boundary, unknown = rows[BOUNDARY], rows.get(UNKNOWN, rows[BOUNDARY])
    ids = []
    for speech in speeches:
        ids += [rows.get(word, unknown) for word in speech]
        ids.append(boundary)
    return torch.tensor(ids)


def windows(ids: Tensor, length: int = 5, first_word: int = 2) -> Tensor:
    """Return all windows (N, length) of known words: no boundary, no unknown word in them.

    Args:
        ids: A token stream (M,) of int64.
        length: Words in a window.
        first_word: Ids below this one are special and break a window.
    """
    if ids.ndim != 1 or len(ids) < length:
        raise ValueError(f"expected at least {length} ids in one row, got shape {tuple(ids.shape)}")
    every = ids.unfold(0, length, 1)  # (M - length + 1, length)
    return every[(every >= first_word).all(dim=1)]


@dataclass(frozen=True)
class Noise:
    """Random words, drawn in proportion to count ** 0.75: `cumulative` (V,) ends in 1.

    The power, between the counts (power 1) and every word alike (power 0), is the one of
    Mikolov et al. (2013), https://arxiv.org/abs/1310.4546, section 2.2.
    """

    cumulative: Tensor

    @classmethod
    def from_ids(
        cls, ids: Tensor, vocab_size: int, power: float = 0.75, first_word: int = 2
    ) -> Self:
        """Count the words of a token stream; special tokens (below `first_word`) never come."""
        weights = torch.bincount(ids, minlength=vocab_size).double()
        if len(weights) != vocab_size:
            raise ValueError(f"expected ids below {vocab_size}, got {int(ids.max())}")
        weights[:first_word] = 0
        if weights.sum() == 0:
            raise ValueError(f"expected at least one word (an id from {first_word} on), got none")
        weights = torch.where(weights > 0, weights**power, weights)
        return cls(torch.cumsum(weights / weights.sum(), dim=0))

    def draw(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """Return random word ids (int64) of the given shape."""
        point = torch.rand(shape, generator=generator, dtype=torch.float64)
        last = int(torch.searchsorted(self.cumulative, self.cumulative[-1]))
        return torch.searchsorted(self.cumulative, point, right=True).clamp(max=last)


def corrupt(valid: Tensor, noise: Noise, generator: torch.Generator) -> Tensor:
    """Return broken copies of windows (B, 5): another word stands in the middle.

    Now and then the random word fits, or is the old one; the network can't win those.
    """
    broken = valid.clone()  # without this, the valid windows break too
    broken[:, valid.shape[1] // 2] = noise.draw((len(valid),), generator)
    return broken


class ValidityNetwork(nn.Module):
    r"""Score whether five words make a valid 5-gram.

    $$s = u^\top \tanh(M\,[W_{w_1}; \dots; W_{w_5}] + b) + b_0, \quad P(\text{valid}) = \sigma(s)$$

    W (V, C) is the table of word vectors: the same for all five positions. M (hidden, 5C), b, u
    and b_0 are the judge that reads the five rows end to end.

    Args:
        vocab_size: V, rows of the table.
        dim: C, numbers in a word vector.
        hidden: Hidden units of the judge.
        window: How many words it reads.
    """

    def __init__(self, vocab_size: int, dim: int, hidden: int, window: int = 5) -> None:
        super().__init__()
        sizes = {"vocab_size": vocab_size, "dim": dim, "hidden": hidden, "window": window}
        if too_small := {name: size for name, size in sizes.items() if size < 1}:
            raise ValueError(f"expected sizes of at least 1, got {too_small}")
        self.window = window
        self.embed = nn.Embedding(vocab_size, dim)
        self.hidden = nn.Linear(window * dim, hidden)
        self.out = nn.Linear(hidden, 1)
        nn.init.normal_(self.embed.weight, std=0.1)  # small: no word is far from any other yet

    def forward(self, windows: Tensor) -> Tensor:
        """Return the logits (B,) of "valid" for windows (B, 5) of word ids."""
        if windows.ndim != 2 or windows.shape[1] != self.window:
            raise ValueError(
                f"expected windows of shape (B, {self.window}), got {tuple(windows.shape)}"
            )
        x = self.embed(windows)  # (B, 5, C): five rows of one table
        x = x.flatten(1)  # (B, 5C): end to end
        x = torch.tanh(self.hidden(x))  # (B, hidden)
        return self.out(x).squeeze(1)  # (B,)


def train_validity(
    network: ValidityNetwork,
    valid: Tensor,
    noise: Noise,
    config: TrainingConfig,
    corrupt: Callable[[Tensor, Noise, torch.Generator], Tensor] = corrupt,
) -> Iterator[Record]:
    """Train the network to tell windows (N, 5) of a text from corrupted ones.

    Each step judges `batch_size` valid windows and as many broken ones. The loss is in nats
    per judgment: log 2 = .693 is a coin flip.
    """
    if valid.ndim != 2 or len(valid) == 0:
        raise ValueError(f"expected windows of shape (N, 5), got {tuple(valid.shape)}")
    B = config.batch_size
    labels = torch.cat([torch.ones(B), torch.zeros(B)])

    def batch(generator: torch.Generator) -> tuple[Tensor, Tensor]:
        good = valid[torch.randint(len(valid), (B,), generator=generator)]  # (B, 5)
        broken = corrupt(good, noise, generator)  # (B, 5)
        return network(torch.cat([good, broken])), labels  # (2B,)

    yield from training_steps(network.parameters(), batch, config)
