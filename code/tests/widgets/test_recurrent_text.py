"""The pure parts of the recurrent interactives: splitting, watching, fading, reading on."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from unrolled.corpus import words
from unrolled.widgets.neuron_watch import TRAITS

TEXT = "FIRST WITCH:\nWhen shall we?\n\nROMEO:\nO, I am fortune's fool!\nA\n\nA:\nSo: be it.\n"

SENTENCES = [
    "How are you?",
    "Thou'rt mad, 'tis true!",
    "rock 'n' roll -- it's 1599_b",
    "Où êtes-vous, ÉTIENNE? ﬁn…",
    "",
    "???",
    "<img src=x onerror='alert(1)'>",
]


def test_sentences_are_split_as_the_corpus_splits_them(run_js) -> None:
    script = "return data.map(sentencePieces);"
    assert run_js(["sentences.js"], script, SENTENCES) == [words(text) for text in SENTENCES]
    assert run_js(["sentences.js"], script, ["Thou’rt"]) == [["thou'rt"]]


def test_how_are_you_has_three_four_or_five_nodes(run_js) -> None:
    script = """
    return READINGS.map((reading) => {
      const inputs = nodeInputs(sentencePieces("How are you?"), reading, "</s>");
      return [inputs, nodeTargets(inputs, "</s>")];
    });
    """
    assert run_js(["sentences.js"], script) == [
        [["how", "are", "you"], ["are", "you", "</s>"]],
        [["how", "are", "you", "?"], ["are", "you", "?", "</s>"]],
        [["</s>", "how", "are", "you", "?"], ["how", "are", "you", "?", "</s>"]],
    ]
    script = "try { nodeInputs([], 'all', ''); } catch (error) { return error.message; }"
    assert run_js(["sentences.js"], script) == (
        "expected one of words, punctuation, boundary, got all"
    )


def test_traits_are_those_of_python(run_js) -> None:
    script = "return TRAITS.map(([name, trait]) => [name, trait(data)]);"
    found = run_js(["watching.js"], script, TEXT)
    assert found == [[name, trait(TEXT)] for name, trait in TRAITS.items()]
    spoken = "".join(
        c for c, named in zip(TEXT, TRAITS["speaker names"](TEXT), strict=True) if named
    )
    assert spoken == "FIRST WITCH:ROMEO:A:"


def test_correlations_match_numpy(run_js) -> None:
    rng = np.random.default_rng(0)
    trait = rng.random(60) < 0.3
    units = rng.normal(size=(60, 5))
    units[:, 1] += 3 * trait
    units[:, 4] = 0.25  # a unit that never moves
    script = """
    return unitCorrelations(Float64Array.from(data.units.flat()), 5, data.trait);
    """
    data = {"units": units.tolist(), "trait": trait.tolist()}
    found = run_js(["watching.js"], script, data)
    expected = [np.corrcoef(units[:, k], trait)[0, 1] for k in range(4)]
    np.testing.assert_allclose(found, [*expected, 0], atol=1e-12)
    assert found[1] > 0.7


@pytest.mark.parametrize("sign", [1, -1])
def test_detector_has_the_best_of_all_thresholds(sign: int, run_js) -> None:
    rng = np.random.default_rng(1)
    trait = rng.random(40) < 0.4
    values = sign * np.round(rng.normal(size=40) + 1.2 * trait, 1)  # rounded: some are equal
    script = "return bestDetector(data.values, data.trait);"
    data = {"values": values.tolist(), "trait": trait.tolist()}
    found = run_js(["watching.js"], script, data)

    def gain(threshold: float) -> float:
        signal = values > threshold
        return abs(signal[trait].mean() - signal[~trait].mean())

    tried = np.unique(values)
    best = max(gain(t) for t in (tried[:-1] + tried[1:]) / 2)
    assert gain(found["threshold"]) == pytest.approx(best)
    assert found["above"] == (sign > 0)
    signal = values > found["threshold"] if found["above"] else values < found["threshold"]
    assert (found["hits"], found["present"]) == (signal[trait].sum(), trait.sum())
    assert (found["falseAlarms"], found["absent"]) == (signal[~trait].sum(), (~trait).sum())


def test_a_flat_unit_detects_nothing(run_js) -> None:
    script = "return bestDetector([1, 1, 1], [true, false, true]);"
    found = run_js(["watching.js"], script)
    assert (found["hits"], found["falseAlarms"]) == (0, 0)


def test_unknown_characters_are_named_and_left_out(run_js) -> None:
    script = "return encodeKnown(data, ['</s>', '\\n', ' ', \"'\", 'a', 'b']);"
    assert run_js(["watching.js"], script, "a\r\n’é b😀é") == {
        "known": "a\n' b",
        "ids": [4, 1, 3, 2, 5],
        "unknown": ["é", "😀"],
    }
    assert run_js(["watching.js"], script, "</s>")["ids"] == []


def test_distances_match_pytorch(run_js) -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 2, 9, generator=generator, dtype=torch.float64)
    script = """
    const [a, b] = data.map(([hidden, cell]) => ({ hidden, cell }));
    const alone = (state) => ({ ...state, cell: null });
    return [memoryDistance(a, b), memoryDistance(alone(a), alone(b)), memoryDistance(a, a)];
    """
    found = run_js(["fading.js"], script, [a.tolist(), b.tolist()])
    expected = [torch.dist(a, b).item(), torch.dist(a[0], b[0]).item(), 0]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    p, q = a.softmax(-1)
    moved = run_js(["fading.js"], "return totalVariation(...data);", [p.tolist(), q.tolist()])
    assert moved == pytest.approx((p - q).abs().sum().item() / 2)
    assert run_js(["fading.js"], "return totalVariation([1, 0], [0, 1]);") == 1


@pytest.mark.parametrize(
    ("distances", "half_life", "tenth", "sentence"),
    [
        (
            [2.0 ** -(t / 3) for t in range(40)],
            3,
            10,
            "M: half of the difference is gone for good after 4 characters, nine tenths after "
            "10 characters. Fitted over the whole text, it halves every 3.0 characters.",
        ),
        # the end is rounding noise, which the fit must leave out
        ([2.0**-t for t in range(30)] + [1e-17] * 99, 1, 4, "it halves every 1.0 characters"),
        ([3.0, 3.0, 3.0], math.inf, -1, "more than half of the difference is left at the end"),
        ([1.0, 2.0, 4.0], math.inf, -1, "Fitted over the whole text, it does not fade."),
        ([1.0, 0.4, 0.3], None, -1, "after 1 character, but more than a tenth is left"),
        ([1.0, 0.05, 0.5, 0.01], None, 3, "gone for good after 3 characters"),
        ([1.0, 0.0, 0.0], 1, 1, "after 1 character, nine tenths after 1 character."),
    ],
)
def test_half_life_of_known_decays(distances, half_life, tenth, sentence: str, run_js) -> None:
    script = "return [String(halfLife(data)), staysBelow(data, 0.1), fadingWords('M', data)];"
    found, below, said = run_js(["fading.js"], script, distances)
    if half_life is not None:
        assert float(found) == pytest.approx(half_life, rel=1e-6)
    assert below == tenth
    assert sentence in said


NETWORK = """
const shape = { kind: "lstm", vocabulary_size: 3, width: 2, hidden: 2, precision: "float32" };
const numbers = Float32Array.from({ length: recurrentBytes(shape) / 4 }, (_, i) => Math.sin(i));
const network = decodeRecurrent(new DataView(numbers.buffer), shape);
const last = (states) => [...states.at(-1).hidden];
"""


def test_a_reader_reads_on_from_what_is_the_same(run_js) -> None:
    script = (
        NETWORK
        + """
    const reader = textReader(network);
    const first = await reader.read([0, 1, 2, 1]);
    const second = await reader.read([0, 1, 1, 2, 2]);
    const third = await reader.read([0, 1]);
    const fresh = (tokens) => last(readTokens(network, tokens));
    return [first[1] === second[1], first[2] === second[2], third.length,
      [last(first), last(second), last(third)],
      [fresh([0, 1, 2, 1]), fresh([0, 1, 1, 2, 2]), fresh([0, 1])]];
    """
    )
    result = run_js(["recurrence.js", "reading.js"], script)
    assert result[:3] == [True, False, 2]
    assert result[3] == result[4]


def test_a_new_reading_ends_the_one_under_way(run_js) -> None:
    script = (
        NETWORK
        + """
    const reader = textReader(network);
    const long = Array.from({ length: 400000 }, (_, t) => t % 3);
    let progress = 0;
    const slow = reader.read(long, (done) => (progress = done));
    const quick = await reader.read([0, 1, 2]);
    const fresh = last(readTokens(network, [0, 1, 2]));
    return [await slow, quick.length, progress > 0, last(quick), fresh];
    """
    )
    slow, count, progressed, found, expected = run_js(["recurrence.js", "reading.js"], script)
    assert (slow, count, progressed) == (None, 3, True)
    assert found == expected
