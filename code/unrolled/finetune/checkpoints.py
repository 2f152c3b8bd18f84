"""A run that was killed goes on: its state on disk, whole or not there at all.

What a run needs to go on is little: the weights that learn, the optimizer's two averages for each,
and the step. The order of the blocks and dropout follow from seed and step, so they aren't kept.
With the same settings on the same machine the run ends with the same weights, bit for bit, however
often it was stopped.

A checkpoint is a folder ``step-00000040`` with ``state.safetensors`` (no pickle, so that loading it
runs no code) and ``facts.json``, moved into place in one step by `unrolled.whole`. The two latest
are kept: should the last one be damaged, the one before still serves.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor

from unrolled.finetune.run import Run
from unrolled.whole import differing, remove_whole, write_whole

STATE, FACTS = "state.safetensors", "facts.json"
AVERAGES = ("exp_avg", "exp_avg_sq")
"""AdamW's names for its running means of the gradient and of its square."""


def write(run: Run, folder: Path) -> Path:
    """Keep the state of a run below `folder`, as one process; returns the checkpoint's place.

    While it is written, one older checkpoint is kept; after that, two.

    Raises:
        OSError: The disk is full, or the folder can't be written. The older ones are intact.
    """
    place = folder / f"step-{run.step:08}"
    for older in _all(folder)[:-1]:
        remove_whole(older)
    write_whole(place, lambda partial: _fill(run, partial))
    return place


def _fill(run: Run, partial: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    tensors = {f"weight.{name}": p.detach() for name, p in run.parameters.items()}
    for name, parameter in run.parameters.items():
        for average in AVERAGES:
            tensors[f"{average}.{name}"] = run.optimizer.state[parameter][average]
    try:
        save_file({name: t.contiguous() for name, t in tensors.items()}, partial / STATE)
    except SafetensorError as error:
        raise OSError(str(error)) from error
    facts = {
        "step": run.step,
        "train_seconds": run.train_seconds,
        "eval_seconds": run.eval_seconds,
    }
    (partial / FACTS).write_text(json.dumps(facts) + "\n", encoding="utf-8")


def _all(folder: Path) -> list[Path]:
    """All checkpoints that got their place, the oldest first."""
    return sorted(path for path in folder.glob("step-*") if path.name[5:].isdigit())


def latest(folder: Path) -> tuple[Path | None, list[str]]:
    """The last checkpoint that is as it was written, and what is wrong with later ones."""
    complaints = []
    for place in reversed(_all(folder)):
        damaged = differing(place)
        if not damaged:
            return place, complaints
        complaints.append(f"{place}: damaged ({', '.join(damaged)}), so it isn't used")
    return None, complaints


def restore(run: Run, place: Path) -> None:
    """Set a fresh run to where a checkpoint was written.

    Raises:
        ValueError: The checkpoint is that of a model with other weights to learn.
        OSError: It can't be read.
    """
    from safetensors.torch import load_file

    tensors = load_file(place / STATE)
    expected = {f"weight.{name}": p.shape for name, p in run.parameters.items()}
    found = {name: t.shape for name, t in tensors.items() if name.startswith("weight.")}
    if found != expected:
        raise ValueError(
            f"{place}: expected the {len(expected)} weights that this run trains, got "
            f"{len(found)} of another model or method"
        )
    facts = json.loads((place / FACTS).read_text(encoding="utf-8"))
    with torch.no_grad():
        for name, parameter in run.parameters.items():
            parameter.copy_(tensors[f"weight.{name}"])
            run.optimizer.state[parameter] = _averages(tensors, name, parameter, facts["step"])
    run.step, run.train_seconds = facts["step"], facts["train_seconds"]
    run.eval_seconds = facts["eval_seconds"]


def _averages(
    tensors: dict[str, Tensor], name: str, parameter: Tensor, step: int
) -> dict[str, Tensor]:
    """What AdamW keeps for a parameter; it counts steps in a tensor, on the device if fused."""
    kept = {average: tensors[f"{average}.{name}"].to(parameter.device) for average in AVERAGES}
    return {"step": torch.tensor(float(step), device=parameter.device), **kept}
