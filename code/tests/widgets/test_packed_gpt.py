"""A GPT in the page, against the same GPT in PyTorch, with the SIMD kernel and without."""

from __future__ import annotations

import base64

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from unrolled.bpe import BytePairTokenizer
from unrolled.corpus import CharacterVocabulary, WordVocabulary
from unrolled.gpt import GPT, GPTConfig, load_gpt2
from unrolled.sampling import generate
from unrolled.widgets.packed_gpt import (
    dequantized,
    gpt_tensors,
    pack_gpt,
    pack_vocabulary,
    quantization_cost,
    quantize,
    rounding_note,
)
from unrolled.yardstick import bits_per_character

ENGINES = ("simd", "plain")
SIZES = {
    "in fours": GPTConfig(
        vocab_size=20, context_length=16, n_layers=2, n_heads=2, embedding_size=8
    ),
    "not in fours": GPTConfig(19, 13, 3, 2, 6),  # rows, heads and context all leave a rest
    "smallest": GPTConfig(3, 2, 1, 1, 2),
}
TEXT = "ROMEO:\nBut soft, what light?\n\nJULIET:\nAy me!\n"
LOAD = """
const bytes = Buffer.concat([Buffer.alloc(1), Buffer.from(data.weights, "base64")]);
const view = new DataView(bytes.buffer, bytes.byteOffset + 1, bytes.length - 1);
const gpt = decodeGpt(view, data.shape, { simd: data.engine === "simd" });
if (gpt.engine !== data.engine) throw new Error(`expected ${data.engine}, got ${gpt.engine}`);
"""


def lively(config: GPTConfig, seed: int = 0) -> GPT:
    """A GPT in which no part is close to doing nothing."""
    torch.manual_seed(seed)
    model = GPT(config).eval()
    for name, parameter in model.named_parameters():
        center = 1.0 if "norm" in name and name.endswith("weight") else 0.0
        nn.init.normal_(parameter, mean=center, std=0.3)
    return model


def as_data(model: GPT, engine: str = "simd", **more: object) -> dict[str, object]:
    packed = pack_gpt(model, model.config.vocab_size)
    weights = base64.b64encode(packed.weights).decode()
    return {"weights": weights, "shape": packed.shape, "engine": engine} | more


def some_tokens(config: GPTConfig, count: int | None = None) -> list[int]:
    generator = torch.Generator().manual_seed(1)
    size = (count or config.context_length,)
    return torch.randint(config.vocab_size, size, generator=generator).tolist()


@torch.no_grad()
def all_weights(model: GPT, tokens: list[int]) -> Tensor:
    """The attention weights of all heads: (N * H, T, T)."""
    x = (
        model.token_embedding(torch.tensor([tokens]))
        + model.position_embedding.weight[: len(tokens)]
    )
    found = []
    for block in model.blocks:
        found.append(block.attention.weights(block.norm_1(x))[0])
        x = block(x)
    return torch.cat(found)


def test_quantizing_by_hand() -> None:
    """Rows [1, -0.5] and [0, 0]: scale 1 / 127, -0.5 becomes -63.5, which rounds to -64."""
    integers, scales = quantize(np.float32([[1, -0.5], [0, 0]]))
    assert integers.tolist() == [[127, -64], [0, 0]]
    np.testing.assert_allclose(scales, [1 / 127, 0])


def test_no_weight_moves_by_more_than_half_a_step() -> None:
    model = lively(SIZES["not in fours"])
    pairs = zip(gpt_tensors(model), gpt_tensors(dequantized(model)), strict=True)
    for (exact, _), (rounded, _) in pairs:
        if exact.ndim == 1:
            assert torch.equal(exact, rounded)
        else:
            step = exact.abs().amax(1, keepdim=True) / 127
            assert ((exact - rounded).abs() <= 0.5001 * step).all()


def test_order_of_the_bytes() -> None:
    config = GPTConfig(5, 3, 1, 1, 2)
    model = lively(config)
    packed = pack_gpt(model, 5)
    matrices = [t for t, _ in gpt_tensors(model) if t.ndim == 2]
    rows = sum(n for _, n in gpt_tensors(model))
    assert len(packed.weights) == 4 * rows + sum(m.numel() for m in matrices)
    floats = np.frombuffer(packed.weights[: 4 * rows], "<f4")
    np.testing.assert_allclose(
        floats[:5], model.token_embedding.weight.abs().amax(1).detach() / 127
    )
    np.testing.assert_allclose(floats[8:10], model.blocks[0].norm_1.weight.detach())
    np.testing.assert_allclose(floats[-2:], model.norm.bias.detach())
    first = np.frombuffer(packed.weights[4 * rows : 4 * rows + 2], np.int8)
    scaled = floats[0] * first.astype(np.float32)
    np.testing.assert_allclose(scaled, dequantized(model).token_embedding.weight[0].detach())


def test_2_7_million_parameters_weigh_less_than_3_megabytes() -> None:
    model = GPT(GPTConfig(86, 256, 6, 6, 192))
    assert 2_600_000 < model.n_parameters < 2_800_000
    assert len(pack_gpt(model, 86).weights) < 3_000_000


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", SIZES)
def test_logits_match_pytorch(size: str, engine: str, run_js) -> None:
    model, tokens = lively(SIZES[size]), some_tokens(SIZES[size])
    script = LOAD + "return data.tokens.map((t) => { readToken(gpt, t); return [...gpt.logits]; });"
    found = run_js(["gpt.js"], script, as_data(model, engine, tokens=tokens))
    with torch.no_grad():
        expected = dequantized(model)(torch.tensor([tokens]))[0]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert expected.abs().max() > 0.1


@pytest.mark.parametrize("engine", ENGINES)
def test_logits_of_a_real_gpt2_match_transformers(engine: str, run_js) -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(2)
    config = transformers.GPT2Config(
        vocab_size=65, n_positions=32, n_embd=48, n_layer=3, n_head=4, initializer_range=0.2
    )
    theirs = transformers.GPT2LMHeadModel(config).eval()
    with torch.no_grad():  # their matrices, rounded as the page has them; inside blocks (in, out)
        for name, weight in theirs.transformer.named_parameters():
            if weight.ndim == 2:
                inside = name.startswith("h.")
                integers, scales = quantize((weight.T if inside else weight).numpy())
                rounded = torch.from_numpy(integers * scales[:, None])
                weight.copy_(rounded.T if inside else rounded)
        tokens = some_tokens(GPTConfig(65, 32, 3, 4, 48))
        expected = theirs(torch.tensor([tokens])).logits[0]
    script = LOAD + "return data.tokens.map((t) => { readToken(gpt, t); return [...gpt.logits]; });"
    found = run_js(["gpt.js"], script, as_data(load_gpt2(theirs), engine, tokens=tokens))
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", SIZES)
def test_attention_weights_of_all_heads_match_pytorch(size: str, engine: str, run_js) -> None:
    model, tokens = lively(SIZES[size]), some_tokens(SIZES[size])
    script = LOAD + (
        "for (const t of data.tokens) readToken(gpt, t, { looks: true, logits: false });"
        "return gpt.looks.map((look) => [...look]);"
    )
    found = run_js(["gpt.js"], script, as_data(model, engine, tokens=tokens))
    expected = all_weights(dequantized(model), tokens)
    for t, look in enumerate(found):
        rows = np.reshape(look, (len(expected), t + 1))
        np.testing.assert_allclose(rows, expected[:, t, : t + 1], atol=1e-5)
        np.testing.assert_allclose(rows.sum(1), 1, atol=1e-6)


def test_without_webassembly_the_page_falls_back_and_says_so(run_js) -> None:
    model, tokens = lively(SIZES["in fours"]), [1, 2, 3]
    script = """
    const view = new DataView(Uint8Array.from(Buffer.from(data.weights, "base64")).buffer);
    const found = {};
    const kept = WebAssembly;
    const refusing = { Memory: kept.Memory, Module: () => { throw new Error("forbidden"); } };
    for (const [name, there] of Object.entries({ kept, refusing, missing: undefined })) {
      globalThis.WebAssembly = there;
      const gpt = decodeGpt(view, data.shape);
      for (const t of data.tokens) readToken(gpt, t);
      found[name] = [gpt.engine, [...gpt.logits]];
    }
    globalThis.WebAssembly = kept;
    return found;
    """
    found = run_js(["gpt.js"], script, as_data(model, tokens=tokens))
    assert {name: engine for name, (engine, _) in found.items()} == {
        "kept": "simd",
        "refusing": "plain",
        "missing": "plain",
    }
    np.testing.assert_allclose(found["kept"][1], found["missing"][1], atol=1e-5)


def test_kernel_is_small_and_valid(run_js) -> None:
    script = "return [kernelBytes().length, WebAssembly.validate(kernelBytes())];"
    size, valid = run_js(["matrix_vector.js"], script)
    assert valid
    assert size < 500


@pytest.mark.parametrize("engine", ENGINES)
def test_multiply_matches_numpy(engine: str, run_js) -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(12, 20)).astype(np.float32)
    vector = rng.normal(size=16).astype(np.float32)
    script = """
    const { numbers, multiply, engine } = roomWithMultiply(300, data.simd);
    numbers.set(data.matrix, 4);
    numbers.set(data.vector, 250);
    multiply(4, 250, 270, 8, 16, 20);
    return [engine, [...numbers.subarray(268, 280)]];
    """
    data = {"matrix": matrix.ravel().tolist(), "vector": vector.tolist(), "simd": engine == "simd"}
    named, found = run_js(["matrix_vector.js"], script, data)
    assert named == engine
    np.testing.assert_allclose(found[2:10], matrix[:8, :16] @ vector, rtol=1e-5, atol=1e-5)
    assert found[:2] == found[10:] == [0, 0]  # nothing else is written


def test_window_keeps_the_last_half(run_js) -> None:
    script = "return data.map(([n, room]) => windowStart(n, room));"
    pairs = [(n, room) for room in (2, 3, 8, 13) for n in range(1, 60)]
    starts = run_js(["gpt.js"], script, pairs)
    for (n, room), start in zip(pairs, starts, strict=True):
        assert start == 0 if n <= room else max(1, room // 2) <= n - start <= room
    assert [run_js(["gpt.js"], script, [(n, 8)])[0] for n in (8, 9, 13, 14)] == [0, 5, 5, 10]


@pytest.mark.parametrize("engine", ENGINES)
def test_greedy_text_beyond_the_window_matches_generate(engine: str, run_js) -> None:
    config = SIZES["not in fours"]
    model = lively(config, seed=4)
    script = (
        LOAD
        + """
    const text = data.tokens.slice();
    for (let n = 0; n < data.n; n += 1) {
      for (const _ of followText(gpt, text));
      text.push(gpt.logits.indexOf(Math.max(...gpt.logits)));
    }
    return text;
    """
    )
    data = as_data(model, engine, tokens=[0, 5, 3], n=60)
    expected = generate(dequantized(model), torch.tensor([[0, 5, 3]]), 60, temperature=0)
    assert run_js(["gpt.js"], script, data) == expected[0].tolist()
    assert len(set(expected[0].tolist())) > 3


def test_going_back_reads_only_what_is_new_and_gives_the_same(run_js) -> None:
    script = (
        LOAD
        + """
    const run = (text) => [...followText(gpt, text, { looks: true })];
    const looks = () => gpt.looks.map((look) => [...look]);
    return data.texts.map((text) => [run(text), [...gpt.logits], looks()]);
    """
    )
    texts = [[0, 1, 2, 3], [0, 1, 2, 3, 4], [0, 1, 5], [0, 1, 5], [0, 1], [6, 1]]
    model = lively(SIZES["in fours"])
    found = run_js(["gpt.js"], script, as_data(model, texts=texts))
    assert [places for places, _, _ in found] == [[0, 1, 2, 3], [4], [2], [], [1], [0, 1]]
    rounded = dequantized(model)
    for text, (_, logits, looks) in zip(texts, found, strict=True):
        with torch.no_grad():
            expected = rounded(torch.tensor([text]))[0, -1]
        np.testing.assert_allclose(logits, expected, atol=1e-4)
        assert [len(look) for look in looks] == [4 * (t + 1) for t in range(len(text))]


def test_wrong_bytes_and_tokens_are_refused_in_the_page(run_js) -> None:
    script = (
        LOAD
        + """
    const message = (attempt) => { try { attempt(); return ""; } catch (e) { return e.message; } };
    const all = [
      () => decodeGpt(new DataView(new ArrayBuffer(12)), data.shape),
      () => readToken(gpt, 20), () => readToken(gpt, -1), () => readToken(gpt, undefined),
      () => { for (let n = 0; n < 17; n += 1) readToken(gpt, 0); },
    ];
    return all.map(message);
    """
    )
    data = as_data(lively(SIZES["in fours"]))
    size = len(base64.b64decode(data["weights"]))
    assert run_js(["gpt.js"], script, data) == [
        f"expected {size} bytes of weights, got 12",
        "expected a token from 0 to 19, got 20",
        "expected a token from 0 to 19, got -1",
        "expected a token from 0 to 19, got undefined",
        "expected at most 16 tokens, got one more",
    ]


def test_quantization_cost_is_the_difference_in_bits() -> None:
    vocabulary = CharacterVocabulary.from_text(TEXT)
    model = lively(GPTConfig(len(vocabulary), 16, 2, 2, 16))
    cost = quantization_cost(model, vocabulary, TEXT)
    exact, rounded = (
        bits_per_character(one, vocabulary, TEXT, 16) for one in (model, dequantized(model))
    )
    assert cost == pytest.approx(rounded - exact)
    assert 0 < abs(cost) < 0.1


def test_note_states_a_true_limit() -> None:
    model = lively(SIZES["in fours"])
    tokens = some_tokens(SIZES["in fours"], 40)
    said = float(rounding_note(model, tokens).split("more than ")[1].split(" percentage")[0])
    seen = torch.tensor([tokens[:16]])
    with torch.no_grad():
        chances = [one(seen).double().softmax(-1) for one in (model, dequantized(model))]
    error = 100 * (chances[0] - chances[1]).abs().max().item()
    assert 0 < error <= said * (1 + 1e-9) < 2 * error * (1 + 1e-9)


def test_rounding_leaves_the_model_as_it_was() -> None:
    model = lively(SIZES["in fours"])
    before = model.token_embedding.weight.clone()
    rounded = dequantized(model)
    assert torch.equal(before, model.token_embedding.weight)
    assert rounded.head.weight is rounded.token_embedding.weight
    assert pack_gpt(rounded, 20).weights[-100:] == pack_gpt(model, 20).weights[-100:]


def test_vocabularies_are_packed_by_kind() -> None:
    letters = CharacterVocabulary.from_text(TEXT)
    assert pack_vocabulary(letters) == ({"kind": "characters", "tokens": list(letters.tokens)}, b"")
    pairs = BytePairTokenizer.train(TEXT * 3, 12)
    packed, merges = pack_vocabulary(pairs)
    assert (packed["kind"], packed["special"], len(packed["bytes"])) == ("bytes", ["</s>"], 256)
    assert len(merges) == 4 * len(pairs.merges)
    with pytest.raises(ValueError, match="characters or byte pairs, got words"):
        pack_vocabulary(WordVocabulary.from_text("how are you"))
    with pytest.raises(ValueError, match="or a BytePairTokenizer, got list"):
        pack_vocabulary([])


def test_misfit_models_are_refused() -> None:
    model = lively(SIZES["in fours"])
    with pytest.raises(ValueError, match="a vocabulary of 20 tokens, got 21"):
        pack_gpt(model, 21)
    with pytest.raises(ValueError, match="at least 2 tokens, got 1"):
        pack_gpt(GPT(GPTConfig(5, 1, 1, 1, 4)), 5)
    nn.init.constant_(model.blocks[1].feed_forward.expand.bias, float("nan"))
    with pytest.raises(ValueError, match="expected finite weights"):
        pack_gpt(model, 20)
    model = lively(SIZES["in fours"])
    model.norm.eps = 1e-6
    with pytest.raises(ValueError, match=r"eps = 1e-05, got \[1e-06, 1e-05\]"):
        pack_gpt(model, 20)
    model = lively(SIZES["in fours"])
    model.head = nn.Linear(8, 20, bias=False)
    with pytest.raises(ValueError, match="a head that is the token embedding"):
        pack_gpt(model, 20)
