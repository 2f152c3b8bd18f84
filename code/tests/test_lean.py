"""Lean functions: values by hand, PyTorch's own as oracle, gradients against a nudge."""

import pytest
import torch
from torch.nn import functional as F

from unrolled.lean import rms_norm, squared_relu


def test_by_hand():
    """The root mean square of (3, 4) is 5 over root 2."""
    assert rms_norm(torch.tensor([3.0, 4.0])).tolist() == pytest.approx([0.848528, 1.131371])
    assert squared_relu(torch.tensor([-2.0, 0.0, 3.0])).tolist() == [0, 0, 9]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (rms_norm, lambda x: F.rms_norm(x, (x.shape[-1],))),
        (squared_relu, lambda x: F.relu(x).square()),
    ],
)
@pytest.mark.parametrize(("kind", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.03)])
def test_equals_pytorch_forward_and_backward(ours, theirs, kind, tolerance):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 5, 16, generator=generator).to(kind)
    arriving = torch.randn(3, 5, 16, generator=generator).to(kind)
    results = []
    for function in (ours, theirs):
        leaf = x.clone().requires_grad_()
        y = function(leaf)
        y.backward(arriving)
        results.append((y.detach(), leaf.grad))
    for mine, expected in zip(*results, strict=True):
        assert mine.dtype == kind
        assert torch.allclose(mine, expected, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("function", [squared_relu, rms_norm])
def test_gradient_is_that_of_a_nudge(function):
    x = torch.randn(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.autograd.gradcheck(function, (x.requires_grad_(),), atol=1e-5)


def test_a_vector_of_zeros_stays_one():
    x = torch.zeros(2, 4, requires_grad=True)
    rms_norm(x).sum().backward()
    assert torch.isfinite(x.grad).all()
    assert rms_norm(x).tolist() == [[0] * 4] * 2
