"""The loop that fine-tunes: one run over one process or many, which can stop and go on.

`finetune` yields records; whoever reads them draws, prints, samples or stops. A `Run` is the same
with its state at hand, for `unrolled.finetune.checkpoints`. Processes and devices are accelerate's
(Gugger et al. 2022, https://github.com/huggingface/accelerate), which stands on torch.distributed:
every process computes the gradient of its share of a batch, and all move by their mean.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from unrolled.finetune import machine
from unrolled.finetune.adapters import trainable
from unrolled.finetune.blocks import batch_at
from unrolled.finetune.config import FinetuneConfig
from unrolled.finetune.loss import NextTokenLoss

if TYPE_CHECKING:
    from accelerate import Accelerator
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class Record:
    """What a run says now and then. Times are of no two runs alike, so they don't compare."""

    step: int
    nats: float  # per token, mean since the last record
    held_out_nats: float | None = None  # per token, where it was scored
    gradient_norm: float = 0.0  # of this step, before clipping
    tokens_per_second: float = field(default=0.0, compare=False)  # since the last record
    train_seconds: float = field(default=0.0, compare=False)  # since the start, evaluation apart
    eval_seconds: float = field(default=0.0, compare=False)


def finetune(
    model: PreTrainedModel | nn.Module,
    blocks: Tensor,
    config: FinetuneConfig,
    held_out: Tensor | None = None,
    autocast: torch.dtype | None = None,
) -> Iterator[Record]:
    """Train what `adapt` made ready, on blocks (N, T); yield a record every `record_every` steps.

    Between two records the model is the reader's to sample from. Arguments as in `Run`.
    """
    yield from Run(model, blocks, config, held_out, autocast)


def evaluate(model: PreTrainedModel | nn.Module, blocks: Tensor, batch_size: int = 8) -> float:
    """Mean surprise at blocks (N, T), in nats per token; each row's first token isn't scored."""
    return (_sum_of_nats(NextTokenLoss(model), blocks, batch_size) / len(blocks)).item()


@torch.no_grad()
def _sum_of_nats(loss: NextTokenLoss, blocks: Tensor, batch_size: int) -> Tensor:
    """Mean nats per token of each block, added up in float64."""
    training, device = loss.training, next(loss.parameters()).device
    total = torch.zeros((), dtype=torch.float64)
    loss.eval()
    try:
        for part in blocks.split(batch_size) if len(blocks) else ():
            total += loss(part.to(device)).item() * len(part)
        return total
    finally:
        loss.train(training)


class Run:
    """A fine-tuning run with its state: iterate it to train; it goes on from `step`."""

    def __init__(
        self,
        model: PreTrainedModel | nn.Module,
        blocks: Tensor,
        config: FinetuneConfig,
        held_out: Tensor | None = None,
        autocast: torch.dtype | None = None,
        accelerator: Accelerator | None = None,
    ) -> None:
        """Put the model where it will be trained.

        Args:
            model: What `adapt` returned.
            blocks: Training text, (N, T) int64.
            config: Steps, rates, seed.
            held_out: Other blocks, (M, T), to be scored at `evaluate_every` and at the end.
            autocast: Multiply matrices in this type; the sum through the layers stays float32.
            accelerator: Device and processes; None: what accelerate finds.

        Raises:
            ValueError: Blocks of a wrong shape, or a batch that the processes can't share evenly.
        """
        from accelerate import Accelerator
        from accelerate.utils import DistributedDataParallelKwargs

        if blocks.dim() != 2 or blocks.shape[1] < 2 or len(blocks) == 0:
            raise ValueError(f"expected blocks of shape (N, T), T > 1, got {tuple(blocks.shape)}")
        lean = DistributedDataParallelKwargs(broadcast_buffers=False)
        self.accelerator = accelerator or Accelerator(
            cpu=machine.found() == "cpu",  # else it would start no processes without a GPU
            kwargs_handlers=[lean],
        )
        if config.batch_size % self.accelerator.num_processes:
            raise ValueError(
                f"expected a batch_size that {self.accelerator.num_processes} processes share "
                f"evenly, got {config.batch_size}"
            )
        self.model, self.blocks, self.held_out, self.config = model, blocks, held_out, config
        self.autocast = autocast
        self.loss = self.accelerator.prepare(NextTokenLoss(model))
        self.parameters = trainable(model)
        self.optimizer = torch.optim.AdamW(
            self.parameters.values(),
            config.learning_rate,
            (0.9, 0.99),
            weight_decay=config.weight_decay,
            fused=self.accelerator.device.type in ("cpu", "cuda"),
        )
        self.step, self.train_seconds, self.eval_seconds = 0, 0.0, 0.0
        self.nats = torch.zeros((), device=self.accelerator.device)  # sum since the last record

    def __iter__(self) -> Iterator[Record]:
        config, recorded = self.config, self.step
        self.loss.train()
        start, before = time.perf_counter(), self.train_seconds
        while self.step < config.steps:
            norm = self._learn(self.step + 1)
            self.step += 1
            if self.step % config.record_every and self.step < config.steps:
                continue
            nats = self.accelerator.reduce(self.nats, "mean").item() / (self.step - self._last())
            spent = time.perf_counter() - start
            self.train_seconds = before + spent
            n_tokens = (self.step - recorded) * config.batch_size * self.blocks.shape[1]
            held_out = self._held_out()
            self.nats.zero_()
            yield Record(
                self.step,
                nats,
                held_out,
                norm.item(),
                n_tokens / spent,
                self.train_seconds,
                self.eval_seconds,
            )
            self.loss.train()  # a reader may have sampled in between
            start, before, recorded = time.perf_counter(), self.train_seconds, self.step

    def _last(self) -> int:
        """The step of the record before this one."""
        return (self.step - 1) // self.config.record_every * self.config.record_every

    def _learn(self, step: int) -> Tensor:
        """Take one step; returns the length of the gradient."""
        config, accelerator = self.config, self.accelerator
        chosen = batch_at(step, len(self.blocks), config.batch_size, config.seed)
        with accelerator.split_between_processes(chosen) as mine:
            batch = self.blocks[mine].to(accelerator.device)
        self.optimizer.param_groups[0]["lr"] = config.schedule.rate(step)
        with self._chance(step), self._precision():
            nats = self.loss(batch)
        accelerator.backward(nats)
        norm = nn.utils.clip_grad_norm_(self.parameters.values(), config.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.nats += nats.detach()  # not read here: a GPU would have to be waited for
        return norm

    def _precision(self) -> AbstractContextManager:
        return torch.autocast(
            self.accelerator.device.type, self.autocast, enabled=self.autocast is not None
        )

    def _chance(self, step: int) -> AbstractContextManager:
        """Dropout drawn from seed, step and process: the same after an interruption."""
        device = self.accelerator.device
        return _seeded(
            (self.config.seed * 1_000_003 + step) * 4099 + self.accelerator.process_index,
            [device] if device.type == "cuda" else [],
        )

    def _held_out(self) -> float | None:
        every = self.config.evaluate_every
        last = self.step == self.config.steps
        if self.held_out is None or not (last or (every and self.step % every == 0)):
            return None
        return self.judge()

    def judge(self) -> float:
        """Mean surprise at the held-out blocks now, in nats per token; the processes share them."""
        start, accelerator = time.perf_counter(), self.accelerator
        places = torch.arange(len(self.held_out))
        with accelerator.split_between_processes(places) as mine, self._precision():
            plain = accelerator.unwrap_model(self.loss)
            nats = _sum_of_nats(plain, self.held_out[mine], self.config.batch_size)
        nats = accelerator.reduce(nats.float().to(accelerator.device), "sum") / len(places)
        self.eval_seconds += time.perf_counter() - start
        return nats.item()


class _seeded(AbstractContextManager):  # noqa: N801 - reads as a function
    """Chance from a seed inside, the caller's outside."""

    def __init__(self, seed: int, devices: list) -> None:
        self.seed, self.fork = seed, torch.random.fork_rng(devices)

    def __enter__(self) -> None:
        self.fork.__enter__()
        torch.manual_seed(self.seed)

    def __exit__(self, *error: object) -> None:
        self.fork.__exit__(*error)
