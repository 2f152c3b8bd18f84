r"""A GPT: blocks of masked attention and small networks, stacked, that predict the next token.

Each place of the text has a vector, its *stream*. A block adds twice to it: attention adds what it
fetched from the places before, a feed-forward network adds what it makes of that. After the last
block one matrix turns each stream into logits. There is no encoder and no cross-attention.

Parts and order are those of GPT-2 (Radford et al. 2019, "Language models are unsupervised
multitask learners") but for dropout, so its weights fit. Explained in ``book/gpt.md``.
"""

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unrolled.attention import CausalSelfAttention, Past

Cache = tuple[Past, ...]
"""For each block the keys and the values of all places read so far, each (B, H, S, D)."""


@dataclass(frozen=True)
class GPTConfig:
    """The sizes of a GPT. GPT-2's smallest: 50257, 1024, 12, 12, 768."""

    vocab_size: int  # V
    context_length: int  # the most places that it can read: each has a learned vector
    n_layers: int  # blocks, one above the other
    n_heads: int  # H
    embedding_size: int  # C, numbers in the stream of a place

    def __post_init__(self) -> None:
        if too_small := {name: size for name, size in asdict(self).items() if size < 1}:
            raise ValueError(f"expected sizes of at least 1, got {too_small}")
        C, H = self.embedding_size, self.n_heads
        if C % H:
            raise ValueError(f"expected embedding_size to be a multiple of {H} heads, got {C}")


class FeedForward(nn.Module):
    r"""What each place does alone with what it has: C numbers to 4C, bent, and back to C.

    $$ \mathrm{FF}(\mathbf{x}) = W_2\,\mathrm{GELU}(W_1 \mathbf{x} + \mathbf{b}_1) + \mathbf{b}_2 $$

    GELU (Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415) in GPT-2's form with tanh.
    """

    def __init__(self, embedding_size: int) -> None:
        super().__init__()
        self.expand = nn.Linear(embedding_size, 4 * embedding_size)
        self.contract = nn.Linear(4 * embedding_size, embedding_size)

    def forward(self, x: Tensor) -> Tensor:
        """Map streams (..., C) to what is added to them, (..., C)."""
        return self.contract(F.gelu(self.expand(x), approximate="tanh"))


class Block(nn.Module):
    r"""One block: fetch from the places before, then think it over; each adds to the stream.

    $$ \mathbf{x} \leftarrow \mathbf{x} + \mathrm{attention}(\mathrm{norm}_1(\mathbf{x})), \qquad
    \mathbf{x} \leftarrow \mathbf{x} + \mathrm{FF}(\mathrm{norm}_2(\mathbf{x})) $$
    """

    def __init__(self, embedding_size: int, n_heads: int) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(embedding_size)
        self.attention = CausalSelfAttention(embedding_size, n_heads)
        self.norm_2 = nn.LayerNorm(embedding_size)
        self.feed_forward = FeedForward(embedding_size)

    def read(self, x: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        """Read streams (B, T, C) on from a cache: new streams (B, T, C), and the grown cache."""
        fetched, present = self.attention.read(self.norm_1(x), past)
        x = x + fetched
        return x + self.feed_forward(self.norm_2(x)), present

    def forward(self, x: Tensor) -> Tensor:
        """Map streams (B, T, C) to streams (B, T, C)."""
        return self.read(x)[0]


class GPT(nn.Module):
    r"""A language model of stacked blocks: tokens (B, T) to logits (B, T, V).

    $$ \mathbf{x}_t = E_{w_t} + P_t, \qquad \mathbf{x} \leftarrow \mathrm{Block}_n(\mathbf{x})
    \;\; (n = 1 \dots N), \qquad \mathbf{z}_t = E\,\mathrm{norm}(\mathbf{x}_t) $$

    The head shares its matrix E with the table of tokens (Press and Wolf 2017,
    https://aclanthology.org/E17-2025/). The norm comes before each part, not after it.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config, self.context_length = config, config.context_length
        V, C = config.vocab_size, config.embedding_size
        self.token_embedding = nn.Embedding(V, C)
        self.position_embedding = nn.Embedding(config.context_length, C)
        self.blocks = nn.ModuleList(Block(C, config.n_heads) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(C)
        self.head = nn.Linear(C, V, bias=False)
        self.head.weight = self.token_embedding.weight
        self._initialize()

    def _initialize(self) -> None:
        """Begin like GPT-2: small weights, smaller still where 2N parts add to one stream."""
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                adds = name.endswith(("project_out.weight", "contract.weight"))
                share = 1 / math.sqrt(2 * self.config.n_layers) if adds else 1
                nn.init.normal_(parameter, std=0.02 * share)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    @property
    def n_parameters(self) -> int:
        """How many numbers are learned; the head's are the token table's."""
        return sum(parameter.numel() for parameter in self.parameters())

    @property
    def matrices(self) -> list[nn.Parameter]:
        """The matrices of the blocks, which Muon may move; both tables are left to Adam."""
        return [parameter for parameter in self.blocks.parameters() if parameter.ndim == 2]

    def parameters_by_part(self) -> dict[str, int]:
        """How many numbers each part learns; the sum is `n_parameters`."""
        parts = {"token embedding and head": [self.token_embedding]}
        parts["position embedding"] = [self.position_embedding]
        for part in ("attention", "feed_forward", "norm_1", "norm_2"):
            parts[part] = [getattr(block, part) for block in self.blocks]
        parts["last norm"] = [self.norm]
        return {k: sum(p.numel() for m in v for p in m.parameters()) for k, v in parts.items()}

    def run(self, tokens: Tensor, state: Cache | None = None) -> tuple[Tensor, Cache]:
        """Read tokens (B, T) on from a cache: streams after the last norm (B, T, C), new cache.

        Raises:
            ValueError: Together with the cache these are more places than `context_length`.
        """
        if tokens.ndim != 2 or tokens.shape[1] == 0:
            raise ValueError(f"expected tokens of shape (B, T), T > 0, got {tuple(tokens.shape)}")
        start = 0 if state is None else state[0][0].shape[2]
        end = start + tokens.shape[1]
        if end > self.context_length:
            raise ValueError(f"expected at most {self.context_length} tokens, got {end}")
        places = torch.arange(start, end, device=tokens.device)
        x = self.token_embedding(tokens) + self.position_embedding(places)  # (B, T, C)
        cache = []
        for n, block in enumerate(self.blocks):
            x, present = block.read(x, None if state is None else state[n])
            cache.append(present)
        return self.norm(x), tuple(cache)

    def carried(self, state: Cache) -> None:
        """Return what training takes on to the next window: nothing, a GPT reads each afresh."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits (B, T, V) of the next token after each of the tokens (B, T)."""
        hidden, _ = self.run(tokens)  # (B, T, C)
        return self.head(hidden)


@torch.no_grad()
def load_gpt2(theirs: nn.Module) -> GPT:
    """Copy the weights of a `GPT2LMHeadModel`, whose matrices are (in, out), into a GPT of ours."""
    sizes = theirs.config
    if sizes.activation_function not in ("gelu_new", "gelu_pytorch_tanh"):
        raise ValueError(f"expected GELU with tanh, got {sizes.activation_function!r}")
    config = (sizes.vocab_size, sizes.n_positions, sizes.n_layer, sizes.n_head, sizes.n_embd)
    model = GPT(GPTConfig(*config))
    names = {"wte": "token_embedding", "wpe": "position_embedding", "h": "blocks", "ln_f": "norm"}
    names |= {"ln_1": "norm_1", "ln_2": "norm_2", "attn": "attention", "mlp": "feed_forward"}
    names |= {"c_attn": "project_in", "c_fc": "expand"}
    weights = {"head.weight": theirs.transformer.wte.weight}
    for key, value in theirs.transformer.state_dict().items():
        out = "project_out" if ".attn." in key else "contract"
        renamed = [names.get(part, out if part == "c_proj" else part) for part in key.split(".")]
        weights[".".join(renamed)] = value.T if "c_" in key and value.ndim == 2 else value
    model.load_state_dict(weights)
    return model.eval()
