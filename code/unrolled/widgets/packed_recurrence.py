"""Recurrent language models as bytes that a page can carry and its JavaScript can run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from unrolled.rnn import RecurrentModel

LARGEST_FULL_PRECISION = 500_000
"""Bytes of float32 weights above which they go into the page as float16."""

KINDS = {nn.RNN: "vanilla", nn.GRU: "gru", nn.LSTM: "lstm"}
BLOCKS = {"vanilla": 1, "gru": 3, "lstm": 4}


@dataclass(frozen=True)
class PackedModel:
    """A model's numbers, little-endian, and what they are the numbers of.

    In this order, with G = 1 (vanilla), 3 (GRU: r, z, n) or 4 (LSTM: i, f, g, o) blocks of
    rows: embedding (V, C), weight_ih (G * H, C), weight_hh (G * H, H), bias_ih and bias_hh
    (G * H), head weight (V, H), head bias (V). A missing bias counts as zeros.
    `shape` holds ``kind``, ``vocabulary_size``, ``width`` (C), ``hidden`` (H), ``precision``.
    """

    weights: bytes
    shape: dict[str, object]


def pack_model(model: RecurrentModel, vocabulary_size: int) -> PackedModel:
    """Pack ``model.embed``, ``model.core`` (nn.RNN, nn.GRU or nn.LSTM) and ``model.head``.

    More than 500 kB of float32 become float16: `rounding_error` says what that changes.

    Raises:
        ValueError: The core is of another kind, has several layers or directions, projects
            its output or isn't a tanh; or the parts don't fit one another or the vocabulary.
    """
    kind = _kind(model.core)
    core, H = model.core, model.core.hidden_size
    embedding, head = _array(model.embed.weight), _array(model.head.weight)
    V, C = embedding.shape
    if vocabulary_size != V:
        raise ValueError(f"expected a vocabulary of {V} tokens, got {vocabulary_size}")
    if core.input_size != C:
        raise ValueError(f"expected a core that reads {C} numbers, got {core.input_size}")
    if head.shape != (V, H):
        raise ValueError(f"expected a head of shape ({V}, {H}), got {head.shape}")
    rows = BLOCKS[kind] * H
    arrays = (
        embedding,
        _array(core.weight_ih_l0),
        _array(core.weight_hh_l0),
        _bias(getattr(core, "bias_ih_l0", None), rows),
        _bias(getattr(core, "bias_hh_l0", None), rows),
        head,
        _bias(model.head.bias, V),
    )
    small = 4 * sum(array.size for array in arrays) <= LARGEST_FULL_PRECISION
    weights = b"".join(array.astype("<f4" if small else "<f2").tobytes() for array in arrays)
    if not np.isfinite(np.frombuffer(weights, "<f4" if small else "<f2")).all():
        raise ValueError("expected finite weights, got some that are infinite or not a number")
    shape = {"kind": kind, "vocabulary_size": V, "width": C, "hidden": H}
    return PackedModel(weights, {**shape, "precision": "float32" if small else "float16"})


def _kind(core: nn.RNNBase) -> str:
    kind = next((name for family, name in KINDS.items() if isinstance(core, family)), None)
    if kind is None:
        raise ValueError(f"expected a core of nn.RNN, nn.GRU or nn.LSTM, got {type(core).__name__}")
    if core.num_layers != 1 or core.bidirectional:
        ways = 2 if core.bidirectional else 1
        raise ValueError(
            f"expected a core of 1 layer and 1 direction, got {core.num_layers} and {ways}"
        )
    if core.proj_size:
        raise ValueError(f"expected a core without a projection, got proj_size={core.proj_size}")
    if kind == "vanilla" and core.nonlinearity != "tanh":
        raise ValueError(f"expected a core with tanh, got {core.nonlinearity}")
    return kind


def _array(parameter: torch.Tensor) -> np.ndarray:
    return parameter.detach().cpu().float().numpy()


def _bias(bias: torch.Tensor | None, size: int) -> np.ndarray:
    return np.zeros(size, np.float32) if bias is None else _array(bias)


def read(model: RecurrentModel, tokens: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Hidden vectors (T, H) and next-token probabilities (T, V) in float64, from h_0 = 0."""
    double = deepcopy(model).double()
    with torch.no_grad():
        hidden, _ = double.core(double.embed(torch.tensor(list(tokens))))  # (T, H): no batch
        return hidden, double.head(hidden).softmax(-1)


def rounding_error(model: RecurrentModel, tokens: Sequence[int]) -> float:
    """The most that float16 weights move any next-token probability while reading `tokens`."""
    _, exact = read(model, tokens)
    _, rounded = read(deepcopy(model).half(), tokens)
    return (exact - rounded).abs().max().item()


def precision_note(model: RecurrentModel, packed: PackedModel, tokens: Sequence[int]) -> str:
    """A sentence for the reader about rounded weights; empty where nothing was rounded."""
    if packed.shape["precision"] == "float32":
        return ""
    error = rounding_error(model, tokens)
    digit = 10.0 ** math.floor(math.log10(error)) if error else 0.0
    limit = f"{100 * math.ceil(error / digit) * digit:.2g} %" if error else "0 %"
    return (
        "The weights travel as 16-bit numbers: "
        f"in this text, no probability is off by more than {limit}."
    )
