"""What a run from a shell was told, and that it is told the same when it goes on.

A run's settings are kept in its folder as ``run.json``. With ``--resume`` whatever isn't said again
is taken from there, and whatever is said otherwise is refused: half of a run under one learning
rate and half under another would be neither of the two.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from torch import Tensor

from unrolled import corpus
from unrolled.finetune.config import FinetuneConfig
from unrolled.race import TextError, read_text

HELD_OUT = 20_000
"""So many characters at most are held out, of the book's plays or of a given text."""


class SettingsError(ValueError):
    """What a run was told can't be done; the message, one line, says what to tell it instead."""


@dataclass(frozen=True)
class Settings:
    """All that decides a run's result; `None` stands for the book's own, or what suits."""

    model: str | None = None
    text: tuple[str, ...] = ()
    held_out: str | None = None
    method: str = "lora"
    steps: int = 200
    batch_size: int = 8
    block_length: int = 256
    learning_rate: float | None = None
    rank: int = 16
    last_layers: int | None = None
    seed: int = 0
    precision: str = "auto"
    threads: int | None = None

    def config(self, record_every: int) -> FinetuneConfig:
        """The run's part of the settings."""
        try:
            return FinetuneConfig(
                steps=self.steps,
                batch_size=self.batch_size,
                method=self.method,
                learning_rate=self.learning_rate,
                rank=self.rank,
                alpha=2.0 * self.rank,
                last_layers=self.last_layers,
                record_every=record_every,
                seed=self.seed,
            )
        except ValueError as error:
            raise SettingsError(str(error)) from error


def settle(out: Path, said: dict[str, object], resume: bool) -> Settings:
    """The settings of a run in the folder `out`: those said now, and those it began with.

    Raises:
        SettingsError: The folder holds a run already and `resume` is not set, or something is
            said otherwise than when the run began.
    """
    if "text" in said:
        said = said | {"text": tuple(str(Path(path).absolute()) for path in said["text"])}
    for name in ("held_out", "model"):  # a relative path means another place tomorrow
        if name in said and Path(str(said[name])).exists():
            said = said | {name: str(Path(str(said[name])).absolute())}
    file = out / "run.json"
    if not file.exists():
        return replace(Settings(), **said)
    if not resume:
        raise SettingsError(f"{out}: holds a run already: go on with --resume, or name another")
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        began = Settings(**{**stored["settings"], "text": tuple(stored["settings"]["text"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SettingsError(f"{file}: can't be read as the settings of a run: {error}") from error
    for name, value in said.items():
        if value != getattr(began, name):
            raise SettingsError(
                f"--{name.replace('_', '-')}: the run in {out} began with "
                f"{getattr(began, name)!r}, got {value!r}; leave it out, or name another folder"
            )
    return began


def keep(out: Path, settings: Settings, blocks: Tensor) -> None:
    """Write the settings of a run, or check that its text is still the one it began with.

    Raises:
        SettingsError: The text has changed since.
        OSError: The folder can't be written.
    """
    file, digest = out / "run.json", hashlib.sha256(blocks.numpy().tobytes()).hexdigest()
    if file.exists():
        if json.loads(file.read_text(encoding="utf-8"))["blocks_sha256"] != digest:
            raise SettingsError(f"{out}: the text or the tokenizer has changed since the run began")
        return
    out.mkdir(parents=True, exist_ok=True)
    content = {"settings": asdict(settings), "blocks_sha256": digest}
    partial = file.with_name("run.json.partial")
    partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, file)


def texts(settings: Settings) -> tuple[list[str], str]:
    """What trains, and what is held out.

    Without files these are the book's plays and the beginning of Julius Caesar; with files, the end
    of the last one is held out, a tenth of it at most, unless a file of its own is named.

    Raises:
        SettingsError: A file is missing, empty, or no text.
    """
    if not settings.text:
        plays = corpus.load()
        own = None if settings.held_out is None else _read(settings.held_out)
        return [plays.train], own or plays.validation[:HELD_OUT]
    train = [_read(path) for path in settings.text]
    if settings.held_out is not None:
        return train, _read(settings.held_out)
    n = min(len(train[-1]) // 10, HELD_OUT)
    cut = len(train[-1]) - n
    return [*train[:-1], train[-1][:cut]], train[-1][cut:]


def _read(path: str) -> str:
    try:
        text = read_text(Path(path))
    except TextError as error:
        raise SettingsError(f"{path}: {error}") from error
    if "\0" in text:
        raise SettingsError(f"{path}: expected text, got a binary file")
    if not text.strip():
        raise SettingsError(f"{path}: expected text, got an empty file")
    return text
