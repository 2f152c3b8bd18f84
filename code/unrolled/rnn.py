r"""A recurrent network: one memory vector, carried from token to token by the same weights.

The n-gram looks at a window. A recurrent network looks at one token and at what it remembers of
all tokens before, writes a new memory, and predicts from that. It has the same few matrices at
every step, however long the text is.

Elman (1990), https://doi.org/10.1207/s15516709cog1402_1; as a language model, Mikolov et al.
(2010), https://doi.org/10.21437/Interspeech.2010-343. Explained in ``book/rnn.md``; the names
W_x, W_s and W_y are those of ``book/notation.md``.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

CORES = {"vanilla": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}

State = Tensor | tuple[Tensor, Tensor]
"""A carried memory: h (1, B, H), or for an LSTM the pair (h, c)."""


class RecurrentCell(nn.Module):
    """The weights of a cell, named, shaped and initialized like those of PyTorch's own cells.

    `weight_ih` (gates * H, C) is W_x, `weight_hh` (gates * H, H) is W_s; PyTorch keeps two biases
    where one would do, so that the equations of all its cells have the same form.
    """

    gates = 1

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        if input_size < 1 or hidden_size < 1:
            raise ValueError(
                f"expected sizes of at least 1, got input {input_size}, hidden {hidden_size}"
            )
        self.input_size, self.hidden_size = input_size, hidden_size
        rows = self.gates * hidden_size
        self.weight_ih = nn.Parameter(torch.empty(rows, input_size))
        self.weight_hh = nn.Parameter(torch.empty(rows, hidden_size))
        self.bias_ih = nn.Parameter(torch.empty(rows))
        self.bias_hh = nn.Parameter(torch.empty(rows))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -1 / math.sqrt(hidden_size), 1 / math.sqrt(hidden_size))


def check_step(cell: RecurrentCell, x: Tensor, h: Tensor) -> None:
    """Raise ValueError unless x is (B, C) and h (B, H) for the cell's sizes."""
    C, H = cell.input_size, cell.hidden_size
    if x.ndim != 2 or x.shape[1] != C or h.shape != (len(x), H):
        raise ValueError(
            f"expected an input (B, {C}) and a memory (B, {H}), got {tuple(x.shape)} and "
            f"{tuple(h.shape)}"
        )


class VanillaCell(RecurrentCell):
    r"""One step of the plainest recurrent network: (x_t, h_{t-1}) to h_t.

    $$ \mathbf{h}_t = \tanh(W_x \mathbf{x}_t + W_s \mathbf{h}_{t-1} + \mathbf{b}) $$

    Equal to ``torch.nn.RNNCell`` given the same weights.
    """

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        """Return the new memory (B, H) after inputs (B, C) and the old memory (B, H)."""
        check_step(self, x, h)
        W_x, W_s, b = self.weight_ih, self.weight_hh, self.bias_ih + self.bias_hh
        return torch.tanh(x @ W_x.T + h @ W_s.T + b)


def unroll(cell: Callable[[Tensor, State], State], inputs: Tensor, state: State) -> Tensor:
    """Apply one cell to inputs (B, T, C), step by step: the memories h_1 ... h_T (B, T, H).

    `state` is what stands before the text: h_0, or (h_0, c_0) for an LSTM.
    """
    memories = []
    for x in inputs.unbind(dim=1):  # x is (B, C); the same cell, so the same weights, each time
        state = cell(x, state)
        memories.append(state[0] if isinstance(state, tuple) else state)
    return torch.stack(memories, dim=1)


class RecurrentModel(nn.Module):
    r"""A language model with a memory: tokens (B, T) to logits (B, T, V).

    $$ \mathbf{x}_t = E_{x_t}, \qquad \mathbf{h}_t = \mathrm{cell}(\mathbf{x}_t, \mathbf{h}_{t-1}),
    \qquad \mathbf{z}_t = W_y \mathbf{h}_t + \mathbf{b}_y, \qquad \mathbf{h}_0 = \mathbf{0} $$

    The core is PyTorch's own layer, which runs through all T steps in compiled code; step by
    step it does what `VanillaCell`, `GRUCell` and `LSTMCell` do.

    Args:
        vocab_size: V, tokens there are.
        embedding_size: C, numbers in the vector of a token.
        hidden_size: H, numbers in the memory.
        kind: "vanilla", "gru" or "lstm": what is inside the circle.
    """

    def __init__(
        self, vocab_size: int, embedding_size: int, hidden_size: int, kind: str = "vanilla"
    ) -> None:
        super().__init__()
        sizes = {"vocab_size": vocab_size, "embedding_size": embedding_size}
        sizes["hidden_size"] = hidden_size
        if too_small := {name: size for name, size in sizes.items() if size < 1}:
            raise ValueError(f"expected sizes of at least 1, got {too_small}")
        if kind not in CORES:
            raise ValueError(f"expected kind to be one of {list(CORES)}, got {kind!r}")
        self.kind = kind
        self.embed = nn.Embedding(vocab_size, embedding_size)
        self.core = CORES[kind](embedding_size, hidden_size, batch_first=True)
        self.head = nn.Linear(hidden_size, vocab_size)
        if kind == "lstm":  # begin by remembering: forget gates at sigmoid(1) = .73
            nn.init.ones_(self.core.bias_ih_l0.data[hidden_size : 2 * hidden_size])

    @property
    def n_parameters(self) -> int:
        """How many numbers are learned."""
        return sum(parameter.numel() for parameter in self.parameters())

    @property
    def matrices(self) -> list[nn.Parameter]:
        """W_x and W_s, which Muon may move; table and head are left to Adam."""
        return [parameter for parameter in self.core.parameters() if parameter.ndim == 2]

    def run(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read tokens (B, T) on from a state: all memories (B, T, H), and the state at the end.

        Without a state the memory is h_0 = 0: nothing was read yet.
        """
        if tokens.ndim != 2 or tokens.shape[1] == 0:
            raise ValueError(f"expected tokens of shape (B, T), T > 0, got {tuple(tokens.shape)}")
        return self.core(self.embed(tokens), state)  # nn.RNN starts from zeros without a state

    def carried(self, state: State) -> State:
        """Return what training takes on to the next window: the memory, but no gradient."""
        return detached(state)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits (B, T, V) of the next token after each of the tokens (B, T)."""
        hidden, _ = self.run(tokens)  # (B, T, H)
        return self.head(hidden)


@torch.no_grad()
def begin_as_unigram(model: RecurrentModel, tokens: Tensor) -> None:
    r"""Let an untrained model give each token its share in a text (N,), whatever stands before.

    $$ W_y = 0, \qquad b_{y,w} = \ln \frac{c(w) + 1}{N + V} $$

    Otherwise the first steps of training go into finding out how frequent each token is.
    """
    V = model.head.out_features
    counts = torch.bincount(tokens, minlength=V) + 1.0  # add one: none is impossible
    if len(counts) != V:
        raise ValueError(f"expected tokens below {V}, got {int(tokens.max())}")
    model.head.weight.zero_()
    model.head.bias.copy_((counts / counts.sum()).log())


def detached(state: State) -> State:
    """Return the same memory, cut from the computation that made it: no gradient passes."""
    if isinstance(state, tuple):
        return tuple(part.detach() for part in state)
    return state.detach()
