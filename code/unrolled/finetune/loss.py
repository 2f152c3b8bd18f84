r"""The surprise of a language model at its next tokens, without a table of all its logits.

A pretrained LLM chooses among some 50,000 tokens. For a batch of 8 rows of 256 tokens its logits
are 100 million numbers, and the ordinary way holds them, their softmax and their gradient in memory
at once, in float32: 1.2 GB, more than the weights. Here the head and the loss work on a few hundred
places at a time, and find the gradient at once, while the logits are at hand:

$$ L = \frac1N \sum_n \Bigl( \log \sum_v e^{h_n \cdot w_v} - h_n \cdot w_{y_n} \Bigr), \qquad
\frac{\partial L}{\partial h_n} = \frac1N \Bigl( \sum_v p_{nv} w_v - w_{y_n} \Bigr) $$

The result is the ordinary one; autograd is the oracle of the tests. The same idea, with kernels of
its own: Wijmans et al. (2024), https://arxiv.org/abs/2411.09009.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PLACES = 256
"""So many places at a time: their logits fit into a processor's cache better than all would."""


class _HeadLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, hidden: Tensor, weight: Tensor, targets: Tensor
    ) -> Tensor:
        N, dtype = len(targets), hidden.dtype
        head = weight.to(dtype)  # (V, C)
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        grad_hidden = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        grad_weight = torch.zeros_like(weight) if ctx.needs_input_grad[1] else None
        for start in range(0, N, PLACES):
            part = slice(start, start + PLACES)
            h, y = hidden[part], targets[part, None]  # (P, C), (P, 1)
            logs = (h @ head.T).log_softmax(-1, dtype=torch.float32)  # (P, V)
            total -= logs.gather(1, y).sum()
            if grad_hidden is None and grad_weight is None:
                continue
            slope = logs.exp_()  # the probabilities, in the same memory
            slope.scatter_add_(1, y, torch.full_like(y, -1, dtype=slope.dtype))
            slope = slope.to(dtype)
            if grad_hidden is not None:
                grad_hidden[part] = slope @ head
            if grad_weight is not None:
                grad_weight += slope.T @ h
        ctx.save_for_backward(grad_hidden, grad_weight)
        ctx.n_places = N
        return total / N

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, gradient: Tensor
    ) -> tuple[Tensor | None, ...]:
        scale = gradient / ctx.n_places
        found = (None if g is None else g * scale.to(g.dtype) for g in ctx.saved_tensors)
        return (*found, None)


def head_loss(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Mean surprise in nats per token of a linear head: hidden (N, C), weight (V, C), targets (N,).

    Logits are computed in the type of `hidden`, the surprise in float32, a scalar.
    """
    return _HeadLoss.apply(hidden, weight, targets)


class NextTokenLoss(nn.Module):
    """A causal model as the loss that training moves: blocks (B, T) to mean nats per token.

    The T - 1 tokens after each first one are predicted. A model whose head is more than one
    matrix (a bias, a cap on the logits) is found out by trying, and takes the ordinary way.
    """

    def __init__(self, model: PreTrainedModel | nn.Module) -> None:
        super().__init__()
        self.model = model
        self.frugal = self._is_plain()

    def forward(self, blocks: Tensor) -> Tensor:
        """Mean surprise at the tokens after each row's first, in nats: a float32 scalar."""
        return self._in_parts(blocks) if self.frugal else self._at_once(blocks)

    def _in_parts(self, blocks: Tensor) -> Tensor:
        causal, kind = self._causal(), blocks.device.type
        hidden = causal.get_input_embeddings()(blocks[:, :-1])  # (B, T-1, C)
        mixed = torch.is_autocast_enabled(kind)
        if mixed:  # the sum that runs through the layers loses most if it is rounded at each
            hidden = hidden.float()
        hidden = causal.base_model(inputs_embeds=hidden, use_cache=False)[0]
        if mixed:
            hidden = hidden.to(torch.get_autocast_dtype(kind))
        weight = causal.get_output_embeddings().weight
        return head_loss(hidden.flatten(0, 1), weight, blocks[:, 1:].flatten())

    def _at_once(self, blocks: Tensor) -> Tensor:
        logits = self.model(input_ids=blocks[:, :-1], use_cache=False).logits  # (B, T-1, V)
        return F.cross_entropy(logits.float().flatten(0, 1), blocks[:, 1:].flatten())

    def _causal(self) -> nn.Module:
        """The transformers model, also when PEFT has wrapped it."""
        return self.model.get_base_model() if hasattr(self.model, "peft_config") else self.model

    @torch.no_grad()
    def _is_plain(self) -> bool:
        """Whether both ways agree on a few tokens, in evaluation mode."""
        training, blocks = self.model.training, torch.arange(16).view(1, 16)
        self.model.eval()
        try:
            blocks = blocks.to(next(self.model.parameters()).device)
            ordinary = self._at_once(blocks)
            return bool(torch.isclose(self._in_parts(blocks), ordinary, rtol=1e-2))
        except (AttributeError, TypeError, IndexError, RuntimeError, ValueError):
            return False
        finally:
            self.model.train(training)
