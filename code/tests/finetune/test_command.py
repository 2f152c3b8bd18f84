"""The command: its report, its messages, kills at any moment, a full disk, and memory."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import time

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from unrolled import pretrained
from unrolled.finetune import checkpoints, machine, session
from unrolled.finetune.__main__ import main, short_of_memory

KEYS = {
    "recipe",
    "model",
    "seed",
    "steps",
    "parameters",
    "trained_parameters",
    "device",
    "precision",
    "processes",
    "train_tokens",
    "tokens_per_second",
    "val_loss_nats_per_token_before",
    "val_loss_nats_per_token",
    "val_loss_nats_per_char_before",
    "val_loss_nats_per_char",
    "val_bits_per_char",
    "train_seconds",
    "eval_seconds",
    "total_seconds",
    "peak_memory_megabytes",
}


def result(out):
    return load_file(out / "model.safetensors")


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_run_and_its_report(command, tmp_path, capsys, method):
    out, report = tmp_path / "out", tmp_path / "report.json"
    options = ("--steps", 30, "--method", method, "--learning-rate", 0.01, "--report", report)
    assert main(command(out, *options)) == 0
    facts = json.loads(report.read_text())
    assert set(facts) == KEYS
    assert (facts["recipe"], facts["steps"], facts["processes"]) == (method, 30, 1)
    assert facts["train_tokens"] == 30 * 8 * 32
    assert facts["val_loss_nats_per_token"] < facts["val_loss_nats_per_token_before"] - 0.1
    assert facts["val_bits_per_char"] == pytest.approx(facts["val_loss_nats_per_char"] / 0.693147)
    assert (facts["trained_parameters"] == facts["parameters"]) == (method == "full")
    said = capsys.readouterr().out
    for part in ("on cpu in", "step    10 of 30", "nats per token", "tokens/s", "0 min 0", "ready"):
        assert part in said
    model = AutoModelForCausalLM.from_pretrained(out)
    assert model.dtype == torch.float32
    assert AutoTokenizer.from_pretrained(out).decode(
        model.generate(torch.tensor([[10, 11]]), max_new_tokens=2, pad_token_id=0)[0]
    )


def test_resumed_after_the_end_it_only_writes_the_result_again(command, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(command(out, "--steps", 6)) == 0
    expected = result(out)
    (out / "model.safetensors").unlink()
    assert main(["--out", str(out), "--resume"]) == 0
    assert "goes on from step 6" in capsys.readouterr().out
    assert same(result(out), expected)


def test_with_nothing_there_resume_begins(command, tmp_path, capsys):
    assert main(command(tmp_path / "out", "--steps", 2, "--resume")) == 0
    said = capsys.readouterr().out
    assert "out: no checkpoint to go on from, so it begins" in said
    assert "goes on from step" not in said


# --- killed ---------------------------------------------------------------------------------------

SLOW_WRITES = """
import sys, time, pathlib
from unrolled.finetune import checkpoints
from unrolled.finetune.__main__ import main
fill = checkpoints._fill
def slowly(run, partial):
    state = partial / checkpoints.STATE
    state.write_bytes(b"half of it")
    if run.step == 9:
        pathlib.Path(sys.argv[1], "in the middle").touch()
        time.sleep(60)
    fill(run, partial)
checkpoints._fill = slowly
sys.exit(main(sys.argv[2:]))
"""


def wait_for(condition, process):
    for _ in range(2400):
        if condition():
            return
        if process.poll() is not None:
            pytest.fail(process.communicate()[1])
        time.sleep(0.025)
    pytest.fail("it took longer than a minute")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_at_any_moment_it_ends_with_the_same_weights(command, start, tmp_path):
    """Before the first checkpoint, between two, and in the middle of writing one."""
    options = ("--steps", 12, "--checkpoint-every", 3)
    whole, out = tmp_path / "whole", tmp_path / "out"
    assert main(command(whole, *options)) == 0
    shots = [
        lambda: (out / "run.json").exists(),
        lambda: (out / "checkpoints" / "step-00000003").exists(),
        lambda: (tmp_path / "in the middle").exists(),
    ]
    for shot in shots:
        process = start("-c", SLOW_WRITES, tmp_path, *command(out, *options, "--resume"))
        wait_for(shot, process)
        process.send_signal(signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
        assert not (out / "config.json").exists(), "half a result is none"
    assert (out / "checkpoints" / "step-00000009.partial").exists()
    place, complaints = checkpoints.latest(out / "checkpoints")
    assert (place.name, complaints) == ("step-00000006", []), "3 steps are lost at most"
    assert main(["--out", str(out), "--resume", "--checkpoint-every", "3"]) == 0
    assert same(result(out), result(whole))
    left = {path.name for path in (out / "checkpoints").iterdir()}
    assert left == {"step-00000009", "step-00000012"}


SLOW_RESULT = """
import os, sys, time, pathlib
from unrolled.finetune.__main__ import main
replace = os.replace
def slowly(source, target):
    if pathlib.Path(target).name == "config.json":
        pathlib.Path(sys.argv[1], "at the end").touch()
        time.sleep(60)
    replace(source, target)
os.replace = slowly
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_while_the_result_takes_its_place(command, start, tmp_path):
    """The weights are there, the configuration isn't: nothing that loads, and it ends as ever."""
    whole, out = tmp_path / "whole", tmp_path / "out"
    assert main(command(whole, "--steps", 4)) == 0
    process = start("-c", SLOW_RESULT, tmp_path, *command(out, "--steps", 4))
    wait_for(lambda: (tmp_path / "at the end").exists(), process)
    process.send_signal(signal.SIGKILL)
    assert process.wait(30) == -signal.SIGKILL
    assert (out / "model.safetensors").exists()
    assert not (out / "config.json").exists()
    assert main(["--out", str(out), "--resume"]) == 0
    assert same(result(out), result(whole))
    assert not list(out.glob("*.partial"))


def test_interrupted_by_hand(command, tmp_path, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "write", interrupted)
    assert main(command(tmp_path / "out", "--steps", 2)) == 130
    assert "--resume` goes on" in capsys.readouterr().err


# --- what can't be done ---------------------------------------------------------------------------


def complaint(capsys):
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    return error


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "can't be read: No such file"),
        (b"", "expected text, got an empty file"),
        (b" \n\n", "expected text, got an empty file"),
        (b"\x7fELF\x00\x00\x01" * 500, "expected text, got a binary file"),
        (b"\x89PNG\xff\xfe" * 500, "expected UTF-8 text"),
        (b"To be", "the text: expected at least 32 tokens of text, got 6"),
        (b"To be or not to be " * 15, "held out: expected at least 32 tokens of text, got 29"),
    ],
)
def test_bad_texts(folder, tmp_path, capsys, content, message):
    path = tmp_path / "text"
    if content is not None:
        path.write_bytes(content)
    options = ["--out", str(tmp_path / "out"), "--model", str(folder), "--block-length", "32"]
    assert main([*options, "--text", str(path)]) == 2
    assert message in complaint(capsys)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--model", "./no/such/folder"], "expected a folder with a model, found none there"),
        (["--model", "nobody/nothing"], "no folder has this name, the hub can't be reached"),
        (["--block-length", "65"], "expected at most the model's 64, got 65"),
        (["--report", "no/such/report.json"], "expected a file in a folder that exists"),
        (["--learning-rate", "-1"], "expected learning_rate above 0, got -1.0"),
    ],
)
def test_bad_options(command, tmp_path, capsys, monkeypatch, changed, message):
    monkeypatch.setattr(pretrained, "hub_answers", lambda: False)
    assert main(command(tmp_path / "out", "--steps", 2, *changed)) == 2
    assert message in complaint(capsys)


def test_a_folder_that_holds_another_run(command, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(command(out, "--steps", 2)) == 0
    capsys.readouterr()
    assert main(command(out, "--steps", 2)) == 2
    assert "holds a run already: go on with --resume" in complaint(capsys)
    assert main(command(out, "--steps", 3, "--resume")) == 2
    assert "--steps: the run in" in complaint(capsys)
    (out / "run.json").write_text("{}")
    assert main(command(out, "--resume")) == 2
    assert "can't be read as the settings of a run" in complaint(capsys)


def test_a_text_that_changed_meanwhile(folder, text, tmp_path, capsys):
    copy, out = tmp_path / "copy.txt", tmp_path / "out"
    copy.write_bytes(text.read_bytes())
    options = ["--out", str(out), "--model", str(folder), "--block-length", "32", "--steps", "2"]
    assert main([*options, "--text", str(copy)]) == 0
    copy.write_bytes(text.read_bytes()[100:])
    capsys.readouterr()
    assert main(["--out", str(out), "--resume"]) == 2
    assert "the text or the tokenizer has changed" in complaint(capsys)


def test_an_out_that_is_a_file_or_below_one(command, text, capsys):
    assert main(command(text)) == 2
    assert f"{text}: expected a folder, found a file\n" in complaint(capsys)
    assert main(command(text / "deeper" / "out")) == 2
    assert f"expected a folder, found a file at {text}" in complaint(capsys)


def test_an_out_in_a_folder_that_is_read_only(command, tmp_path, monkeypatch, capsys):
    """Found out before the model is loaded. (Nothing is read-only for root, so it is told so.)"""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, how: may(path, how) and path != locked)
    monkeypatch.setattr(session, "load_model", None)
    assert main(command(locked / "out")) == 2
    assert f"expected a place to write, but {locked} is read-only" in complaint(capsys)


def test_a_disk_that_turns_read_only_later(command, tmp_path, monkeypatch, capsys):
    def refuse(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(session, "keep", refuse)
    assert main(command(tmp_path / "out", "--steps", 2)) == 1
    assert "Read-only file system. Checkpoints written before" in complaint(capsys)


def test_processes_that_accelerate_was_asked_for_and_did_not_start(
    command, tmp_path, monkeypatch, capsys
):
    """The environment of `accelerate launch --cpu --num_processes 2`, as it is found to be."""
    monkeypatch.setenv("ACCELERATE_DYNAMO_BACKEND", "NO")
    assert main(command(tmp_path / "one", "--steps", 2)) == 0  # --num_processes 1
    capsys.readouterr()
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    assert main(command(tmp_path / "two", "--steps", 2)) == 2
    assert "asked for several processes and has started one" in complaint(capsys)
    monkeypatch.setenv("WORLD_SIZE", "1")  # torchrun has counted: one is what was asked for
    assert not machine.left_alone()


LIMITED = """
import resource, sys
from unrolled.finetune.__main__ import main
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sets no such limit")
def test_no_room_for_a_checkpoint_or_the_result(command, start, tmp_path):
    """The system refuses to write more than 100 kB: adapters fit, the model doesn't."""
    out, options = tmp_path / "out", ("--steps", 4, "--checkpoint-every", 2)
    process = start("-c", LIMITED, 100_000, *command(out, *options))
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1, error
    assert "File too large" in error.splitlines()[-1]
    assert error.count("\n") == 1, error
    assert checkpoints.latest(out / "checkpoints")[0].name == "step-00000004"
    assert not list(out.glob("*.partial"))
    process = start("-c", LIMITED, 10_000, *command(tmp_path / "other", *options))
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1, error
    assert "File too large" in error.splitlines()[-1]
    assert list((tmp_path / "other" / "checkpoints").iterdir()) == []
    assert main(["--out", str(out), "--resume"]) == 0, "with room again it goes on"


def test_a_full_disk_after_a_checkpoint_keeps_that(command, tmp_path, monkeypatch, capsys):
    write, out = checkpoints.write, tmp_path / "out"

    def full(run, folder):
        if run.step == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(run, folder)

    monkeypatch.setattr(checkpoints, "write", full)
    assert main(command(out, "--steps", 4, "--checkpoint-every", 2)) == 1
    assert "No space left on device. Checkpoints written before are intact" in complaint(capsys)
    assert checkpoints.latest(out / "checkpoints")[0].name == "step-00000002"


def test_no_memory(command, tmp_path, monkeypatch, capsys):
    """PyTorch is asked for a batch of some petabytes, which no machine has."""
    learn = session.Run._learn

    def greedy(run, step):
        if step == 3:
            torch.empty(1 << 50)
        return learn(run, step)

    monkeypatch.setattr(session.Run, "_learn", greedy)
    out = tmp_path / "out"
    assert main(command(out, "--steps", 4, "--checkpoint-every", 2)) == 1
    assert "not enough memory: close other programs and --resume" in complaint(capsys)
    assert checkpoints.latest(out / "checkpoints")[0].name == "step-00000002"


def test_other_errors_are_not_taken_for_a_lack_of_memory(command, tmp_path, monkeypatch):
    assert short_of_memory(MemoryError())
    assert not short_of_memory(RuntimeError("expected scalar type Float"))

    def broken(*_):
        raise RuntimeError("expected scalar type Float")

    monkeypatch.setattr(session.Run, "_learn", broken)
    with pytest.raises(RuntimeError, match="scalar type"):
        main(command(tmp_path / "out", "--steps", 2))


@pytest.mark.parametrize("wrong", [["--steps", "0"], ["--method", "magic"], []])
def test_what_the_parser_refuses(wrong, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*wrong, *(["--out", "x"] if wrong else [])])
    assert stop.value.code == 2
    assert (wrong[0] if wrong else "--out") in capsys.readouterr().err
