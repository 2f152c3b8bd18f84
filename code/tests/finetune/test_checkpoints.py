"""A run that stops goes on to the same weights, bit for bit, and damage is found."""

from __future__ import annotations

import itertools

import pytest
import torch

from unrolled.finetune import FinetuneConfig, Run, adapt, checkpoints, trainable

CONFIG = {"steps": 12, "batch_size": 6, "rank": 2, "record_every": 3, "learning_rate": 0.02}


@pytest.fixture(params=["lora", "full"])
def fresh(request, model, blocks):
    """A run at its beginning, with dropout; 20 blocks, so that 12 steps read them thrice."""
    config = FinetuneConfig(method=request.param, **CONFIG)
    return lambda: Run(adapt(model(attention_dropout=0.2), config), blocks, config, blocks[:3])


def weights(run):
    return {name: p.detach().clone() for name, p in trainable(run.model).items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("stops", [(3,), (9,), (3, 6, 9)])
def test_stopped_and_resumed_it_ends_with_the_same_weights_and_records(fresh, tmp_path, stops):
    whole = fresh()
    expected = list(whole)
    records = []
    for stop in (*stops, 12):
        run = fresh()
        place, _ = checkpoints.latest(tmp_path)
        if place:
            checkpoints.restore(run, place)
        torch.manual_seed(stop)  # another process, another chance
        for record in run:
            records.append(record)
            checkpoints.write(run, tmp_path)
            if record.step == stop:
                break
    assert records == expected
    assert same(weights(run), weights(whole))
    assert records[-1].held_out_nats == expected[-1].held_out_nats


def test_without_its_averages_it_would_end_elsewhere(fresh, tmp_path):
    """The optimizer's state matters: the test above could fail."""
    whole, run = fresh(), fresh()
    list(whole)
    first = fresh()
    next(iter(first))
    checkpoints.restore(run, checkpoints.write(first, tmp_path))
    for state in run.optimizer.state.values():
        state["exp_avg"].zero_()
    list(run)
    assert not same(weights(run), weights(whole))


def test_two_are_kept(fresh, tmp_path):
    run = fresh()
    for _ in run:
        checkpoints.write(run, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000009", "step-00000012"]


def test_no_pickle(fresh, tmp_path):
    run = fresh()
    next(iter(run))
    place = checkpoints.write(run, tmp_path)
    assert {path.suffix for path in place.iterdir()} == {".json", ".safetensors"}


def test_a_damaged_one_is_named_and_the_one_before_serves(fresh, tmp_path):
    run = fresh()
    for _ in itertools.islice(run, 2):
        checkpoints.write(run, tmp_path)
    state = tmp_path / "step-00000006" / checkpoints.STATE
    content = bytearray(state.read_bytes())
    content[-1] ^= 1
    state.write_bytes(content)
    place, complaints = checkpoints.latest(tmp_path)
    assert place == tmp_path / "step-00000003"
    assert complaints == [f"{state.parent}: damaged ({checkpoints.STATE}), so it isn't used"]
    state.write_bytes(b"")
    assert checkpoints.latest(tmp_path)[0] == place
    (place / checkpoints.FACTS).unlink()
    assert checkpoints.latest(tmp_path)[0] is None


def test_what_a_kill_left_half_written_is_no_checkpoint(fresh, tmp_path):
    run = fresh()
    next(iter(run))
    place = checkpoints.write(run, tmp_path)
    half = tmp_path / "step-00000006.partial"
    half.mkdir()
    (half / checkpoints.STATE).write_bytes(b"half")
    assert checkpoints.latest(tmp_path) == (place, [])
    assert checkpoints.latest(tmp_path / "nowhere") == (None, [])


def test_of_another_model(fresh, model, blocks, tmp_path):
    run = fresh()
    next(iter(run))
    place = checkpoints.write(run, tmp_path)
    config = FinetuneConfig(rank=3)
    other = Run(adapt(model(), config), blocks, config)
    with pytest.raises(ValueError, match=r"weights that this run trains, got .* of another model"):
        checkpoints.restore(other, place)


def test_a_full_disk_leaves_the_earlier(fresh, tmp_path, monkeypatch):
    import safetensors.torch

    run = fresh()
    records = iter(run)
    next(records)
    place = checkpoints.write(run, tmp_path)

    def full(*_):
        raise safetensors.SafetensorError("No space left on device (os error 28)")

    monkeypatch.setattr(safetensors.torch, "save_file", full)
    next(records)
    with pytest.raises(OSError, match="No space left"):
        checkpoints.write(run, tmp_path)
    assert checkpoints.latest(tmp_path) == (place, [])
    assert [path.name for path in tmp_path.iterdir()] == [place.name]
