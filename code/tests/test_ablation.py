"""The report of changes: times read off by hand, what it asks for, and work in portions."""

import json
import math

import pytest

from unrolled import ablation
from unrolled.ablation import CHANGES, LONG, jobs, main, ratios, steps_to, summary
from unrolled.fast_gpt import FastGPTConfig
from unrolled.race import Split
from unrolled.speedrun import BASELINE, FAST

TEXT = "HAMLET:\nTo be, or not to be, that is the question:\nWhether 'tis nobler in the mind\n" * 40


def run(change: str, seed: int, steps: int, loss: float, seconds: float) -> dict:
    return {
        "change": change,
        "seed": seed,
        "steps": steps,
        "val_loss_nats_per_char": loss,
        "train_seconds": 2 * seconds,  # the machine did something else for a while
        "quickest_ms_per_step": 1000 * seconds / steps,
    }


def test_steps_to_a_loss_by_hand():
    """From 50 to 100 steps the loss falls by 0.2; half of that is at 50 root 2 steps."""
    pair = [run("x", 0, 50, 2.0, 1.0), run("x", 0, 100, 1.8, 2.0)]
    assert steps_to(1.9, pair) == pytest.approx(50 * math.sqrt(2))
    assert steps_to(1.8, pair[::-1]) == pytest.approx(100)
    assert steps_to(2.2, pair) == pytest.approx(25), "the line goes on"
    assert math.isnan(steps_to(1.9, [run("x", 0, 50, 2.0, 1.0), run("x", 0, 100, 2.1, 2.0)]))


def test_a_summary_by_hand():
    """Every change runs at 10 ms a step; seeds 0 and 1 reach 1.9 at 60 and at 100 steps."""
    runs = [run("baseline", seed, BASELINE.training.steps, 1.9, 80.0) for seed in (0, 1)]
    for name in CHANGES:
        runs += [run(name, 0, 60, 1.9, 0.6), run(name, 0, 100, 1.8, 1.0)]
        runs += [run(name, 1, 60, 2.0, 0.6), run(name, 1, 100, 1.9, 1.0)]
    runs.append(run("nothing", 0, LONG, 1.7, 99.0))  # long runs are no part of it
    rows = summary({"runs": runs})
    assert [row["change"] for row in rows] == list(CHANGES)
    for row in rows:
        assert row["ms_per_step"] == pytest.approx(10)
        assert row["loss"] == pytest.approx(1.85)
        assert row["seconds"] == pytest.approx(0.8)
        assert row["seconds_spread"] == pytest.approx(0.4 / math.sqrt(2))


def test_a_ratio_by_hand():
    """The loss of 1.9 is reached after 60 steps of 10 ms: 0.6 of the baseline's 90 seconds."""
    runs = [run("baseline", 3, 2000, 1.9, 90.0), run("nothing", 3, 60, 1.9, 0.6)]
    runs += [run("nothing", 3, 100, 1.8, 1.0), run("nothing", 4, 60, 1.9, 9.0)]
    assert ratios({"runs": runs}) == [pytest.approx(150)]


def test_each_change_changes_one_thing():
    plain = FAST.build(64)
    for name, recipe in list(CHANGES.items())[1:]:
        model = recipe.build(64)
        differs = {
            field: (value, getattr(plain.config, field))
            for field, value in vars(model.config).items()
            if value != getattr(plain.config, field)
        }
        others = (recipe.training != FAST.training) + (recipe.windows != FAST.windows)
        tables = name == "four layers, no tables"  # layers for tables is one exchange
        adam = name.startswith("Adam")  # its rate, and the head's share of it
        assert len(differs) + others == (3 if tables else 2 if adam else 1), (name, differs)
        assert model.n_parameters == pytest.approx(plain.n_parameters, rel=0.05)
    assert isinstance(plain.config, FastGPTConfig)


def test_every_run_is_asked_for_once():
    asked = [(job.change, job.seed, job.recipe.training.steps) for job in jobs(5)]
    assert len(asked) == len(set(asked))
    assert sum(change == "baseline" for change, _, _ in asked) == 5
    assert sum(change == "nothing" and steps < LONG for change, _, steps in asked) == 10


def test_work_in_portions(tmp_path, monkeypatch, capsys):
    tiny = FAST.lasting(3)
    monkeypatch.setattr(ablation, "CHANGES", {"nothing": tiny})
    monkeypatch.setattr(ablation, "jobs", lambda n: ablation.both_lengths("nothing", n))
    monkeypatch.setattr(ablation, "plays_text", lambda: TEXT)
    out = tmp_path / "report.json"
    ticks = iter([0.0, 0.0, 9.0])
    assert main(["--report", str(out), "--at-most", "5"], clock=lambda: next(ticks)) == 3
    assert "1 runs are missing" in capsys.readouterr().out
    first = json.loads(out.read_text())["runs"]
    assert main(["--report", str(out)]) == 0
    report = json.loads(out.read_text())
    assert report["runs"][:1] == first
    assert [kept["steps"] for kept in report["runs"]] == [2, 3]
    assert report["date"]
    assert report["machine"]
    assert main(["--report", str(out)]) == 0
    assert "nothing is missing" in capsys.readouterr().out
    assert Split.of(TEXT).vocabulary.tokens[0] == "</s>"
