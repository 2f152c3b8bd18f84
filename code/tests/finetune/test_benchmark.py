"""The benchmark tunes the same adapters on the same blocks in both ways."""

import json

import pytest
import torch

from unrolled.finetune import benchmark, measured


def test_both_ways_learn_the_same_in_float32(model, blocks, folder, monkeypatch, tokenizer):
    """At equal precision, only the speed may differ: stock and ours end within rounding."""
    monkeypatch.setattr(benchmark, "pack", lambda *_: blocks)
    monkeypatch.setattr(benchmark, "load_tokenizer", lambda: tokenizer)
    monkeypatch.setattr(benchmark, "load_model", lambda dtype: model(dtype))
    monkeypatch.setattr(benchmark, "merged", lambda tuned: tuned)
    choose = benchmark.machine.choose
    monkeypatch.setattr(benchmark.machine, "choose", lambda: choose(precision="float32"))
    found = {way: benchmark.measure(way, 6, 4, 16) for way in ("stock", "lora", "full")}
    losses = {way: said["val_loss_nats_per_token"] for way, said in found.items()}
    start = benchmark.evaluate(model(), blocks)
    assert losses["lora"] < start - 1e-3
    assert losses["lora"] == pytest.approx(losses["stock"], abs=1e-5)
    assert losses["full"] < start
    assert all(said["tokens_per_second"] > 0 for said in found.values())


def test_pace_by_hand():
    """Steps of 9, 2, 1, 3, 5, 2, 4, 6, 8 s: the first is left out; of eight, the quickest two."""
    ends = [0.0, 9.0, 11.0, 12.0, 15.0, 20.0, 22.0, 26.0, 32.0, 40.0]
    assert benchmark.pace(ends) == 1.5
    assert benchmark.pace([0.0, 9.0, 11.0]) == 2.0


def test_what_it_prints_and_writes(monkeypatch, tmp_path, capsys):
    speeds = {"stock": 400.0, "lora": 900.0, "full": 300.0}

    def quick(way, sizes):
        assert sizes == {"steps": 5, "batch_size": 2, "block_length": 64, "seed": sizes["seed"]}
        return {
            "tokens_per_second": speeds[way] + 100 * sizes["seed"],
            "seconds_per_step": 1.0,
            "val_loss_nats_per_token": 3.5 + (way == "lora") / 4,
            "peak_memory_megabytes": None,
        }

    monkeypatch.setattr(benchmark, "_in_its_own_process", quick)
    monkeypatch.setattr(benchmark, "load_model", lambda dtype: None)
    monkeypatch.setattr(benchmark, "evaluate", lambda *_: 4.0)
    monkeypatch.setattr(benchmark, "_held_out", lambda _: torch.zeros(1, 2))
    report = tmp_path / "report.json"
    options = ["--steps", "5", "--batch-size", "2", "--block-length", "64", "--seeds", "3"]
    assert benchmark.main([*options, "--report", str(report)]) == 0
    said = capsys.readouterr().out
    assert "lora is 2.00 times as fast as stock, and its held-out loss +0.2500 nats" in said
    assert "4.0000 -> 3.5000 nats per token" in said
    facts = json.loads(report.read_text())
    assert facts["lora_speed_over_stock"] == (900 + 100) / (400 + 100)  # of the means
    assert facts["lora_loss_over_stock_nats_per_token"] == 0.25
    assert facts["full_tokens_per_second"] == 400
    assert facts["full_peak_memory_megabytes"] is None
    assert [(run["way"], run["seed"]) for run in facts["runs"]][2:5] == [
        ("full", 0),
        ("stock", 1),
        ("lora", 1),
    ]


def test_a_process_of_its_own_gets_all_sizes(monkeypatch):
    class Done:
        stdout = "a warning\n" + json.dumps({"tokens_per_second": 1.0})

    def run(command, **_):
        said.extend(command)
        return Done

    said: list[str] = []
    monkeypatch.setattr(benchmark.subprocess, "run", run)
    found = benchmark._in_its_own_process("full", {"batch_size": 2, "seed": 3})
    assert found == {"tokens_per_second": 1.0}
    assert said[-6:] == ["--alone", "full", "--batch-size", "2", "--seed", "3"]


def test_the_kept_report_is_whole_and_meets_the_goal():
    """Speed and loss as the book claims them; the figures follow from the runs kept beside them."""
    report = measured.kept()
    assert measured.means(report["runs"]).items() <= report.items()
    assert {run["way"] for run in report["runs"]} == set(benchmark.WAYS)
    assert report["lora_speed_over_stock"] >= 1.5
    for run in report["runs"]:
        assert run["val_loss_nats_per_token"] < report["val_loss_nats_per_token_before"] - 0.1
    assert report["date"] > "2026"
    assert report["machine"]
    assert report["threads"] == 2


@pytest.mark.parametrize(("wrong", "least"), [(["--steps", "1"], 2), (["--seeds", "0"], 1)])
def test_one_step_has_no_speed(capsys, wrong, least):
    with pytest.raises(SystemExit) as stop:
        benchmark.main(wrong)
    assert stop.value.code == 2
    assert f"{wrong[0]}: expected at least {least}, got {wrong[1]}" in capsys.readouterr().err
