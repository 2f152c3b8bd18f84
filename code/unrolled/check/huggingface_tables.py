"""Exercises on tables of texts: a collator, fences in a packed row, a split by play."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from unrolled.check.trial import Trial, Wrong, as_array, shown


def _padded(rows: list[list[int]], fill: int, T: int, left: bool = False) -> Tensor:
    pads = [[fill] * (T - len(row)) for row in rows]
    return torch.tensor([p + r if left else r + p for r, p in zip(rows, pads, strict=True)])


def collate(trial: Trial, answer: Callable[[list[list[int]], int], dict[str, Tensor]]) -> None:
    """Check a collator: ``answer(rows, pad)`` to input_ids, attention_mask, labels, each (B, T)."""
    cases = [([[5, 3, 2], [7, 2]], 2), ([[4, 9, 4, 1], [1], [6, 1, 1]], 1)]
    cases += [([[3, 8, 2, 2], [5, 2], [9]], 0)]
    for rows, pad in cases:
        given = f"the rows {rows} and padding {pad}"
        got = trial.call(answer, rows, pad, given=given)
        keys = ("input_ids", "attention_mask", "labels")
        trial.that(
            hasattr(got, "keys") and set(got.keys()) == set(keys),
            f"expected the keys {', '.join(keys)}, got {shown(got)}",
        )
        T = max(map(len, rows))
        ids, real = _padded(rows, pad, T), _padded([[1] * len(r) for r in rows], 0, T)
        trial.same(
            got["input_ids"],
            ids,
            {
                "padded on the left; here it goes to the right": _padded(rows, pad, T, left=True),
                "padded with 0, not with the padding token": _padded(rows, 0, T),
            },
            name="input_ids",
        )
        trial.same(
            got["attention_mask"],
            real,
            {
                "the mask goes by the id: a real end has the padding's id": (ids != pad).long(),
                "the mask lets padding through": torch.ones_like(ids),
            },
            name="attention_mask",
        )
        labels = ids.masked_fill(real == 0, -100)
        trial.same(
            got["labels"],
            labels,
            {
                "by the id: real ends are no longer scored, so nothing learns to end": (
                    ids.masked_fill(ids == pad, -100)
                ),
                "padding is scored": ids,
                "shifted; the model shifts the labels itself": torch.cat(
                    [labels[:, 1:], torch.full((len(rows), 1), -100)], dim=1
                ),
                "0 is a token like any other; what isn't scored gets -100": (
                    ids.masked_fill(real == 0, 0)
                ),
            },
            name="labels",
        )
        kinds = {as_array(got[key]).dtype.kind for key in ("input_ids", "labels")}
        trial.that(kinds == {"i"}, "expected whole numbers", "ids and labels are torch.long")
    trial.holds("rows that end in the padding's own id, and rows that don't")


def fence(ids: Tensor, end: int, slip: str = "") -> tuple[Tensor, Tensor, Tensor]:
    """The reference of `fences`: mask (T, T), positions (T,) and labels (T,)."""
    T, ends = len(ids), (ids == end).long()
    text = ends.cumsum(0) - (0 if slip == "next" else ends)  # the end belongs to its text
    mask = (text[:, None] == text) & torch.ones(T, T, dtype=torch.bool).tril()
    first = torch.ones(T, dtype=torch.bool)
    first[1:] = text[1:] != text[:-1]
    starts = torch.where(first, torch.arange(T), 0).cummax(0).values
    return mask, torch.arange(T) - starts, ids.masked_fill(first, -100)


def fences(trial: Trial, answer: Callable[[Tensor, int], tuple[Tensor, Tensor, Tensor]]) -> None:
    """Check fences: ``answer(ids (T,), end)`` to mask (T, T), positions (T,) and labels (T,)."""
    rows = [([5, 6, 2, 7, 2, 8, 9], 2), ([4, 4, 4], 9), ([3, 1, 0, 0, 5, 0], 0)]
    rows += [([7, 8, 9, 1, 6, 6, 6, 6, 1, 5, 1, 4], 1)]
    for row, end in rows:
        ids = torch.tensor(row)
        got = trial.call(answer, ids, end, given=f"the row {row}, ends are {end}")
        try:
            mask, positions, labels = got
        except (TypeError, ValueError):
            raise Wrong(f"expected mask, positions and labels, got {shown(got)}") from None
        right, places, targets = fence(ids, end)
        later = fence(ids, end, "next")
        T = len(row)
        causal = torch.ones(T, T, dtype=torch.bool).tril()
        trial.same(
            as_array(mask).astype(int),
            right.int(),
            {
                "an end belongs to the text that it ends, not to the next": later[0].int(),
                "tokens see what comes after them": (right | right.T).int(),
                "tokens see into other texts": causal.int(),
                "True is for what may be looked at": (~right).int(),
            },
            name="the mask (1: may look)",
        )
        trial.that(
            as_array(mask).dtype.kind == "b",
            "expected a mask of booleans, got numbers",
            "attention adds a mask of numbers to its scores; only True and False put up a fence",
        )
        trial.same(
            positions,
            places,
            {
                "an end belongs to the text that it ends: count on": later[1],
                "positions must begin at 0 in each text": torch.arange(T),
                "positions are counted from 0": places + 1,
            },
            name="the position",
        )
        trial.same(
            labels,
            targets,
            {
                "the first token of a text has nothing before it to be predicted from": ids,
                "the first token of a text isn't scored, but its end is": later[2],
                "the ends must be scored, or nothing learns to end": (
                    targets.masked_fill(ids == end, -100)
                ),
                "shifted; the model shifts the labels itself": torch.cat(
                    [targets[1:], torch.tensor([-100])]
                ),
            },
            name="the label",
        )
        kinds = {as_array(part).dtype.kind for part in (positions, labels)}
        trial.that(kinds == {"i"}, "expected whole numbers", "neither has fractions")
    trial.holds("several texts, one cut off, one that is empty but for its end")


def by_play(trial: Trial, answer: Callable[[Any, int, int], Any]) -> None:
    """Check a split: ``answer(rows, plays_each, seed)`` of a Dataset to a DatasetDict."""
    import datasets

    make = torch.Generator().manual_seed(0)
    table = [
        {"text": f"{play}-{n}", "label": label, "play": f"{'cthr'[label]}{play}"}
        for label, plays in enumerate((7, 4, 3))
        for play in range(plays)
        for n in range(2 + 5 * (play % 3))
    ]
    table = [table[i] for i in torch.randperm(len(table), generator=make)]
    rows, chosen = datasets.Dataset.from_list(table), []
    for each, seed in [(1, 0), (2, 0), (2, 1), (2, 2), (2, 3), (2, 4), (2, 0)]:
        given = f"14 plays of three labels, plays_each = {each}, seed {seed}"
        parts = trial.call(lambda *a: answer(rows, *a), each, seed, given=given)
        trial.that(
            hasattr(parts, "keys") and set(parts.keys()) == {"train", "test"},
            f"expected a DatasetDict of train and test, got {shown(parts)}",
        )
        texts = {name: list(parts[name]["text"]) for name in ("train", "test")}
        plays = {name: set(parts[name]["play"]) for name in ("train", "test")}
        both = plays["train"] & plays["test"]
        trial.that(
            not both,
            f"{len(both)} plays are in both parts",
            "a split of rows cuts through plays: choose plays, then take all their rows",
        )
        every = sorted(texts["train"] + texts["test"])
        trial.that(
            every == sorted(rows["text"]),
            f"of {len(table)} rows {len(every)} are left",
            "each row belongs to one of the parts, none is lost, none is doubled",
        )
        counts = [sum(play[0] == letter for play in plays["test"]) for letter in "cth"]
        trial.that(
            counts == [each] * 3,
            f"the test has {counts} plays of the labels 0, 1, 2",
            "train and test changed places"
            if [n + each for n in counts] == [7, 4, 3]
            else "each label gives as many plays, `plays_each`, however many it has",
        )
        chosen.append(tuple(sorted(plays["test"])))
    trial.holds("no play in both parts, every row in one, as many plays of each label")
    trial.that(chosen[1] == chosen[-1], "the same seed gave two splits", "seed your own generator")
    trial.that(len(set(chosen[1:])) > 1, "five seeds gave one split", "the seed isn't used")
    trial.holds("the seed decides")
