"""How a fine-tuning run goes: everything that decides it, but the model and the text."""

from dataclasses import dataclass
from typing import Literal

from unrolled.training import TrainingConfig

RATES = {"lora": 2e-3, "full": 1e-4}
"""Learning rates that suit a method: new small matrices bear a far higher one than old weights."""


@dataclass(frozen=True)
class FinetuneConfig:
    """Settings of a run, checked. It stops by steps, so that it can be repeated."""

    steps: int = 200
    batch_size: int = 8  # blocks a step, over all processes together
    method: Literal["lora", "full"] = "lora"
    learning_rate: float | None = None  # the highest; None: what suits the method (`RATES`)
    warmup_steps: int = 10  # the rate climbs this long, then falls to almost 0
    rank: int = 16  # of LoRA's change to a matrix
    alpha: float = 32.0  # the change is multiplied by alpha / rank
    targets: tuple[str, ...] | str | None = None  # names of layers; None: what PEFT deems usual
    last_layers: int | None = None  # adapt only this many, nearest the output; None: all
    clip_norm: float = 1.0  # a longer gradient is shortened to this
    weight_decay: float = 0.0
    record_every: int = 10
    evaluate_every: int | None = None  # score the held-out blocks this often; None: at the end
    seed: int = 0  # decides the order of the blocks, the first adapters, and dropout

    def __post_init__(self) -> None:
        if self.method not in RATES:
            raise ValueError(f"expected method 'lora' or 'full', got {self.method!r}")
        if self.learning_rate is None:
            object.__setattr__(self, "learning_rate", RATES[self.method])
        for name in ("rank", "alpha", "clip_norm", "evaluate_every", "last_layers"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"expected {name} above 0, got {value}")
        if self.weight_decay < 0:
            raise ValueError(f"expected weight_decay of at least 0, got {self.weight_decay}")
        if self.evaluate_every is not None and self.evaluate_every % self.record_every:
            raise ValueError(
                f"expected evaluate_every to be a multiple of record_every = {self.record_every}, "
                f"got {self.evaluate_every}"
            )
        self.schedule  # noqa: B018 - it checks what it shares with all other training

    @property
    def schedule(self) -> TrainingConfig:
        """Steps and rates, as in all training of the book."""
        return TrainingConfig(
            steps=self.steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            record_every=self.record_every,
            seed=self.seed,
            warmup_steps=min(self.warmup_steps, self.steps // 2),
            schedule="cosine",
        )
