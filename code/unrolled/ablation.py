r"""What each part of the fast recipe brings: change one, and see how long the race takes then.

For each change and seed, the fast recipe runs with that change, for fewer steps and for all of
them. Both end at some loss. A straight line through the two, over the logarithm of the steps, says
how many steps would have ended at the baseline's loss; that times the seconds of a step is the
time. A step is taken to cost what it costs while the machine does nothing else, so a pause
in a run does no harm. Runs are kept one by one, so the work may be done in portions:

    python -m unrolled.ablation --at-most 200

Run it again until it says that nothing is missing. The report lies beside this module.
Shown in ``book/speedrun.md``.
"""

import argparse
import json
import math
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import torch

from unrolled.fast_gpt import FastGPT
from unrolled.race import Recipe, Split, race, score, start
from unrolled.speedrun import BASELINE, FAST, fast_sizes, plays_text

Run = dict[str, Any]
"""One finished run: change, seed, steps, loss, seconds, and the pace of its quickest part."""


KEPT = Path(__file__).with_name("speedrun_changes.json")
"""The report that the page shows."""


def changed(**sizes: object) -> Recipe:
    """The fast recipe with a model that differs in something."""
    return replace(FAST, build=lambda V: FastGPT(replace(fast_sizes(V), **sizes)))


def adam(rate: float) -> Recipe:
    """The fast recipe with Adam for all, at a rate that suits it; the head learns as before."""
    kept = 0.07 * FAST.training.learning_rate / rate
    training = replace(FAST.training, learning_rate=rate, matrix_rate=None)
    return replace(changed(head_scale=kept), training=training)


CHANGES: dict[str, Recipe] = {
    "nothing": FAST,
    "four layers, no tables": changed(n_layers=4, pair_rows=0, triple_rows=0),
    "Adam for the matrices, too": adam(0.015),
    "float32": changed(low_precision=False),
    "PyTorch's fused attention": changed(open_attention=False),
    "GELU": changed(squared=False),
    "LayerNorm": changed(rms=False),
    "learned positions": changed(rotary=False),
    "no QK norm": changed(qk_norm=False),
    "zeros at the ends": changed(zeros=True),
    "no softcap": changed(softcap=None),
    "a head as quick as the tables": changed(head_scale=1.0),
    "windows of 64 from the start": replace(FAST, windows=((0.0, 32, 64),)),
    "batches of 768 characters": replace(FAST, windows=((0.0, 24, 32), (0.6, 12, 64))),
}
"""The fast recipe with one thing in it changed; all but `zeros` undo one of its changes."""

LENGTHS = (0.6, 1.0)
"""Both schedules of a change, in multiples of the fast recipe's steps."""

PARTS = 20
"""In how many parts a run's time is taken."""

CHANGE_SEEDS = 3
"""How many seeds each change is run with; the race itself is run with more."""

LONG = 1000
"""Steps of two long runs, which show where a sprinter and a deeper model get to."""


@dataclass(frozen=True)
class Job:
    """A run that is asked for."""

    change: str
    seed: int
    recipe: Recipe

    def done(self, runs: list[Run]) -> bool:
        """Whether the run is among those that are kept."""
        wanted = (self.change, self.seed, self.recipe.training.steps)
        return any((run["change"], run["seed"], run["steps"]) == wanted for run in runs)


def jobs(n_seeds: int) -> Iterator[Job]:
    """All runs of the report: changes with three seeds, the race with all, and two long runs."""
    for seed in range(n_seeds):
        for name in CHANGES if seed < CHANGE_SEEDS else ("nothing",):
            yield from both_lengths(name, seed)
        yield Job("baseline", seed, BASELINE)
        if seed == 0:
            for name in ("nothing", "four layers, no tables"):
                yield Job(name, seed, CHANGES[name].lasting(LONG))


def both_lengths(name: str, seed: int) -> Iterator[Job]:
    """A change's run with the short schedule, and with the whole one."""
    for length in LENGTHS:
        recipe = CHANGES[name]
        yield Job(name, seed, recipe.lasting(round(length * recipe.training.steps)))


def work(job: Job, split: Split) -> Run:
    """Do one run, score it at its end, and take the time of its quickest twentieth, too.

    A machine does other things as well, now and then; the quickest part is what the recipe costs.
    """
    recipe = replace(job.recipe, evaluations=PARTS).lasting(job.recipe.training.steps)
    model = start(recipe, split, job.seed)
    paces, before = [], (0, 0.0)
    for look in race(model, split, recipe, job.seed, judge=lambda *_: math.nan):
        paces.append((look.train_seconds - before[1]) / (look.step - before[0]))
        before = (look.step, look.train_seconds)
    return {
        "change": job.change,
        "seed": job.seed,
        "steps": look.step,
        "val_loss_nats_per_char": score(model, split),
        "train_seconds": look.train_seconds,
        "quickest_ms_per_step": 1000 * min(paces),
    }


def pace(runs: list[Run], change: str) -> float:
    """Seconds a step of a change, as quick as in the quickest part of any of its runs."""
    return min(run["quickest_ms_per_step"] for run in runs if run["change"] == change) / 1000


def steps_to(target: float, runs: list[Run]) -> float:
    """Steps of the schedule that would end at a loss, from two runs that ended near it.

    Straight lines through (log steps, loss); NaN where more steps don't help.
    """
    short, long = sorted(runs, key=lambda run: run["steps"])
    fall = short["val_loss_nats_per_char"] - long["val_loss_nats_per_char"]
    if not fall > 0:
        return math.nan
    part = (short["val_loss_nats_per_char"] - target) / fall  # 0 at the short run, 1 at the long
    return short["steps"] * (long["steps"] / short["steps"]) ** part


def summary(report: dict[str, Any]) -> list[dict[str, Any]]:
    """One row for each change: mean and spread over the seeds of its time and its loss."""
    runs = report["runs"]
    target = statistics.mean(losses(runs, "baseline", BASELINE.training.steps))
    rows = []
    for name, recipe in CHANGES.items():
        mine = [run for run in runs if run["change"] == name and run["steps"] < LONG]
        pairs = [[run for run in mine if run["seed"] == s] for s in {r["seed"] for r in mine}]
        times = [steps_to(target, pair) * pace(runs, name) for pair in pairs if len(pair) == 2]
        at_end = losses(runs, name, recipe.training.steps)
        rows.append(
            {
                "change": name,
                "ms_per_step": 1000 * pace(runs, name),
                "loss": statistics.mean(at_end),
                "loss_spread": spread(at_end),
                "seconds": statistics.mean(times),
                "seconds_spread": spread(times),
            }
        )
    return rows


def spread(values: list[float]) -> float:
    """Standard deviation of a sample; one value has none."""
    return statistics.stdev(values) if len(values) > 1 else math.nan


def ratios(report: dict[str, Any]) -> list[float]:
    """How many times faster the fast recipe is, seed by seed, each to its own baseline's loss."""
    runs, found = report["runs"], []
    for base in (run for run in runs if run["change"] == "baseline"):
        pair = [run for run in runs if run["change"] == "nothing" and run["steps"] < LONG]
        pair = [run for run in pair if run["seed"] == base["seed"]]
        needed = steps_to(base["val_loss_nats_per_char"], pair) * pace(runs, "nothing")
        found.append(base["steps"] * pace(runs, "baseline") / needed)
    return found


def losses(runs: list[Run], change: str, steps: int) -> list[float]:
    """The losses at the end of a change's runs of one length, a seed each."""
    found = [r for r in runs if r["change"] == change and r["steps"] == steps]
    return [run["val_loss_nats_per_char"] for run in found]


def main(arguments: list[str] | None = None, clock: Callable[[], float] = time.monotonic) -> int:
    """Do what is missing in a report; returns 0 when it is whole, 3 when something is left."""
    parser = argparse.ArgumentParser(prog="python -m unrolled.ablation", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--report", type=Path, default=KEPT, metavar="FILE")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument("--at-most", type=float, default=math.inf, metavar="SECONDS")
    options = parser.parse_args(arguments)
    torch.set_num_threads(2)
    split = Split.of(plays_text())
    report = {"date": "", "machine": "", "torch": torch.__version__, "threads": 2, "runs": []}
    if options.report.is_file():
        report = json.loads(options.report.read_text(encoding="utf-8"))
    left = [job for job in jobs(options.seeds) if not job.done(report["runs"])]
    begun = clock()
    while left and clock() - begun < options.at_most:
        job = left.pop(0)
        report["runs"].append(work(job, split))
        report |= {"date": date.today().isoformat(), "machine": machine()}
        options.report.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        print(report["runs"][-1], flush=True)
    print(f"{len(left)} runs are missing" if left else "nothing is missing")
    return 3 if left else 0


def machine() -> str:
    """The processor's name, as well as the system knows it."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
