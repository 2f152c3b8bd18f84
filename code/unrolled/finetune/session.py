"""A run from a shell, from its settings to the result on disk: the steps, one after the other."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch

from unrolled.finetune import checkpoints, machine
from unrolled.finetune.adapters import adapt, save
from unrolled.finetune.blocks import count_characters, pack
from unrolled.finetune.config import FinetuneConfig
from unrolled.finetune.run import Record, Run
from unrolled.finetune.settings import Settings, SettingsError, keep, settle, texts
from unrolled.pretrained import load_model, load_tokenizer

RECORD_EVERY = 10  # steps between two lines of progress; a divisor of it where checkpoints demand


@dataclass
class Session:
    """What a command was told, and what it does about it."""

    said: dict[str, object]  # the options that decide the result, as far as given
    out: Path
    resume: bool = False
    report: Path | None = None
    checkpoint_every: int = 20
    began: float = field(default_factory=time.perf_counter)

    def run(self) -> dict[str, object]:
        """Train, keep checkpoints, leave the result in `out`; returns the report.

        Raises:
            SettingsError, ModelError: What was told can't be done.
            AssetError, OSError, MemoryError: The machine could not do it.
        """
        settings = self._checked()
        self.tokenizer = load_tokenizer(settings.model)
        train, held_out = texts(settings)
        blocks = self._packed(train, settings, "the text")
        run, on = self._prepared(settings, blocks, self._packed([held_out], settings, "held out"))
        self.shown = run.accelerator.is_main_process
        if self.shown:
            keep(self.out, settings, blocks)
        run.accelerator.wait_for_everyone()
        before = run.judge()
        self._say(f"on {on}; {run.accelerator.num_processes} process(es)")
        self._say(f"held out: {before:.4f} nats per token before")
        self._go_on(run)
        after = self._trained(run)
        facts = self._facts(settings, run, on, before, after)
        if self.shown:
            self._finish(run, settings, facts)
        run.accelerator.wait_for_everyone()
        run.accelerator.end_training()
        return facts

    def _checked(self) -> Settings:
        """Find what is wrong before anything is loaded."""
        settings = settle(self.out, self.said, self.resume)
        self._config(settings)
        if machine.left_alone():
            raise SettingsError(
                "accelerate was asked for several processes and has started one; say "
                "`accelerate launch --multi_gpu`, also without a GPU (see --help)"
            )
        if self.report and (self.report.is_dir() or not self.report.parent.is_dir()):
            raise SettingsError(f"{self.report}: expected a file in a folder that exists")
        self._writable()
        if settings.threads:
            torch.set_num_threads(settings.threads)
        return settings

    def _writable(self) -> None:
        """Find out before the work, not after it, that `out` can't hold the result."""
        there = next(path for path in (self.out, *self.out.absolute().parents) if path.exists())
        if not there.is_dir():
            what = "" if there == self.out else f" at {there}"
            raise SettingsError(f"{self.out}: expected a folder, found a file{what}")
        if not os.access(there, os.W_OK | os.X_OK):
            raise SettingsError(f"{self.out}: expected a place to write, but {there} is read-only")

    def _config(self, settings: Settings) -> FinetuneConfig:
        return settings.config(math.gcd(RECORD_EVERY, self.checkpoint_every))

    def _packed(self, parts: list[str], settings: Settings, what: str) -> torch.Tensor:
        try:
            return pack(parts, self.tokenizer, settings.block_length)
        except ValueError as error:
            raise SettingsError(f"{what}: {error}; choose a smaller --block-length") from error

    def _prepared(
        self, settings: Settings, blocks: torch.Tensor, held_out: torch.Tensor
    ) -> tuple[Run, machine.Machine]:
        """Load the model in the precision that pays, and put it where it will be trained."""
        on, full = machine.choose(precision=settings.precision), settings.method == "full"
        model = load_model(settings.model, dtype=torch.float32 if full else on.dtype)
        longest = getattr(model.config, "max_position_embeddings", None)
        if longest and settings.block_length > longest:
            raise SettingsError(
                f"--block-length: expected at most the model's {longest}, "
                f"got {settings.block_length}"
            )
        config = self._config(settings)
        autocast = on.dtype if on.dtype != torch.float32 else None
        try:
            return Run(adapt(model, config), blocks, config, held_out, autocast), on
        except ValueError as error:
            raise SettingsError(str(error)) from error

    def _go_on(self, run: Run) -> None:
        if not self.resume:
            return
        place, complaints = checkpoints.latest(self.out / "checkpoints")
        for complaint in complaints:
            self._say(complaint, file=sys.stderr)
        if place is None:
            self._say(f"{self.out}: no checkpoint to go on from, so it begins")
            return
        checkpoints.restore(run, place)
        self._say(f"goes on from step {run.step}")

    def _trained(self, run: Run) -> float:
        """Train to the end, keeping checkpoints; returns the held-out nats per token after."""
        last, first, start = None, run.step, time.perf_counter()
        for last in run:
            self._show(last, run.config.steps, (time.perf_counter() - start) / (last.step - first))
            if self.shown and (last.step % self.checkpoint_every == 0 or self._is_last(last, run)):
                checkpoints.write(run, self.out / "checkpoints")
        return run.judge() if last is None else last.held_out_nats

    @staticmethod
    def _is_last(record: Record, run: Run) -> bool:
        return record.step == run.config.steps

    def _show(self, record: Record, steps: int, seconds_a_step: float) -> None:
        minutes, seconds = divmod(round((steps - record.step) * seconds_a_step), 60)
        self._say(
            f"step {record.step:5} of {steps}  {record.nats:.4f} nats per token  "
            f"{record.tokens_per_second:6.0f} tokens/s  {minutes} min {seconds:02} s left"
        )

    def _say(self, text: str, **where: object) -> None:
        if self.shown:
            print(text, flush=True, **where)

    def _finish(self, run: Run, settings: Settings, facts: dict[str, object]) -> None:
        """Write the result aside, then move it into `out`; the configuration comes last."""
        aside = self.out / "result.partial"
        shutil.rmtree(aside, ignore_errors=True)
        try:
            save(run.model, self.tokenizer, aside, settings.model)
            for path in sorted(aside.iterdir(), key=lambda path: path.name == "config.json"):
                os.replace(path, self.out / path.name)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        if self.report:
            self.report.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        self._say(f"held out: {facts['val_loss_nats_per_token']:.4f} nats per token after")
        self._say(f"{self.out}: ready for AutoModelForCausalLM.from_pretrained")

    def _facts(
        self, settings: Settings, run: Run, on: machine.Machine, before: float, after: float
    ) -> dict[str, object]:
        """What a run has to say, flat, units in the names."""
        scored = run.held_out[:, 1:].numel()
        per_character = scored / max(1, count_characters(run.held_out, self.tokenizer))
        n_tokens = run.step * run.config.batch_size * run.blocks.shape[1]
        return {
            "recipe": settings.method,
            "model": settings.model or "SmolLM2-135M-Instruct",
            "seed": settings.seed,
            "steps": run.step,
            "parameters": run.model.num_parameters(),
            "trained_parameters": sum(p.numel() for p in run.parameters.values()),
            "device": on.device,
            "precision": str(on.dtype).removeprefix("torch."),
            "processes": run.accelerator.num_processes,
            "train_tokens": n_tokens,
            "tokens_per_second": n_tokens / run.train_seconds if run.train_seconds else 0.0,
            "val_loss_nats_per_token_before": before,
            "val_loss_nats_per_token": after,
            "val_loss_nats_per_char_before": before * per_character,
            "val_loss_nats_per_char": after * per_character,
            "val_bits_per_char": after * per_character / math.log(2),
            "train_seconds": run.train_seconds,
            "eval_seconds": run.eval_seconds,
            "total_seconds": time.perf_counter() - self.began,
            "peak_memory_megabytes": machine.peak_megabytes(),
        }
