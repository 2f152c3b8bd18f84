"""The vanilla cell and the recurrent model: by hand, against PyTorch, and what memory promises."""

import math

import pytest
import torch
from torch import nn

from unrolled.corpus import CharacterVocabulary
from unrolled.gated import GRUCell, LSTMCell
from unrolled.rnn import (
    RecurrentModel,
    VanillaCell,
    begin_as_unigram,
    detached,
    unroll,
)
from unrolled.sampling import continue_text, generate
from unrolled.training import TrainingConfig, streams, train_on_text
from unrolled.yardstick import surprises

KINDS = ("vanilla", "gru", "lstm")
CELLS = {"vanilla": VanillaCell, "gru": GRUCell, "lstm": LSTMCell}
V, C, H = 11, 6, 8


def model(kind: str, seed: int = 0) -> RecurrentModel:
    torch.manual_seed(seed)
    return RecurrentModel(V, C, H, kind)


def tokens(B: int = 3, T: int = 12) -> torch.Tensor:
    return torch.randint(V, (B, T), generator=torch.Generator().manual_seed(1))


def test_vanilla_by_hand():
    cell = VanillaCell(2, 1)
    with torch.no_grad():
        cell.weight_ih.copy_(torch.tensor([[1.0, -1.0]]))
        cell.weight_hh.fill_(0.5)
        cell.bias_ih.fill_(0.1)
        cell.bias_hh.fill_(0.2)
    h = cell(torch.tensor([[0.4, 0.2]]), torch.tensor([[0.6]]))
    assert h.item() == pytest.approx(math.tanh(0.4 - 0.2 + 0.5 * 0.6 + 0.3))


def test_vanilla_equals_pytorch():
    torch.manual_seed(3)
    twin, cell = nn.RNNCell(C, H).double(), VanillaCell(C, H).double()
    cell.load_state_dict(twin.state_dict())
    x, h = torch.randn(4, C, dtype=torch.float64), torch.randn(4, H, dtype=torch.float64)
    assert torch.allclose(cell(x, h), twin(x, h), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_fast_core_does_what_the_cell_does(kind):
    m = model(kind).double()
    cell = CELLS[kind](C, H).double()
    with torch.no_grad():
        for name, parameter in cell.named_parameters():
            parameter.copy_(getattr(m.core, f"{name}_l0"))
    zeros = torch.zeros(3, H, dtype=torch.float64)
    state = (zeros, zeros) if kind == "lstm" else zeros
    by_steps = unroll(cell, m.embed(tokens()), state)
    assert torch.allclose(m.run(tokens())[0], by_steps, atol=1e-12)
    assert torch.allclose(m(tokens()), m.head(by_steps), atol=1e-12)
    assert m(tokens()).shape == (3, 12, V)


@pytest.mark.parametrize("kind", KINDS)
def test_carrying_the_memory_equals_reading_in_one_go(kind):
    m = model(kind)
    hidden, whole = m.run(tokens())
    first, state = m.run(tokens()[:, :5])
    second, state = m.run(tokens()[:, 5:], state)
    assert torch.allclose(torch.cat([first, second], 1), hidden, atol=1e-6)
    for part, other in zip(state, whole, strict=True):
        assert torch.allclose(part, other, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_future_changes_nothing(kind):
    m, other = model(kind), tokens().clone()
    other[:, 7:] = (other[:, 7:] + 1) % V
    assert torch.equal(m(tokens())[:, :7], m(other)[:, :7])
    assert not torch.allclose(m(tokens())[:, 7:], m(other)[:, 7:])


@pytest.mark.parametrize("kind", KINDS)
def test_generation_with_a_carried_memory_equals_reading_again(kind):
    m = model(kind)
    start = torch.tensor([[0, 3, 5], [0, 1, 1]])
    again = generate(m.forward, start, 40, temperature=0)  # a bare callable has no memory
    assert torch.equal(generate(m, start, 40, temperature=0), again)
    assert torch.equal(generate(m, start, 40, temperature=0, context_length=50), again)


def test_a_carried_memory_reads_each_token_once():
    m, read = model("gru"), []
    run = m.run
    m.run = lambda tokens, state=None: (read.append(tokens.shape[1]), run(tokens, state))[1]
    generate(m, torch.tensor([[0, 1, 2]]), 4)
    assert read == [3, 1, 1, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_sum_to_one(kind):
    assert torch.allclose(model(kind)(tokens()).softmax(-1).sum(-1), torch.ones(3, 12))


def test_parameters_do_not_depend_on_the_length():
    m = model("vanilla")
    assert m.n_parameters == V * C + H * C + H * H + 2 * H + V * H + V
    assert m(tokens(T=3)).shape[1] == 3
    assert m(tokens(T=300)).shape[1] == 300


def test_an_lstm_begins_with_open_forget_gates():
    assert model("lstm").core.bias_ih_l0[H : 2 * H].tolist() == [1.0] * H


def test_a_beginning_as_the_unigram():
    m = model("gru")
    begin_as_unigram(m, torch.tensor([0, 3, 3, 3]))  # four tokens and eleven extra counts
    chances = m(tokens()).softmax(-1)
    assert torch.allclose(chances, chances[0, 0].expand_as(chances))
    assert chances[0, 0, [0, 3, 5]].tolist() == pytest.approx([2 / 15, 4 / 15, 1 / 15])
    with pytest.raises(ValueError, match="tokens below 11, got 11"):
        begin_as_unigram(m, torch.tensor([0, 11]))


def trained(kind: str, low_precision: bool = False) -> tuple[RecurrentModel, list]:
    """A model that has read abcabc...; the boundary token starts it."""
    vocabulary = CharacterVocabulary.from_text("abc")
    text = torch.tensor([0, *vocabulary.encode("abc" * 200)])
    torch.manual_seed(0)
    m = RecurrentModel(len(vocabulary), 4, 8, kind)
    config = TrainingConfig(steps=80, learning_rate=0.05, record_every=20, clip_norm=1.0)
    return m, list(train_on_text(m, streams(text, 4, 8), config, low_precision))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("low_precision", [False, True])
def test_training_learns_a_cycle(kind, low_precision):
    m, history = trained(kind, low_precision)
    assert history[0].nats > 0.2
    assert history[-1].nats < 0.1
    assert m.embed.weight.dtype == torch.float32
    vocabulary = CharacterVocabulary.from_text("abc")
    assert continue_text(m, vocabulary, "ab", 5, temperature=0) == "abcabca"
    text = torch.tensor(vocabulary.encode("abcabcabc"))
    assert surprises(m, text)[1:].mean() < 0.3


def test_training_is_reproducible():
    (first, a), (second, b) = trained("lstm"), trained("lstm")
    assert a == b
    assert torch.equal(first.head.weight, second.head.weight)


def test_training_carries_the_memory_and_cuts_the_gradient():
    m, states = model("vanilla"), []
    run = m.run
    m.run = lambda tokens, state=None: (states.append(state), run(tokens, state))[1]
    config = TrainingConfig(steps=3, learning_rate=0.01)
    list(train_on_text(m, streams(tokens(1, 200)[0], 2, 6), config))
    assert states[0] is None
    assert all(state.abs().sum() > 0 and not state.requires_grad for state in states[1:])


def test_a_task_that_needs_the_memory_from_the_last_window():
    """Windows of one token: what comes next hangs on the token before, two windows back."""
    text = torch.tensor([1, 1, 2, 2] * 300)  # after a 1 comes 1 or 2, as the one before it says
    torch.manual_seed(0)
    m = RecurrentModel(3, 4, 16, "vanilla")
    config = TrainingConfig(steps=400, learning_rate=0.01, record_every=400)
    (record,) = train_on_text(m, streams(text, 2, 4), config)
    assert record.accuracy > 0.9

    def forgetful():
        supply = streams(text, 2, 1)
        while True:
            yield next(supply)

    class NoMemory(RecurrentModel):
        def run(self, tokens, state=None):
            return super().run(tokens, None)

    torch.manual_seed(0)
    m = NoMemory(3, 4, 16, "vanilla")
    (record,) = train_on_text(m, forgetful(), config)
    assert record.accuracy < 0.7


def test_muon_gets_the_matrices_of_the_core():
    m = model("lstm")
    assert [matrix.shape for matrix in m.matrices] == [m.core.weight_ih_l0.shape, (4 * H, H)]


def test_detached_keeps_the_numbers():
    h = torch.ones(1, 2, 3, requires_grad=True) * 2
    assert torch.equal(detached(h), h)
    assert not detached(h).requires_grad
    assert all(not part.requires_grad for part in detached((h, h)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: RecurrentModel(V, C, 0), "at least 1, got {'hidden_size': 0}"),
        (lambda: RecurrentModel(V, C, H, "elman"), r"\['vanilla', 'gru', 'lstm'\], got 'elman'"),
        (lambda: model("gru")(torch.zeros(3, dtype=torch.int64)), r"\(B, T\), T > 0, got \(3,\)"),
        (lambda: model("gru").run(torch.zeros(1, 0, dtype=torch.int64)), r"got \(1, 0\)"),
        (
            lambda: VanillaCell(2, 3)(torch.zeros(1, 2), torch.zeros(1, 2)),
            r"memory \(B, 3\), got \(1, 2\) and \(1, 2\)",
        ),
    ],
)
def test_bad_input_says_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
