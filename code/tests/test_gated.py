"""GRU and LSTM cells against PyTorch's, against numbers worked by hand, and for what gates do."""

import math

import pytest
import torch
from torch import nn

from unrolled.gated import GRUCell, LSTMCell
from unrolled.rnn import unroll

B, T, C, H = 3, 7, 4, 5
GENERATOR = torch.Generator().manual_seed(0)
INPUTS = torch.randn(B, T, C, generator=GENERATOR, dtype=torch.float64)
ZEROS = torch.zeros(B, H, dtype=torch.float64)


def filled(cell, **values):
    """A 1-by-1 cell with given weights and biases, one number for each gate."""
    with torch.no_grad():
        for name, parameter in cell.named_parameters():
            parameter.copy_(
                torch.tensor(values.get(name, [0.0] * len(parameter))).view_as(parameter)
            )
    return cell


def test_gru_by_hand():
    """h = 0.5, x = 1: r = sigmoid(0) = 1/2, z = 3/4, n = tanh(1/2 * 2 * 0.5)."""
    cell = filled(GRUCell(1, 1), weight_ih=[0, math.log(3), 0], weight_hh=[0, 0, 2.0])
    h = cell(torch.tensor([[1.0]]), torch.tensor([[0.5]]))
    assert h.item() == pytest.approx(0.75 * 0.5 + 0.25 * math.tanh(0.5))


def test_lstm_by_hand():
    """i = 1/4, f = 3/4, g = tanh 1, o = 1/2."""
    cell = filled(LSTMCell(1, 1), weight_ih=[-math.log(3), math.log(3), 1.0, 0])
    h, c = cell(torch.tensor([[1.0]]), (torch.tensor([[0.3]]), torch.tensor([[2.0]])))
    assert c.item() == pytest.approx(0.75 * 2 + 0.25 * math.tanh(1))
    assert h.item() == pytest.approx(0.5 * math.tanh(c.item()))


@pytest.mark.parametrize(("ours", "theirs"), [(GRUCell, nn.GRUCell), (LSTMCell, nn.LSTMCell)])
def test_cell_equals_pytorch(ours, theirs):
    torch.manual_seed(1)
    twin = theirs(C, H).double()
    cell = ours(C, H).double()
    cell.load_state_dict(twin.state_dict())  # the same names and shapes
    state = torch.randn(B, H, dtype=torch.float64)
    state = (state, torch.randn(B, H, dtype=torch.float64)) if ours is LSTMCell else state
    for mine, other in zip(cell(INPUTS[:, 0], state), twin(INPUTS[:, 0], state), strict=True):
        assert torch.allclose(mine, other, atol=1e-12)


@pytest.mark.parametrize(("ours", "theirs"), [(GRUCell, nn.GRU), (LSTMCell, nn.LSTM)])
def test_unrolled_cell_equals_pytorchs_layer_and_its_gradients(ours, theirs):
    torch.manual_seed(2)
    layer = theirs(C, H, batch_first=True).double()
    cell = ours(C, H).double()
    with torch.no_grad():
        for name, parameter in cell.named_parameters():
            parameter.copy_(getattr(layer, f"{name}_l0"))
    state = (ZEROS, ZEROS) if ours is LSTMCell else ZEROS
    mine, (other, _) = unroll(cell, INPUTS, state), layer(INPUTS)
    assert torch.allclose(mine, other, atol=1e-12)
    mine.pow(2).sum().backward()
    other.pow(2).sum().backward()
    for name, parameter in cell.named_parameters():
        assert torch.allclose(parameter.grad, getattr(layer, f"{name}_l0").grad, atol=1e-10)


def test_an_open_forget_gate_keeps_and_a_closed_one_erases():
    x = torch.zeros(1, 1)
    start = (torch.zeros(1, 1), torch.tensor([[2.0]]))
    for bias, kept in ((30.0, 2.0), (-30.0, 0.0)):
        cell = filled(LSTMCell(1, 1), bias_ih=[-30.0, bias, 0, 0])
        state = start
        for _ in range(100):
            state = cell(x, state)
        assert state[1].item() == pytest.approx(kept, abs=1e-6)
    gru = filled(GRUCell(1, 1), bias_ih=[0, 30.0, 5.0])
    h = torch.tensor([[-0.4]])
    for _ in range(100):
        h = gru(x, h)
    assert h.item() == pytest.approx(-0.4, abs=1e-6)


def test_bad_shapes_are_named():
    with pytest.raises(ValueError, match=r"input \(B, 4\) and a memory \(B, 5\), got \(3, 5\)"):
        GRUCell(C, H)(torch.zeros(3, 5), torch.zeros(3, H))
    with pytest.raises(ValueError, match=r"and \(2, 5\)"):
        LSTMCell(C, H)(torch.zeros(3, C), (torch.zeros(3, H), torch.zeros(2, H)))
    with pytest.raises(ValueError, match="at least 1, got input 0, hidden 3"):
        GRUCell(0, 3)
