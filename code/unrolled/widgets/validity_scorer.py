"""Is this 5-gram valid? The trained network scores the reader's own words in the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import traitlets

from unrolled.widgets.interactive import Interactive
from unrolled.widgets.modules import module, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unrolled.corpus import WordVocabulary
    from unrolled.embeddings import ValidityNetwork

LARGEST_FULL_PRECISION = 500_000
"""Bytes of float32 weights above which they go into the page as float16."""

SPECIAL = ("</s>", "<unk>")


class ValidityScorer(Interactive):
    """Edit five words: the network's probability that they are valid, and what it would prefer.

    The page computes ``sigmoid(out(tanh(hidden(concatenated embeddings))))`` with the
    network's own weights, for the words as they stand and for every other word in the chosen
    place. `examples` are n-grams to begin with, as text or as words; "break it" puts a random
    word into the middle, always in the same order for one `seed`. Weights of more than 500 kB
    are rounded to float16. Used in ``book/embeddings.md``.

    Raises ValueError where network, vocabulary and examples don't fit together.
    """

    widget_name = "validity-scorer"
    _esm = module("validity_scorer.js")
    _css = style("words.css", "validity_scorer.css")

    weights = traitlets.Bytes().tag(sync=True)
    shape = traitlets.Dict().tag(sync=True)
    words = traitlets.Bytes().tag(sync=True)
    first_word = traitlets.Int(1).tag(sync=True)
    examples = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    ngram = traitlets.List(traitlets.Unicode()).tag(sync=True)
    slot = traitlets.Int(0).tag(sync=True)
    seed = traitlets.Int(1).tag(sync=True)

    def __init__(
        self,
        network: ValidityNetwork,
        vocabulary: WordVocabulary,
        examples: Sequence[str | Sequence[str]],
        *,
        seed: int = 1,
        caption: str,
        still: Figure | None = None,
        still_alt: str = "",
    ) -> None:
        tokens = tuple(vocabulary.tokens)
        weights, shape = pack_network(network, vocabulary_size=len(tokens))
        split = [list(e.split() if isinstance(e, str) else e) for e in examples]
        _check_examples(split, shape["length"], tokens)
        super().__init__(
            caption=caption,
            still=still,
            still_alt=still_alt,
            weights=weights,
            shape=shape,
            words="\n".join(tokens).encode(),
            first_word=sum(token in SPECIAL for token in tokens),
            examples=split,
            ngram=split[0],
            slot=shape["length"] // 2,
            seed=seed,
        )


def _check_examples(examples: list[list[str]], length: int, tokens: tuple[str, ...]) -> None:
    if not examples:
        raise ValueError("expected at least one example, got none")
    known = set(tokens) - set(SPECIAL)
    for example in examples:
        if len(example) != length:
            raise ValueError(f"expected examples of {length} words, got {' '.join(example)!r}")
        if unknown := [word for word in example if word not in known]:
            raise ValueError(
                f"expected examples in the vocabulary's words, got {', '.join(unknown)}"
            )


def pack_network(network: ValidityNetwork, vocabulary_size: int) -> tuple[bytes, dict[str, object]]:
    """The weights as bytes and what they are the weights of.

    In this order, little-endian: embedding (V, C), hidden weight (H, N * C), hidden bias (H),
    output weight (H), output bias. A missing bias counts as zeros.

    Raises ValueError for a vocabulary of another size than the embedding, a hidden layer that
    doesn't read whole words, and an output that is not one number per n-gram.
    """
    embedding = _array(network.embed.weight)
    hidden, out = _array(network.hidden.weight), _array(network.out.weight)
    (V, D), (H, inputs) = embedding.shape, hidden.shape
    if vocabulary_size != V:
        raise ValueError(f"expected a vocabulary of {V} words, got {vocabulary_size}")
    if inputs % D:
        raise ValueError(f"expected a hidden layer that reads a multiple of {D}, got {inputs}")
    if out.shape != (1, H):
        raise ValueError(f"expected an output weight of shape (1, {H}), got {out.shape}")
    arrays = (embedding, hidden, _bias(network.hidden, H), out, _bias(network.out, 1))
    small = 4 * sum(array.size for array in arrays) <= LARGEST_FULL_PRECISION
    precision = "float32" if small else "float16"
    packed = b"".join(array.astype("<f4" if small else "<f2").tobytes() for array in arrays)
    shape = {"vocabulary_size": V, "width": D, "hidden": H, "length": inputs // D}
    return packed, {**shape, "precision": precision}


def _array(parameter: object) -> np.ndarray:
    return parameter.detach().cpu().float().numpy()


def _bias(layer: object, size: int) -> np.ndarray:
    return np.zeros(size, np.float32) if layer.bias is None else _array(layer.bias)
