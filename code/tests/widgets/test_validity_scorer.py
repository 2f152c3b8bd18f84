"""The validity network in the page, against the same network in PyTorch."""

from __future__ import annotations

import base64

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.corpus import WordVocabulary
from unrolled.embeddings import ValidityNetwork
from unrolled.widgets.validity_scorer import ValidityScorer, pack_network

V, D, H = 40, 6, 7
LOAD = """
const bytes = Buffer.concat([Buffer.alloc(1), Buffer.from(data.weights, "base64")]);
const view = new DataView(bytes.buffer, bytes.byteOffset + 1, bytes.length - 1);
const network = decodeNetwork(view, data.shape);
"""


@pytest.fixture
def network() -> ValidityNetwork:
    torch.manual_seed(0)
    network = ValidityNetwork(V, D, H)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.6)  # weights for which tanh is neither flat nor straight
    return network


@pytest.fixture
def vocabulary() -> WordVocabulary:
    return WordVocabulary(("</s>", "<unk>", *(f"w{i}" for i in range(V - 2))))


EXAMPLES = ["w1 w2 w3 w4 w5", ["w5", "w5", "w5", "w5", "w5"]]


def as_data(network: nn.Module, size: int, **more: object) -> dict[str, object]:
    weights, shape = pack_network(network, size)
    return {"weights": base64.b64encode(weights).decode(), "shape": shape} | more


def test_logits_match_pytorch(network: ValidityNetwork, run_js) -> None:
    tokens = torch.randint(V, (30, 5), generator=torch.Generator().manual_seed(1))
    script = (
        LOAD
        + "return data.tokens.map((row) => [logit(network, row), sigmoid(logit(network, row))]);"
    )
    files = ["validity.js", "numbers.js"]
    result = np.array(run_js(files, script, as_data(network, V, tokens=tokens.tolist())))
    expected = network.double()(tokens).detach().numpy()
    assert np.ptp(expected) > 1
    np.testing.assert_allclose(result[:, 0], expected, atol=1e-6)
    np.testing.assert_allclose(result[:, 1], 1 / (1 + np.exp(-expected)), atol=1e-6)


@pytest.mark.parametrize("slot", range(5))
def test_replacements_match_pytorch(network: ValidityNetwork, slot: int, run_js) -> None:
    tokens = [3, 9, 27, 11, 33]
    script = LOAD + "return [...replacementLogits(network, data.tokens, data.slot)];"
    result = run_js(["validity.js"], script, as_data(network, V, tokens=tokens, slot=slot))
    tried = torch.tensor(tokens).repeat(V, 1)
    tried[:, slot] = torch.arange(V)
    np.testing.assert_allclose(result, network.double()(tried).detach().numpy(), atol=1e-5)


def test_large_networks_travel_as_half_precision(run_js) -> None:
    torch.manual_seed(1)
    network = ValidityNetwork(4000, 32, 16)
    weights, shape = pack_network(network, 4000)
    assert shape["precision"] == "float16"
    assert len(weights) == 2 * sum(p.numel() for p in network.parameters()) < 300_000
    tokens = torch.randint(4000, (20, 5), generator=torch.Generator().manual_seed(1))
    script = LOAD + "return data.tokens.map((row) => logit(network, row));"
    result = run_js(["validity.js"], script, as_data(network, 4000, tokens=tokens.tolist()))
    np.testing.assert_allclose(result, network.half().double()(tokens).detach().numpy(), atol=1e-6)


def test_scorer_is_deterministic(network, vocabulary) -> None:
    a, b = (ValidityScorer(network, vocabulary, EXAMPLES, caption="Edit.") for _ in range(2))
    assert repr(a) == repr(b)
    assert repr(a).startswith("<ValidityScorer ")
    assert a.ngram == ["w1", "w2", "w3", "w4", "w5"]
    assert (a.slot, a.first_word, a.shape["length"]) == (2, 2, 5)
    with torch.no_grad():
        network.out.bias += 1
    c = ValidityScorer(network, vocabulary, EXAMPLES, caption="Edit.")
    assert repr(c) != repr(a)


def test_missing_bias_counts_as_zero(network) -> None:
    network.hidden.bias.data.zero_()
    with_zeros, _ = pack_network(network, V)
    network.hidden.bias = None
    assert pack_network(network, V)[0] == with_zeros


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ([], "at least one example"),
        (["w1 w2"], "examples of 5 words, got 'w1 w2'"),
        (["w1 w2 w3 w4 king"], "vocabulary's words, got king"),
        (["w1 w2 w3 w4 <unk>"], "vocabulary's words, got <unk>"),
    ],
)
def test_bad_examples_are_refused(network, vocabulary, examples: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ValidityScorer(network, vocabulary, examples, caption="Edit.")


def test_misfit_networks_are_refused(network) -> None:
    with pytest.raises(ValueError, match="a vocabulary of 40 words, got 39"):
        pack_network(network, V - 1)
    network.out = nn.Linear(H, 2)
    with pytest.raises(ValueError, match=r"shape \(1, 7\), got \(2, 7\)"):
        pack_network(network, V)
    network.hidden = nn.Linear(5 * D + 1, H)
    with pytest.raises(ValueError, match="a multiple of 6, got 31"):
        pack_network(network, V)
