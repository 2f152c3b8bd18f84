"""The speedrun from a shell: its report, its messages, and as many parameters as the baseline."""

import json

import pytest
import torch

from unrolled import speedrun
from unrolled.race import Split, race, start
from unrolled.speedrun import BASELINE, FAST, RECIPES, main

TEXT = "HAMLET:\nTo be, or not to be, that is the question:\nWhether 'tis nobler in the mind\n" * 40
KEYS = {
    "recipe",
    "seed",
    "steps",
    "parameters",
    "val_loss_nats_per_char",
    "train_seconds",
    "eval_seconds",
    "target_loss_nats_per_char",
    "reached_target",
}


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_a_report(text, tmp_path, recipe, capsys):
    out = tmp_path / "out.json"
    arguments = ["--text", str(text), "--recipe", recipe, "--steps", "6", "--report", str(out)]
    assert main([*arguments, "--seed", "3"]) == 0
    report = json.loads(out.read_text())
    assert set(report) == KEYS
    assert (report["recipe"], report["seed"], report["steps"]) == (recipe, 3, 6)
    assert report["reached_target"] is False
    assert report["train_seconds"] > 0 < report["eval_seconds"]
    split = Split.of(TEXT)
    six = RECIPES[recipe].lasting(6)
    *_, last = race(start(six, split, 3), split, six, 3)
    assert report["val_loss_nats_per_char"] == last.val_nats, "the same seed, the same run"
    assert f"{report['parameters']:,} parameters" in capsys.readouterr().out


def test_stops_at_the_target(text, tmp_path):
    out = tmp_path / "out.json"
    shared = ["--text", str(text), "--steps", "100", "--report", str(out)]
    assert main([*shared, "--target-loss", "3.0"]) == 0
    report = json.loads(out.read_text())
    assert report["reached_target"] is True
    assert report["val_loss_nats_per_char"] <= 3.0
    assert report["steps"] < 100


@pytest.mark.parametrize("vocab_size", [20, 64, 128, 1000, 4500])
def test_both_have_as_many_parameters(vocab_size):
    counts = [recipe.build(vocab_size).n_parameters for recipe in (BASELINE, FAST)]
    assert counts[1] == pytest.approx(counts[0], rel=0.05)


def test_the_baseline_is_the_known_recipe():
    config, model = BASELINE.training, BASELINE.build(65)
    assert (config.steps, config.learning_rate, config.betas) == (2000, 1e-3, (0.9, 0.99))
    assert (config.weight_decay, config.clip_norm, config.schedule) == (0.1, 1.0, "cosine")
    assert BASELINE.shape(1) == BASELINE.shape(2000) == (12, 64)
    assert (model.config.n_layers, model.config.n_heads, model.config.embedding_size) == (4, 4, 128)
    assert model.context_length == 64


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "can't be read: No such file"),
        (b"", "expected at least 1280 characters of text, got 0"),
        (b"To be", "expected at least 1280 characters of text, got 5"),
        (b"\xff\xfe" * 2000, "expected UTF-8 text"),
        ("folder", "can't be read: Is a directory"),
    ],
)
def test_bad_files_get_one_line_and_status_2(tmp_path, capsys, content, message):
    path = tmp_path / "given"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    assert main(["--text", str(path)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert str(path) in error
    assert error.count("\n") == 1


def test_a_report_needs_a_folder(text, tmp_path, capsys):
    assert main(["--text", str(text), "--report", str(tmp_path / "no" / "out.json")]) == 2
    assert "expected a file in a folder that exists" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--steps", "0"], ["--target-loss", "nan"], ["--recipe", "x"]])
def test_bad_options_end_with_status_2(text, wrong, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--text", str(text), *wrong])
    assert stop.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def test_interrupted_it_keeps_what_it_has(text, tmp_path, monkeypatch):
    def impatient(*arguments):
        yield next(race(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(speedrun, "race", impatient)
    out = tmp_path / "out.json"
    assert main(["--text", str(text), "--steps", "20", "--report", str(out)]) == 130
    assert json.loads(out.read_text())["steps"] == 2


def test_any_script(tmp_path):
    path = tmp_path / "greek.txt"
    path.write_text(
        "Ἄνδρα μοι ἔννεπε, Μοῦσα, πολύτροπον, ὃς μάλα πολλὰ 🚣\n" * 60, encoding="utf-8"
    )
    assert main(["--text", str(path), "--steps", "3"]) == 0
    assert torch.get_num_threads() == 2
