"""The loop: it learns, repeats itself exactly, and equals a loop written out."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from unrolled.finetune import FinetuneConfig, Run, adapt, evaluate, finetune, trainable
from unrolled.finetune.blocks import batch_at

CONFIG = FinetuneConfig(steps=12, batch_size=4, rank=2, learning_rate=0.02, record_every=5)


def test_records(model, blocks):
    records = list(finetune(adapt(model(), CONFIG), blocks, CONFIG, held_out=blocks[:3]))
    assert [record.step for record in records] == [5, 10, 12]
    assert [record.held_out_nats is None for record in records] == [True, True, False]
    assert records[-1].nats < records[0].nats
    assert all(record.tokens_per_second > 0 < record.train_seconds for record in records)


def test_the_same_seed_the_same_run_whatever_chance_did_before(model, blocks):
    runs = []
    for chance in (1, 2):
        torch.manual_seed(chance)
        tuned = adapt(model(), CONFIG)
        runs.append((list(finetune(tuned, blocks, CONFIG)), trainable(tuned)))
    assert runs[0][0] == runs[1][0]
    assert all(torch.equal(p, runs[1][1][name]) for name, p in runs[0][1].items())


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_loop_written_out(model, blocks, method):
    config = FinetuneConfig(steps=6, batch_size=4, method=method, learning_rate=0.01, clip_norm=0.1)
    tuned, other = adapt(model(), config), adapt(model(), config)
    *_, last = finetune(tuned, blocks, config)
    parameters = list(trainable(other).values())
    adam = torch.optim.AdamW(parameters, betas=(0.9, 0.99), weight_decay=0)
    nats = []
    for step in range(1, 7):
        batch = blocks[batch_at(step, 20, 4, 0)]
        logits = other(batch).logits[:, :-1]
        loss = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 0.1)
        adam.param_groups[0]["lr"] = config.schedule.rate(step)
        adam.step()
        adam.zero_grad()
        nats.append(loss.item())
    assert last.nats == pytest.approx(sum(nats) / 6, rel=1e-5)
    for p, q in zip(trainable(tuned).values(), parameters, strict=True):
        torch.testing.assert_close(p, q, atol=2e-5, rtol=1e-4)


def test_held_out_now_and_then(model, blocks):
    config = FinetuneConfig(steps=6, batch_size=4, record_every=2, evaluate_every=4)
    tuned = adapt(model(), config)
    records = list(finetune(tuned, blocks, config, held_out=blocks[:3]))
    assert [record.held_out_nats is not None for record in records] == [False, True, True]
    assert records[-1].held_out_nats == pytest.approx(evaluate(tuned, blocks[:3]))


def test_evaluation_is_the_mean_over_all_tokens(model, blocks):
    llama = model()
    expected = llama(blocks, labels=blocks).loss.item()
    for batch_size in (1, 3, 100):  # the last batch may be a short one
        assert evaluate(llama, blocks, batch_size) == pytest.approx(expected, rel=1e-5)


def test_evaluation_switches_dropout_off_and_on_again(model, blocks):
    llama = model(attention_dropout=0.9).train()
    assert evaluate(llama, blocks) == pytest.approx(evaluate(model(), blocks))
    assert llama.training


def test_dropout_is_the_seeds_too(model, blocks):
    runs = []
    for chance in (1, 2):
        torch.manual_seed(chance)
        tuned = adapt(model(attention_dropout=0.5), CONFIG)
        runs.append(list(finetune(tuned, blocks, CONFIG)))
    assert runs[0] == runs[1]
    assert runs[0] != list(finetune(adapt(model(), CONFIG), blocks, CONFIG))


def test_a_reader_may_sample_between_records(model, blocks):
    tuned, undisturbed = adapt(model(), CONFIG), adapt(model(), CONFIG)
    records = []
    for record in finetune(tuned, blocks, CONFIG):
        tuned.eval()
        tuned.generate(input_ids=blocks[:1, :4], max_new_tokens=3, do_sample=True, pad_token_id=0)
        records.append(record)
    assert records == list(finetune(undisturbed, blocks, CONFIG))


def test_a_reader_may_stop(model, blocks):
    tuned = adapt(model(), CONFIG)
    start = {name: p.clone() for name, p in trainable(tuned).items()}
    next(finetune(tuned, blocks, CONFIG))
    assert any(not torch.equal(p, start[name]) for name, p in trainable(tuned).items())


def test_bfloat16_learns_as_float32_does(model, blocks):
    last = [
        list(finetune(adapt(model(dtype), CONFIG), blocks, CONFIG))[-1].nats
        for dtype in (torch.float32, torch.bfloat16)
    ]
    assert last[1] == pytest.approx(last[0], rel=0.01)


def test_full_under_autocast(model, blocks):
    config = FinetuneConfig(steps=12, batch_size=4, method="full", learning_rate=0.01)
    tuned = adapt(model(), config)
    records = list(finetune(tuned, blocks, config, autocast=torch.bfloat16))
    plain = list(finetune(adapt(model(), config), blocks, config))
    assert records[-1].nats == pytest.approx(plain[-1].nats, rel=0.01)
    assert records != plain
    assert tuned.dtype == torch.float32


@pytest.mark.parametrize("shape", [(0, 16), (4, 1), (64,)])
def test_blocks_of_a_wrong_shape(model, shape):
    with pytest.raises(ValueError, match=r"expected blocks of shape \(N, T\)"):
        Run(adapt(model(), CONFIG), torch.zeros(shape, dtype=torch.int64), CONFIG)
