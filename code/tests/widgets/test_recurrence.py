"""Recurrent networks in the page, against the same networks in PyTorch."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.widgets.packed_recurrence import (
    LARGEST_FULL_PRECISION,
    pack_model,
    precision_note,
    read,
    rounding_error,
)

V, C, H = 11, 5, 7
KINDS = {"vanilla": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
LOAD = """
const bytes = Buffer.concat([Buffer.alloc(1), Buffer.from(data.weights, "base64")]);
const view = new DataView(bytes.buffer, bytes.byteOffset + 1, bytes.length - 1);
const network = decodeRecurrent(view, data.shape);
"""
READ = (
    LOAD
    + """
return readTokens(network, data.tokens).map((state) => ({
  hidden: [...state.hidden], cell: state.cell && [...state.cell],
  probabilities: [...nextProbabilities(network, state)],
}));
"""
)


class Stub(nn.Module):
    """What a RecurrentModel is made of, with weights for which no gate is flat or straight."""

    def __init__(self, kind: str, sizes: tuple[int, int, int] = (V, C, H), **options) -> None:
        super().__init__()
        torch.manual_seed(3)
        vocabulary_size, width, hidden = sizes
        self.embed = nn.Embedding(vocabulary_size, width)
        self.core = KINDS[kind](width, hidden, **{"batch_first": True, **options})
        self.head = nn.Linear(hidden, vocabulary_size)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.7 if hidden < 20 else 0.1)


def as_data(model: nn.Module, size: int = V, **more: object) -> dict[str, object]:
    packed = pack_model(model, size)
    weights = base64.b64encode(packed.weights).decode()
    return {"weights": weights, "shape": packed.shape} | more


def some_tokens(count: int, size: int = V) -> list[int]:
    return torch.randint(size, (count,), generator=torch.Generator().manual_seed(1)).tolist()


def differences(run_js, model: nn.Module, tokens: list[int], size: int = V) -> tuple[float, float]:
    """The largest difference from PyTorch's float64, in the memory and in the probabilities."""
    steps = run_js(["recurrence.js"], READ, as_data(model, size, tokens=tokens))
    hidden, probabilities = read(model, tokens)
    return (
        np.abs(np.array([step["hidden"] for step in steps]) - hidden.numpy()).max(),
        np.abs(np.array([step["probabilities"] for step in steps]) - probabilities.numpy()).max(),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_200_steps_match_pytorch(kind: str, run_js) -> None:
    memory, probability = differences(run_js, Stub(kind), some_tokens(200))
    print(f"{kind}: memory {memory:.1e}, probability {probability:.1e}")
    assert memory < 1e-11
    assert probability < 1e-11


@pytest.mark.parametrize("kind", KINDS)
def test_steps_match_pytorchs_own_float32(kind: str, run_js) -> None:
    model, tokens = Stub(kind), some_tokens(50)
    steps = run_js(["recurrence.js"], READ, as_data(model, tokens=tokens))
    with torch.no_grad():
        hidden, _ = model.core(model.embed(torch.tensor([tokens])))
    found = np.array([step["hidden"] for step in steps])
    np.testing.assert_allclose(found, hidden[0].numpy(), atol=1e-5)
    assert np.ptp(found) > 1


def test_the_cell_of_an_lstm_matches_pytorch(run_js) -> None:
    model, tokens = Stub("lstm"), some_tokens(30)
    steps = run_js(["recurrence.js"], READ, as_data(model, tokens=tokens))
    with torch.no_grad():
        _, (_, cell) = model.core(model.embed(torch.tensor([tokens])))
    np.testing.assert_allclose(steps[-1]["cell"], cell[0, 0].numpy(), atol=1e-5)
    (step,) = run_js(["recurrence.js"], READ, as_data(Stub("gru"), tokens=[1]))
    assert step["cell"] is None


def test_one_step_of_a_scalar_network_by_hand(run_js) -> None:
    """x = 2, W_x = 0.5, W_s = -1, biases 0.1 and 0.2: h_1 = tanh(1.3), h_2 = tanh(1.3 - h_1)."""
    model = Stub("vanilla", sizes=(2, 1, 1))
    for parameter, value in zip(model.parameters(), (2, 0.5, -1, 0.1, 0.2, 1, 0), strict=True):
        nn.init.constant_(parameter, value)
    nn.init.zeros_(model.head.bias)
    first, second = run_js(["recurrence.js"], READ, as_data(model, 2, tokens=[1, 0]))
    assert first["hidden"] == pytest.approx([np.tanh(1.3)], abs=1e-7)
    assert second["hidden"] == pytest.approx([np.tanh(1.3 - np.tanh(1.3))], abs=1e-7)
    assert second["probabilities"] == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("kind", KINDS)
def test_reading_on_from_a_memory_equals_reading_in_one_go(kind: str, run_js) -> None:
    script = (
        LOAD
        + """
    const whole = readTokens(network, data.tokens).at(-1);
    const half = readTokens(network, data.tokens.slice(0, 9)).at(-1);
    const rest = readTokens(network, data.tokens.slice(9), half).at(-1);
    return [[...whole.hidden], [...rest.hidden]];
    """
    )
    whole, rest = run_js(["recurrence.js"], script, as_data(Stub(kind), tokens=some_tokens(20)))
    assert whole == rest


@pytest.mark.parametrize("kind", KINDS)
def test_missing_biases_count_as_zeros(kind: str, run_js) -> None:
    model = Stub(kind, bias=False)
    model.head = nn.Linear(H, V, bias=False)
    assert max(differences(run_js, model, some_tokens(20))) < 1e-11
    with_biases = pack_model(Stub(kind), V)
    assert len(pack_model(model, V).weights) == len(with_biases.weights)


def test_softmax_of_huge_scores_sums_to_one(run_js) -> None:
    script = "return [...softmax(Float64Array.from([1000, 999, -1000]))];"
    result = run_js(["recurrence.js"], script)
    assert sum(result) == pytest.approx(1)
    assert result[0] == pytest.approx(1 / (1 + np.exp(-1)))


@pytest.mark.parametrize("kind", KINDS)
def test_large_models_travel_as_half_precision(kind: str, run_js) -> None:
    sizes = (70, 60, 256 if kind != "lstm" else 160)
    model, tokens = Stub(kind, sizes), some_tokens(60, 70)
    packed = pack_model(model, 70)
    count = sum(p.numel() for p in model.parameters())
    if kind == "vanilla":
        assert 4 * count <= LARGEST_FULL_PRECISION
        assert packed.shape["precision"] == "float32"
        assert precision_note(model, packed, tokens) == ""
        return
    assert packed.shape["precision"] == "float16"
    assert len(packed.weights) == 2 * count
    rounded = Stub(kind, sizes).half().float()
    steps = run_js(["recurrence.js"], READ, as_data(model, 70, tokens=tokens))
    found = np.array([step["probabilities"] for step in steps])
    np.testing.assert_allclose(found, read(rounded, tokens)[1].numpy(), atol=1e-11)
    error = rounding_error(model, tokens)
    assert 0 < error < 0.002
    assert error == pytest.approx(np.abs(found - read(model, tokens)[1].numpy()).max())
    said = float(precision_note(model, packed, tokens).split("more than ")[1].split(" %")[0])
    assert 100 * error <= said * (1 + 1e-9) < 200 * error * (1 + 1e-9)


def test_wrong_bytes_and_tokens_are_refused_in_the_page(run_js) -> None:
    script = (
        LOAD
        + """
    const tries = [
      () => decodeRecurrent(new DataView(new ArrayBuffer(12)), data.shape),
      () => decodeRecurrent(view, { ...data.shape, kind: "elman" }),
      () => readTokens(network, [0, 11]),
      () => readTokens(network, [undefined]),
    ];
    const message = (attempt) => { try { attempt(); return ""; } catch (e) { return e.message; } };
    return tries.map(message);
    """
    )
    data = as_data(Stub("vanilla"))
    messages = run_js(["recurrence.js"], script, data)
    size = len(base64.b64decode(data["weights"]))
    assert messages == [
        f"expected {size} bytes of weights, got 12",
        "expected vanilla, gru or lstm, got elman",
        "expected a token from 0 to 10, got 11",
        "expected a token from 0 to 10, got undefined",
    ]


@pytest.mark.parametrize(
    ("core", "message"),
    [
        (nn.RNN(C, H, num_layers=2), "1 layer and 1 direction, got 2 and 1"),
        (nn.GRU(C, H, bidirectional=True), "1 layer and 1 direction, got 1 and 2"),
        (nn.RNN(C, H, nonlinearity="relu"), "with tanh, got relu"),
        (nn.LSTM(C, H, proj_size=3), "got proj_size=3"),
        (nn.LSTM(C + 1, H), "a core that reads 5 numbers, got 6"),
        (nn.LSTM(C, H + 1), r"shape \(11, 8\), got \(11, 7\)"),
        (nn.RNNCell(C, H), "nn.RNN, nn.GRU or nn.LSTM, got RNNCell"),
    ],
)
def test_misfit_cores_are_refused(core: nn.Module, message: str) -> None:
    model = Stub("vanilla")
    parts = SimpleNamespace(embed=model.embed, core=core, head=model.head)
    with pytest.raises(ValueError, match=message):
        pack_model(parts, V)


def test_misfit_vocabularies_and_broken_weights_are_refused() -> None:
    model = Stub("gru")
    with pytest.raises(ValueError, match="vocabulary of 11 tokens, got 12"):
        pack_model(model, V + 1)
    nn.init.constant_(model.head.bias, float("nan"))
    with pytest.raises(ValueError, match="expected finite weights"):
        pack_model(model, V)
