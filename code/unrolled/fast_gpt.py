r"""A GPT for a short race: the same number of parameters, most of them where they cost nothing.

Each part is a change to `unrolled.gpt.GPT` that pays on a clock, and each can be taken away again
(`FastGPTConfig`), which is how ``book/speedrun.md`` measures what it brings:

* **pair and triple tables**: a vector for the last two characters and one for the last three,
  found by hashing (Svenstrup et al. 2017, https://arxiv.org/abs/1709.03933). A parameter of a
  matrix is multiplied at every token; one in a table is only looked up;
* **RMSNorm** without anything learned, and **squared ReLU** (`unrolled.lean`);
* **rotary positions** (`unrolled.rotary`);
* **QK norm** (Henry et al. 2020, https://arxiv.org/abs/2010.04245): queries and keys get equal
  lengths, so scores can't grow, and the learning rate may;
* **zeros** in the last matrix of each part, so that it begins by adding nothing (off here);
* a **softcap** on the logits (Gemma Team 2024, section 2, https://arxiv.org/abs/2408.00118).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unrolled.lean import rms_norm, squared_relu
from unrolled.rotary import Turns, rotary_turns, rotate

FORBIDDEN = -1e4
"""Added to the score of a later place: its weight is 0 after softmax, also in bfloat16."""


@dataclass(frozen=True)
class FastGPTConfig:
    """Sizes, and the changes one by one; `SpeedrunRecipe` of ``speedrun.py`` picks the sizes."""

    vocab_size: int  # V
    context_length: int = 64  # the most places that it reads at once
    n_layers: int = 1
    n_heads: int = 2
    embedding_size: int = 128  # C
    feed_forward_size: int = 512
    pair_rows: int = 1536  # rows of the table for the last two tokens; 0: no such table
    triple_rows: int = 3072  # the same for the last three
    rms: bool = True  # False: LayerNorm, also without anything learned
    rotary: bool = True  # False: a learned vector for each place
    qk_norm: bool = True  # False: queries and keys as long as they come, over sqrt D
    squared: bool = True  # squared ReLU; False: GELU
    zeros: bool = False  # True: every part begins by adding nothing
    softcap: float | None = 15.0  # None: logits as they come
    head_scale: float = 0.07  # what the head says is multiplied by this: it learns as much slower
    low_precision: bool = True  # multiply in bfloat16
    open_attention: bool = True  # False: PyTorch's own fused attention

    def __post_init__(self) -> None:
        for name in ("vocab_size", "context_length", "n_layers", "n_heads", "feed_forward_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"expected {name} of at least 1, got {getattr(self, name)}")
        if self.embedding_size % (2 * self.n_heads):
            raise ValueError(
                f"expected an embedding_size that gives each of {self.n_heads} heads an even "
                f"width, got {self.embedding_size}"
            )
        if self.softcap is not None and not self.softcap > 0:
            raise ValueError(f"expected a softcap above 0 or None, got {self.softcap}")


def table_rows(tokens: Tensor, reach: int, vocab_size: int, n_rows: int) -> Tensor:
    """Which row of a table belongs to the last `reach` tokens at each place: (B, T) to (B, T).

    Where a row for every combination exists, each has its own; else combinations share rows, as
    a multiplicative hash deals them out. Before the text stands the boundary token, id 0.
    """
    number = torch.zeros_like(tokens)
    for back in range(reach):
        before = F.pad(tokens, (back, 0))[:, : tokens.shape[1]]  # the token `back` places earlier
        number = number + before * vocab_size**back
    if vocab_size**reach <= n_rows:
        return number
    return (number * 2654435761 >> 7) % n_rows  # Knuth's multiplier: 2^32 over the golden ratio


class FastAttention(nn.Module):
    """Causal attention, written out: for short windows that is faster than the fused kernel."""

    def __init__(self, config: FastGPTConfig) -> None:
        super().__init__()
        self.config = config
        C = config.embedding_size
        self.project_in = nn.Linear(C, 3 * C, bias=False)  # queries, keys and values in one go
        self.project_out = nn.Linear(C, C, bias=False)

    def forward(self, x: Tensor, turns: Turns | None) -> Tensor:
        """Map streams (B, T, C) to what is added to them, (B, T, C)."""
        B, T, C = x.shape
        H, D = self.config.n_heads, C // self.config.n_heads
        parts = self.project_in(x).view(B, T, 3, H, D)
        asked = parts[:, :, :2]  # queries and keys, (B, T, 2, H, D)
        if self.config.qk_norm:
            asked = rms_norm(asked)  # each of length sqrt D
        if turns is not None:
            asked = rotate(asked, turns)
        Q, K, U = (p.transpose(1, 2) for p in (*asked.unbind(2), parts[:, :, 2]))  # (B, H, T, D)
        scale = 0.18 if self.config.qk_norm else 1 / math.sqrt(D)
        if not self.config.open_attention:
            out = F.scaled_dot_product_attention(Q, K, U, is_causal=True, scale=scale)
        else:
            Q, K, U = (part.reshape(B * H, T, D) for part in (Q, K, U))
            mask = torch.full((T, T), FORBIDDEN, dtype=x.dtype, device=x.device).triu(1)
            scores = torch.baddbmm(mask.expand(B * H, T, T), Q, K.mT, alpha=scale)
            out = torch.bmm(scores.softmax(-1), U).view(B, H, T, D)
        return self.project_out(out.transpose(1, 2).reshape(B, T, C))


class FastBlock(nn.Module):
    """Attention, then a feed-forward network; each adds to the stream."""

    def __init__(self, config: FastGPTConfig) -> None:
        super().__init__()
        C, M = config.embedding_size, config.feed_forward_size
        self.norm = rms_norm if config.rms else lambda x: F.layer_norm(x, (C,))
        self.bend = squared_relu if config.squared else lambda x: F.gelu(x, approximate="tanh")
        self.attention = FastAttention(config)
        self.expand = nn.Linear(C, M, bias=False)
        self.contract = nn.Linear(M, C, bias=False)

    def forward(self, x: Tensor, turns: Turns | None) -> Tensor:
        """Map streams (B, T, C) to streams (B, T, C)."""
        x = x + self.attention(self.norm(x), turns)
        return x + self.contract(self.bend(self.expand(self.norm(x))))


class FastGPT(nn.Module):
    """A language model for the race: tokens (B, T), T <= context_length, to logits (B, T, V)."""

    def __init__(self, config: FastGPTConfig) -> None:
        super().__init__()
        self.config = config
        V, C = config.vocab_size, config.embedding_size
        self.token_embedding = nn.Embedding(V, C)
        self.tables = nn.ModuleDict()
        for reach, rows in ((2, config.pair_rows), (3, config.triple_rows)):
            if rows:
                self.tables[str(reach)] = nn.Embedding(rows, C)
        if not config.rotary:
            self.position_embedding = nn.Embedding(config.context_length, C)
        self.blocks = nn.ModuleList(FastBlock(config) for _ in range(config.n_layers))
        self.head = nn.Linear(C, V, bias=False)
        self._initialize()

    def _initialize(self) -> None:
        """Streams of size 1; matrices that keep it; zeros in tables and where a part ends."""
        for name, parameter in self.named_parameters():
            last = name.endswith(("project_out.weight", "contract.weight", "head.weight"))
            if name.startswith(("tables", "position")) or (last and self.config.zeros):
                nn.init.zeros_(parameter)
            elif name.startswith("token"):
                nn.init.normal_(parameter)
            else:
                nn.init.uniform_(parameter, -1, 1)
                parameter.data.mul_(math.sqrt((0.05 if last else 3) / parameter.shape[1]))

    @property
    def context_length(self) -> int:
        """The most tokens that the model can read at once."""
        return self.config.context_length

    @property
    def n_parameters(self) -> int:
        """How many numbers are learned."""
        return sum(parameter.numel() for parameter in self.parameters())

    @property
    def matrices(self) -> list[nn.Parameter]:
        """The weights that are multiplied with, inside the blocks: what Muon moves."""
        return list(self.blocks.parameters())

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits (B, T, V), float32, of the next token after each of the tokens."""
        sizes = self.config
        if tokens.ndim != 2 or not 0 < tokens.shape[1] <= sizes.context_length:
            raise ValueError(
                f"expected tokens (B, T) with T from 1 to {sizes.context_length}, "
                f"got {tuple(tokens.shape)}"
            )
        T, D = tokens.shape[1], sizes.embedding_size // sizes.n_heads
        kind = torch.bfloat16 if sizes.low_precision else torch.float32
        x = self.token_embedding(tokens)  # (B, T, C)
        for reach, table in self.tables.items():
            x = x + table(table_rows(tokens, int(reach), sizes.vocab_size, table.num_embeddings))
        if not sizes.rotary:
            x = x + self.position_embedding.weight[:T]
        turns = rotary_turns(T, D, dtype=kind) if sizes.rotary else None
        with torch.autocast("cpu", torch.bfloat16, enabled=sizes.low_precision):
            x = rms_norm(x.to(kind))
            for block in self.blocks:
                x = block(x, turns)
            logits = self.head(rms_norm(x)).float() * sizes.head_scale
        return logits if sizes.softcap is None else sizes.softcap * (logits / sizes.softcap).tanh()
