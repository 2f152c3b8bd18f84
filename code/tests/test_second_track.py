"""The second track: which text it is, who wins when, and what the kept report must say."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from torch import nn

from unrolled import second_track
from unrolled.race import Checkpoint, Recipe, Split
from unrolled.second_track import KEPT, pair, reached, source_code
from unrolled.training import TrainingConfig


def test_source_is_python_s_own_in_order_and_cut(tmp_path: Path) -> None:
    for name, text in {"b.py": "two = 2\n", "a.py": "one = 1\n", "c.py": "p = 'é'\n"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "d.py").write_text("no\n")
    assert source_code(tmp_path, 12) == "one = 1\n\ntwo"
    with pytest.raises(ValueError, match="at least 100 characters of source"):
        source_code(tmp_path, 100)


def test_source_of_this_python_is_long_enough() -> None:
    text = source_code()
    assert len(text) == second_track.LENGTH
    assert text.isascii()
    assert "import " in text


def test_first_look_at_the_target_counts() -> None:
    looks = [Checkpoint(n, nats, n / 10, 0.0) for n, nats in enumerate((3.0, 2.0, 1.9), 1)]
    assert reached(looks, 2.0) is looks[1]
    assert reached(looks, 1.5) is None


class Tiny(nn.Module):
    """Characters from the one before."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.rows = nn.Embedding(vocab_size, vocab_size)

    def forward(self, tokens):
        return self.rows(tokens)


def test_a_pair_says_when_the_fast_one_won() -> None:
    training = TrainingConfig(steps=40, batch_size=4, learning_rate=1e-3)
    slow = Recipe("slow", Tiny, training, ((0.0, 4, 16),), 4).lasting(40)
    fast = replace(slow, name="fast", training=replace(slow.training, learning_rate=0.3))
    split = Split.of("To be, or not to be, that is the question.\n" * 60)
    found = pair(split, 0, slow, fast)
    assert found["won_step"] == 10
    assert 0 < found["won_seconds"] < found["fast_seconds"]
    assert found["fast_loss_nats_per_char"] < found["baseline_loss_nats_per_char"]
    again = pair(split, 0, fast, slow)
    assert (again["won_step"], again["won_seconds"]) == (None, None)


def test_the_kept_report_is_whole() -> None:
    report = json.loads(KEPT.read_text(encoding="utf-8"))
    assert [run["seed"] for run in report["runs"]] == [0, 1]
    assert report["train_characters"] == 990_000
    for run in report["runs"]:
        assert run["won_step"] is None or run["won_seconds"] <= run["fast_seconds"]
    with pytest.raises(SystemExit):
        second_track.main(["--seeds", "many"])
