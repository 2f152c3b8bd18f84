"""Exercises on reading with a GPT: a cache with a window, and a diagnosis by questions alone."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from unrolled.attention import CausalSelfAttention, attend, join_heads
from unrolled.check.trial import Trial, Wrong, shown
from unrolled.gpt import GPT, GPTConfig

Cache = tuple[Tensor, Tensor, int]
"""Keys and values (B, S, C) of the last S tokens, and how many were read in all."""

FAULTS = ("healthy", "chance", "batch", "future", "places", "softmax")


class Layer(nn.Module):
    """One layer with one head: vectors for V tokens and for the places, and three matrices."""

    def __init__(self, vocab_size: int, places: int, C: int) -> None:
        super().__init__()
        self.token = nn.Embedding(vocab_size, C)
        self.place = nn.Embedding(places, C)
        self.query = nn.Linear(C, C, bias=False)
        self.key = nn.Linear(C, C, bias=False)
        self.value = nn.Linear(C, C, bias=False)


def seeded(seed: int, make: Callable[[], nn.Module]) -> nn.Module:
    """Make a module with its own chance, large weights, and the reader's chance untouched."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = make()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter) / 3)
    return model.eval()


def read_on(
    layer: Layer, tokens: Tensor, cache: Cache | None, window: int, slip: str = ""
) -> tuple[Tensor, Cache]:
    """The reference of `read`; `slip` names a known mistake."""
    T, n = tokens.shape[1], 0 if cache is None else cache[2]
    start = {"restart": 0, "length": 0 if cache is None else cache[0].shape[1]}.get(slip, n)
    x = layer.token(tokens) + layer.place(torch.arange(start, start + T))  # (B, T, C)
    keys, values = layer.key(x), layer.value(x)
    if cache is not None:
        keys = torch.cat([cache[0], keys], dim=1)
        values = torch.cat([cache[1], values], dim=1)
    if slip == "early":
        keys, values = keys[:, -window:], values[:, -window:]
    S = keys.shape[1]
    row, column = torch.arange(S - T, S)[:, None], torch.arange(S)
    reach = {"band": S, "short": window - 1, "long": window + 1}.get(slip, window)
    allowed = (column <= row) & (column > row - max(1, reach))
    if slip == "future":
        allowed = column > row - window
    if slip == "corner":
        allowed = column <= torch.arange(T)[:, None]
    if slip == "early":
        allowed = allowed | ~allowed.any(1, keepdim=True)
    out = attend(layer.query(x), keys, values, allowed)
    return out, (keys[:, -window:], values[:, -window:], n + T)


def in_pieces(
    layer: Layer, tokens: Tensor, pieces: list[int], window: int, slip: str = ""
) -> Tensor:
    """Let `read_on` have tokens (B, T) piece by piece: all outputs (B, T, C)."""
    outputs, cache = [], None
    for piece in tokens.split(pieces, dim=1):
        out, cache = read_on(layer, piece, cache, window, slip)
        outputs.append(out)
    return torch.cat(outputs, dim=1)


READ_SLIPS = {
    "restart": "the places are counted from 0 again in each piece",
    "length": "the place of a token is how many were read, not how many the cache holds: it "
    "forgets the old ones",
    "early": "the old keys were dropped before the piece was read: its first tokens need them",
    "band": "in a long piece a token sees more than the window",
    "short": "one place too few: the window counts the token itself",
    "long": "one place too many: the window counts the token itself",
    "future": "tokens of the same piece see what comes after them",
    "corner": "row i of the mask is not that of the cache's token i: the piece stands at the end, "
    "its token i is number S - T + i",
}


def read(trial: Trial, answer: Callable[..., tuple[Tensor, tuple]]) -> None:
    """Check a cache: ``answer(layer, tokens (B, T), cache, window)`` to (B, T, C) and a cache."""
    cases = [([3], 8), ([1] * 7, 8), ([1] * 8, 3), ([6, 1, 1, 4], 8), ([5, 1, 3, 2], 3)]
    cases += [([9, 7], 4), ([2, 2, 3], 1)]
    with torch.no_grad():
        for seed, (pieces, window) in enumerate(cases):
            _try_reading(trial, answer, pieces, window, seed)
            if seed in (1, 3, 5):
                facts = {1: "token by token", 3: "a long text first, then on", 5: "a full cache"}
                trial.holds(facts[seed])
        trial.holds("a window of one token")


def _try_reading(trial: Trial, answer: Callable, pieces: list[int], window: int, seed: int) -> None:
    layer, made = seeded(seed, lambda: Layer(11, 32, 6)), []
    layer.key.register_forward_hook(lambda _, inputs, out: made.append(out.shape[-2]))
    tokens = torch.randint(11, (2, sum(pieces)), generator=torch.Generator().manual_seed(seed))
    cache, end = None, 0
    for n, T in enumerate(pieces, 1):
        piece, end = tokens[:, end : end + T], end + T
        given = f"pieces of {pieces[:n]} tokens and a window of {window}"
        made.clear()
        got = trial.call(lambda *a: answer(layer, *a), piece, cache, window, given=given)
        spent = sum(made)
        try:
            out, cache = got
            keys, values, read_so_far = cache
            S = keys.shape[1]
        except (TypeError, ValueError, AttributeError, IndexError):
            raise Wrong(
                f"for {given} expected an output and a cache of keys, values and a number, "
                f"got {shown(got)}"
            ) from None

        def outputs(cut: list[int], slip: str = "", T: int = T, end: int = end) -> Tensor:
            return in_pieces(layer, tokens[:, :end], cut, window, slip)[:, -T:]

        known = {says: outputs(pieces[:n], slip) for slip, says in READ_SLIPS.items()}
        trial.same(out, outputs([end]), known, name="the output", tolerance=1e-4)
        trial.that(
            keys.shape == values.shape and window >= S,
            f"the cache holds {S} keys and {values.shape[1]} values",
            "a slice [-0:] is everything" if window == 1 else "what no later token can see may go",
        )
        trial.same(read_so_far, end, {}, name="the number of tokens read")
        trial.that(
            spent <= T,
            f"keys for {spent} tokens were made to read {T}",
            "the keys of old tokens are in the cache; they are not made again",
        )


class Unmasked(CausalSelfAttention):
    """Attention whose author forgot the mask."""

    def read(self, x: Tensor, past: object = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Read vectors (B, T, C) with every place looking at all places."""
        Q, K, V = self.queries_keys_values(x)
        return self.project_out(join_heads(attend(Q, K, V))), (K, V)


def patient(fault: str, seed: int, V: int, L: int) -> Callable[[Tensor], Tensor]:
    """Return a GPT with one fault as a function from tokens (B, T) to its output (B, T, V)."""

    def make() -> nn.Module:
        model = GPT(GPTConfig(V, L, n_layers=2, n_heads=2, embedding_size=16))
        if fault == "future":
            model.blocks[seed % 2].attention = Unmasked(16, 2)
        return model

    model, chance = seeded(seed, make), torch.Generator().manual_seed(seed)
    if fault == "places":
        nn.init.zeros_(model.position_embedding.weight)

    @torch.no_grad()
    def answer(tokens: Tensor) -> Tensor:
        logits = model(tokens)
        if fault == "softmax":
            return logits.softmax(-1)
        if fault == "batch":
            return logits + logits.mean(0, keepdim=True) / 2
        if fault == "chance":
            return logits * (torch.rand(logits.shape, generator=chance) > 0.1) / 0.9
        return logits

    return answer


DIAGNOSES = {
    ("healthy", "future"): "later rows do change when a later token does; which ones must not?",
    ("healthy", "batch"): "another batch rounds otherwise, in the seventh digit: that is no fault",
    ("healthy", "places"): "in a healthy model at least one row changes with the order",
    ("places", "healthy"): "two blocks notice a shuffle even without a table, thanks to the mask; "
    "for which text would all rows be equal if nothing told the places apart?",
    ("softmax", "healthy"): "do the numbers of a row sum to something that logits wouldn't?",
    ("future", "healthy"): "change the last token alone: which rows must stay?",
    ("batch", "healthy"): "read a text alone and beside others",
    ("chance", "healthy"): "ask the same twice",
}


def diagnose(trial: Trial, answer: Callable[..., str]) -> None:
    """Check a diagnosis: ``answer(model, vocab_size, context_length)`` to one of `FAULTS`."""
    for seed in range(6):
        for fault in FAULTS:
            V, L = (9, 8) if seed % 2 else (30, 12)
            trial.doing = f"a model of {V} tokens and {L} places"
            model = patient(fault, seed, V, L)
            said = trial.call(lambda *a, m=model: answer(m, *a), V, L, given=trial.doing)
            trial.that(said in FAULTS, f"expected one of {', '.join(FAULTS)}, got {shown(said)}")
            after_chance = "its answers differ from call to call, so every comparison of two calls "
            hint = DIAGNOSES.get((fault, said), "")
            if fault == "chance" and not hint:
                hint = after_chance + "finds a difference; which fault must you look for first?"
            name = f"which is {'healthy' if fault == 'healthy' else f'ill ({fault})'}"
            trial.that(said == fault, f"{name}, you found {said!r}", hint)
    trial.holds("36 models: six healthy, and six of each kind of ill")
