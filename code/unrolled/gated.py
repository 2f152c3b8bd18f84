r"""GRU and LSTM: what else you can put inside the circle of a recurrent network.

The vanilla cell writes its whole memory anew at each step. These two decide, number by number,
how much of it to keep: a gate is a list of numbers between 0 and 1, computed from the input and
the memory, that the memory is multiplied with. Kept numbers are carried on, not squeezed through
another matrix and tanh, and that is why they last.

Both cells spell out one step with the names of the equations. They equal ``torch.nn.GRUCell`` and
``torch.nn.LSTMCell`` given the same weights, and store them the same way: the gates' matrices
stacked, in the order of the docstrings. Training uses PyTorch's fused versions (`unrolled.rnn`).

Hochreiter and Schmidhuber (1997), https://doi.org/10.1162/neco.1997.9.8.1735, with the forget
gate of Gers, Schmidhuber and Cummins (2000), https://doi.org/10.1162/089976600300015015; Cho et
al. (2014), https://arxiv.org/abs/1406.1078, section 2.3. Explained in ``book/rnn.md``.
"""

import torch
from torch import Tensor

from unrolled.rnn import RecurrentCell, check_step


class GRUCell(RecurrentCell):
    r"""One step of a gated recurrent unit: (x_t, h_{t-1}) to h_t.

    $$ \begin{aligned}
    \mathbf{r} &= \sigma(W_{xr} \mathbf{x}_t + W_{sr} \mathbf{h}_{t-1} + \mathbf{b}_r) \\
    \mathbf{z} &= \sigma(W_{xz} \mathbf{x}_t + W_{sz} \mathbf{h}_{t-1} + \mathbf{b}_z) \\
    \mathbf{n} &= \tanh(W_{xn} \mathbf{x}_t + \mathbf{b}_n
        + \mathbf{r} \odot (W_{sn} \mathbf{h}_{t-1} + \mathbf{b}_{sn})) \\
    \mathbf{h}_t &= \mathbf{z} \odot \mathbf{h}_{t-1} + (1 - \mathbf{z}) \odot \mathbf{n}
    \end{aligned} $$

    z is the share of the old memory that stays, r how much of it the candidate n may see.
    Cho et al. multiply r with h before the matrix; here, as in PyTorch, after it, and there
    W_sn keeps a bias of its own. `weight_ih` (3H, C) and `weight_hh` (3H, H) stack r, z, n.
    """

    gates = 3

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        """Return the new memory (B, H) after inputs (B, C) and the old memory (B, H)."""
        check_step(self, x, h)
        x_r, x_z, x_n = (x @ self.weight_ih.T + self.bias_ih).chunk(3, dim=1)  # (B, H) each
        h_r, h_z, h_n = (h @ self.weight_hh.T + self.bias_hh).chunk(3, dim=1)
        r = torch.sigmoid(x_r + h_r)
        z = torch.sigmoid(x_z + h_z)
        n = torch.tanh(x_n + r * h_n)
        return z * h + (1 - z) * n


class LSTMCell(RecurrentCell):
    r"""One step of a long short-term memory: (x_t, (h_{t-1}, c_{t-1})) to (h_t, c_t).

    $$ \begin{aligned}
    \mathbf{i} &= \sigma(W_{xi} \mathbf{x}_t + W_{si} \mathbf{h}_{t-1} + \mathbf{b}_i) \\
    \mathbf{f} &= \sigma(W_{xf} \mathbf{x}_t + W_{sf} \mathbf{h}_{t-1} + \mathbf{b}_f) \\
    \mathbf{g} &= \tanh(W_{xg} \mathbf{x}_t + W_{sg} \mathbf{h}_{t-1} + \mathbf{b}_g) \\
    \mathbf{o} &= \sigma(W_{xo} \mathbf{x}_t + W_{so} \mathbf{h}_{t-1} + \mathbf{b}_o) \\
    \mathbf{c}_t &= \mathbf{f} \odot \mathbf{c}_{t-1} + \mathbf{i} \odot \mathbf{g} \\
    \mathbf{h}_t &= \mathbf{o} \odot \tanh \mathbf{c}_t
    \end{aligned} $$

    f is the share of the old cell c that stays, i how much of the candidate g is added, o how
    much of the cell is shown. `weight_ih` (4H, C) and `weight_hh` (4H, H) stack i, f, g, o.
    """

    gates = 4

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the new (h, c), each (B, H), after inputs (B, C) and the old (h, c)."""
        h, c = state
        check_step(self, x, h)
        check_step(self, x, c)
        both = x @ self.weight_ih.T + self.bias_ih + h @ self.weight_hh.T + self.bias_hh  # (B, 4H)
        i, f, g, o = both.chunk(4, dim=1)  # (B, H) each
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        c = f * c + i * g
        return o * torch.tanh(c), c
