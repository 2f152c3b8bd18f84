r"""Attention: each token asks all tokens before it, and takes from each as much as it fits.

A recurrent network hands what it has read through one memory, step by step, and loses it on the
way. With attention every token looks at every earlier one directly, at distance one, however far
back it stands: a query meets keys, the scores become weights, and the weights mix values.

Bahdanau et al. (2015), https://arxiv.org/abs/1409.0473; this form: Vaswani et al. (2017),
section 3.2, https://arxiv.org/abs/1706.03762. Explained in ``book/attention.md``.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Past = tuple[Tensor, Tensor]
"""A key-value cache: the keys and the values (B, H, S, D) of the S tokens read so far."""


def causal_mask(T: int) -> Tensor:
    """Return (T, T) booleans: True where row i may look at column j, that is where j <= i.

    A token sees itself and what stands before it, never what comes after.
    """
    if T < 1:
        raise ValueError(f"expected a length of at least 1, got {T}")
    return torch.ones(T, T, dtype=torch.bool).tril()


def check_pair(queries: Tensor, keys: Tensor) -> None:
    """Raise ValueError unless queries are (..., T, D) and keys (..., S, D)."""
    if queries.ndim < 2 or keys.ndim < 2 or queries.shape[-1] != keys.shape[-1]:
        raise ValueError(
            "expected queries (..., T, D) and keys (..., S, D) of one width, got "
            f"{tuple(queries.shape)} and {tuple(keys.shape)}"
        )


def attention_weights(queries: Tensor, keys: Tensor, mask: Tensor | None = None) -> Tensor:
    r"""How much each query takes from each key: (..., T, D), (..., S, D) to (..., T, S).

    $$ A = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{D}} + M\right),
    \qquad M_{ij} = 0 \text{ where allowed}, -\infty \text{ elsewhere} $$

    Each row of A is not negative and sums to 1; a forbidden place gets exactly 0.

    Args:
        queries: Q, one row for each token that asks.
        keys: K, one row for each token that is asked.
        mask: (T, S) booleans (or any shape that broadcasts), True where looking is allowed.

    Raises:
        ValueError: Widths differ, a mask that isn't boolean or has another shape, or a row of
            the mask that forbids everything: there is no softmax of nothing.
    """
    check_pair(queries, keys)
    T, S, D = queries.shape[-2], keys.shape[-2], queries.shape[-1]
    scores = queries @ keys.transpose(-2, -1) / math.sqrt(D)  # (..., T, S)
    if mask is not None:
        if mask.dtype != torch.bool or mask.shape[-2:] != (T, S):
            raise ValueError(
                f"expected a boolean mask ({T}, {S}), got {tuple(mask.shape)} of {mask.dtype}"
            )
        if not mask.any(dim=-1).all():
            raise ValueError("expected each row of the mask to allow something, one allows nothing")
        scores = scores.masked_fill(~mask, -math.inf)  # exp(-inf) = 0; a score of 0 would leak
    return scores.softmax(dim=-1)  # along the keys: each query shares out 1


def attend(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None) -> Tensor:
    r"""Mix the values by the weights: (..., T, D), (..., S, D), (..., S, E) to (..., T, E).

    $$ O = A V, \qquad \mathbf{o}_i = \sum_j A_{ij} \mathbf{v}_j $$

    Equal to ``torch.nn.functional.scaled_dot_product_attention``.

    Raises:
        ValueError: As `attention_weights`, or another number of values than of keys.
    """
    if values.ndim < 2 or keys.shape[-2] != values.shape[-2]:
        raise ValueError(
            "expected one value for each key, got keys "
            f"{tuple(keys.shape)} and values {tuple(values.shape)}"
        )
    return attention_weights(queries, keys, mask) @ values


def split_heads(x: Tensor, n_heads: int) -> Tensor:
    """Deal the channels out to the heads: (B, T, C) to (B, H, T, D), D = C // H.

    Head 0 gets the first D channels of each token, head 1 the next D. First cut the last axis,
    then exchange time and heads: a `view` straight to (B, H, T, D) would give a head whole
    tokens, not a part of each.
    """
    if x.ndim != 3:
        raise ValueError(f"expected (B, T, C), got {tuple(x.shape)}")
    B, T, C = x.shape
    if n_heads < 1 or C % n_heads:
        raise ValueError(f"expected a number of heads that divides {C} channels, got {n_heads}")
    return x.view(B, T, n_heads, C // n_heads).transpose(1, 2)  # (B, T, H, D) to (B, H, T, D)


def join_heads(x: Tensor) -> Tensor:
    """Lay the heads' outputs side by side again: (B, H, T, D) to (B, T, H * D)."""
    if x.ndim != 4:
        raise ValueError(f"expected (B, H, T, D), got {tuple(x.shape)}")
    return x.transpose(1, 2).flatten(2)  # (B, T, H, D) to (B, T, C)


class CausalSelfAttention(nn.Module):
    r"""Masked self-attention with several heads: vectors (B, T, C) to vectors (B, T, C).

    $$ [Q\;K\;V] = X W_{QKV}^\top + \mathbf{b}, \qquad
    O_h = \mathrm{attend}(Q_h, K_h, V_h, \text{causal}), \qquad
    Y = [O_1 \ldots O_H] W_O^\top + \mathbf{b}_O $$

    The three matrices lie in one, so that one multiplication makes all queries, keys and values;
    each head then gets its own D = C // H channels of each. Row t of the output depends on the
    rows 1 ... t of the input alone. Equal to ``torch.nn.MultiheadAttention`` given the same
    weights.

    Args:
        embedding_size: C, numbers in the vector of a token.
        n_heads: H, how many heads share them; must divide C.
        bias: Add a bias to queries, keys, values and output, as GPT-2 does.
    """

    def __init__(self, embedding_size: int, n_heads: int, bias: bool = True) -> None:
        super().__init__()
        if embedding_size < 1 or n_heads < 1 or embedding_size % n_heads:
            raise ValueError(
                "expected a number of heads that divides the embedding size, got "
                f"{n_heads} heads and size {embedding_size}"
            )
        self.n_heads = n_heads
        C = embedding_size
        self.project_in = nn.Linear(C, 3 * C, bias=bias)  # rows: Q, then K, then V
        self.project_out = nn.Linear(C, C, bias=bias)

    def queries_keys_values(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return Q, K and V of the vectors (B, T, C), each (B, H, T, D)."""
        C = self.project_out.in_features
        if x.ndim != 3 or x.shape[-1] != C:
            raise ValueError(f"expected vectors (B, T, {C}), got {tuple(x.shape)}")
        Q, K, V = self.project_in(x).split(C, dim=-1)  # three times (B, T, C)
        H = self.n_heads
        return split_heads(Q, H), split_heads(K, H), split_heads(V, H)

    def weights(self, x: Tensor) -> Tensor:
        """Return how much each token takes from each: (B, T, C) to (B, H, T, T)."""
        Q, K, _ = self.queries_keys_values(x)
        return attention_weights(Q, K, causal_mask(x.shape[1]).to(x.device))

    def read(self, x: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        """Read vectors (B, T, C) on from a cache: the output (B, T, C), and the grown cache.

        A token's key and value never change once it is read, so they are kept: whoever reads
        one token more computes one query, one key and one value, not T of each.
        """
        Q, K, V = self.queries_keys_values(x)
        T = x.shape[1]
        if past is not None:
            keys, values = past
            expected = (*K.shape[:2], keys.shape[2], K.shape[3])
            if keys.shape != expected or values.shape != expected:
                raise ValueError(
                    f"expected a cache of keys and values {expected}, got {tuple(keys.shape)} "
                    f"and {tuple(values.shape)}"
                )
            K, V = torch.cat([keys, K], dim=2), torch.cat([values, V], dim=2)  # (B, H, S, D)
        if past is None:
            out = F.scaled_dot_product_attention(Q, K, V, is_causal=True)
        elif T == 1:  # the newest token may look at everything
            out = F.scaled_dot_product_attention(Q, K, V)
        else:
            allowed = causal_mask(K.shape[2])[-T:].to(x.device)  # the last T rows: (T, S)
            out = F.scaled_dot_product_attention(Q, K, V, attn_mask=allowed)
        return self.project_out(join_heads(out)), (K, V)

    def forward(self, x: Tensor) -> Tensor:
        """Return the mixed vectors (B, T, C)."""
        out, _ = self.read(x)
        return out
