"""The tape's numbers against autograd, and against the book's own backward pass."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from unrolled.bptt import ScalarRNN, chunk_cuts
from unrolled.widgets.the_tape import TheTape

TERMS = """
const chain = { weight: data.weight, ...chainForward(data) };
return data.inputs.map((_, i) => {
  const terms = chainTerms(chain, i + 1, firstReached(i + 1, data.window));
  return { terms, shares: total(weightShares(chain, terms)), h: chain.h[i + 1] };
});
"""
LARGEST_DIFFERENCE = 1e-12
"""Relative; measured 9e-14 (where terms of both signs nearly cancel)."""
RNG = np.random.default_rng(3)
INPUTS = {"one push": [1.0] + [0.0] * 11, "random": RNG.normal(size=12).tolist()}


def by_autograd(weight: float, inputs: list[float], squash: bool, window: int) -> dict:
    """The same from PyTorch in float64: the tape detached behind every `window` steps."""
    w = torch.tensor(weight, dtype=torch.float64, requires_grad=True)
    h, memories, before = torch.zeros((), dtype=torch.float64, requires_grad=True), [], []
    first = h
    for t, x in enumerate(inputs):
        if t and t % window == 0:
            h = h.detach()
        before.append(h)
        h = w * h + x
        h = torch.tanh(h) if squash else h
        h.retain_grad()
        memories.append(h)
    found = []
    for h in memories:
        for memory in [first, *memories]:
            memory.grad = None
        w.grad = None
        h.backward(retain_graph=True)
        grads = [0.0 if m.grad is None else m.grad.item() for m in [first, *memories]]
        found.append({"terms": grads, "shares": w.grad.item(), "h": h.item()})
    return found


@pytest.mark.parametrize("squash", [False, True], ids=["linear", "tanh"])
@pytest.mark.parametrize("window", [1, 4, 5, 12])
@pytest.mark.parametrize("weight", [0.9, -1.3, 0.0])
@pytest.mark.parametrize("inputs", INPUTS)
def test_terms_equal_autograds(weight, window, squash, inputs, run_js) -> None:
    data = {"weight": weight, "window": window, "squash": squash, "inputs": INPUTS[inputs]}
    ours = run_js(["bptt.js"], TERMS, data)
    theirs = by_autograd(weight, INPUTS[inputs], squash, window)
    for t, (mine, other) in enumerate(zip(ours, theirs, strict=True), 1):
        assert other["terms"][t + 1 :] == [0.0] * (12 - t)
        expected = np.array([*other["terms"][: t + 1], other["shares"], other["h"]])
        got = np.array([*mine["terms"], mine["shares"], mine["h"]])
        assert np.all((got == 0) == (expected == 0)), "what is cut is exactly 0, nothing else"
        np.testing.assert_allclose(got, expected, rtol=LARGEST_DIFFERENCE, atol=1e-300)


def test_fifty_steps_by_hand(run_js) -> None:
    """Fifty factors of 0.9 leave 0.005; fifty of 1.1 make 117."""
    script = (
        "return data.map((weight) => chainTerms({ weight, slopes: Array(51).fill(1) }, 50, 1)[0]);"
    )
    small, large = run_js(["bptt.js"], script, [0.9, 1.1])
    assert small == pytest.approx(0.9**50, rel=1e-12) == pytest.approx(0.00515, abs=1e-5)
    assert large == pytest.approx(1.1**50, rel=1e-12) == pytest.approx(117.4, abs=0.1)


@pytest.mark.parametrize("window", [3, 4, 12])
def test_terms_equal_the_books_own(window, run_js) -> None:
    """`ScalarRNN` with errors of 1 is the tape with tanh."""
    network = ScalarRNN(w_x=1.0, w_s=1.2, w_y=1.0)
    x = np.array(INPUTS["random"])
    expected = network.terms(x, network.forward(x)[1:] - 1, chunk_cuts(12, window))
    data = {"weight": 1.2, "window": window, "squash": True, "inputs": x.tolist()}
    for t, row in enumerate(run_js(["bptt.js"], TERMS, data), 1):
        np.testing.assert_allclose(row["terms"][1:], expected[t - 1, :t], rtol=1e-12)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (1, "1"), (0.9**11, "0.314"), (-0.5, "−0.5"), (117.39, "117"), (2357.9, "2,360"),
        (99949, "99,900"), (99950, "1.00 × 10⁵"), (2.0**49, "5.63 × 10¹⁴"), (100, "100"),
        (0.001, "0.001"), (0.00099, "9.90 × 10⁻⁴"), (-3e-12, "−3.00 × 10⁻¹²"), (0.9999, "1"),
        (999.9, "1,000"), (0.0100, "0.01"), (10.04, "10"), (1e-320, "1.00 × 10⁻³²⁰"),
    ],
)  # fmt: skip
def test_numbers_of_any_size_are_short(number, text, run_js) -> None:
    assert run_js(["magnitudes.js"], "return shortNumber(data);", number) == text


def test_numbers_that_are_none_are_said(run_js) -> None:
    script = "return [shortNumber(NaN), shortNumber(-Infinity), lowered(120), raised(-12)];"
    assert run_js(["magnitudes.js"], script) == ["not a number", "−∞", "₁₂₀", "⁻¹²"]


def test_tape_is_deterministic_and_fills_its_inputs() -> None:
    first, again = TheTape(caption="Drag."), TheTape(0.9, 12, 12, caption="Drag.")
    assert repr(first) == repr(again)
    assert (first.window, first.step, first.view, first.squash) == (12, 12, "loss", False)
    assert first.inputs == [1.0] + [0.0] * 49
    others = [
        TheTape(1.1, caption="Drag."),
        TheTape(window=4, caption="Drag."),
        TheTape(inputs=[1, 2], caption="Drag."),
        TheTape(squash=True, caption="Drag."),
    ]
    every = [repr(tape) for tape in [first, *others]]
    assert all(a != b for a, b in itertools.combinations(every, 2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": 2.5}, "a weight from -2.0 to 2.0, got 2.5"),
        ({"weight": float("nan")}, "a weight from -2.0 to 2.0, got nan"),
        ({"length": 51}, "a length from 2 to 50 steps, got 51"),
        ({"window": 0}, "a window of at least 1 step, got 0"),
        ({"step": 13}, "a step from 1 to 12, got 13"),
        ({"view": "both"}, "a view out of loss, memory, got 'both'"),
        ({"inputs": []}, "1 to 50 inputs, got 0"),
        ({"inputs": [float("inf")]}, "finite inputs"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TheTape(**arguments, caption="Drag.")
