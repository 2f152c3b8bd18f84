"""Each plausible wrong answer is caught, with the hint that belongs to it."""

from __future__ import annotations

import math
import random

import datasets
import pytest
import torch
from torch.nn import functional as F
from transformers import LogitsProcessor
from wrong_answers import assert_caught, assert_passed

from unrolled.check import huggingface as check
from unrolled.check.huggingface_models import slide, tiny


def collate(rows, pad, side="right", fill=None, mask=None, labels=None):
    T = max(map(len, rows))
    fill = pad if fill is None else fill
    ids, real = torch.full((len(rows), T), fill), torch.zeros(len(rows), T, dtype=torch.long)
    for n, row in enumerate(rows):
        where = slice(0, len(row)) if side == "right" else slice(T - len(row), T)
        ids[n, where], real[n, where] = torch.tensor(row), 1
    right = ids.masked_fill(real == 0, -100)
    return {
        "input_ids": ids,
        "attention_mask": real if mask is None else mask(ids, pad),
        "labels": right if labels is None else labels(ids, pad, right),
    }


def shifted(ids, pad, right):
    return torch.cat([right[:, 1:], torch.full_like(right[:, :1], -100)], 1)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda r, p: collate(r, p, side="left"), "here it goes to the right"),
        (lambda r, p: collate(r, p, fill=0), "not with the padding token"),
        (lambda r, p: collate(r, p, mask=lambda x, p: (x != p).long()), "the mask goes by the id"),
        (lambda r, p: collate(r, p, mask=lambda x, p: torch.ones_like(x)), "lets padding through"),
        (
            lambda r, p: collate(r, p, labels=lambda x, p, y: x.masked_fill(x == p, -100)),
            "nothing learns to end",
        ),
        (lambda r, p: collate(r, p, labels=lambda x, p, y: x), "padding is scored"),
        (lambda r, p: collate(r, p, labels=shifted), "shifts the labels itself"),
        (
            lambda r, p: collate(r, p, labels=lambda x, p, y: y.masked_fill(y == -100, 0)),
            "gets -100",
        ),
        (lambda r, p: collate(r, p)["input_ids"], "expected the keys"),
        (lambda r, p: collate(r, p, labels=lambda x, p, y: y.float()), "expected whole numbers"),
    ],
)
def test_collate(answer, words) -> None:
    assert_caught(check.collate(answer), words)


def test_collate_passes() -> None:
    assert_passed(check.collate, collate)


def score(model, ids, mask, seen=True, placed=True, by="both", total=False, columns=False):
    how = {"attention_mask": mask} if seen else {}
    if placed:
        how["position_ids"] = (mask.cumsum(1) - 1).clamp(min=0)
    with torch.no_grad():
        logits = model(ids, **how).logits[:, :-1]
    nats = F.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")
    source, target = mask[:, :-1] > 0, mask[:, 1:] > 0
    kept = {"both": source & target, "source": source, "target": target, "all": source | True}[by]
    if total:
        return (nats * kept).sum(1)
    return (nats * kept).sum(1) / (nats.shape[1] if columns else kept.sum(1))


def library(model, ids, mask):
    labels = ids.masked_fill(mask == 0, -100)
    return model(ids, attention_mask=mask, labels=labels).loss


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda *a: score(*a, placed=False), "must have position 0"),
        (lambda *a: score(*a, seen=False), "is the attention mask passed on?"),
        (lambda *a: score(*a, seen=False, placed=False), "no mask, no position_ids"),
        (lambda *a: score(*a, by="all"), "padding is scored"),
        (lambda *a: score(*a, by="source"), "has the first padding scored"),
        (lambda *a: score(*a, by="target"), "as predicted from padding"),
        (lambda *a: score(*a, total=True), "a sum"),
        (lambda *a: score(*a, columns=True), "divided by all columns"),
        (library, "of shape (3,), got ()"),
    ],
)
def test_scores(answer, words) -> None:
    assert_caught(check.scores(answer), words)


def test_scores_pass_and_agree_with_the_library_s_loss() -> None:
    assert_passed(check.scores, score)
    model, text = tiny(5), torch.tensor([[3, 7, 7, 1]])
    loss = model(text, labels=text).loss
    assert torch.allclose(score(model, text, torch.ones_like(text)), loss.detach(), atol=1e-5)


def fenced(ids, end, belongs=1, causal=True, apart=True, flip=False):
    T, n, text = len(ids), 0, []
    for i in ids.tolist():
        n += (i == end) * (1 - belongs)
        text.append(n)
        n += (i == end) * belongs
    mask = torch.zeros(T, T, dtype=torch.bool)
    positions, labels = torch.zeros(T, dtype=torch.long), ids.clone()
    for t in range(T):
        for s in range(T if not causal else t + 1):
            mask[t, s] = text[s] == text[t] or not apart
        positions[t] = t - text.index(text[t])
        if positions[t] == 0:
            labels[t] = -100
    return (~mask if flip else mask), positions, labels


def changed(place, change):
    def answer(ids, end):
        parts = list(fenced(ids, end))
        parts[place] = change(ids, end, parts[place])
        return tuple(parts)

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda i, e: fenced(i, e, belongs=0), "belongs to the text that it ends"),
        (lambda i, e: fenced(i, e, causal=False), "see what comes after them"),
        (lambda i, e: fenced(i, e, apart=False), "see into other texts"),
        (lambda i, e: fenced(i, e, flip=True), "may be looked at"),
        (changed(0, lambda i, e, m: m.long()), "a mask of numbers"),
        (changed(2, lambda i, e, y: y.float()), "expected whole numbers"),
        (changed(1, lambda i, e, p: torch.arange(len(i))), "begin at 0 in each text"),
        (changed(1, lambda i, e, p: p + 1), "counted from 0"),
        (changed(1, lambda i, e, p: fenced(i, e, 0)[1]), "count on"),
        (changed(2, lambda i, e, y: i), "has nothing before it"),
        (changed(2, lambda i, e, y: fenced(i, e, 0)[2]), "but its end is"),
        (changed(2, lambda i, e, y: y.masked_fill(i == e, -100)), "or nothing learns to end"),
        (changed(2, lambda i, e, y: torch.cat([y[1:], y[:1]])), "shifts the labels itself"),
        (lambda i, e: fenced(i, e)[0][:, 0], "expected mask, positions and labels"),
    ],
)
def test_fences(answer, words) -> None:
    assert_caught(check.fences(answer), words)


def test_fences_pass_and_make_a_packed_row_what_its_texts_are_alone() -> None:
    assert_passed(check.fences, fenced)
    model, texts = tiny(7), [[5, 9, 3, 2], [8, 2], [7, 7, 4]]
    row = torch.tensor([i for text in texts for i in text])
    mask, positions, labels = fenced(row, 2)
    packed = model(
        row[None],
        attention_mask=mask[None, None],
        position_ids=positions[None],
        labels=labels[None],
    ).loss
    parts = [model(torch.tensor([t]), labels=torch.tensor([t])).loss * (len(t) - 1) for t in texts]
    assert torch.allclose(packed, sum(parts) / sum(len(t) - 1 for t in texts), atol=1e-5)


class Lipogram(LogitsProcessor):
    case, strings, special, single, value, turned, out = False, False, False, False, -math.inf, 0, 0

    def __init__(self, tokenizer, letters):
        wanted = set(letters) if self.case else set(letters.upper()) | set(letters.lower())

        def bad(i):
            if i in tokenizer.all_special_ids and not self.special:
                return False
            text = tokenizer.convert_ids_to_tokens(i) if self.strings else tokenizer.decode([i])
            return text.strip() in wanted if self.single else any(c in wanted for c in text)

        self.bad = torch.tensor([bad(i) for i in range(len(tokenizer))])
        self.bad = ~self.bad if self.turned else self.bad

    def __call__(self, input_ids, scores):
        scores = scores.masked_fill(self.bad, self.value)
        return scores.softmax(-1) if self.out else scores


@pytest.mark.parametrize(
    ("slip", "words"),
    [
        ({"case": True}, "capitals count"),
        ({"strings": True}, "a space is Ġ"),
        ({"special": True}, "a text can't end"),
        ({"single": True}, "longer tokens"),
        ({"value": 0.0}, "a score of 0 is no ban"),
        ({"turned": 1}, "changed places"),
        ({"out": 1}, "expected the ban"),
    ],
)
def test_lipogram(slip, words) -> None:
    assert_caught(check.lipogram(type("Wrong", (Lipogram,), slip)), words)


class ByIds(Lipogram):
    """Forbids by a list of ids, as most would: an empty list is no index."""

    def __init__(self, tokenizer, letters):
        super().__init__(tokenizer, letters)
        self.bad = torch.tensor(self.bad.nonzero()[:, 0].tolist())

    def __call__(self, input_ids, scores):
        scores = scores.clone()
        scores[:, self.bad] = -math.inf
        return scores


def test_lipogram_says_why_to_a_list_of_ids_from_the_vocabulary_s_strings() -> None:
    assert_passed(check.lipogram, ByIds)
    assert_caught(check.lipogram(type("Wrong", (ByIds,), {"strings": True})), "a space is Ġ")


def test_lipogram_passes() -> None:
    assert_passed(check.lipogram, Lipogram)
    assert_passed(check.lipogram, type("Large", (Lipogram,), {"value": -1e9}))


def by_labels(model, ids, window, stride, mean=False, over=0, total=False, bits=False):
    """As the library's own guide does it: labels of -100 for what is scored already."""
    N, done, sums, counts = len(ids), 0, [], []
    for begin in range(0, N, stride):
        end = min(begin + window, N)
        labels = ids[begin:end].clone()
        labels[: max(0, done - begin - over)] = -100
        with torch.no_grad():
            loss = model(ids[None, begin:end], labels=labels[None]).loss.item()
        n = int((labels[1:] != -100).sum())
        sums.append(loss * n)
        counts.append(n)
        done = end
        if end == N:
            break
    if mean:
        return sum(s / n for s, n in zip(sums, counts, strict=True)) / len(sums)
    nats = sum(sums) if total else sum(sums) / sum(counts)
    return nats / math.log(2) if bits else nats


def weighed_by_labels(model, ids, window, stride):
    """Each window's mean times the labels that count, the first of the text among them."""
    done, nats = 0, 0.0
    for begin in range(0, len(ids), stride):
        end = min(begin + window, len(ids))
        labels = ids[begin:end].clone()
        labels[: max(0, done - begin)] = -100
        with torch.no_grad():
            loss = model(ids[None, begin:end], labels=labels[None]).loss.item()
        nats, done = nats + loss * (end - done), end
        if end == len(ids):
            return nats / len(ids)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (weighed_by_labels, "its mean weighs too much"),
        (lambda *a: by_labels(*a, mean=True), "the mean of the windows' means"),
        (lambda *a: by_labels(*a, over=99), "is scored twice"),
        (lambda *a: by_labels(*a, total=True), "a sum"),
        (lambda *a: by_labels(*a, bits=True), "these are bits"),
        (lambda m, i, w, s: by_labels(m, i, w, 1), "moves on by one token"),
        (lambda m, i, w, s: by_labels(m, i, w, w - 1), "the stride isn't used"),
        (lambda m, i, w, s: by_labels(m, i, len(i), s), "the whole text at once"),
        (lambda *a: math.exp(by_labels(*a)), "that is the perplexity"),
        (lambda *a: by_labels(*a) * (len(a[1]) - 1) / len(a[1]), "N - 1 are predicted"),
        (lambda *a: slide(*a, "seam"), "at each seam"),
        (lambda *a: slide(*a, "rest") if len(a[1]) > a[2] else slide(*a), "is forgotten"),
    ],
)
def test_sliding(answer, words) -> None:
    assert_caught(check.sliding(answer), words)


def test_sliding_passes() -> None:
    assert_passed(check.sliding, by_labels)


def split(rows, each, seed, per_label=True, cut=False, lose=False, turn=False):
    random_ = random.Random(seed)
    plays = sorted({(row["label"], row["play"]) for row in rows})
    chosen = set()
    for label in sorted(set(rows["label"])) if per_label else [0]:
        mine = [play for of, play in plays if of == label or not per_label]
        chosen |= set(random_.sample(mine, each if per_label else 3 * each))
    test = [n for n, play in enumerate(rows["play"]) if (play in chosen) != turn]
    train = [n for n, play in enumerate(rows["play"]) if (play in chosen) == turn]
    if cut:
        test, train = test[1:], train + test[:1]
    return datasets.DatasetDict(train=rows.select(train[lose:]), test=rows.select(test))


def by_rows(rows, each, seed):
    return rows.train_test_split(test_size=0.3, seed=seed)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (by_rows, "a split of rows cuts through plays"),
        (lambda *a: split(*a, cut=True), "a split of rows cuts through plays"),
        (lambda *a: split(*a, per_label=False), "as many plays"),
        (lambda *a: split(*a, turn=True), "train and test changed places"),
        (lambda *a: split(*a, lose=True), "none is lost"),
        (lambda rows, n, seed: split(rows, n, 0), "the seed isn't used"),
        (lambda rows, n, seed: split(rows, n, None), "seed your own generator"),
        (lambda *a: split(*a)["train"], "expected a DatasetDict"),
    ],
)
def test_by_play(answer, words) -> None:
    assert_caught(check.by_play(answer), words)


def test_by_play_passes() -> None:
    assert_passed(check.by_play, split)
