r"""LoRA: what a model learns anew is kept in small matrices beside its own.

A pretrained matrix W (out x in) stays as it is; beside it stand A (r x in) and B (out x r) of a
small rank r, and the layer computes

$$ y = W x + \tfrac{\alpha}{r} B A x . $$

B begins as zeros, so that nothing has changed at first. Only A and B are trained, so that the
optimizer has about 1 % of the numbers to keep, and at the end their product is added to W: the
result is a model as before. Hu et al. (2021), https://arxiv.org/abs/2106.09685, here by PEFT.
Explained in ``book/capstone.md``.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from unrolled.finetune.config import FinetuneConfig
from unrolled.pretrained import load_model, quiet

if TYPE_CHECKING:
    from peft import PeftConfig, PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def adapt(model: PreTrainedModel, config: FinetuneConfig) -> PreTrainedModel | PeftModel:
    """Make a model ready to learn by `config.method`, in place; returns what to train.

    With ``"lora"`` all weights of the model are frozen, whatever their type, and adapters in
    float32 are put beside some of them. With ``"full"`` all weights learn.

    Raises:
        ValueError: Every weight is to learn, in a type too coarse for it; or no layer has one of
            the names in `config.targets`.
    """
    if config.method == "full":
        if model.dtype != torch.float32:
            raise ValueError(
                f"expected float32 weights to train them all, got {model.dtype}: "
                "a small step would be lost in rounding"
            )
        return model.requires_grad_(True)
    from peft import LoraConfig

    layers = None
    if config.last_layers is not None:
        n = model.config.num_hidden_layers
        layers = list(range(max(0, n - config.last_layers), n))
    lora = LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,
        target_modules=list(config.targets)
        if isinstance(config.targets, tuple)
        else config.targets,
        layers_to_transform=layers,
        task_type="CAUSAL_LM",
    )
    with torch.random.fork_rng(devices=[]):  # the caller's chance is left alone
        torch.manual_seed(config.seed)
        return _with_adapters(model, lora)


def _with_adapters(model: PreTrainedModel, lora: PeftConfig) -> PeftModel:
    from peft import get_peft_model

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)  # PEFT's own affair
        return get_peft_model(model, lora)


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that learn, by name."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def merged(model: PreTrainedModel | PeftModel, source: str | Path | None = None) -> PreTrainedModel:
    """The result as an ordinary model, the adapters' product added to the weights in float32.

    The frozen weights are loaded anew from where they came (`source` as in `load_model`): if they
    were rounded to bfloat16 to train faster, the result isn't. A model without adapters is returned
    as it is.
    """
    if not hasattr(model, "peft_config"):
        return model
    from peft import get_peft_model_state_dict, set_peft_model_state_dict

    fresh = _with_adapters(load_model(source, dtype=torch.float32), model.peft_config["default"])
    set_peft_model_state_dict(fresh, get_peft_model_state_dict(model))
    return fresh.merge_and_unload().eval()


def save(
    model: PreTrainedModel | PeftModel,
    tokenizer: PreTrainedTokenizerBase,
    place: Path,
    source: str | Path | None = None,
) -> None:
    """Write the merged result and its tokenizer as a folder that ``from_pretrained`` reads.

    Raises:
        OSError: The disk is full, or the folder can't be written.
    """
    from safetensors import SafetensorError

    try:
        with quiet():
            merged(model, source).save_pretrained(place)
            tokenizer.save_pretrained(place)
    except SafetensorError as error:
        raise OSError(f"{place}: {error}") from error
