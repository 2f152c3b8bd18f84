"""One loop that trains every model of the book, and the texts it is fed with.

A model learns in steps: take a batch, measure the surprise, find the gradient, move the weights
a little against it. `training_steps` is that loop, and nothing else: what a batch is and how it
is judged comes in as a function, what happens to the records is up to whoever reads them. Word
vectors, recurrent networks and transformers all pass through it.

`streams` cuts one long text into batches for a language model: the targets are the inputs, moved
by one place. Explained in ``book/rnn.md``; the optimizer is Adam (Kingma and Ba 2015,
https://arxiv.org/abs/1412.6980), or AdamW (Loshchilov and Hutter 2019,
https://arxiv.org/abs/1711.05101) where weights decay; matrices may go to `unrolled.muon`.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unrolled.muon import Muon


@dataclass(frozen=True)
class TrainingConfig:
    """How a model is trained. Training stops by steps, never by seconds: it can be repeated."""

    steps: int = 4000
    batch_size: int = 1024
    learning_rate: float = 1e-2  # the highest; it falls to 0 at the end, so that the model settles
    record_every: int = 100
    seed: int = 0
    warmup_steps: int = 0  # the rate climbs this long: Adam's first estimates are poor
    schedule: str = "linear"  # how the rate falls: in a straight line, or along a cosine
    betas: tuple[float, float] = (0.9, 0.999)  # how long Adam remembers gradients, and squares
    weight_decay: float = 0.0
    clip_norm: float | None = None  # a longer gradient is shortened to this; None: never
    matrix_rate: float | None = None  # Muon's learning rate, for matrices; None: Adam for all

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "learning_rate", "record_every"):
            if not getattr(self, name) > 0:
                raise ValueError(f"expected {name} above 0, got {getattr(self, name)}")
        if not 0 <= self.warmup_steps < self.steps:
            raise ValueError(
                f"expected warmup_steps from 0 to below {self.steps} steps, got {self.warmup_steps}"
            )
        if self.schedule not in ("linear", "cosine"):
            raise ValueError(f"expected schedule 'linear' or 'cosine', got {self.schedule!r}")
        for name in ("clip_norm", "matrix_rate"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"expected {name} above 0 or None, got {value}")

    def share(self, step: int) -> float:
        """The share of the highest rate at a step, counted from 1: up, then down to almost 0."""
        if step <= self.warmup_steps:
            return step / self.warmup_steps
        part = (step - 1 - self.warmup_steps) / (self.steps - self.warmup_steps)  # 0 to below 1
        return (1 + math.cos(math.pi * part)) / 2 if self.schedule == "cosine" else 1 - part

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 1."""
        return self.learning_rate * self.share(step)


@dataclass(frozen=True)
class Record:
    """What training says now and then; `nats` and `accuracy` are means since the last record."""

    step: int
    nats: float  # per judgment or per token
    accuracy: float  # share of judgments that were right; of tokens that were the likeliest
    gradient_norm: float = 0.0  # of this step, all parameters together, before clipping
    seconds: float = field(default=0.0, compare=False)  # since the start; no two runs agree


def judged(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean log loss of yes-or-no judgments in nats, and the share that is right.

    Logits and labels have the same shape; a label is 1 for yes and 0 for no.
    """
    loss = F.binary_cross_entropy_with_logits(logits, labels)
    return loss, ((logits.detach() > 0) == (labels > 0)).float().mean()


def predicted(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Mean surprise at the targets (B, T) in nats per token, and the share that led the list.

    Logits (B, T, V) of any float type; the loss is computed in float32.
    """
    if logits.shape[:-1] != targets.shape:
        raise ValueError(
            f"expected targets of shape {tuple(logits.shape[:-1])}, got {tuple(targets.shape)}"
        )
    logits = logits.float().flatten(0, -2)  # (B * T, V)
    targets = targets.flatten()
    with torch.no_grad():
        right = (logits.argmax(-1) == targets).float().mean()
    return F.cross_entropy(logits, targets), right


def training_steps(
    parameters: Iterable[nn.Parameter],
    batch: Callable[[torch.Generator], tuple[Tensor, Tensor]],
    config: TrainingConfig,
    judge: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] = judged,
    matrices: Iterable[nn.Parameter] = (),
) -> Iterator[Record]:
    """Minimize a loss with Adam, step by step; yield a `Record` now and then.

    Whoever reads the records draws, prints or stops; stopping early keeps what was learned.

    Args:
        parameters: What is moved.
        batch: Draws a fresh batch with the generator it is given and runs the model on it:
            returns logits and what they should have said.
        config: Steps, rate, record interval, clipping.
        judge: Logits and targets to (loss in nats, accuracy): `judged` for yes or no,
            `predicted` for the next token.
        matrices: Those of the parameters that Muon moves where `config.matrix_rate` is set.
    """
    parameters = list(parameters)
    generator = torch.Generator().manual_seed(config.seed)
    optimizers = _optimizers(parameters, list(matrices), config)
    start, nats, right, n = time.perf_counter(), 0.0, 0.0, 0
    for step in range(1, config.steps + 1):
        for optimizer, highest in optimizers:
            optimizer.param_groups[0]["lr"] = highest * config.share(step)
            optimizer.zero_grad()
        loss, accuracy = judge(*batch(generator))
        loss.backward()
        recorded = step % config.record_every == 0 or step == config.steps
        norm = _gradient_norm(parameters, config.clip_norm) if recorded or config.clip_norm else 0.0
        for optimizer, _ in optimizers:
            optimizer.step()
        nats, right, n = nats + loss.item(), right + accuracy.item(), n + 1
        if recorded:
            yield Record(step, nats / n, right / n, norm, time.perf_counter() - start)
            nats, right, n = 0.0, 0.0, 0


def _optimizers(
    parameters: list[nn.Parameter], matrices: list[nn.Parameter], config: TrainingConfig
) -> list[tuple[torch.optim.Optimizer, float]]:
    """Return Adam for all, or Muon for the matrices and Adam for the rest; and their rates."""
    chosen = [] if config.matrix_rate is None else matrices
    taken = {id(matrix) for matrix in chosen}
    rest = [parameter for parameter in parameters if id(parameter) not in taken]
    rate = config.learning_rate
    adam = torch.optim.AdamW(rest, rate, config.betas, weight_decay=config.weight_decay)
    if not chosen:
        return [(adam, rate)]
    return [(adam, rate), (Muon(chosen, config.matrix_rate), config.matrix_rate)]


def _gradient_norm(parameters: list[nn.Parameter], clip_norm: float | None) -> float:
    """Return the length of the gradient, and shorten it to `clip_norm` if it is longer."""
    longest = math.inf if clip_norm is None else clip_norm
    return nn.utils.clip_grad_norm_(parameters, longest).item()


class LanguageModel(Protocol):
    """What `train_on_text` asks of a model of any kind."""

    head: nn.Module  # hidden vectors (B, T, C) to logits (B, T, V)

    @property
    def matrices(self) -> list[nn.Parameter]:
        """The weight matrices inside, without tables and head: those that Muon may move."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """All that is learned."""

    def run(self, tokens: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Read tokens (B, T) on from a state: hidden vectors (B, T, C), and the new state."""

    def carried(self, state: Any) -> Any:
        """Return what passes from one window of training to the next; None: nothing."""


def train_on_text(
    model: LanguageModel,
    batches: Iterable[tuple[Tensor, Tensor]],
    config: TrainingConfig,
    low_precision: bool = False,
) -> Iterator[Record]:
    """Train a recurrent network or a GPT, in place, on consecutive windows of text.

    They differ in what a window gets from the one before (`carried`): a recurrent network its
    memory, but no gradient, which is truncated backpropagation through time (``book/bptt.md``);
    a GPT nothing. Surprise is in nats per token.

    Args:
        model: `unrolled.rnn.RecurrentModel` or `unrolled.gpt.GPT`.
        batches: inputs (B, T) and targets (B, T), as `streams` makes them.
        config: Steps, rate, clipping; with `matrix_rate` Muon moves the model's matrices.
        low_precision: Multiply matrices in bfloat16, 8 significant bits: faster where the
            processor can, and close enough to learn from. Weights stay in float32.
    """
    supply, state = iter(batches), None

    def batch(generator: torch.Generator) -> tuple[Tensor, Tensor]:
        nonlocal state
        inputs, targets = next(supply)
        with torch.autocast("cpu", torch.bfloat16, enabled=low_precision):
            hidden, state = model.run(inputs, state)
            logits = model.head(hidden)
        state = model.carried(state)
        return logits, targets

    yield from training_steps(model.parameters(), batch, config, predicted, model.matrices)


def streams(tokens: Tensor, batch_size: int, window: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Read one long text in `batch_size` places at once, a window at a time, forever.

    The text (N,) is cut into B rows of equal length. Each batch is the next window of every row,
    so what a model remembered of the last batch fits to this one, row by row. At the end all
    rows jump to a start together; the memory is then wrong once, and soon gone.

    Yields:
        inputs (B, T) and targets (B, T): the same stretch, the targets one place further on.
    """
    if tokens.ndim != 1 or len(tokens) < batch_size * (window + 1):
        raise ValueError(
            f"expected a row of at least {batch_size} x {window + 1} tokens, "
            f"got shape {tuple(tokens.shape)}"
        )
    length = (len(tokens) - 1) // batch_size  # of a row
    offsets = torch.arange(batch_size)[:, None] * length  # (B, 1)
    while True:
        for start in range(0, length - window + 1, window):
            places = offsets + start + torch.arange(window)  # (B, T)
            yield tokens[places], tokens[places + 1]
