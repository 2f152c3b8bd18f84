"""How much faster this package tunes than the stock way: both in one run, on any machine.

    python -m unrolled.finetune.benchmark

Three ways to tune the LLM of the book, on the same blocks, in the same order and batches:

* ``stock``: transformers' `Trainer` with PEFT's LoRA, weights and arithmetic in float32;
* ``lora``: this package's way, with the same adapters and the same learning rate, matrices
  multiplied in bfloat16 where that pays (what is summed over the layers stays in float32);
* ``full``: all weights learn, also by this package.

Each runs in a process of its own, so that its peak of memory is its own. The speed is that of the
quickest quarter of the steps, so that a machine that is busy for a while harms no way; the held-out
text is scored in float32 alike for all.
The report that ``book/capstone.md`` shows: `unrolled.finetune.measured`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from unrolled import corpus
from unrolled.finetune import machine
from unrolled.finetune.adapters import adapt, merged, trainable
from unrolled.finetune.blocks import batch_at, pack
from unrolled.finetune.config import FinetuneConfig
from unrolled.finetune.measured import means, processor
from unrolled.finetune.run import evaluate, finetune
from unrolled.finetune.settings import HELD_OUT
from unrolled.pretrained import load_model, load_tokenizer, quiet

WAYS = ("stock", "lora", "full")


def measure(
    way: str, steps: int, batch_size: int, block_length: int, seed: int = 0
) -> dict[str, float | None]:
    """Tune in one way; returns its speed, its held-out loss and its memory."""
    config = FinetuneConfig(
        steps=steps,
        batch_size=batch_size,
        method="full" if way == "full" else "lora",
        record_every=1,
        warmup_steps=min(10, steps // 4),
        seed=seed,
    )
    blocks = pack([corpus.load().train], load_tokenizer(), block_length)
    on = machine.choose()
    ends = [time.perf_counter()]
    if way == "stock":
        model = _stock(config, blocks, ends)
    else:
        frozen = load_model(dtype=torch.float32 if way == "full" else on.dtype)
        model = adapt(frozen, config)
        autocast = on.dtype if on.dtype != torch.float32 else None
        for _ in finetune(model, blocks, config, autocast=autocast):
            ends.append(time.perf_counter())
    peak = machine.peak_megabytes()
    seconds = pace(ends)
    return {
        "tokens_per_second": batch_size * block_length / seconds,
        "seconds_per_step": seconds,
        "val_loss_nats_per_token": evaluate(merged(model), _held_out(block_length)),
        "peak_memory_megabytes": peak,
    }


def pace(ends: list[float]) -> float:
    """Seconds of a step while nothing else disturbs: the mean over the quickest quarter.

    `ends` are the start of the first step and the ends of all; the first one, which warms up,
    isn't counted.
    """
    took = sorted(end - before for before, end in pairwise(ends[1:]))
    return statistics.mean(took[: max(1, len(took) // 4)])


def _held_out(block_length: int) -> Tensor:
    return pack([corpus.load().validation[:HELD_OUT]], load_tokenizer(), block_length)


def _stock(config: FinetuneConfig, blocks: Tensor, ends: list[float]) -> torch.nn.Module:
    """Tune by `Trainer`, with the optimizer and the rates of `Run`, and note when steps end."""
    from torch.optim.lr_scheduler import LambdaLR
    from torch.utils.data import SequentialSampler
    from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

    class InOrder(Trainer):
        def _get_train_sampler(self, *_: object) -> SequentialSampler:
            return SequentialSampler(self.train_dataset)

    class Clock(TrainerCallback):
        def on_step_end(self, *_: object, **__: object) -> None:
            ends.append(time.perf_counter())

    order = [
        place
        for step in range(1, config.steps + 1)
        for place in batch_at(step, len(blocks), config.batch_size, config.seed).tolist()
    ]
    rows = [{"input_ids": blocks[place], "labels": blocks[place]} for place in order]
    model = adapt(load_model(dtype=torch.float32), config)
    learning = trainable(model).values()
    adam = torch.optim.AdamW(
        learning, config.learning_rate, (0.9, 0.99), weight_decay=config.weight_decay, fused=True
    )
    rates = LambdaLR(adam, lambda done: config.schedule.share(done + 1))
    with tempfile.TemporaryDirectory() as place, quiet():
        arguments = TrainingArguments(
            output_dir=place,
            max_steps=config.steps,
            per_device_train_batch_size=config.batch_size,
            max_grad_norm=config.clip_norm,
            logging_strategy="no",
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=False,
        )
        trainer = InOrder(
            model, arguments, train_dataset=rows, callbacks=[Clock()], optimizers=(adam, rates)
        )
        trainer.remove_callback(PrinterCallback)  # standard output is for the report
        trainer.train()
    return model


def main(arguments: list[str] | None = None) -> int:
    """Measure all ways, one after the other, and print them; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m unrolled.finetune.benchmark",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--steps", type=int, default=20, help="at least 2; default: 20")
    parser.add_argument("--batch-size", type=int, default=4, help="default: 4")
    parser.add_argument("--block-length", type=int, default=256, help="default: 256")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="default: all")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="runs a way; default: 1")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write JSON there")
    parser.add_argument("--alone", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    for name, least in {"steps": 2, "seeds": 1}.items():
        if getattr(options, name) < least:
            parser.error(f"--{name}: expected at least {least}, got {getattr(options, name)}")
    sizes = {name: getattr(options, name) for name in ("steps", "batch_size", "block_length")}
    if options.alone:
        print(json.dumps(measure(options.alone, **sizes, seed=options.seed)))
        return 0
    before = evaluate(load_model(dtype=torch.float32), _held_out(options.block_length))
    runs = []
    for seed in range(options.seeds):
        for way in options.ways:
            said = _in_its_own_process(way, {**sizes, "seed": seed})
            runs.append({"way": way, "seed": seed, **said})
            print(
                f"{way:6} {said['tokens_per_second']:7.0f} tokens/s   held out "
                f"{before:.4f} -> {said['val_loss_nats_per_token']:.4f}"
                f" nats per token   {said['peak_memory_megabytes'] or 0:6.0f} MB   seed {seed}",
                flush=True,
            )
    facts = means(runs)
    if "lora_speed_over_stock" in facts:
        print(
            f"lora is {facts['lora_speed_over_stock']:.2f} times as fast as stock, and its held-out"
            f" loss {facts['lora_loss_over_stock_nats_per_token']:+.4f} nats per token from stock's"
        )
    if options.report:
        report = {**_circumstances(), **sizes, "val_loss_nats_per_token_before": before, **facts}
        report["runs"] = runs
        options.report.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


def _circumstances() -> dict[str, object]:
    """When and on what this was measured."""
    return {
        "date": date.today().isoformat(),
        "machine": processor(),
        "device": str(machine.choose()),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def _in_its_own_process(way: str, sizes: dict[str, int]) -> dict[str, float | None]:
    command = [sys.executable, "-m", "unrolled.finetune.benchmark", "--alone", way]
    for name, size in sizes.items():
        command += [f"--{name.replace('_', '-')}", str(size)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
