"""The packed vectors: how much they lose, and what the page makes of them."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from unrolled import vectors
from unrolled.widgets.packed_vectors import WORDS_SHOWN, pack

DECODE = """
const view = (text) => {  // off a multiple of 4, as a buffer inside a message may be
  const bytes = Buffer.concat([Buffer.alloc(3), Buffer.from(text, "base64")]);
  return new DataView(bytes.buffer, bytes.byteOffset + 3, bytes.length - 3);
};
const space = decodeSpace(view(data.words), view(data.vectors), data.width);
"""


@pytest.fixture(scope="module")
def glove() -> vectors.WordVectors:
    return vectors.load()


@pytest.fixture(scope="module")
def toy() -> SimpleNamespace:
    rng = np.random.default_rng(3)
    drawn = rng.normal(size=(300, 8)).astype(np.float32)
    return SimpleNamespace(words=tuple(f"w{i}é" for i in range(300)), vectors=drawn)


def as_data(glove: object, **more: object) -> dict[str, object]:
    packed = pack(glove)
    encoded = {
        "words": base64.b64encode(packed.words).decode(),
        "vectors": base64.b64encode(packed.vectors).decode(),
        "width": packed.width,
    }
    return encoded | more


def unit(table: np.ndarray) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.from_numpy(np.array(table)).double(), dim=1)


def test_packing_by_hand() -> None:
    """Center (1, 0); the rests are (-1, 2) and (1, -2): scale 2/127, steps -64 and 127."""
    toy = SimpleNamespace(words=("a", "b"), vectors=np.float32([[0, 2], [2, -2]]))
    packed = pack(toy)
    assert packed.words == b"a\nb"
    center, scales = np.frombuffer(packed.vectors[:16], "<f4").reshape(2, 2)
    np.testing.assert_allclose(center, [1, 0])
    np.testing.assert_allclose(scales, [2 / 127, 2 / 127])
    assert list(np.frombuffer(packed.vectors[16:], np.int8)) == [-64, 127, 64, -127]


def test_packed_glove_keeps_the_neighbors(glove: vectors.WordVectors) -> None:
    packed = pack(glove)
    assert len(packed.words.decode().split("\n")) == WORDS_SHOWN
    assert len(packed.vectors) == 4 * 50 + WORDS_SHOWN * (4 + 50) < 1_100_000
    rows = torch.from_numpy(np.random.default_rng(0).choice(WORDS_SHOWN, 2000, replace=False))
    exact, rounded = unit(glove.vectors), unit(packed.unpack())
    before, after = exact[rows] @ exact.T, rounded[rows] @ rounded.T  # (2000, V)
    assert (before - after).abs().max() < 0.008
    for cosines in (before, after):
        cosines[torch.arange(len(rows)), rows] = -2
    top = [cosines.topk(10).indices.tolist() for cosines in (before, after)]
    shared = [len(set(a) & set(b)) / 10 for a, b in zip(*top, strict=True)]
    assert np.mean(shared) > 0.985


def test_examples_of_the_chapter_survive_packing(glove: vectors.WordVectors) -> None:
    packed = vectors.WordVectors(glove.words, pack(glove).unpack())
    for table in (glove, packed):
        assert [w for w, _ in table.analogy("man", "king", "woman", 2, False)] == ["king", "queen"]
        bottle = (table["water"] + table["bottle"]) / 2
        near = [word for word, _ in table.nearest(bottle, 3, exclude=("water", "bottle"))]
        assert near == ["liquid", "bottles", "milk"]
        assert table.similarity("hot", "cold") > table.similarity("king", "queen")


def test_page_unpacks_what_python_packed(toy, run_js) -> None:
    script = DECODE + "return { words: space.words, values: [...space.values] };"
    result = run_js(["vectors.js"], script, as_data(toy))
    assert tuple(result["words"]) == toy.words
    unpacked = pack(toy).unpack()
    np.testing.assert_allclose(np.reshape(result["values"], unpacked.shape), unpacked, atol=1e-6)


def test_nearest_words_match_pytorch(toy, run_js) -> None:
    script = DECODE + "return data.rows.map((i) => nearest(space, vectorAt(space, i), 10, [i, 7]));"
    result = run_js(["vectors.js"], script, as_data(toy, rows=[0, 50, 299]))
    table = unit(pack(toy).unpack())
    for row, found in zip([0, 50, 299], result, strict=True):
        cosines = table @ table[row]
        cosines[[row, 7]] = -2
        best = cosines.topk(10)
        assert [item["index"] for item in found] == best.indices.tolist()
        assert [item["word"] for item in found] == [toy.words[i] for i in best.indices]
        np.testing.assert_allclose([item["cosine"] for item in found], best.values, atol=1e-6)


def test_analogy_direction_and_standing_match_pytorch(toy, run_js) -> None:
    script = DECODE + (
        "const steps = [[0, 1], [2, 3], [4, 5]].map((pair) => difference(space, pair));"
        "return { answer: [...analogy(space, 10, 11, 12)], mean: [...meanVector(steps)],"
        " agree: steps.map((step) => cosine(step, meanVector(steps))),"
        " standing: standing(space, vectorAt(space, 20), vectorAt(space, 30), [20, 30]),"
        " all: [...cosines(space, vectorAt(space, 20))] };"
    )
    result = run_js(["vectors.js"], script, as_data(toy))
    W = torch.from_numpy(pack(toy).unpack()).double()
    np.testing.assert_allclose(result["answer"], W[11] - W[10] + W[12], atol=1e-6)
    steps = W[[1, 3, 5]] - W[[0, 2, 4]]
    np.testing.assert_allclose(result["mean"], steps.mean(0), atol=1e-6)
    agree = torch.cosine_similarity(steps, steps.mean(0, keepdim=True))
    np.testing.assert_allclose(result["agree"], agree, atol=1e-6)
    cosines = torch.cosine_similarity(W, W[20:21])
    np.testing.assert_allclose(result["all"], cosines, atol=1e-6)
    nearer = (cosines > cosines[30]).sum().item() - 1  # the word itself is nearer, and excluded
    assert result["standing"]["rank"] == 1 + nearer
    assert result["standing"]["cosine"] == pytest.approx(cosines[30].item(), abs=1e-6)


def test_largest_matches_topk(run_js) -> None:
    scores = np.random.default_rng(1).normal(size=100).round(1)  # rounded: there are ties
    result = run_js(["vectors.js"], "return largest(data, 20);", scores.tolist())
    assert result == np.argsort(-scores, kind="stable")[:20].tolist()


def test_vector_without_length_has_cosine_0(run_js) -> None:
    assert run_js(["vectors.js"], "return cosine([0, 0], [1, 2]);") == 0


def test_page_refuses_bytes_of_another_size(toy, run_js) -> None:
    script = DECODE.replace("data.width)", "data.width + 1)")
    script = f"try {{ {script} }} catch (error) {{ return error.message; }}"
    message = run_js(["vectors.js"], script, as_data(toy))
    assert message == "expected 3936 bytes for 300 vectors of 9, got 3632"


@pytest.mark.parametrize(
    ("words", "table", "message"),
    [
        (("a", "b"), np.zeros((3, 2)), r"one vector for each of 2 words, got .* \(3, 2\)"),
        ((), np.zeros((0, 2)), "one vector for each of 0 words"),
        (("a",), np.zeros(1), r"got vectors of shape \(1,\)"),
        (("a",), np.full((1, 2), np.nan), "finite"),
        (("a\nb",), np.ones((1, 2)), r"without line breaks, got 'a\\nb'"),
        (("a", "a"), np.ones((2, 2)), "2 different words, got 1"),
    ],
)
def test_bad_vectors_are_refused(words: tuple, table: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pack(SimpleNamespace(words=words, vectors=table))
