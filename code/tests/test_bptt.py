"""Backpropagation through time by hand: against pencil, autograd, nudges and its own promises."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from unrolled import bptt
from unrolled.bptt import ScalarRNN, Weights

NO_LOSS = float("nan")


def torch_scalar(network: ScalarRNN, x, d, cuts=()) -> tuple[list[float], torch.Tensor, list]:
    """Gradients in w_x, w_s, w_y, the losses and the memories of a scalar network, by autograd."""
    w_x, w_s, w_y = (
        torch.tensor(w, dtype=torch.float64, requires_grad=True)
        for w in (network.w_x, network.w_s, network.w_y)
    )
    h, memories, losses = torch.zeros((), dtype=torch.float64), [], []
    for t, (x_t, d_t) in enumerate(zip(x, d, strict=True), 1):
        h = torch.tanh(w_x * x_t + w_s * h)
        memories.append(h)
        losses.append((w_y * h - d_t) ** 2 / 2 if not np.isnan(d_t) else 0 * h)
        if t in cuts:
            h = h.detach()
    grads = torch.autograd.grad(sum(losses), [w_x, w_s, w_y], retain_graph=True)
    return [g.item() for g in grads], losses, memories


def test_three_steps_by_hand():
    """The worked example of the page, equations (eq-bptt-step) and (eq-bptt-sum)."""
    network = ScalarRNN(w_x=0.5, w_s=0.8, w_y=2.0)
    x, d = [1.0, -0.5, 0.5], [NO_LOSS, NO_LOSS, 1.0]
    h = network.forward(x)
    assert h == pytest.approx([0, np.tanh(0.5), 0.11912538, 0.33220104], abs=1e-8)
    at_h3 = (2 * h[3] - 1) * 2
    at_h2 = at_h3 * (1 - h[3] ** 2) * 0.8
    at_h1 = at_h2 * (1 - h[2] ** 2) * 0.8
    assert network.terms(x, d)[2] == pytest.approx([at_h1, at_h2, at_h3], abs=1e-14)
    found = network.gradients(x, d)
    by_hand = at_h2 * (1 - h[2] ** 2) * h[1] + at_h3 * (1 - h[3] ** 2) * h[2]
    assert found.w_s == pytest.approx(by_hand, abs=1e-14)
    assert found.w_s == pytest.approx(-0.2887530947, abs=1e-9)
    assert found.w_x == pytest.approx(-0.3593853883, abs=1e-9)
    assert network.loss(x, d) == pytest.approx(0.0563129789, abs=1e-9)


@pytest.mark.parametrize("cuts", [(), (5,), (3, 6), (0,), (1, 2, 3, 4, 5, 6, 7, 8)])
def test_scalar_network_equals_autograd(cuts):
    rng = np.random.default_rng(0)
    network = ScalarRNN(0.7, -1.2, 1.5)
    x, d = rng.normal(size=9), rng.normal(size=9)
    d[2] = NO_LOSS
    grads, losses, memories = torch_scalar(network, x, d, cuts)
    found = network.gradients(x, d, cuts)
    assert [found.w_x, found.w_s, found.w_y] == pytest.approx(grads, abs=1e-12)
    terms = network.terms(x, d, cuts)
    for t, loss in enumerate(losses):
        expected = torch.autograd.grad(loss, memories, retain_graph=True, allow_unused=True)
        expected = [0.0 if g is None else g.item() for g in expected]
        for j, value in enumerate(expected):
            if j + 1 in cuts and t > j:
                value = 0.0  # autograd's memory there is the one before detach
            assert terms[t, j] == pytest.approx(value, abs=1e-12)


def test_detach_stops_the_gradient_and_not_the_memory():
    network, x = ScalarRNN(1.0, 0.9, 1.0), np.array([0.5, *[0.0] * 11])
    moved = network.forward([0.6, *x[1:]])[12] - network.forward(x)[12]
    assert moved > 0.01
    target = np.array([*[NO_LOSS] * 11, 0.0])
    assert (network.terms(x, target, cuts=[5])[-1, :5] == 0).all()
    assert (network.terms(x, target, cuts=[5])[-1, 5:] != 0).all()
    assert network.gradients(x, target, cuts=[5]).w_x == 0  # only x_1 is not 0


@given(st.integers(1, 12), st.integers(1, 14), st.floats(-1.5, 1.5))
@settings(max_examples=40, deadline=None)
def test_a_window_zeroes_exactly_the_terms_behind_its_cuts(length, window, w_s):
    rng = np.random.default_rng(length)
    network, x, d = ScalarRNN(1.0, w_s, 1.0), rng.normal(size=length), rng.normal(size=length)
    whole = network.terms(x, d)
    cut = network.terms(x, d, bptt.chunk_cuts(length, window))
    t, j = np.indices(whole.shape)
    same_chunk = t // window == j // window
    assert np.array_equal(cut, np.where(same_chunk, whole, 0))


def problem(seed: int = 0, B: int = 3, T: int = 11, C: int = 4, H: int = 5, V: int = 6):
    rng = np.random.default_rng(seed)
    weights = Weights.random(C, H, V, rng)
    weights.b[:] = rng.normal(size=H)
    return weights, rng.normal(size=(B, T, C)), rng.integers(V, size=(B, T))


def by_hand(weights: Weights, x, targets, cuts=(), initial=None):
    """Mean surprise and its gradients, without autograd."""
    h = bptt.forward(weights, x, initial)
    y = bptt.outputs(weights, h)
    nats, at_y = bptt.cross_entropy(y.reshape(-1, y.shape[2]), targets.ravel())
    return nats, bptt.backward(weights, x, h, at_y.reshape(y.shape), cuts)


def by_autograd(weights: Weights, x, targets, cuts=(), initial=None):
    """The same by PyTorch's own layer, one piece between two cuts at a time."""
    layer = nn.RNN(x.shape[2], len(weights.b), batch_first=True).double()
    head = nn.Linear(len(weights.b), len(weights.W_y), bias=False).double()
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.from_numpy(weights.W_x))
        layer.weight_hh_l0.copy_(torch.from_numpy(weights.W_s))
        layer.bias_ih_l0.copy_(torch.from_numpy(weights.b))
        layer.bias_hh_l0.zero_()
        head.weight.copy_(torch.from_numpy(weights.W_y))
    leaf = torch.from_numpy(x).requires_grad_()
    state = None if initial is None else torch.from_numpy(initial)[None].requires_grad_()
    start, pieces, edges = state, [], [0, *sorted(c for c in cuts if c), x.shape[1]]
    for begin, end in pairwise(edges):
        hidden, state = layer(leaf[:, begin:end], state)
        state = state.detach()
        pieces.append(hidden)
    loss = F.cross_entropy(
        head(torch.cat(pieces, 1)).flatten(0, 1), torch.from_numpy(targets).flatten()
    )
    leaves = [layer.weight_ih_l0, layer.weight_hh_l0, head.weight, layer.bias_ih_l0, leaf]
    leaves += [] if start is None else [start]
    return loss.item(), [g.numpy() for g in torch.autograd.grad(loss, leaves)]


@pytest.mark.parametrize("cuts", [(), (4, 8), (1,), (10,), tuple(range(1, 11))])
@pytest.mark.parametrize("with_state", [False, True])
def test_matrices_equal_autograd(cuts, with_state):
    weights, x, targets = problem()
    initial = np.random.default_rng(5).normal(size=(3, 5)) if with_state else None
    nats, found = by_hand(weights, x, targets, cuts, initial)
    expected_nats, expected = by_autograd(weights, x, targets, cuts, initial)
    assert nats == pytest.approx(expected_nats, abs=1e-12)
    ours = [*found.weights.arrays(), found.x, *([found.h[None, :, 0]] if with_state else [])]
    for mine, theirs in zip(ours, expected, strict=True):
        assert np.abs(mine - theirs).max() < 1e-10


def test_long_and_exploding_chains_equal_autograd_too():
    weights, x, targets = problem(seed=3, T=120)
    weights.W_s[:] *= 1.2
    _, found = by_hand(weights, x, targets)
    _, expected = by_autograd(weights, x, targets)
    for mine, theirs in zip([*found.weights.arrays(), found.x], expected, strict=True):
        assert np.abs(mine - theirs).max() < 1e-10 * max(1, np.abs(theirs).max())


def test_matrices_equal_numerical_gradients():
    weights, x, targets = problem(seed=1)
    _, found = by_hand(weights, x, targets)
    for mine, array in zip(found.weights.arrays(), weights.arrays(), strict=True):
        nudged = bptt.numerical_gradient(lambda: by_hand(weights, x, targets)[0], array)
        assert np.abs(mine - nudged).max() < 1e-8
    at_x = bptt.numerical_gradient(lambda: by_hand(weights, x, targets)[0], x)
    assert np.abs(found.x - at_x).max() < 1e-8


def test_numerical_gradient_leaves_the_array_as_it_was():
    array = np.array([1.0, -2.0])
    assert bptt.numerical_gradient(lambda: float((array**3).sum()), array) == pytest.approx([3, 12])
    assert array.tolist() == [1.0, -2.0]


def test_the_matrix_network_of_size_one_is_the_scalar_network():
    network, x, d = ScalarRNN(0.5, 0.8, 2.0), np.array([1.0, -0.5, 0.5]), np.array([0.5, -0.5, 1])
    weights = Weights(*(np.array([[w]]) for w in (0.5, 0.8, 2.0)), np.zeros(1))
    h = bptt.forward(weights, x[None, :, None])
    assert h[0, :, 0] == pytest.approx(network.forward(x))
    at_y = (bptt.outputs(weights, h)[0, :, 0] - d)[None, :, None]
    found = bptt.backward(weights, x[None, :, None], h, at_y)
    assert found.weights.W_s.item() == pytest.approx(network.gradients(x, d).w_s, abs=1e-14)
    assert found.h[0, 1:, 0] == pytest.approx(network.terms(x, d).sum(axis=0), abs=1e-14)


def test_chunks_with_a_carried_memory_equal_cuts():
    weights, x, targets = problem(seed=2, T=12)
    _, cut = by_hand(weights, x, targets, bptt.chunk_cuts(12, 4))
    state, total = None, [np.zeros_like(a) for a in weights.arrays()]
    for start in range(0, 12, 4):
        piece = slice(start, start + 4)
        _, part = by_hand(weights, x[:, piece], targets[:, piece], initial=state)
        total = [a + b / 3 for a, b in zip(total, part.weights.arrays(), strict=True)]
        state = bptt.forward(weights, x[:, piece], state)[:, -1]
    for mine, other in zip(cut.weights.arrays(), total, strict=True):
        assert np.abs(mine - other).max() < 1e-14


def cue_network(window: int, steps: int) -> Weights:
    """Train on a cue ten steps back, the cues' columns of W_x starting at zero."""
    rng = np.random.default_rng(0)
    weights = Weights.random(4, 12, 2, rng)
    weights.W_x[:, :2] = 0
    parameters = [torch.from_numpy(array) for array in weights.arrays()]
    optimizer = torch.optim.Adam(parameters, lr=0.02)
    for _ in range(steps):
        cues = rng.integers(2, size=32)
        x = np.eye(4)[np.column_stack([cues, rng.integers(2, 4, size=(32, 10))])]
        h = bptt.forward(weights, x)
        y = bptt.outputs(weights, h)
        at_y = np.zeros_like(y)
        _, at_y[:, -1] = bptt.cross_entropy(y[:, -1], cues)
        found = bptt.backward(weights, x, h, at_y, [11 - window] if window < 11 else [])
        clipped, _ = bptt.clip(found.weights, 1.0)
        for parameter, array in zip(parameters, clipped.arrays(), strict=True):
            parameter.grad = torch.from_numpy(array)
        optimizer.step()
    return weights


def test_a_window_of_k_cannot_learn_what_k_plus_one_can():
    assert (cue_network(10, 60).W_x[:, :2] == 0).all()
    solved = cue_network(11, 60)
    cues = np.repeat([0, 1], 100)
    noise = np.random.default_rng(1).integers(2, 4, size=(200, 10))
    x = np.eye(4)[np.column_stack([cues, noise])]
    answers = bptt.outputs(solved, bptt.forward(solved, x))[:, -1].argmax(axis=1)
    assert (answers == cues).mean() > 0.95


def test_clipping_equals_pytorchs_and_never_lengthens():
    weights, x, targets = problem()
    gradients = by_hand(weights, x, targets)[1].weights
    for factor in (1000.0, 1e-3):
        scaled = Weights(*(factor * array for array in gradients.arrays()))
        parameters = [torch.zeros(a.shape, dtype=torch.float64) for a in scaled.arrays()]
        for parameter, array in zip(parameters, scaled.arrays(), strict=True):
            parameter.grad = torch.from_numpy(array.copy())
        expected_norm = nn.utils.clip_grad_norm_(parameters, 1.0).item()
        clipped, norm = bptt.clip(scaled, 1.0)
        assert norm == pytest.approx(expected_norm)
        for array, parameter in zip(clipped.arrays(), parameters, strict=True):
            assert array == pytest.approx(parameter.grad.numpy(), rel=1e-5)
        if factor < 1:
            assert all(map(np.array_equal, clipped.arrays(), scaled.arrays()))
    nothing = Weights(*(np.zeros_like(array) for array in weights.arrays()))
    assert bptt.clip(nothing, 1.0)[1] == 0


def test_cross_entropy_equals_pytorchs():
    rng = np.random.default_rng(0)
    logits, targets = 50 * rng.normal(size=(7, 5)), rng.integers(5, size=7)
    leaf = torch.from_numpy(logits).requires_grad_()
    expected = F.cross_entropy(leaf, torch.from_numpy(targets))
    expected.backward()
    nats, gradient = bptt.cross_entropy(logits, targets)
    assert nats == pytest.approx(expected.item())
    assert np.abs(gradient - leaf.grad.numpy()).max() < 1e-12


def test_jacobian_norms_are_powers_without_tanh_and_autograds_with_it():
    rng = np.random.default_rng(0)
    weights = Weights.random(3, 6, 2, rng, radius=0.9)
    assert bptt.jacobian_norms(weights, np.zeros((51, 6)))[50] == pytest.approx(0.9**50)
    x = rng.normal(size=(1, 8, 3))
    h = bptt.forward(weights, x)[0]

    def last(first: torch.Tensor) -> torch.Tensor:
        for x_t in torch.from_numpy(x[0]):
            first = torch.tanh(
                torch.from_numpy(weights.W_x) @ x_t + torch.from_numpy(weights.W_s) @ first
            )
        return first

    jacobian = torch.autograd.functional.jacobian(last, torch.zeros(6, dtype=torch.float64))
    norms = bptt.jacobian_norms(weights, h)
    assert norms[0] == 1.0
    assert len(norms) == 9
    assert norms[8] == pytest.approx(torch.linalg.matrix_norm(jacobian, 2).item(), abs=1e-12)


@pytest.mark.parametrize("radius", [0.5, 1.0, 1.3])
def test_random_weights_have_the_radius_asked_for(radius):
    W_s = Weights.random(2, 7, 2, np.random.default_rng(0), radius).W_s
    assert np.abs(np.linalg.eigvals(W_s)) == pytest.approx([radius] * 7)
    assert np.linalg.norm(W_s, 2) == pytest.approx(radius)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w: bptt.chunk_cuts(10, 0), "at least 1 step, got 0"),
        (lambda w: bptt.forward(w, np.zeros((2, 3))), r"\(B, T, 4\), got shape \(2, 3\)"),
        (lambda w: bptt.forward(w, np.zeros((2, 3, 7))), r"\(B, T, 4\), got shape \(2, 3, 7\)"),
        (
            lambda w: bptt.backward(
                w, np.zeros((2, 3, 4)), np.zeros((2, 4, 5)), np.zeros((2, 9, 6))
            ),
            r"B, T = \(2, 3\), got shape \(2, 9, 6\)",
        ),
        (lambda w: bptt.clip(w, 0), "above 0, got 0"),
        (lambda w: bptt.jacobian_norms(w, np.zeros((1, 4, 5))), r"one sequence, got shape"),
        (
            lambda w: Weights(w.W_x, w.W_s, w.W_y, np.zeros(9)),
            r"expected b of shape \(5,\), got \(9,\)",
        ),
    ],
)
def test_bad_input_says_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call(problem()[0])
