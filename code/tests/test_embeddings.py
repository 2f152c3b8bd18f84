"""The 5-gram validity network: windows, noise, scores and training."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from unrolled import embeddings
from unrolled.corpus import WordVocabulary
from unrolled.embeddings import Noise, TrainingConfig, ValidityNetwork

SPEECHES = [["a", "b", "c", "d", "e", "f"], ["a", "b", "c", "d", "x", "e", "f", "a", "b", "c"]]


@pytest.fixture
def network() -> ValidityNetwork:
    torch.manual_seed(0)
    return ValidityNetwork(vocab_size=20, dim=3, hidden=4)


def language(n: int = 4000, seed: int = 0) -> torch.Tensor:
    """A stream in which word 2 + i is always followed by a word of class (i + 1) % 5.

    There are 20 words, four in each class: words of a class are interchangeable.
    """
    generator = torch.Generator().manual_seed(seed)
    which = torch.randint(4, (n,), generator=generator)
    return 2 + (torch.arange(n) % 5) * 4 + which


def test_spoken_words_by_hand():
    text = "ROMEO:\nBut soft, what's\n'tis light?\n\nFIRST WITCH:\nAy me!\n"
    assert embeddings.spoken_words(text) == [
        ["but", "soft", "what's", "tis", "light"],
        ["ay", "me"],
    ]


def test_windows_by_hand():
    vocabulary = embeddings.frequent_words(SPEECHES, min_count=2)  # x occurs once
    assert vocabulary.tokens == ("</s>", "<unk>", "a", "b", "c", "d", "e", "f")
    stream = embeddings.token_stream(SPEECHES, vocabulary)
    assert stream.tolist() == [2, 3, 4, 5, 6, 7, 0, 2, 3, 4, 5, 1, 6, 7, 2, 3, 4, 0]
    found = [vocabulary.decode(window) for window in embeddings.windows(stream)]
    assert found == ["a b c d e", "b c d e f", "e f a b c"]


def test_noise_by_hand():
    ids = torch.tensor([0, 1, 1, 1, 2] + [3] * 16)  # word 2 once, word 3 sixteen times
    noise = Noise.from_ids(ids, vocab_size=5)
    assert noise.cumulative.tolist() == pytest.approx([0, 0, 1 / 9, 1, 1])  # 16 ** .75 = 8
    drawn = noise.draw((20_000,), torch.Generator().manual_seed(0))
    shares = torch.bincount(drawn, minlength=5) / len(drawn)
    assert shares.tolist() == pytest.approx([0, 0, 1 / 9, 8 / 9, 0], abs=0.01)


def test_corrupt_changes_the_middle_of_a_copy():
    valid = embeddings.windows(language())[:500]
    before = valid.clone()
    noise = Noise.from_ids(language(), vocab_size=22)
    broken = embeddings.corrupt(valid, noise, torch.Generator().manual_seed(0))
    assert torch.equal(valid, before)
    assert torch.equal(broken[:, [0, 1, 3, 4]], valid[:, [0, 1, 3, 4]])
    assert (broken[:, 2] != valid[:, 2]).float().mean() > 0.9


def test_network_is_its_equation(network):
    window = torch.tensor([[3, 1, 4, 1, 5]])
    W = network.embed.weight.detach().double().numpy()
    M, b = (p.detach().double().numpy() for p in network.hidden.parameters())
    u, b0 = (p.detach().double().numpy() for p in network.out.parameters())
    x = np.concatenate([W[i] for i in (3, 1, 4, 1, 5)])
    by_hand = u[0] @ np.tanh(M @ x + b) + b0[0]
    assert network(window).item() == pytest.approx(by_hand, abs=1e-6)
    assert network(window).shape == (1,)
    assert network.hidden.weight.shape == (4, 15)


def test_the_table_is_shared_by_all_positions(network):
    network(torch.tensor([[3, 3, 3, 3, 3]])).sum().backward()
    touched = network.embed.weight.grad.abs().sum(dim=1) > 0
    assert touched.nonzero().ravel().tolist() == [3]


def test_training_step_is_adam_on_the_mean_log_loss():
    """One recorded step equals PyTorch's own optimizer on PyTorch's own loss."""

    def batch(generator):
        return x @ weight, labels

    generator = torch.Generator().manual_seed(1)
    x, labels = torch.randn(8, 3, generator=generator), (torch.arange(8) % 2).float()
    weight = torch.zeros(3, requires_grad=True)
    twin = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.Adam([twin], lr=0.1)
    config = TrainingConfig(steps=3, learning_rate=0.1, record_every=1)
    for step, record in enumerate(embeddings.training_steps([weight], batch, config)):
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / 3)
        p = torch.sigmoid(x @ twin)
        loss = F.binary_cross_entropy(p, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert record.step == step + 1
        assert record.nats == pytest.approx(loss.item(), abs=1e-6)
        assert torch.allclose(weight, twin, atol=1e-6)


def trained(seed: int = 0) -> tuple[ValidityNetwork, list[embeddings.Record]]:
    torch.manual_seed(seed)
    network = ValidityNetwork(vocab_size=22, dim=4, hidden=8)
    stream = language()
    config = TrainingConfig(steps=400, batch_size=128, record_every=50, seed=seed)
    noise = Noise.from_ids(stream, vocab_size=22)
    valid = embeddings.windows(stream)
    return network, list(embeddings.train_validity(network, valid, noise, config))


def test_interchangeable_words_meet():
    network, history = trained()
    assert history[0].nats > history[-1].nats
    assert history[-1].accuracy > 0.85
    table = F.normalize(network.embed.weight.detach()[2:], dim=1)
    cosines = table @ table.T
    same = (torch.arange(20)[:, None] // 4) == (torch.arange(20) // 4)
    assert cosines[same].min() > 0.8
    assert cosines[~same].max() < cosines[same].min()


def test_training_is_reproducible():
    (first, a), (second, b) = trained(), trained()
    assert a == b
    assert torch.equal(first.embed.weight, second.embed.weight)


def test_without_a_copy_the_loss_stays_at_log_2():
    def aliased(valid, noise, generator):
        valid[:, 2] = noise.draw((len(valid),), generator)
        return valid

    stream = language()
    network = ValidityNetwork(vocab_size=22, dim=4, hidden=8)
    history = list(
        embeddings.train_validity(
            network,
            embeddings.windows(stream),
            Noise.from_ids(stream, vocab_size=22),
            TrainingConfig(steps=60, batch_size=64, record_every=20),
            corrupt=aliased,
        )
    )
    assert history[-1].nats == pytest.approx(np.log(2), abs=2e-3)
    assert history[-1].accuracy == 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda n: n(torch.zeros(2, 4, dtype=torch.int64)), r"\(B, 5\), got \(2, 4\)"),
        (lambda n: ValidityNetwork(0, 3, 4), "at least 1, got {'vocab_size': 0}"),
        (lambda n: embeddings.windows(torch.zeros(3)), r"at least 5 ids.*\(3,\)"),
        (lambda n: Noise.from_ids(torch.tensor([5]), 4), "ids below 4, got 5"),
        (lambda n: Noise.from_ids(torch.tensor([0, 1]), 4), "from 2 on"),
        (lambda n: TrainingConfig(steps=0), "steps above 0, got 0"),
        (
            lambda n: next(embeddings.train_validity(n, torch.zeros(0, 5), None, TrainingConfig())),
            r"\(N, 5\), got \(0, 5\)",
        ),
    ],
)
def test_bad_input_says_what_was_expected(network, call, message):
    with pytest.raises(ValueError, match=message):
        call(network)


def test_words_outside_the_vocabulary_become_unknown():
    vocabulary = WordVocabulary(("</s>", "<unk>", "a"))
    assert embeddings.token_stream([["a", "zounds"]], vocabulary).tolist() == [2, 1, 0]
