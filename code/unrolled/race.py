r"""A race against the clock: one model, one recipe, one text, and two purses of time.

The first nine tenths of a text train, the last tenth judges, every character of it once. Time spent
on training and time spent on judging are counted apart, because only the first is what a
recipe is compared by. Training stops by steps, or at the first evaluation that reaches a target;
the clock decides nothing, so a run can be repeated. Explained in ``book/speedrun.md``.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unrolled.corpus import CharacterVocabulary
from unrolled.training import TrainingConfig, predicted, training_steps

WINDOW = 64
"""Characters that a model sees at once when it is scored, in both recipes."""

SHORTEST = 20 * WINDOW
"""Characters that a text must have, so that both parts hold at least one window."""


class TextError(ValueError):
    """A file that no recipe can train on; the message is for the person who named it."""


@dataclass(frozen=True)
class Split:
    """A text as tokens: what trains, what judges, and the vocabulary of both."""

    vocabulary: CharacterVocabulary
    train: Tensor  # (N,) int64
    validation: Tensor  # (M,)

    @classmethod
    def of(cls, text: str) -> "Split":
        """Cut after nine tenths. Raises TextError for a text that is too short."""
        if len(text) < SHORTEST:
            raise TextError(f"expected at least {SHORTEST} characters of text, got {len(text)}")
        vocabulary = CharacterVocabulary.from_text(text)
        tokens = torch.tensor(vocabulary.encode(text))
        cut = len(tokens) * 9 // 10
        return cls(vocabulary, tokens[:cut], tokens[cut:])


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how a run goes, but the text, the seed and the clock."""

    name: str
    build: Callable[[int], nn.Module]  # vocabulary size to model
    training: TrainingConfig
    windows: tuple[tuple[float, int, int], ...]  # from this share of the steps on: B, T
    evaluations: int  # how often the validation text is scored, evenly spread, the end included

    def lasting(self, steps: int) -> "Recipe":
        """Stretch or squeeze the schedule to another number of steps."""
        warmup = self.training.warmup_steps * steps // self.training.steps
        every = max(1, steps // self.evaluations)
        changed = replace(self.training, steps=steps, warmup_steps=warmup, record_every=every)
        return replace(self, training=changed)

    def shape(self, step: int) -> tuple[int, int]:
        """How many windows of which length a batch has at a step, counted from 1."""
        share = (step - 1) / self.training.steps
        return next((B, T) for start, B, T in reversed(self.windows) if share >= start)


@dataclass(frozen=True)
class Checkpoint:
    """A look at the validation text during a run; the two purses are counted from the start."""

    step: int
    val_nats: float  # per character, all of the validation text
    train_seconds: float
    eval_seconds: float


@torch.no_grad()
def score(model: nn.Module, split: Split) -> float:
    """Mean surprise at every character of the validation text, in nats.

    The text is cut into windows of `WINDOW` characters; each is predicted from what stands before
    it in its window, the first of a window from the one character before.
    """
    inputs = torch.cat([split.train[-1:], split.validation[:-1]])
    nats, whole = 0.0, len(inputs) // WINDOW * WINDOW
    pairs = torch.stack([inputs, split.validation])  # (2, M)
    rows = list(pairs[:, :whole].view(2, -1, WINDOW).split(128, dim=1))  # (2, B, T) each
    if whole < len(inputs):
        rows.append(pairs[:, None, whole:])
    for seen, wanted in rows:
        logits = model(seen).float().flatten(0, 1)  # (B * T, V)
        nats += F.cross_entropy(logits, wanted.flatten(), reduction="sum").item()
    return nats / len(inputs)


def race(
    model: nn.Module,
    split: Split,
    recipe: Recipe,
    seed: int = 0,
    target: float | None = None,
    judge: Callable[[nn.Module, Split], float] = score,
) -> Iterator[Checkpoint]:
    """Train a model by a recipe; yield a checkpoint at each evaluation, stop at the target.

    Only the time between evaluations is training time. What the caller does with a checkpoint
    is on nobody's bill. `judge` is what an evaluation does.
    """
    step = 0

    def batch(generator: torch.Generator) -> tuple[Tensor, Tensor]:
        nonlocal step
        step += 1
        B, T = recipe.shape(step)
        starts = torch.randint(len(split.train) - T, (B, 1), generator=generator)
        windows = split.train[starts + torch.arange(T + 1)]  # (B, T + 1)
        return model(windows[:, :-1]), windows[:, 1:]

    matrices = getattr(model, "matrices", ())
    config = replace(recipe.training, seed=seed)
    records = training_steps(model.parameters(), batch, config, predicted, matrices)
    trained = scored = 0.0
    while True:
        start = time.perf_counter()
        record = next(records, None)
        trained += time.perf_counter() - start
        if record is None:
            return
        start = time.perf_counter()
        nats = judge(model, split)
        scored += time.perf_counter() - start
        yield Checkpoint(record.step, nats, trained, scored)
        if target is not None and nats <= target:
            return


def start(recipe: Recipe, split: Split, seed: int = 0) -> nn.Module:
    """Build the recipe's model with the first weights that belong to a seed."""
    torch.manual_seed(seed)
    return recipe.build(len(split.vocabulary))


def read_text(path: Path) -> str:
    """Read a UTF-8 file. Raises TextError, in one line, for what is no such thing."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextError(f"expected UTF-8 text, got other bytes at {error.start}") from None
    except OSError as error:
        raise TextError(f"can't be read: {error.strerror}") from None
