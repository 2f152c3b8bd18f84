"""LoRA: nothing changes at first, few numbers learn, and the result is an ordinary model."""

from __future__ import annotations

import errno

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GPTNeoXConfig, GPTNeoXForCausalLM

from unrolled.finetune import FinetuneConfig, adapt, finetune, merged, save, trainable
from unrolled.pretrained import load_model

CONFIG = FinetuneConfig(steps=4, batch_size=4, rank=2, alpha=6.0, learning_rate=0.05)


def moved(model, seed=0):
    """Give every trained parameter random values."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in trainable(model).values():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return model


@torch.no_grad()
def test_at_first_nothing_has_changed(model, blocks):
    assert torch.equal(adapt(model(), CONFIG)(blocks).logits, model()(blocks).logits)


def test_what_learns_by_hand(model):
    """Two layers, beside q (32 x 32) and v (32 x 16) each: A has 2 x in numbers, B out x 2."""
    tuned = adapt(model(torch.bfloat16), CONFIG)
    learning = trainable(tuned)
    assert sum(p.numel() for p in learning.values()) == 2 * (2 * (32 + 32) + 2 * (32 + 16))
    assert all("lora_" in name for name in learning)
    assert {p.dtype for p in learning.values()} == {torch.float32}
    assert tuned.get_base_model().dtype == torch.bfloat16


def test_only_the_last_layers(model):
    config = FinetuneConfig(last_layers=1, targets=("down_proj",), rank=2)
    names = list(trainable(adapt(model(), config)))
    assert len(names) == 2
    assert all("layers.1.mlp.down_proj" in name for name in names)


def test_the_first_adapters_are_the_seeds_and_chance_is_left_alone(model):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first = trainable(adapt(model(), CONFIG))
    assert torch.equal(torch.rand(1), expected)
    again = trainable(adapt(model(), CONFIG))
    assert all(torch.equal(first[name], again[name]) for name in first)


@torch.no_grad()
def test_merged_is_the_formula(model, folder, blocks):
    """W + alpha / r B A, in a model as transformers made it."""
    tuned = moved(adapt(model(), CONFIG))
    A = trainable(tuned)["base_model.model.model.layers.1.self_attn.q_proj.lora_A.default.weight"]
    B = trainable(tuned)["base_model.model.model.layers.1.self_attn.q_proj.lora_B.default.weight"]
    result = merged(tuned, folder)
    before = load_model(folder).model.layers[1].self_attn.q_proj.weight
    now = result.model.layers[1].self_attn.q_proj.weight
    torch.testing.assert_close(now, before + 6.0 / 2 * B @ A)
    torch.testing.assert_close(result(blocks).logits, tuned(blocks).logits)
    assert type(result).__name__ == "LlamaForCausalLM"
    assert not result.training


@torch.no_grad()
def test_frozen_weights_that_were_rounded_are_merged_unrounded(model, folder):
    tuned = moved(adapt(model(torch.bfloat16), CONFIG))
    exact = moved(adapt(model(), CONFIG))
    for p, q in zip(
        merged(tuned, folder).parameters(), merged(exact, folder).parameters(), strict=True
    ):
        assert torch.equal(p, q)


@torch.no_grad()
@pytest.mark.parametrize("method", ["lora", "full"])
def test_saved_it_loads_by_plain_transformers(model, folder, tokenizer, blocks, tmp_path, method):
    config = FinetuneConfig(method=method, steps=3, batch_size=4, learning_rate=0.01)
    tuned = adapt(model(), config)
    with torch.enable_grad():
        list(finetune(tuned, blocks, config))
    save(tuned, tokenizer, tmp_path / "out", folder)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    torch.testing.assert_close(loaded(blocks).logits, tuned(blocks).logits)
    assert not torch.allclose(loaded(blocks).logits, model()(blocks).logits)
    assert (tmp_path / "out" / "model.safetensors").is_file()
    assert AutoTokenizer.from_pretrained(tmp_path / "out").encode("abc") == tokenizer.encode("abc")


def test_a_model_that_peft_has_no_habit_for():
    sizes = {"vocab_size": 20, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    strange = GPTNeoXForCausalLM(GPTNeoXConfig(**sizes, intermediate_size=16))
    strange.config.model_type = "strange"
    assert len(trainable(adapt(strange, FinetuneConfig()))) > 0


def test_all_weights_need_float32(model):
    with pytest.raises(ValueError, match=r"expected float32 weights .* got torch.bfloat16"):
        adapt(model(torch.bfloat16), FinetuneConfig(method="full"))


def test_a_layer_that_is_not_there(model):
    with pytest.raises(ValueError, match="nonsense"):
        adapt(model(), FinetuneConfig(targets=("nonsense",)))


def test_a_full_disk_while_saving(model, tokenizer, folder, tmp_path, monkeypatch):
    from safetensors import SafetensorError
    from transformers import PreTrainedModel

    def full(*_, **__):
        raise SafetensorError("No space left on device (os error 28)")

    monkeypatch.setattr(PreTrainedModel, "save_pretrained", full)
    with pytest.raises(OSError, match="No space left") as caught:
        save(model(), tokenizer, tmp_path, folder)
    assert caught.value.errno != errno.EPERM
