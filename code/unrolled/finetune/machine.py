"""On what, and in which precision, a model is tuned: chosen here, and said."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Machine:
    """A device and the type of number that pays on it."""

    device: str  # "cuda", "mps" or "cpu"
    dtype: torch.dtype  # of frozen weights, and of what autocast computes
    why: str

    def __str__(self) -> str:
        return f"{self.device} in {str(self.dtype).removeprefix('torch.')} ({self.why})"


def choose(device: str | None = None, precision: str = "auto") -> Machine:
    """The fastest device that is here, and bfloat16 where its hardware multiplies it natively.

    Raises:
        ValueError: A precision that isn't "auto", "float32" or "bfloat16".
    """
    device = found() if device is None else device
    if precision not in ("auto", "float32", "bfloat16"):
        raise ValueError(f"expected precision auto, float32 or bfloat16, got {precision!r}")
    if precision != "auto":
        return Machine(device, getattr(torch, precision), "as asked")
    if native(device):
        return Machine(device, torch.bfloat16, "its hardware multiplies bfloat16")
    return Machine(device, torch.float32, "bfloat16 would not be faster")


def found() -> str:
    """The device that accelerate will take: a GPU, or the processor if it is told to."""
    if os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true", "yes"):
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


COUNTED = ("WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
"""Where torch.distributed and the kinds of MPI say how many processes were started."""


def left_alone() -> bool:
    """Whether `accelerate launch` was asked for several processes here, and has started one.

    That is what it does with ``--cpu --num_processes 2``, and says nothing. It sets an address at
    which processes should meet, but nobody has counted them.
    """
    meets = "ACCELERATE_DYNAMO_BACKEND" in os.environ and "MASTER_ADDR" in os.environ
    return meets and not any(name in os.environ for name in COUNTED)


def native(device: str) -> bool:
    """Whether a device has instructions for bfloat16; without them it is slower than float32."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device != "cpu":
        return False
    found = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return any(found.get(name) for name in ("amx_bf16", "avx512_bf16", "bf16"))


def peak_megabytes() -> float | None:
    """The most memory that this process has held so far; None where nobody counts (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024  # bytes there, kB here
