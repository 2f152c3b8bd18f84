"""The benchmark tunes the same adapters on the same blocks in both ways."""

import json

import pytest
import torch

from unrolled.finetune import benchmark


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


def test_what_it_prints_and_writes(monkeypatch, tmp_path, capsys):
    speeds = {"stock": 400.0, "lora": 900.0, "full": 300.0}

    def quick(way, sizes):
        assert sizes == (5, 2, 64)
        key = "val_loss_nats_per_token"
        return {"tokens_per_second": speeds[way], key: 3.5, "peak_memory_megabytes": None}

    monkeypatch.setattr(benchmark, "_in_its_own_process", quick)
    monkeypatch.setattr(benchmark, "load_model", lambda dtype: None)
    monkeypatch.setattr(benchmark, "evaluate", lambda *_: 4.0)
    monkeypatch.setattr(benchmark, "_held_out", lambda _: torch.zeros(1, 2))
    report = tmp_path / "report.json"
    options = ["--steps", "5", "--batch-size", "2", "--block-length", "64"]
    assert benchmark.main([*options, "--report", str(report)]) == 0
    said = capsys.readouterr().out
    assert "lora is 2.25 times as fast as stock" in said
    assert "4.0000 -> 3.5000 nats per token" in said
    facts = json.loads(report.read_text())
    assert facts["lora_speed_over_stock"] == 2.25
    assert facts["full_tokens_per_second"] == 300.0


def test_one_step_has_no_speed(capsys):
    with pytest.raises(SystemExit) as stop:
        benchmark.main(["--steps", "1"])
    assert stop.value.code == 2
    assert "expected at least 2, got 1" in capsys.readouterr().err
