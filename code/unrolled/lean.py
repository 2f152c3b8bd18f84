r"""Two functions of a fast network whose gradients are written by hand.

Both are short formulas. Built from PyTorch's small operations, each becomes a row of passes over
memory, forward and again backward, and on a processor these passes cost more than the arithmetic.
Knowing the gradient's formula saves about half of them. The results are the ordinary ones, and
autograd is the oracle of the tests.

RMSNorm: Zhang and Sennrich (2019), section 3, https://arxiv.org/abs/1910.07467. Squared ReLU: So et
al. (2021), https://arxiv.org/abs/2109.08668. Explained in ``book/speedrun.md``.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

SMALLEST = 1e-6
"""Added to a length, so that a vector of zeros stays one."""


class _RMSNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor) -> Tensor:
        exact = torch.promote_types(x.dtype, torch.float32)  # a sum of squares needs the digits
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=exact)
        scale = length.mul_(x.shape[-1] ** -0.5).add_(SMALLEST).reciprocal_().to(x.dtype)
        y = x * scale
        ctx.save_for_backward(y, scale)
        return y

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        y, scale = ctx.saved_tensors
        along = (gradient * y).mean(-1, keepdim=True)  # what only changes the length is lost
        return torch.addcmul(gradient, y, along, value=-1).mul_(scale)


def rms_norm(x: Tensor) -> Tensor:
    r"""Divide each vector by its root mean square: (..., C) to (..., C), nothing learned.

    $$ y_i = \frac{x_i}{r}, \qquad r = \sqrt{\tfrac1C \textstyle\sum_j x_j^2}, \qquad
    \frac{\partial L}{\partial x_i} = \frac1r \Bigl(g_i - y_i \cdot
    \tfrac1C \textstyle\sum_j g_j y_j \Bigr) $$

    g is the gradient that arrives at y. A LayerNorm also subtracts the mean.
    """
    return _RMSNorm.apply(x)


class _SquaredReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor) -> Tensor:
        positive = F.relu(x)
        ctx.save_for_backward(positive)
        return positive * positive

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        (positive,) = ctx.saved_tensors
        return (gradient * positive).mul_(2)


def squared_relu(x: Tensor) -> Tensor:
    r"""Keep what is positive, squared: $y = \max(0, x)^2$, with gradient $2 \max(0, x)\, g$."""
    return _SquaredReLU.apply(x)
