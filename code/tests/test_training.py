"""The one loop: its schedule, its records, its batches, against PyTorch's own pieces."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from unrolled import embeddings, training
from unrolled.training import Record, TrainingConfig, predicted, streams, training_steps

TEXT = torch.arange(3 * 9 + 1)  # three rows of nine, and the last row's last target


def test_the_rate_by_hand():
    config = TrainingConfig(steps=6, learning_rate=0.8, warmup_steps=2)
    rates = [config.rate(step) for step in range(1, 7)]
    assert rates == pytest.approx([0.4, 0.8, 0.8, 0.6, 0.4, 0.2])
    curve = TrainingConfig(steps=4, learning_rate=2.0, schedule="cosine")
    half = math.sqrt(0.5)
    assert [curve.rate(s) for s in range(1, 5)] == pytest.approx([2, 1 + half, 1, 1 - half])


def test_streams_by_hand():
    supply = streams(TEXT, batch_size=3, window=4)
    inputs, targets = next(supply)
    assert inputs.tolist() == [[0, 1, 2, 3], [9, 10, 11, 12], [18, 19, 20, 21]]
    assert targets.tolist() == [[1, 2, 3, 4], [10, 11, 12, 13], [19, 20, 21, 22]]
    inputs, targets = next(supply)  # each row goes on where it stopped
    assert inputs[:, 0].tolist() == [4, 13, 22]
    again, _ = next(supply)  # one token of a row is left over: all start again together
    assert again[:, 0].tolist() == [0, 9, 18]


@pytest.mark.parametrize(("batch_size", "window"), [(1, 1), (2, 3), (5, 2), (3, 8)])
def test_targets_are_the_inputs_one_place_on(batch_size, window):
    tokens = torch.randint(50, (61,), generator=torch.Generator().manual_seed(0))
    supply = streams(tokens, batch_size, window)
    first, _ = next(supply)
    for _ in range(70):
        inputs, targets = next(supply)
        assert inputs.shape == targets.shape == (batch_size, window)
        assert torch.equal(inputs[:, 1:], targets[:, :-1])
    assert first[0].tolist() == tokens[:window].tolist()


def test_predicted_is_the_mean_surprise():
    logits = torch.tensor([[[0.0, math.log(3)], [math.log(3), 0.0]]])  # .25, .75; .75, .25
    loss, accuracy = predicted(logits, torch.tensor([[1, 1]]))
    assert loss.item() == pytest.approx(-(math.log(0.75) + math.log(0.25)) / 2)
    assert accuracy.item() == 0.5
    assert predicted(logits.bfloat16(), torch.tensor([[1, 1]]))[0].dtype == torch.float32


def quadratic(config: TrainingConfig) -> tuple[nn.Parameter, list[Record]]:
    """Fit two logits to one label by the loop."""
    weight = nn.Parameter(torch.tensor([3.0, -4.0]))
    history = list(training_steps([weight], lambda g: (weight, torch.tensor([0.0, 1.0])), config))
    return weight, history


def test_the_norm_is_that_of_the_gradient_before_clipping():
    _, (record,) = quadratic(TrainingConfig(steps=1, learning_rate=0.1, clip_norm=1e-3))
    twin = torch.tensor([3.0, -4.0], requires_grad=True)
    F.binary_cross_entropy_with_logits(twin, torch.tensor([0.0, 1.0])).backward()
    assert record.gradient_norm == pytest.approx(twin.grad.norm().item(), rel=1e-6)


def test_clipping_shortens_the_gradient():
    """The first step of Adam has the same length for any gradient; the second has not."""
    weight = nn.Parameter(torch.tensor([3.0, -4.0]))
    twin = torch.tensor([3.0, -4.0], requires_grad=True)
    optimizer = torch.optim.AdamW([twin], lr=0.1, weight_decay=0.0)
    label = torch.tensor([0.0, 1.0])
    config = TrainingConfig(steps=4, learning_rate=0.1, record_every=1, clip_norm=0.02)
    for step, _ in enumerate(training_steps([weight], lambda g: (weight, label), config), 1):
        optimizer.param_groups[0]["lr"] = config.rate(step)
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(twin, label).backward()
        twin.grad *= 0.02 / twin.grad.norm()
        optimizer.step()
        assert torch.allclose(weight, twin, atol=1e-5)


def test_records_are_means_and_compare_without_their_times():
    _, history = quadratic(TrainingConfig(steps=5, learning_rate=0.1, record_every=2))
    assert [record.step for record in history] == [2, 4, 5]
    assert history[0].nats > history[-1].nats
    assert Record(1, 0.5, 1.0, 2.0, seconds=1.0) == Record(1, 0.5, 1.0, 2.0, seconds=9.0)
    assert [r.seconds for r in history] == sorted(r.seconds for r in history)


def test_stopping_early_keeps_what_was_learned():
    weight = nn.Parameter(torch.tensor([3.0]))
    config = TrainingConfig(steps=1000, learning_rate=0.1, record_every=10)
    next(iter(training_steps([weight], lambda g: (weight, torch.zeros(1)), config)))
    assert 0 < weight.item() < 3.0


def test_embeddings_train_with_this_loop():
    assert embeddings.training_steps is training.training_steps
    assert embeddings.TrainingConfig is TrainingConfig


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TrainingConfig(steps=5, warmup_steps=5), "0 to below 5 steps, got 5"),
        (lambda: TrainingConfig(schedule="step"), "'linear' or 'cosine', got 'step'"),
        (lambda: TrainingConfig(clip_norm=0), "clip_norm above 0 or None, got 0"),
        (lambda: TrainingConfig(learning_rate=0), "learning_rate above 0, got 0"),
        (lambda: next(streams(TEXT, 3, 9)), r"at least 3 x 10 tokens, got shape \(28,\)"),
        (lambda: predicted(torch.zeros(1, 2, 3), torch.zeros(1, 3)), r"\(1, 2\), got \(1, 3\)"),
    ],
)
def test_bad_input_says_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
