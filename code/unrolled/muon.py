r"""Muon: an optimizer for matrices, which moves them in all directions alike.

The gradient of a weight matrix is mostly a few strong directions; Adam, which looks at each
number alone, follows these and neglects the rest. Muon treats the matrix as one thing: it
averages the gradients, then makes the singular values of that average nearly equal, so that rare
but useful directions are learned as fast as common ones. Where every second of training counts,
as in this book, that saves most of them.

Jordan et al. (2024), https://kellerjordan.github.io/posts/muon/; with the same iterations equal to
``torch.optim.Muon``, which newer versions of PyTorch have. Explained in ``book/rnn.md``.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of Jordan et al.: fast, not exact


def orthogonalized(matrix: Tensor, iterations: int = 3) -> Tensor:
    r"""Return a matrix (rows, columns) with the same directions and singular values nearer to 1.

    Newton and Schulz's iteration does it with products alone. With X the matrix divided by its
    norm, repeat

    $$ A = X X^\top, \qquad X \leftarrow a X + (b A + c A A) X $$

    which applies the polynomial $a s + b s^3 + c s^5$ to each singular value s again and again,
    and that pulls every s from above 0 up to about 1: after five rounds all but the smallest
    lie between 0.7 and 1.2, after three the large ones do. bfloat16 is precise enough for it.
    """
    if matrix.ndim != 2:
        raise ValueError(f"expected a matrix, got shape {tuple(matrix.shape)}")
    a, b, c = COEFFICIENTS
    X = matrix.bfloat16()
    X = X.T if matrix.shape[0] > matrix.shape[1] else X  # so that A is the smaller product
    X = X / X.norm().clamp(min=1e-7)
    for _ in range(iterations):
        A = X @ X.T
        X = torch.addmm(X, torch.addmm(A, A, A, beta=b, alpha=c), X, beta=a)  # aX + (bA + cAA)X
    return (X.T if matrix.shape[0] > matrix.shape[1] else X).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    r"""Momentum, orthogonalized: for weight matrices inside a network, not for tables or biases.

    $$ M \leftarrow \mu M + (1 - \mu) G, \qquad
    W \leftarrow W - \eta \sqrt{\max(1, \text{rows} / \text{columns})} \;
    \mathrm{orthogonalized}(\mu M + (1 - \mu) G) $$

    G is the gradient of W, $\eta$ the learning rate, $\mu$ the momentum.

    Args:
        matrices: Parameters of two dimensions.
        lr: The learning rate.
        momentum: The share of the old average that stays.
        iterations: Rounds of `orthogonalized`. Five are usual; three train our small recurrent
            networks as well, and cost less.
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        lr: float = 0.02,
        momentum: float = 0.95,
        iterations: int = 3,
    ) -> None:
        matrices = list(matrices)
        if wrong := [tuple(matrix.shape) for matrix in matrices if matrix.ndim != 2]:
            raise ValueError(f"expected matrices only, got shapes {wrong}")
        if not lr > 0 or not 0 <= momentum < 1:
            raise ValueError(
                f"expected lr above 0 and momentum from 0 to below 1, got {lr} and {momentum}"
            )
        if iterations < 1:
            raise ValueError(f"expected at least 1 iteration, got {iterations}")
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "iterations": iterations})

    @torch.no_grad()
    def step(self) -> None:
        """Move every matrix that has a gradient."""
        for group in self.param_groups:
            for W in group["params"]:
                if W.grad is None:
                    continue
                memory = self.state[W]
                M = memory.setdefault("average", torch.zeros_like(W))
                M.lerp_(W.grad, 1 - group["momentum"])
                direction = W.grad.lerp(M, group["momentum"])  # a look ahead, after Nesterov
                stretch = max(1, W.shape[0] / W.shape[1]) ** 0.5
                move = orthogonalized(direction, group["iterations"])
                W.add_(move, alpha=-group["lr"] * stretch)
