r"""The race on a text that no choice was made on: the source code of Python itself.

The speedrun's recipes were tuned on Shakespeare. Whoever wants to know whether the gain is
the recipe's or the text's must race elsewhere. Every reader has another text of a megabyte: the
modules of Python's standard library, as they lie beside the interpreter. Baseline and fast recipe
run on it unchanged, seed by seed, and the fast one's time is taken at its first evaluation at or
below the baseline's final loss:

    python -m unrolled.second_track --report second_track.json

The report that the page shows lies beside this module. Shown in ``book/speedrun.md``.
"""

import argparse
import json
import platform
import sys
import sysconfig
from datetime import date
from pathlib import Path
from typing import Any

import torch

from unrolled.ablation import machine
from unrolled.race import Checkpoint, Recipe, Split, race, start
from unrolled.speedrun import BASELINE, FAST

KEPT = Path(__file__).with_name("second_track.json")
"""The report that the page shows."""

LENGTH = 1_100_000
"""Characters of source code: about as many as the plays of the race have."""


def source_code(folder: Path | None = None, length: int = LENGTH) -> str:
    """Python's own modules, one after the other by name, cut at `length` characters.

    Only the files directly in the folder (by default the standard library's) count, no packages,
    and of them what is ASCII, so that a few signs of test data don't become tokens.

    Raises ValueError if the folder holds less than `length` characters.
    """
    folder = folder or Path(sysconfig.get_path("stdlib"))
    parts, total = [], 0
    for path in sorted(folder.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if text.isascii():
            parts.append(text)
            total += len(text) + 1
        if total > length:
            return "\n".join(parts)[:length]
    raise ValueError(f"expected at least {length} characters of source in {folder}, got {total}")


def pair(
    split: Split, seed: int, baseline: Recipe = BASELINE, fast: Recipe = FAST
) -> dict[str, Any]:
    """Both recipes with one seed, one after the other: losses, seconds, and when the fast one won.

    `won_step` and `won_seconds` are None if it never reached the baseline's final loss.
    """
    slow = list(race(start(baseline, split, seed), split, baseline, seed))
    quick = list(race(start(fast, split, seed), split, fast, seed))
    won = reached(quick, slow[-1].val_nats)
    return {
        "seed": seed,
        "baseline_loss_nats_per_char": slow[-1].val_nats,
        "baseline_seconds": slow[-1].train_seconds,
        "fast_loss_nats_per_char": quick[-1].val_nats,
        "fast_seconds": quick[-1].train_seconds,
        "won_step": won and won.step,
        "won_seconds": won and won.train_seconds,
    }


def reached(looks: list[Checkpoint], target: float) -> Checkpoint | None:
    """The first look at a target loss or below."""
    return next((look for look in looks if look.val_nats <= target), None)


def main(arguments: list[str] | None = None) -> int:
    """Race on the source code with some seeds and write the report; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m unrolled.second_track", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--report", type=Path, default=KEPT, metavar="FILE")
    parser.add_argument("--seeds", type=int, default=2, metavar="N", help="default: 2")
    options = parser.parse_args(arguments)
    torch.set_num_threads(2)
    split = Split.of(source_code())
    report: dict[str, Any] = {
        "date": date.today().isoformat(),
        "machine": machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": 2,
        "train_characters": len(split.train),
        "different_characters": len(split.vocabulary) - 1,
        "runs": [],
    }
    for seed in range(options.seeds):
        report["runs"].append(pair(split, seed))
        print(report["runs"][-1], flush=True)
        options.report.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
