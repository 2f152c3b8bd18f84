"""Whether a folder is a whole model that anybody can load, and not the one that it came from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from unrolled.check.trial import Trial, Wrong, shown

if TYPE_CHECKING:
    from torch import Tensor

PROBE = "ROMEO:\nBut soft, what light through yonder window breaks? 1599, naïve."
ADAPTERS = ("lora_", "base_layer", "base_model.model")
"""What names of weights contain while an adapter is still beside them."""
TURNED = 0.5  # a matrix that changes by more than this share of its length isn't the old one


def judge(trial: Trial, base: Any, place: Any) -> None:
    """Raise Wrong with the first fault of a folder."""
    from unrolled.pretrained import ModelError, load_model, load_tokenizer

    if not isinstance(place, (str, Path)):
        raise Wrong(
            f"expected the name of a folder, got {shown(place)}",
            "save the model, then give the folder's name",
        )
    folder = Path(place).expanduser()
    trial.doing = f"the folder {folder.name}"
    _files(trial, folder)
    _names(trial, folder)
    try:
        model, tokenizer = load_model(folder), load_tokenizer(folder)
    except ModelError as error:
        raise Wrong(f"from_pretrained can't load it: {error}") from None
    trial.holds("plain `from_pretrained` loads it, from safetensors, with its tokenizer")
    own = load_tokenizer(base)
    trial.that(
        tokenizer.encode(PROBE) == own.encode(PROBE),
        "the tokenizer makes other ids of the same text than the model's own",
        "to this model, another tokenizer's ids mean other words",
    )
    _weights(trial, load_model(base).state_dict(), model.state_dict())


def _files(trial: Trial, folder: Path) -> None:
    trial.that(folder.is_dir(), "there is no such folder", "`save_pretrained` writes it")
    names = {path.name for path in folder.iterdir()}
    whole = any(name.startswith("model") and name.endswith(".safetensors") for name in names)
    trial.that(
        whole or "adapter_config.json" not in names,
        "only an adapter is there, which is nothing without the model it belongs to",
        "`merge_and_unload` returns the whole model: save that one",
    )
    pickled = any(
        name.endswith((".bin", ".pt", ".pth")) and name[:8] != "training" for name in names
    )
    trial.that(
        whole,
        "there are no weights in safetensors",
        "a pickle file is a program: `save_pretrained` writes safetensors instead of it"
        if pickled
        else "`save_pretrained` writes them",
    )
    trial.that("config.json" in names, "config.json is missing", "save the model, not its weights")
    trial.that(
        bool({"tokenizer.json", "tokenizer_config.json"} & names),
        "there is no tokenizer",
        "`tokenizer.save_pretrained` into the same folder, or nobody knows what the ids mean",
    )


def _names(trial: Trial, folder: Path) -> None:
    from safetensors import safe_open

    for path in sorted(folder.glob("model*.safetensors")):
        with safe_open(path, framework="pt") as file:
            left = [name for name in file.keys() if any(part in name for part in ADAPTERS)]  # noqa: SIM118
        trial.that(
            not left,
            f"a weight is called {left[0] if left else ''}",
            "the adapter still stands beside the weights: `merge_and_unload` before you save, "
            "and save what it returns",
        )


def _weights(trial: Trial, base: dict[str, Tensor], saved: dict[str, Tensor]) -> None:
    shapes = {name: weight.shape for name, weight in base.items()}
    trial.that(
        shapes == {name: weight.shape for name, weight in saved.items()},
        "its weights have other names or shapes than those of the model it came from",
        "is it the same model?",
    )
    changes = []
    for name, weight in saved.items():
        trial.that(
            bool(weight.isfinite().all()),
            f"{name} contains nan or infinity",
            "training went astray: a rate too high, or a type of number too coarse",
        )
        old = base[name].to(weight.dtype).float()  # a coarser type alone is no change
        if weight.dim() > 1 and old.any():
            changes.append(((weight.float() - old).norm() / old.norm()).item())
    changed = torch.tensor(changes)
    n = int((changed > 0).sum())
    trial.that(
        n > 0,
        "all its weights are those of the model as it came",
        "the old model was saved: `merge_and_unload` returns the new one, and a learning rate "
        "of 0 or frozen weights change nothing",
    )
    trial.that(
        changed.max().item() < TURNED,
        f"a matrix has changed by {100 * changed.max():.0f} % of its length",
        "little of the pretrained model is left: a rate too high, or training from random weights",
    )
    mean = 100 * changed[changed > 0].mean().item()
    trial.holds(
        f"{n} of {len(changes)} matrices have changed, by {mean:.2g} % of their length in the "
        "mean, and all numbers are finite"
    )
