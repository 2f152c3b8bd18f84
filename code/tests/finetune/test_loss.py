"""The loss in parts is the ordinary one, and so is its gradient."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F
from transformers import GPT2Config, GPT2LMHeadModel

from unrolled.finetune import loss as module
from unrolled.finetune.loss import NextTokenLoss, head_loss


def test_by_hand():
    """Two tokens, logits 0 and ln 3: probabilities 1/4 and 3/4."""
    weight = torch.tensor([[0.0], [1.0]])
    hidden = torch.log(torch.tensor([[3.0], [3.0]]))
    nats = head_loss(hidden, weight, torch.tensor([0, 1]))
    assert nats.item() == pytest.approx(-(torch.tensor(0.25 * 0.75).log() / 2).item())


@pytest.mark.parametrize("places", [1, 7, 20, 100])
def test_autograd_agrees(monkeypatch, places):
    monkeypatch.setattr(module, "PLACES", places)
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(20, 8, generator=generator, requires_grad=True)
    weight = torch.randn(30, 8, generator=generator, requires_grad=True)
    targets = torch.randint(0, 30, (20,), generator=generator)
    ordinary = F.cross_entropy(hidden @ weight.T, targets)
    expected = torch.autograd.grad(ordinary * 3, (hidden, weight))
    found = head_loss(hidden, weight, targets)
    torch.testing.assert_close(found, ordinary)
    torch.testing.assert_close(torch.autograd.grad(found * 3, (hidden, weight)), expected)


def test_a_frozen_head_gets_no_gradient():
    hidden = torch.randn(4, 3, requires_grad=True)
    weight = torch.randn(5, 3)
    head_loss(hidden, weight, torch.tensor([0, 1, 2, 3])).backward()
    assert weight.grad is None
    assert hidden.grad is not None


def test_bfloat16_logits_are_summed_in_float32():
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(64, 16, generator=generator).bfloat16()
    weight = torch.randn(300, 16, generator=generator).bfloat16()
    targets = torch.randint(0, 300, (64,), generator=generator)
    found = head_loss(hidden, weight, targets)
    assert found.dtype == torch.float32
    exact = F.cross_entropy(hidden.double() @ weight.double().T, targets).item()
    assert found.item() == pytest.approx(exact, rel=5e-3)


def test_transformers_own_loss(model, blocks):
    llama = model()
    loss = NextTokenLoss(llama)
    assert loss.frugal
    assert loss(blocks).item() == pytest.approx(llama(blocks, labels=blocks).loss.item(), rel=1e-6)


def test_the_sum_through_the_layers_is_float32(model, blocks):
    """Weights in bfloat16 with autocast: between layers stays float32, and the loss is nearer."""
    llama, rounded = model(torch.bfloat16), model(torch.bfloat16).float()
    seen = []
    llama.model.layers[1].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].dtype))
    loss = NextTokenLoss(llama)
    with torch.no_grad():
        exact = NextTokenLoss(rounded)(blocks).item()
        plain = loss(blocks).item()
        with torch.autocast("cpu", torch.bfloat16):
            mixed = loss(blocks).item()
    assert seen[-2:] == [torch.bfloat16, torch.float32]
    assert abs(mixed - exact) < abs(plain - exact)


def test_a_model_that_wants_its_tokens_takes_the_ordinary_way(model, blocks, monkeypatch):
    llama = model()
    through = llama.model.forward

    def forward(input_ids=None, inputs_embeds=None, **options):
        if input_ids is None:
            raise ValueError("expected tokens")
        return through(input_ids=input_ids, **options)

    monkeypatch.setattr(llama.model, "forward", forward)
    loss = NextTokenLoss(llama)
    assert not loss.frugal
    assert loss(blocks).item() == pytest.approx(llama(blocks, labels=blocks).loss.item(), rel=1e-6)


def test_all_gradients_of_a_tied_model(model, blocks):
    """The head's matrix is the embedding's: both of its uses add up."""
    one, other = model(), model()
    NextTokenLoss(one)(blocks).backward()
    other(blocks, labels=blocks).loss.backward()
    for (name, p), q in zip(one.named_parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(p.grad, q.grad, msg=lambda m, n=name: f"{n}: {m}")


def test_another_architecture(blocks):
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=258, n_embd=16, n_layer=1, n_head=2, n_positions=32)
    gpt2 = GPT2LMHeadModel(config).eval()
    loss = NextTokenLoss(gpt2)
    assert loss.frugal
    assert loss(blocks).item() == pytest.approx(gpt2(blocks, labels=blocks).loss.item(), rel=1e-6)


def test_a_head_with_more_to_it_takes_the_ordinary_way(model, blocks):
    llama = model()
    llama.lm_head.bias = torch.nn.Parameter(torch.linspace(-3, 3, 258))
    loss = NextTokenLoss(llama)
    assert not loss.frugal
    assert loss(blocks).item() == pytest.approx(llama(blocks, labels=blocks).loss.item(), rel=1e-6)


def test_the_check_leaves_the_model_as_it_was(model):
    llama = model().train()
    NextTokenLoss(llama)
    assert llama.training
