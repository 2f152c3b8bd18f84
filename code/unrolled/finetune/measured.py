"""What the benchmark has measured: the report that the page shows, and how runs add up to it.

The report lies beside this module and is made by one command, which takes some minutes:

    python -m unrolled.finetune.benchmark --seeds 2 --report measured.json

Shown in ``book/capstone.md``.
"""

import json
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

KEPT = Path(__file__).with_name("measured.json")
"""The report that the page shows."""

FIGURES = (
    "tokens_per_second",
    "seconds_per_step",
    "val_loss_nats_per_token",
    "peak_memory_megabytes",
)
"""What is measured of a run."""


def kept() -> dict[str, Any]:
    """The report that the page shows, as `unrolled.finetune.benchmark` wrote it."""
    return json.loads(KEPT.read_text(encoding="utf-8"))


def processor() -> str:
    """The processor's name, as well as the system knows it."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def means(runs: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    """The mean of each figure over a way's runs, as ``<way>_<figure>``, and how two ways compare.

    With runs of both, ``lora_speed_over_stock`` is the quotient of the mean speeds, and
    ``lora_loss_over_stock_nats_per_token`` how much higher the held-out loss ends, in the mean.
    """
    facts: dict[str, float | None] = {}
    for way in dict.fromkeys(run["way"] for run in runs):
        for figure in FIGURES:
            values = [run[figure] for run in runs if run["way"] == way]
            facts[f"{way}_{figure}"] = None if None in values else statistics.mean(values)
    if {"stock_tokens_per_second", "lora_tokens_per_second"} <= facts.keys():
        speed, loss = "tokens_per_second", "val_loss_nats_per_token"
        facts["lora_speed_over_stock"] = facts[f"lora_{speed}"] / facts[f"stock_{speed}"]
        facts["lora_loss_over_stock_nats_per_token"] = (
            facts[f"lora_{loss}"] - facts[f"stock_{loss}"]
        )
    return facts
