"""Muon: singular values by hand, PyTorch's own Muon as oracle, and what it refuses."""

import pytest
import torch
from torch import nn

from unrolled.muon import Muon, orthogonalized
from unrolled.training import TrainingConfig, training_steps


def test_the_iteration_by_hand():
    """On a diagonal matrix each singular value goes through the polynomial by itself."""
    s = torch.tensor([4.0, 3.0]) / 5  # divided by the norm of diag(4, 3)
    s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    out = orthogonalized(torch.diag(torch.tensor([4.0, 3.0])), iterations=1)
    assert out.diag().tolist() == pytest.approx(s.tolist(), rel=0.03)  # bfloat16
    assert out[0, 1].item() == out[1, 0].item() == 0


@pytest.mark.parametrize("shape", [(40, 40), (80, 20), (20, 80)])
def test_all_directions_become_alike(shape):
    generator = torch.Generator().manual_seed(0)
    few = min(shape)
    left, right = (torch.randn(n, few, generator=generator) for n in shape)
    matrix = torch.linalg.qr(left)[0] * torch.logspace(0, -1, few) @ torch.linalg.qr(right)[0].T
    before, after = torch.linalg.svdvals(matrix), torch.linalg.svdvals(orthogonalized(matrix, 5))
    assert before[0] / before[-1] == pytest.approx(10, rel=1e-3)
    assert after.max() < 1.3
    assert after.min() > 0.5


@pytest.mark.parametrize("shape", [(24, 12), (12, 24), (16, 16)])
@pytest.mark.parametrize("iterations", [3, 5])
def test_equals_pytorchs_muon(shape, iterations):
    torch.manual_seed(0)
    ours, theirs = (nn.Parameter(torch.ones(shape)) for _ in range(2))
    mine = Muon([ours], lr=0.1, iterations=iterations)
    oracle = torch.optim.Muon(
        [theirs], lr=0.1, weight_decay=0.0, ns_steps=iterations, adjust_lr_fn="original"
    )
    for _ in range(4):
        ours.grad = torch.randn(shape)
        theirs.grad = ours.grad.clone()
        mine.step()
        oracle.step()
    assert torch.allclose(ours, theirs, atol=0.01)  # bfloat16, five products deep
    assert (ours - 1).abs().max() > 0.05


def test_the_loop_gives_matrices_to_muon_and_the_rest_to_adam():
    torch.manual_seed(0)
    x, y = torch.randn(64, 6), (torch.arange(64) % 3 == 0).float()
    weight, bias = nn.Parameter(torch.zeros(1, 6)), nn.Parameter(torch.zeros(1))
    config = TrainingConfig(steps=1, learning_rate=0.5, matrix_rate=0.01)
    parameters = [weight, bias]
    list(
        training_steps(
            parameters, lambda g: ((x @ weight.T + bias).squeeze(1), y), config, matrices=[weight]
        )
    )
    assert bias.abs().item() == pytest.approx(0.5, rel=1e-3)  # Adam's first step: the rate
    assert weight.norm().item() == pytest.approx(0.01, rel=0.35)  # one singular value near 1


def test_a_parameter_without_a_gradient_stays():
    weight = nn.Parameter(torch.ones(2, 2))
    Muon([weight]).step()
    assert torch.equal(weight, torch.ones(2, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Muon([nn.Parameter(torch.zeros(3))]), r"matrices only, got shapes \[\(3,\)\]"),
        (lambda: Muon([nn.Parameter(torch.zeros(3, 2))], lr=0), "lr above 0 .* got 0 and 0.95"),
        (lambda: Muon([nn.Parameter(torch.eye(2))], iterations=0), "at least 1 iteration, got 0"),
        (lambda: orthogonalized(torch.zeros(2)), r"a matrix, got shape \(2,\)"),
        (lambda: TrainingConfig(matrix_rate=-1), "matrix_rate above 0 or None, got -1"),
    ],
)
def test_bad_input_says_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
