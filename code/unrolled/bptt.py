"""Backpropagation through time, written out: gradients of a recurrent network without autograd.

Unroll the network: one copy of the same cell a step. Then go back through the copies from last to
first, carry along one vector (how the loss changes with the memory at that step), and add up what
each copy says about the weights they share. First with single numbers, then with matrices.

Everything is NumPy in float64, so that nothing is hidden and every number can be checked.
Werbos (1990), https://doi.org/10.1109/5.58337; truncation: Williams and Peng (1990),
https://doi.org/10.1162/neco.1990.2.4.490; clipping: Pascanu et al. (2013),
https://arxiv.org/abs/1211.5063. Explained in ``book/bptt.md``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Self

import numpy as np


def chunk_cuts(length: int, window: int) -> tuple[int, ...]:
    """Return the steps whose memory is detached when a text is worked on in chunks.

    >>> chunk_cuts(length=12, window=4)
    (4, 8)
    """
    if window < 1:
        raise ValueError(f"expected a window of at least 1 step, got {window}")
    return tuple(range(window, length, window))


@dataclass(frozen=True)
class ScalarRNN:
    r"""A recurrent network whose memory is one number.

        h_t = tanh(w_x x_t + w_s h_{t-1}),   y_t = w_y h_t,   L_t = (y_t - d_t)^2 / 2,   h_0 = 0

    The loss of a sequence is the sum of all L_t. A target of NaN means: no loss at this step.
    """

    w_x: float
    w_s: float
    w_y: float

    def forward(self, x: Iterable[float]) -> np.ndarray:
        """Return the memory at every step, (T + 1,), that is h_0 to h_T."""
        h = [0.0]
        for x_t in x:
            h.append(float(np.tanh(self.w_x * x_t + self.w_s * h[-1])))
        return np.array(h)

    def errors(self, x: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Return y_t - d_t, (T,); 0 where there is no target."""
        return np.nan_to_num(self.w_y * self.forward(x)[1:] - np.asarray(d, float))

    def loss(self, x: np.ndarray, d: np.ndarray) -> float:
        """Return the sum over the steps of half the squared error."""
        return float(0.5 * (self.errors(x, d) ** 2).sum())

    def terms(self, x: np.ndarray, d: np.ndarray, cuts: Iterable[int] = ()) -> np.ndarray:
        """Return dL_t/dh_j for each pair of steps, (T, T): row t - 1, column j - 1.

        Above the diagonal all is 0: a later memory can't change an earlier loss. A cut at step s
        is what `h_s.detach()` does: no gradient passes from step s + 1 back to h_s.
        """
        h, error, detached = self.forward(x), self.errors(x, d), set(cuts)
        T = len(error)
        found = np.zeros((T, T))
        for t in range(1, T + 1):
            gradient = error[t - 1] * self.w_y  # dL_t/dh_t
            for j in range(t, 0, -1):
                found[t - 1, j - 1] = gradient
                if j - 1 in detached:
                    break
                gradient *= (1 - h[j] ** 2) * self.w_s  # dh_j/dh_{j-1}
        return found

    def gradients(self, x: np.ndarray, d: np.ndarray, cuts: Iterable[int] = ()) -> Self:
        """Return the gradient of the loss in each weight, in the form of another `ScalarRNN`."""
        h, x = self.forward(x), np.asarray(x, float)
        at_state = self.terms(x, d, cuts).sum(axis=0)  # (T,): all losses that still feel h_j
        inside = at_state * (1 - h[1:] ** 2)  # (T,): through tanh
        w_y = self.errors(x, d) @ h[1:]
        return type(self)(float(inside @ x), float(inside @ h[:-1]), float(w_y))


@dataclass(frozen=True, eq=False)
class Weights:
    """The three matrices and the bias of a recurrent network, or the gradients in them.

    C inputs, H numbers of memory, V outputs: `W_x` (H, C), `W_s` (H, H), `W_y` (V, H), `b` (H,).
    """

    W_x: np.ndarray
    W_s: np.ndarray
    W_y: np.ndarray
    b: np.ndarray

    def __post_init__(self) -> None:
        (H, C), V = self.W_x.shape, self.W_y.shape[0]
        expected = {"W_x": (H, C), "W_s": (H, H), "W_y": (V, H), "b": (H,)}
        for name, shape in expected.items():
            if (actual := getattr(self, name).shape) != shape:
                raise ValueError(f"expected {name} of shape {shape}, got {actual}")

    @classmethod
    def random(
        cls,
        n_inputs: int,
        n_hidden: int,
        n_outputs: int,
        rng: np.random.Generator,
        radius: float = 1.0,
    ) -> Self:
        """Draw weights; W_s is a random rotation times `radius`, all others small and normal."""
        rotation, _ = np.linalg.qr(rng.normal(size=(n_hidden, n_hidden)))
        return cls(
            W_x=rng.normal(size=(n_hidden, n_inputs)) / np.sqrt(n_hidden),
            W_s=radius * rotation,
            W_y=rng.normal(size=(n_outputs, n_hidden)) / np.sqrt(n_hidden),
            b=np.zeros(n_hidden),
        )

    def arrays(self) -> list[np.ndarray]:
        """Return the four arrays in a fixed order."""
        return [getattr(self, field.name) for field in fields(self)]


def forward(weights: Weights, x: np.ndarray, initial: np.ndarray | None = None) -> np.ndarray:
    r"""Return the memory before the first and after every step: (B, T, C) to (B, T + 1, H).

    h_t = tanh(W_x x_t + W_s h_{t-1} + b),   h_0 = `initial` (B, H), or 0
    """
    n_inputs = weights.W_x.shape[1]
    if x.ndim != 3 or x.shape[2] != n_inputs:
        raise ValueError(f"expected inputs (B, T, {n_inputs}), got shape {x.shape}")
    B, T, _ = x.shape
    h = np.zeros((B, T + 1, len(weights.b)))
    if initial is not None:
        h[:, 0] = initial
    for t in range(1, T + 1):
        h[:, t] = np.tanh(x[:, t - 1] @ weights.W_x.T + h[:, t - 1] @ weights.W_s.T + weights.b)
    return h


def outputs(weights: Weights, h: np.ndarray) -> np.ndarray:
    """Return y_t = W_y h_t for every step after the first memory: (B, T + 1, H) to (B, T, V)."""
    return h[:, 1:] @ weights.W_y.T


@dataclass(frozen=True, eq=False)
class Gradients:
    """How the loss changes with `weights`, with every input `x` and with every memory `h`."""

    weights: Weights
    x: np.ndarray  # (B, T, C)
    h: np.ndarray  # (B, T + 1, H)


def backward(
    weights: Weights,
    x: np.ndarray,
    h: np.ndarray,
    output_gradients: np.ndarray,
    cuts: Iterable[int] = (),
) -> Gradients:
    r"""Go back through time, from step T to step 1, in one pass.

        dL/dh_t = W_y^T dL/dy_t + W_s^T dL/da_{t+1},   dL/da_t = (1 - h_t^2) * dL/dh_t

    where a_t is what stands inside the tanh. The second part of dL/dh_t is all that later
    steps report about h_t; a cut at step t drops it, as `h_t.detach()` does in PyTorch.

    Args:
        x: Inputs (B, T, C).
        h: Memory (B, T + 1, H), as `forward` returns it: what the forward pass has to keep.
        output_gradients: dL/dy (B, T, V), with zeros where there is no loss.
        cuts: Steps (0 to T - 1) whose memory is detached.
    """
    if output_gradients.shape[:2] != x.shape[:2]:
        raise ValueError(
            f"expected output gradients (B, T, V) with B, T = {x.shape[:2]}, "
            f"got shape {output_gradients.shape}"
        )
    detached, T = set(cuts), x.shape[1]
    sums = Weights(*(np.zeros_like(array) for array in weights.arrays()))
    at_x, at_h = np.zeros_like(x, dtype=float), np.zeros_like(h)
    from_later = np.zeros_like(h[:, 0])  # (B, H): what steps after t report about h_t
    for t in range(T, 0, -1):
        at_y = output_gradients[:, t - 1]  # (B, V)
        at_h[:, t] = at_y @ weights.W_y + from_later
        inside = at_h[:, t] * (1 - h[:, t] ** 2)  # (B, H)
        sums.W_y[:] += at_y.T @ h[:, t]
        sums.W_x[:] += inside.T @ x[:, t - 1]
        sums.W_s[:] += inside.T @ h[:, t - 1]
        sums.b[:] += inside.sum(axis=0)
        at_x[:, t - 1] = inside @ weights.W_x
        from_later = inside @ weights.W_s if t - 1 not in detached else np.zeros_like(inside)
    at_h[:, 0] = from_later
    return Gradients(sums, at_x, at_h)


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the mean surprise in nats of targets (B,) under logits (B, V), and its gradient."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    probabilities = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)  # (B, V)
    rows = np.arange(len(targets))
    nats = -np.log(probabilities[rows, targets]).mean()
    probabilities[rows, targets] -= 1
    return float(nats), probabilities / len(targets)


def clip(gradients: Weights, max_norm: float) -> tuple[Weights, float]:
    """Rescale all gradients together if their norm is above `max_norm`; also return that norm.

    The direction stays. A norm below `max_norm` stays too: clipping never makes a gradient larger.
    """
    if not max_norm > 0:
        raise ValueError(f"expected a largest norm above 0, got {max_norm}")
    norm = float(np.sqrt(sum((array**2).sum() for array in gradients.arrays())))
    scale = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return Weights(*(scale * array for array in gradients.arrays())), norm


def jacobian_norms(weights: Weights, h: np.ndarray) -> np.ndarray:
    """Return how much memory d steps back can move the last one, for d = 0 to T: (T + 1,).

    That is the spectral norm of dh_T/dh_{T-d}, the product of the d last steps' Jacobians
    diag(1 - h_t^2) W_s, along the memory (T + 1, H) of one sequence.
    """
    if h.ndim != 2:
        raise ValueError(f"expected the memory (T + 1, H) of one sequence, got shape {h.shape}")
    product = np.eye(h.shape[1])
    norms = [1.0]
    for h_t in h[:0:-1]:
        product = product @ ((1 - h_t**2)[:, None] * weights.W_s)
        norms.append(float(np.linalg.norm(product, ord=2)))
    return np.array(norms)


def numerical_gradient(
    loss: Callable[[], float], array: np.ndarray, step: float = 1e-6
) -> np.ndarray:
    """Return the gradient of `loss()` in `array` by nudging each number up and down a little.

    Slow, and exact to about eight digits: the judge that knows no calculus.
    """
    found = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        before = array[place]
        array[place] = before + step
        above = loss()
        array[place] = before - step
        below = loss()
        array[place] = before
        found[place] = (above - below) / (2 * step)
    return found
