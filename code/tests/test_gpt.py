"""The GPT: by hand, against transformers' GPT-2, and what its cache and its mask promise."""

import logging
import math

import pytest
import torch
from torch.nn import functional as F

from unrolled.corpus import CharacterVocabulary
from unrolled.gpt import GPT, Block, FeedForward, GPTConfig, load_gpt2
from unrolled.sampling import continue_text, generate
from unrolled.training import TrainingConfig, streams, train_on_text
from unrolled.yardstick import bits_per_character, surprises

CONFIG = GPTConfig(vocab_size=11, context_length=16, n_layers=2, n_heads=2, embedding_size=8)
V, T, C = CONFIG.vocab_size, CONFIG.context_length, CONFIG.embedding_size


def gpt(config: GPTConfig = CONFIG) -> GPT:
    """Return a model with weights large enough that every part of it shows in the logits."""
    torch.manual_seed(0)
    model = GPT(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return model


def tokens(B: int = 3, length: int = T) -> torch.Tensor:
    return torch.randint(V, (B, length), generator=torch.Generator().manual_seed(1))


def gpt2(**changes):
    """A small GPT-2 of transformers with random weights, its biases and norms included."""
    logging.getLogger("transformers").setLevel(logging.ERROR)
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(2)
    sizes = {"vocab_size": 37, "n_positions": 24, "n_embd": 32, "n_layer": 3, "n_head": 4}
    theirs = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(**sizes, bos_token_id=0, eos_token_id=0, **changes)
    )
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return theirs.eval()


def test_feed_forward_by_hand():
    part = FeedForward(1)
    with torch.no_grad():
        part.expand.weight.copy_(torch.tensor([[1.0], [-1.0], [2.0], [0.0]]))
        part.expand.bias.copy_(torch.tensor([0.0, 0.0, 0.0, 1.0]))
        part.contract.weight.copy_(torch.tensor([[1.0, 10.0, 100.0, 1000.0]]))
        part.contract.bias.fill_(0.5)

    def gelu(x):
        return x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))

    expected = gelu(3) + 10 * gelu(-3) + 100 * gelu(6) + 1000 * gelu(1) + 0.5
    assert part(torch.tensor([[3.0]])).item() == pytest.approx(expected, rel=1e-5)


def test_a_block_adds_twice_to_the_stream():
    torch.manual_seed(0)
    block, x = Block(C, 2), torch.randn(2, 5, C)
    with torch.no_grad():
        middle = x + block.attention(F.layer_norm(x, (C,)))
        expected = middle + block.feed_forward(F.layer_norm(middle, (C,)))
        assert torch.allclose(block(x), expected, atol=1e-6)
        for part in (block.attention.project_out, block.feed_forward.contract):
            part.weight.zero_()
            part.bias.zero_()
        assert torch.equal(block(x), x)  # parts that add nothing leave the stream alone


@torch.no_grad()
def test_equals_gpt2_of_transformers():
    theirs = gpt2()
    ours = load_gpt2(theirs)
    text = torch.randint(37, (2, 24), generator=torch.Generator().manual_seed(3))
    expected = theirs(text).logits
    assert expected.abs().max() > 1
    assert torch.allclose(ours(text), expected, atol=1e-4)
    assert ours.n_parameters == sum(p.numel() for p in theirs.parameters())
    assert ours.head.weight is ours.token_embedding.weight


@torch.no_grad()
def test_writes_what_gpt2_writes():
    theirs = gpt2()
    start = torch.tensor([[5, 6, 7]])
    expected = theirs.generate(
        start, attention_mask=torch.ones_like(start), max_new_tokens=15, do_sample=False,
        eos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    assert torch.equal(generate(load_gpt2(theirs), start, 15, temperature=0), expected)


def test_another_activation_is_refused():
    with pytest.raises(ValueError, match="expected GELU with tanh, got 'relu'"):
        load_gpt2(gpt2(activation_function="relu"))


@torch.no_grad()
@pytest.mark.parametrize("cuts", [(5, 11), (1, 2, 3), (15,), range(1, T)])
def test_the_cache_equals_a_full_pass(cuts):
    model, text = gpt(), tokens()
    whole, cache = model.run(text)
    pieces, state = [], None
    for piece in text.tensor_split(tuple(cuts), dim=1):
        hidden, state = model.run(piece, state)
        pieces.append(hidden)
    assert torch.allclose(torch.cat(pieces, 1), whole, atol=1e-5)
    for present, expected in zip(state, cache, strict=True):
        for part, other in zip(present, expected, strict=True):
            assert part.shape == (3, 2, T, C // 2)
            assert torch.allclose(part, other, atol=1e-5)


@torch.no_grad()
def test_the_future_changes_nothing_and_the_past_does():
    model, other = gpt(), tokens().clone()
    other[:, 7] = (other[:, 7] + 1) % V
    before, after = model(tokens()), model(other)
    assert torch.allclose(before[:, :7], after[:, :7], atol=1e-6)
    for t in range(7, T):
        assert not torch.allclose(before[:, t], after[:, t], atol=1e-3)


@torch.no_grad()
def test_without_positions_order_is_invisible_to_one_block():
    model = gpt(GPTConfig(V, T, 1, 2, C))
    text = tokens(1)
    shuffled = torch.cat([text[:, torch.randperm(T - 1)], text[:, -1:]], 1)
    assert not torch.allclose(model(text)[:, -1], model(shuffled)[:, -1], atol=1e-3)
    model.position_embedding.weight.zero_()
    assert torch.allclose(model(text)[:, -1], model(shuffled)[:, -1], atol=1e-5)


def test_parameter_counts_by_part():
    N = CONFIG.n_layers
    expected = {
        "token embedding and head": V * C,
        "position embedding": T * C,
        "attention": N * (4 * C * C + 4 * C),
        "feed_forward": N * (8 * C * C + 5 * C),
        "norm_1": N * 2 * C,
        "norm_2": N * 2 * C,
        "last norm": 2 * C,
    }
    assert gpt().parameters_by_part() == expected
    assert gpt().n_parameters == sum(expected.values())


def test_the_smallest_gpt2_has_124_million():
    with torch.device("meta"):
        model = GPT(GPTConfig(50257, 1024, 12, 12, 768))
    assert model.n_parameters == 124_439_808


@torch.no_grad()
def test_writing_with_the_cache_equals_reading_again():
    model, start = gpt(), torch.tensor([[0, 3, 5], [0, 1, 1]])
    again = generate(model.forward, start, T - 3, temperature=0)  # a bare callable has no cache
    assert torch.equal(generate(model, start, T - 3, temperature=0), again)


@torch.no_grad()
def test_a_full_cache_is_dropped_and_its_last_half_read_again():
    model, read = gpt(), []
    run = model.run
    model.run = lambda text, state=None: (read.append(text.shape[1]), run(text, state))[1]
    written = generate(model, torch.tensor([[0, 1, 2]]), 30, temperature=0)
    del model.run
    expected = [3, *[1] * 13, T // 2, *[1] * 8, T // 2, *[1] * 6]
    assert read == expected
    assert written.shape == (1, 33)
    seen = written[:, 17 - T // 2 : 17]  # after 16 tokens the cache is full; the 17th won't fit
    assert model(seen)[0, -1].argmax() == written[0, 17]


@torch.no_grad()
def test_a_prompt_longer_than_the_context_is_shortened():
    model = gpt()
    long = torch.cat([tokens(1), tokens(1)], 1)  # (1, 2T)
    assert (
        generate(model, long, 1, temperature=0)[0, -1] == model(long[:, -T // 2 :])[0, -1].argmax()
    )


@torch.no_grad()
def test_probabilities_sum_to_one():
    assert torch.allclose(gpt()(tokens()).softmax(-1).sum(-1), torch.ones(3, T))
    assert gpt()(tokens(2, 4)).shape == (2, 4, V)


@torch.no_grad()
def test_a_new_model_gives_all_tokens_nearly_equal_chances():
    torch.manual_seed(0)
    fresh = GPT(CONFIG)(tokens()).softmax(-1)
    assert fresh.min() > 0.8 / V
    assert fresh.max() < 1.2 / V


def test_it_learns_a_text_by_heart():
    torch.manual_seed(0)
    vocabulary = CharacterVocabulary.from_text("the cat sat. ")
    text = "the cat sat. the hat. " * 12
    model = GPT(GPTConfig(len(vocabulary), 32, 1, 2, 32))
    train = torch.tensor([0, *vocabulary.encode(text)])
    config = TrainingConfig(steps=60, learning_rate=1e-2, matrix_rate=0.02, record_every=20)
    records = list(train_on_text(model, streams(train, 4, 32), config))
    assert [r.step for r in records] == [20, 40, 60]
    assert records[-1].nats < 0.3 < records[0].nats
    assert continue_text(model, vocabulary, "the cat", 14, 0.0).startswith("the cat sat. the")
    assert bits_per_character(model, vocabulary, text, 32) < math.log2(len(vocabulary))


def test_training_carries_nothing_from_window_to_window():
    model, states = gpt(), []
    run = model.run
    model.run = lambda tokens, state=None: (states.append(state), run(tokens, state))[1]
    config = TrainingConfig(steps=3, learning_rate=0.01)
    list(train_on_text(model, streams(tokens(1, 200)[0], 2, T), config))  # else: 16 of 16 places
    assert states == [None, None, None]


def test_muon_gets_the_matrices_of_the_blocks_and_adam_both_tables():
    model = gpt()
    assert [m.shape for m in model.matrices] == 2 * [(3 * C, C), (C, C), (4 * C, C), (C, 4 * C)]
    before = [m.detach().clone() for m in model.parameters()]
    config = TrainingConfig(steps=1, learning_rate=1e-9, matrix_rate=0.1)
    list(train_on_text(model, streams(tokens(1, 200)[0], 2, T), config))
    moved = {
        id(m)
        for m, old in zip(model.parameters(), before, strict=True)
        if (m - old).abs().max() > 1e-4
    }
    assert moved == {id(m) for m in model.matrices}


def test_low_precision_is_close():
    losses = []
    for low in (False, True):
        torch.manual_seed(0)
        config = TrainingConfig(steps=3, learning_rate=1e-3, record_every=3)
        stream = streams(tokens(1, 200)[0], 2, T)
        losses.append(next(r.nats for r in train_on_text(GPT(CONFIG), stream, config, low)))
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], abs=0.02)


def test_bad_input():
    model = gpt()
    with pytest.raises(ValueError, match=r"\(B, T\), T > 0, got \(3,\)"):
        model(torch.tensor([1, 2, 3]))
    with pytest.raises(ValueError, match="at most 16 tokens, got 17"):
        model(torch.zeros(1, 17, dtype=torch.int64))
    _, cache = model.run(tokens())
    with pytest.raises(ValueError, match="at most 16 tokens, got 18"):
        model.run(tokens(3, 2), cache)
    with pytest.raises(ValueError, match=r"sizes of at least 1, got \{'n_layers': 0\}"):
        GPTConfig(V, T, 0, 2, C)
    with pytest.raises(ValueError, match="multiple of 3 heads, got 8"):
        GPTConfig(V, T, 1, 3, C)
    with pytest.raises(ValueError, match="at most 16 tokens, got 20"):
        surprises(model, torch.ones(20, dtype=torch.int64))
