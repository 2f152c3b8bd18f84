"""Two processes, started by accelerate, show the losses of one."""

from __future__ import annotations

import json
import re

import pytest
from safetensors.torch import load_file

from unrolled.finetune.__main__ import main

TOLERANCE = 1e-4  # nats per token, float32: sums are taken in another order, and nothing else


LAUNCH = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", 2)
LAUNCH = (*LAUNCH, "--num_machines", 1, "--main_process_port", 0, "--mixed_precision", "no")
LAUNCH = (*LAUNCH, "--dynamo_backend", "no", "-m", "unrolled.finetune")


@pytest.mark.parametrize("method", ["lora", "full"])
def test_two_processes_and_one(command, start, tmp_path, capsys, method):
    options = ("--steps", 20, "--method", method, "--precision", "float32", "--checkpoint-every", 5)
    one, two = tmp_path / "one", tmp_path / "two"
    assert main(command(one, *options, "--report", tmp_path / "one.json")) == 0
    alone = capsys.readouterr().out
    more = (*options, "--report", tmp_path / "two.json")
    process = start(*LAUNCH, *command(two, *more))
    together, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    losses = [
        [float(nats) for nats in re.findall(r"([\d.]+) nats per token", said)]
        for said in (alone, together)
    ]
    assert len(losses[0]) == 6  # before, four records, after
    assert losses[1] == pytest.approx(losses[0], abs=TOLERANCE)
    assert losses[0][-1] < losses[0][0] - 0.01, "and they learned something"
    reports = [json.loads((tmp_path / name).read_text()) for name in ("one.json", "two.json")]
    assert [report["processes"] for report in reports] == [1, 2]
    key = "val_loss_nats_per_token"
    assert reports[1][key] == pytest.approx(reports[0][key], abs=TOLERANCE)
    weights = [load_file(out / "model.safetensors") for out in (one, two)]
    for name, tensor in weights[0].items():
        assert (weights[1][name] - tensor).abs().max() < 1e-3, name


def test_a_batch_that_two_can_not_share(command, start, tmp_path):
    process = start(*LAUNCH, *command(tmp_path / "o", "--batch-size", 3))
    _, error = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "expected a batch_size that 2 processes share evenly, got 3" in error
