"""How much autograd keeps for the way back at once: what a trick that saves memory is judged by."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor, nn


class _Held:
    """One tensor on the tape, for as long as autograd needs it."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


def most_kept(work: Callable[[], object], model: nn.Module | None = None) -> int:
    """Run `work()` and return the most bytes that were on its tape at one time.

    Each block of memory counts once, however many operations keep it; the model's own parameters,
    which are there anyway, don't count.
    """
    own = {p.untyped_storage().data_ptr() for p in model.parameters()} if model else set()
    holders: Counter[int] = Counter()
    sizes = {"now": 0, "most": 0}

    def drop(block: int, size: int) -> None:
        holders[block] -= 1
        if not holders[block]:
            sizes["now"] -= size

    def keep(tensor: Tensor) -> _Held:
        storage, held = tensor.untyped_storage(), _Held(tensor)
        block, size = storage.data_ptr(), storage.nbytes()
        if block not in own:
            if not holders[block]:
                sizes["now"] += size
                sizes["most"] = max(sizes.values())
            holders[block] += 1
            weakref.finalize(held, drop, block, size)
        return held

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda held: held.tensor):
        work()
    return sizes["most"]
