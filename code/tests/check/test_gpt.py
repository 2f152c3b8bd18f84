"""Each plausible wrong answer is caught, with the hint that belongs to it."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch.nn import functional as F
from transformers import GPT2Config, GPT2LMHeadModel
from wrong_answers import assert_caught, assert_passed

from unrolled.check import gpt as check
from unrolled.check.gpt_writing import BEAM_CASES, BEAM_SLIPS, Teller, best_text
from unrolled.gpt import GPT, GPTConfig
from unrolled.sampling import choices


def count(V, places, N, H, C, tied, biases, skip="", heads=1):
    parts = {"table": V * C, "places": places * C, "head": 0 if tied else V * C}
    parts |= {"attention": N * heads * 4 * C * C, "forward": N * 8 * C * C}
    parts |= {"norms": 2 * N * C, "last": C}
    if biases:
        parts |= {"biases": N * 9 * C, "norm biases": 2 * N * C, "last bias": C}
    for name in skip.split(","):
        parts.pop(name, None)
    return sum(parts.values())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda *a: count(*a, heads=a[3]), "more heads cost nothing"),
        (lambda *a: count(*a[:5], False, a[6]), "counted already"),
        (lambda *a: count(*a[:5], True, a[6]), "a table of its own"),
        (lambda *a: count(*a, skip="places"), "table of positions is missing"),
        (lambda *a: count(*a[:6], False), "the biases are missing"),
        (lambda *a: count(*a, skip="last,last bias"), "after the last block"),
        (lambda *a: count(*a) - a[2] * 4 * a[4] ** 2, "two matrices"),
        (lambda *a: count(*a) - a[6] * a[2] * 3 * a[4], "one has 4 C numbers"),
        (
            lambda *a: count(*a) + (not a[6]) * (2 * a[2] + 1) * a[4],
            "the norms have only their factors",
        ),
    ],
)
def test_size(answer, words) -> None:
    assert_caught(check.size(answer), words)


def test_size_is_that_of_the_book_s_gpt_and_of_gpt2() -> None:
    assert_passed(check.size, count)
    with torch.device("meta"):
        ours = GPT(GPTConfig(50, 16, 3, 2, 12)).n_parameters
        theirs = GPT2LMHeadModel(
            GPT2Config(vocab_size=50, n_positions=16, n_embd=12, n_layer=3, n_head=2)
        )
    assert ours == theirs.num_parameters() == count(50, 16, 3, 2, 12, True, True)


def stay(probabilities, p, more=0, crossing=True):
    """The smallest set, token by token."""
    ids = sorted(range(len(probabilities)), key=lambda i: -probabilities[i])
    chosen, total = [], 0.0
    for i in ids:
        if total >= p and p < 1:
            break
        total += float(probabilities[i])
        chosen.append(i)
    if not crossing and p < 1 and total > p:
        chosen.pop()
    return chosen + ids[len(chosen) : len(chosen) + more]


def top_p(logits, p, temperature, cut_first, choose=stay, flip=False, heat=None, share=True):
    rows = []
    for row in logits:
        seen = row if cut_first != flip else row / temperature
        kept = torch.zeros(len(row), dtype=torch.bool)
        kept[choose(seen.softmax(-1), p)] = True
        hot = row / temperature if heat is None else heat(row, temperature)
        rows.append(
            hot.masked_fill(~kept, -math.inf).softmax(-1) if share else hot.softmax(-1) * kept
        )
    return torch.stack(rows)


def unsorted(probabilities, p):
    return list(range(len(stay(probabilities, p))))


def equals(probabilities, p):
    least = min(probabilities[i] for i in stay(probabilities, p))
    return [i for i, q in enumerate(probabilities) if q >= least]


def rare(probabilities, p):
    chosen, total = [], 0.0
    for i in sorted(range(len(probabilities)), key=lambda i: probabilities[i]):
        if total >= p:
            break
        total += float(probabilities[i])
        chosen.append(i)
    return chosen


def first_row(logits, p, temperature, cut_first):
    chosen = stay((logits[0] if cut_first else logits[0] / temperature).softmax(-1), p)
    return top_p(logits, p, temperature, cut_first, lambda *_: chosen)


def first_count(logits, p, temperature, cut_first):
    k = len(stay((logits[0] if cut_first else logits[0] / temperature).softmax(-1), p))
    most = lambda q, _: q.sort(descending=True, stable=True).indices[:k]  # noqa: E731
    return top_p(logits, p, temperature, cut_first, most)


def rounded(probabilities, p):
    ranked, ids = probabilities.sort(descending=True, stable=True)
    return ids[ranked.cumsum(-1) - ranked < p].tolist()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            lambda *a: top_p(*a, lambda q, p: stay(q, p, crossing=False)),
            "crosses the line is left out",
        ),
        (lambda *a: top_p(*a, lambda q, p: stay(q, p, more=1)), "one token too many"),
        (lambda *a: top_p(*a, unsorted), "led back to the tokens' own"),
        (lambda *a: top_p(*a, equals), "takes the lower id"),
        (lambda *a: top_p(*a, rare), "the rarest token"),
        (lambda *a: top_p(*a, rounded), "rounded, the sum is 1"),
        (first_row, "the first row's tokens stay"),
        (first_count, "as many tokens stay in all rows"),
        (lambda *a: top_p(*a, flip=True), "the wrong side of the temperature"),
        (lambda *a: top_p(*a[:3], False), "look at cut_first"),
        (lambda *a: top_p(*a, heat=lambda x, t: x), "isn't applied to what stays"),
        (lambda *a: top_p(*a, heat=lambda x, t: x * t), "not multiplied"),
        (lambda *a: top_p(*a, share=False), "divided by its sum"),
    ],
)
def test_nucleus(answer, words) -> None:
    assert_caught(check.nucleus(answer), words)


def test_nucleus_passes_and_agrees_with_the_book() -> None:
    assert_passed(check.nucleus, top_p)
    logits = torch.randn(5, 30, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ours = top_p(logits, 0.7, 1.3, False)
    assert torch.allclose(ours, choices(logits, 1.3, top_p=0.7))


def search(ask, start, n, width, slip=""):
    own, last, summed, copies = (slip == name for name in ("own", "last", "sum", "copies"))
    wrong_parents = slip == "parents"
    alive = [(start, 0.0)] * (width if copies else 1)
    for _ in range(n):
        told = ask(torch.stack([text for text, _ in alive]))
        grown = []
        for k, (text, score) in enumerate(alive):
            ranked = told[k].sort(descending=True)
            only = 1 if (own and len(alive) > 1) or copies else len(told[k])
            for value, i in itertools.islice(zip(*ranked, strict=True), only):
                step = float(value.exp() if summed else value)
                parent = len(grown) if wrong_parents else text
                grown.append((parent, i, step if last else score + step, text))
        grown = sorted(grown, key=lambda g: -g[2])[:width]
        if wrong_parents:
            alive = [
                (torch.cat([alive[min(k, len(alive) - 1)][0], g[1][None]]), g[2])
                for k, g in enumerate(grown)
            ]
        else:
            alive = [(torch.cat([g[3], g[1][None]]), g[2]) for g in grown]
    return max(alive, key=lambda pair: pair[1])


def brute(ask, start, n, width):
    V = ask(start[None]).shape[1]
    best = None
    for tail in itertools.product(range(V), repeat=n):
        text = torch.cat([start, torch.tensor(tail)])
        score = sum(float(ask(text[None, :t])[0, text[t]]) for t in range(len(start), len(text)))
        best = (text, score) if best is None or score > best[1] else best
    return best


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda *a: search(*a, "own"), "one beam may have several"),
        (lambda *a: search(*a, "last"), "the sum of all its steps"),
        (lambda *a: search(*a, "parents"), "the wrong texts"),
        (lambda *a: search(*a, "sum"), "logarithms are what adds up"),
        (lambda *a: search(*a, "copies"), "copies of one another"),
        (lambda *a: search(*a[:3], 1), "this is what greedy writes"),
        (lambda ask, s, n, w: search(ask, s, n, 81), "kept alive at a time"),
        (lambda *a: (search(*a)[0], math.exp(search(*a)[1])), "its logarithm"),
        (lambda *a: (search(*a)[0], search(*a)[1] / a[2]), "not the mean"),
        (lambda *a: search(*a)[0][:3], "expected tokens and a number"),
    ],
)
def test_beam(answer, words) -> None:
    assert_caught(check.beam(answer), words)


def test_beam_passes_and_a_wide_one_is_brute_force() -> None:
    assert_passed(check.beam, search)
    ask, start = Teller(3, 40), torch.tensor([0, 2])
    (ours, score), (best, its) = best_text(ask, start, 4, 81), brute(ask, start, 4, 81)
    assert ours.tolist() == best.tolist()
    assert score == pytest.approx(its)


def test_no_two_mistakes_of_beam_search_write_the_same_text() -> None:
    start = torch.tensor([0, 2])
    for V, n, width, seeds in BEAM_CASES[1:]:
        for seed in seeds:
            ask = Teller(V, seed)
            texts = [best_text(ask, start, n, width, slip)[0] for slip in ("", *BEAM_SLIPS)]
            texts.append(best_text(ask, start, n, 1)[0])
            assert len({tuple(text.tolist()) for text in texts}) == len(BEAM_SLIPS) + 2


FLAT, SURE = [0.34, 0.33, 0.33], [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ([0.5, 0.3, 0.2], [SURE, FLAT, FLAT], "no good second one"),
        ([0.5, 0.4, 0.1], [FLAT, SURE, FLAT], "must begin with the third"),
        ([0.5, 0.3, 0.2], [FLAT, FLAT, SURE], "twice as likely"),
        ([0.4, 0.3, 0.2], [FLAT, FLAT, SURE], "sum to 0.9"),
        ([1 / 3, 1 / 3, 1 / 3], [FLAT, FLAT, SURE], "equally likely"),
        ([0.35, 0.33, 0.32], [[0.2, 0.3, 0.5], [0.3, 0.4, 0.2], [0.5, 0.3, 0.3]], "your columns"),
        ([0.35, 0.33, 0.32], [[0.12, 0.12, 0.11], [0.11] * 3, [0.0, 0.0, 0.32]], "products"),
        ([0.5, 0.5], [FLAT, FLAT], "expected shapes"),
        ([1.2, -0.1, -0.1], [FLAT, FLAT, SURE], "below 0"),
    ],
)
def test_trap(first, second, words) -> None:
    assert_caught(check.trap(first, second), words)


def test_trap_passes() -> None:
    assert_passed(check.trap, [0.35, 0.33, 0.32], [FLAT, FLAT, SURE])


def read(layer, tokens, cache, window, slip=""):
    B, T = tokens.shape
    keys, values, n = cache if cache is not None else (None, None, 0)
    held = 0 if keys is None else keys.shape[1]
    begin = {"restart": 0, "length": held}.get(slip, n)
    x = layer.token(tokens) + layer.place.weight[begin : begin + T]
    K, V = layer.key(x), layer.value(x)
    if slip == "again" and keys is not None:
        layer.key(torch.zeros(B, held, K.shape[-1]))
    if keys is not None:
        K, V = torch.cat([keys, K], 1), torch.cat([values, V], 1)
    if slip == "early":
        K, V = K[:, -max(window, T) :], V[:, -max(window, T) :]
    S = K.shape[1]
    far = torch.arange(S - T, S)[:, None] - torch.arange(S)  # how far back
    reach = {"band": 99, "short": max(1, window - 1), "long": window + 1}.get(slip, window)
    allowed = (far < reach) & ((far >= 0) | (slip == "future"))
    if slip == "corner":
        allowed = torch.ones(T, S, dtype=torch.bool).tril()
    out = F.scaled_dot_product_attention(layer.query(x), K, V, attn_mask=allowed)
    if slip == "grows":
        return out, (K, V, n + T)
    if slip == "slice" and window == 1:
        return out, (K[:, -(window - 1) :], V[:, -(window - 1) :], n + T)
    if slip == "number":
        n = 0
    return out, (K[:, -window:], V[:, -window:], n + T)


@pytest.mark.parametrize(
    ("slip", "words"),
    [
        ("restart", "counted from 0 again"),
        ("length", "not how many the cache holds"),
        ("early", "dropped before the piece was read"),
        ("band", "sees more than the window"),
        ("short", "one place too few"),
        ("long", "one place too many"),
        ("future", "see what comes after them"),
        ("corner", "the piece stands at the end"),
        ("grows", "what no later token can see may go"),
        ("slice", "a slice [-0:] is everything"),
        ("again", "they are not made again"),
        ("number", "the number of tokens read"),
    ],
)
def test_read(slip, words) -> None:
    assert_caught(check.read(lambda *inputs: read(*inputs, slip)), words)


def test_read_passes_and_other_results_get_a_message() -> None:
    assert_passed(check.read, read)
    assert_caught(check.read(lambda *inputs: read(*inputs)[0]), "expected an output and a cache")


def differs(a, b):
    return bool((a - b).abs().max() > 1e-4)


def doctor(model, V, L, order=("chance", "batch", "future", "places", "softmax"), skip=""):
    text = torch.arange(L)[None] % V
    other = text.clone()
    other[0, -1] = (other[0, -1] + 1) % V
    one, same = model(text), torch.zeros(1, L, dtype=torch.long)
    tests = {
        "chance": lambda: differs(one, model(text)),
        "batch": lambda: differs(one[0], model(torch.cat([text, other.flip(1)]))[0]),
        "future": lambda: differs(one[0, :-1], model(other)[0, :-1]),
        "places": lambda: not differs(model(same)[0, :1], model(same)[0, 1:]),
        "softmax": lambda: not differs(one.sum(-1), torch.ones(1, L)),
    }
    if skip == "shuffle":
        tests["places"] = lambda: (
            not differs(one[0, -1], model(text[:, [*range(L - 2, -1, -1), L - 1]])[0, -1])
        )
    if skip == "last":
        tests["future"] = lambda: differs(one, model(other))
    if skip == "exact":
        tests["batch"] = lambda: (
            not torch.equal(one[0], model(text.repeat(7, 1) + torch.zeros(7, 1).long())[0])
            or not torch.equal(one[0], model(torch.cat([text, other]))[0])
        )
    return next((name for name in order if name != skip and tests[name]()), "healthy")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda *a: doctor(*a, skip="shuffle"), "two blocks notice a shuffle"),
        (lambda *a: doctor(*a, skip="last"), "which ones must not?"),
        (lambda *a: doctor(*a, skip="softmax"), "sum to something"),
        (lambda *a: doctor(*a, skip="future"), "change the last token alone"),
        (lambda *a: doctor(*a, skip="batch"), "alone and beside others"),
        (lambda *a: doctor(*a, skip="chance"), "which fault must you look for first?"),
        (
            lambda *a: doctor(*a, order=("batch", "future", "chance", "places", "softmax")),
            "which fault must you look for first?",
        ),
        (lambda *a: "healthy", "ask the same twice"),
        (lambda *a: "fine", "expected one of healthy, chance"),
    ],
)
def test_diagnose(answer, words) -> None:
    assert_caught(check.diagnose(answer), words)


def test_diagnose_passes() -> None:
    assert_passed(check.diagnose, doctor)
