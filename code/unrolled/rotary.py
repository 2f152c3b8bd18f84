r"""Rotary positions: turn queries and keys by an angle that grows with the place.

A GPT learns a vector for each place and adds it to the stream. Here nothing is learned and
nothing is added: before queries meet keys, each is turned, and how far depends on where it
stands. Their product then depends only on how far apart the two are, so what is learned about
"three characters back" holds at every place of the text, from the first step of training on.

Su et al. (2021), section 3.4, https://arxiv.org/abs/2104.09864. Explained in ``book/speedrun.md``.
"""

import torch
from torch import Tensor

Turns = tuple[Tensor, Tensor]
"""Cosines and signed sines of the angles, each (T, D)."""


def rotary_turns(T: int, D: int, base: float = 1000.0, dtype: torch.dtype = torch.float32) -> Turns:
    r"""The angles of T places for vectors of D numbers, as cosines and signed sines, (T, D) each.

    $$ \theta_{t,i} = t \cdot \mathrm{base}^{-2i/D}, \qquad i = 0 \dots D/2 - 1 $$

    The first pair of numbers turns fast and tells neighbors apart, the last hardly moves and tells
    near from far. The paper's base is 10,000; our texts are shorter.

    Raises:
        ValueError: T below 1, an odd D, or a base that is not above 1.
    """
    if T < 1 or D < 2 or D % 2 or not base > 1:
        raise ValueError(f"expected T >= 1, an even D >= 2 and a base > 1, got {T}, {D}, {base}")
    speeds = base ** (-torch.arange(0, D, 2) / D)  # (D / 2,)
    angles = torch.arange(T)[:, None] * speeds  # (T, D / 2)
    cosines, sines = angles.cos(), angles.sin()
    both = torch.cat([cosines, cosines], -1), torch.cat([-sines, sines], -1)  # (T, D) each
    return both[0].to(dtype), both[1].to(dtype)


def rotate(x: Tensor, turns: Turns) -> Tensor:
    r"""Turn each vector by the angles of its place: (B, T, ..., D) to the same shape.

    Number i and number i + D/2 are the two coordinates of one pair:

    $$ a' = a \cos\theta - b \sin\theta, \qquad b' = b \cos\theta + a \sin\theta $$

    Raises:
        ValueError: The turns are made for another T or D.
    """
    cosines, sines = turns
    if x.ndim < 3 or (x.shape[1], x.shape[-1]) != tuple(cosines.shape):
        raise ValueError(
            f"expected vectors (B, T, ..., D) with T, D = {tuple(cosines.shape)}, "
            f"got {tuple(x.shape)}"
        )
    T, D = cosines.shape
    shape = (T, *[1] * (x.ndim - 3), D)
    other = x.roll(D // 2, dims=-1)  # b where a stands, and a where b stands
    return torch.addcmul(x * cosines.view(shape), other, sines.view(shape))
