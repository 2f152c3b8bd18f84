"""A race: windows and purses by hand, every character scored once, the same run twice."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import nn

from unrolled.race import (
    WINDOW,
    Recipe,
    Split,
    TextError,
    race,
    read_text,
    score,
    start,
)
from unrolled.training import TrainingConfig

TEXT = "To be, or not to be, that is the question.\n" * 60


class Frequencies(nn.Module):
    """Says the same logits everywhere."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(vocab_size))

    def forward(self, tokens):
        return self.logits.expand(*tokens.shape, -1)


RECIPE = Recipe(
    "tiny",
    Frequencies,
    TrainingConfig(steps=40, learning_rate=0.1),
    ((0.0, 4, 16), (0.5, 2, 32)),
    4,
).lasting(40)


def test_the_last_tenth_judges():
    split = Split.of(TEXT)
    assert len(split.train) == len(TEXT) * 9 // 10
    whole = torch.cat([split.train, split.validation]).tolist()
    assert split.vocabulary.decode(whole) == TEXT


def test_every_character_is_scored_once():
    """Constant logits: the score is the mean of -log p over the validation text, rest included."""
    split = Split.of(TEXT)
    assert len(split.validation) % WINDOW, "a last window that isn't full"
    model = Frequencies(len(split.vocabulary))
    torch.nn.init.normal_(model.logits, generator=torch.Generator().manual_seed(0))
    by_hand = -model.logits.log_softmax(0)[split.validation].mean().item()
    assert score(model, split) == pytest.approx(by_hand, rel=1e-5)


def test_a_window_is_predicted_from_what_stands_before_it():
    """A model that knows the alphabet's order: each target follows from the character before."""
    split = Split.of("abcdefghijklmnopqrstuvwxyz" * 60)

    def knows(tokens):
        following = torch.where(tokens == 26, 1, tokens + 1)  # ids 1 to 26 are a to z
        return torch.nn.functional.one_hot(following, 27) * 30.0

    assert score(knows, split) < 1e-6


def test_shapes_by_hand():
    assert [RECIPE.shape(step) for step in (1, 20, 21, 40)] == [(4, 16), (4, 16), (2, 32), (2, 32)]
    longer = RECIPE.lasting(400)
    assert longer.shape(200) == (4, 16)
    assert (longer.training.steps, longer.training.record_every) == (400, 100)


def test_checkpoints_and_purses():
    split = Split.of(TEXT)
    model = start(RECIPE, split)
    looks = list(race(model, split, RECIPE))
    assert [look.step for look in looks] == [10, 20, 30, 40]
    assert all(a.train_seconds < b.train_seconds for a, b in pairwise(looks))
    assert all(a.eval_seconds < b.eval_seconds for a, b in pairwise(looks))
    assert looks[-1].val_nats < math.log(len(split.vocabulary)) - 0.3
    assert looks[-1].val_nats == pytest.approx(score(model, split))


def test_a_race_stops_at_the_first_look_that_reaches_the_target():
    split = Split.of(TEXT)
    whole = list(race(start(RECIPE, split), split, RECIPE))
    stopped = list(race(start(RECIPE, split), split, RECIPE, target=whole[1].val_nats))
    assert [look.val_nats for look in stopped] == [look.val_nats for look in whole[:2]]


def test_a_seed_decides_everything():
    split = Split.of(TEXT)
    losses = [
        [look.val_nats for look in race(start(RECIPE, split, seed), split, RECIPE, seed)]
        for seed in (1, 1, 2)
    ]
    assert losses[0] == losses[1] != losses[2]


def test_warmup_keeps_its_share_of_the_steps():
    recipe = replace(RECIPE, training=TrainingConfig(steps=40, warmup_steps=10))
    assert recipe.lasting(400).training.warmup_steps == 100
    assert recipe.lasting(1).training.warmup_steps == 0


def test_bad_texts(tmp_path):
    with pytest.raises(TextError, match=r"at least 1280 characters of text, got 5"):
        Split.of("short")
    (tmp_path / "latin.txt").write_bytes("café".encode("latin-1"))
    with pytest.raises(TextError, match=r"expected UTF-8 text, got other bytes at 3"):
        read_text(tmp_path / "latin.txt")
    with pytest.raises(TextError, match="can't be read: No such file"):
        read_text(tmp_path / "missing.txt")
    with pytest.raises(TextError, match="can't be read: Is a directory"):
        read_text(tmp_path)
