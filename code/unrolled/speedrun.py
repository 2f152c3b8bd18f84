r"""The speedrun: how soon does a small model predict a text as well as the recipe everyone copies?

Two recipes with the same number of parameters, on any text: `baseline`, the small character GPT of
countless tutorials, and `fast`. The first nine tenths of the text train, the last tenth judges,
every character of it once. Time is counted in two purses, training and evaluation; training
stops by steps, or at the first evaluation that reaches a target.

    python -m unrolled.speedrun --text plays.txt --recipe baseline --report baseline.json
    python -m unrolled.speedrun --text plays.txt --target-loss 1.93 --report fast.json

After Jordan et al. (2024), https://github.com/KellerJordan/modded-nanogpt, who race with GPT-2 on
eight GPUs. Explained in ``book/speedrun.md``.
"""

import argparse
import json
import math
import sys
from pathlib import Path

import torch

from unrolled import corpus
from unrolled.fast_gpt import FastGPT, FastGPTConfig
from unrolled.gpt import GPT, GPTConfig
from unrolled.race import WINDOW, Checkpoint, Recipe, Split, TextError, race, read_text, start
from unrolled.training import TrainingConfig

PLAYS = (
    "Hamlet",
    "King Lear",
    "Othello",
    "Romeo and Juliet",
    "A Midsummer Night's Dream",
    "The Tempest",
    "The Merchant of Venice",
    "Much Ado About Nothing",
    "Twelfth Night",  # the last tenth: nearly the whole of it judges
)
"""The text of the book's race, 1.1 MB; the held-out plays of the yardstick are not among them."""


def plays_text() -> str:
    """The race's plays, one after the other."""
    texts = {play.title: play.text for play in corpus.load().plays}
    return "\n".join(texts[title] for title in PLAYS)


BASELINE = Recipe(
    name="baseline",
    build=lambda V: GPT(GPTConfig(V, WINDOW, n_layers=4, n_heads=4, embedding_size=128)),
    training=TrainingConfig(
        steps=2000,
        batch_size=12,
        learning_rate=1e-3,
        warmup_steps=100,
        schedule="cosine",
        betas=(0.9, 0.99),
        weight_decay=0.1,
        clip_norm=1.0,
    ),
    windows=((0.0, 12, WINDOW),),
    evaluations=5,
).lasting(2000)


def fast_sizes(V: int) -> FastGPTConfig:
    """The sizes of the fast model: rows are given up for a head of its own with many characters.

    So it has as many parameters as the baseline to 5 %, for up to 4,500 different characters.
    """
    rows = max(2, 4672 - V)
    return FastGPTConfig(V, WINDOW, pair_rows=rows // 3, triple_rows=rows - rows // 3)


FAST = Recipe(
    name="fast",
    build=lambda V: FastGPT(fast_sizes(V)),
    training=TrainingConfig(
        steps=100, batch_size=64, learning_rate=0.1, betas=(0.9, 0.99), matrix_rate=0.05
    ),
    windows=((0.0, 64, WINDOW // 2), (0.6, 32, WINDOW)),
    evaluations=10,
).lasting(100)

RECIPES = {recipe.name: recipe for recipe in (BASELINE, FAST)}


def main(arguments: list[str] | None = None) -> int:
    """Run one recipe from a shell; returns the exit status."""
    options = _parser().parse_args(arguments)
    recipe = RECIPES[options.recipe]
    recipe = recipe.lasting(options.steps or recipe.training.steps)
    try:
        split = Split.of(read_text(options.text))
    except TextError as error:
        print(f"{options.text}: {error}", file=sys.stderr)
        return 2
    if options.report and (options.report.is_dir() or not options.report.parent.is_dir()):
        print(f"{options.report}: expected a file in a folder that exists", file=sys.stderr)
        return 2
    torch.set_num_threads(2)  # the same numbers on every machine with the same kind of processor
    model, last, status = start(recipe, split, options.seed), None, 0
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    print(
        f"{recipe.name}: {n_parameters:,} parameters, {len(split.train):,} characters to train on"
    )
    try:
        for last in race(model, split, recipe, options.seed, options.target_loss):
            print(
                f"step {last.step:5}  validation {last.val_nats:.4f} nats per character  "
                f"trained {last.train_seconds:6.1f} s  evaluated {last.eval_seconds:5.1f} s",
                flush=True,
            )
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        status = 130
    if last is not None and options.report:
        report = _report(options, last, n_parameters)
        options.report.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return status


def _report(options: argparse.Namespace, last: Checkpoint, n_parameters: int) -> dict[str, object]:
    """Return what a run has to say, flat, units in the names."""
    target = options.target_loss
    return {
        "recipe": options.recipe,
        "seed": options.seed,
        "steps": last.step,
        "parameters": n_parameters,
        "val_loss_nats_per_char": last.val_nats,
        "train_seconds": last.train_seconds,
        "eval_seconds": last.eval_seconds,
        "target_loss_nats_per_char": target,
        "reached_target": target is not None and last.val_nats <= target,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m unrolled.speedrun", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--text", type=Path, required=True, metavar="FILE", help="any UTF-8 text")
    add("--recipe", choices=sorted(RECIPES), default="fast", help="default: fast")
    add("--target-loss", type=_positive, metavar="X", help="stop at X nats per character or less")
    add("--steps", type=_count, metavar="N", help="stretch the schedule to N steps")
    add("--seed", type=int, default=0, metavar="N", help="default: 0")
    add("--report", type=Path, metavar="OUT.json", help="write the result there")
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {text}")
    return value


if __name__ == "__main__":
    sys.exit(main())
