"""Checks of ``exercises/bptt.md``: clipping by text, two layers, a cut too many, overlap, growth
and checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unrolled.check import bptt_references as references
from unrolled.check.chapter import Chapter
from unrolled.check.tape_meter import most_kept
from unrolled.check.trial import Trial, as_array
from unrolled.rnn import RecurrentModel, State

KINDS = {"vanilla": "a vanilla network", "gru": "a GRU", "lstm": "an LSTM"}

CHAPTER = Chapter("bptt", 4)
progress, export = CHAPTER.progress, CHAPTER.export


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _network(seed: int, kind: str) -> RecurrentModel:
    """A small network in float64 that remembers strongly, and no change of PyTorch's own chance."""
    kept = torch.get_rng_state()
    torch.manual_seed(seed)
    model = RecurrentModel(5, 4, 6, kind).double()
    torch.set_rng_state(kept)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
    return model


def _text(seed: int, B: int, T: int) -> tuple[Tensor, Tensor]:
    """Inputs and targets (B, T)."""
    tokens = torch.randint(0, 5, (B, T + 1), generator=_generator(seed))
    return tokens[:, :-1], tokens[:, 1:]


@CHAPTER.task("One wild text in the batch", minutes=8)
def clip_each(trial: Trial, answer: Callable[[list[Tensor], float], list[Tensor]]) -> None:
    """Check clipping by text: ``answer(gradients, limit)``, a list of (B, ...) to one of (...)."""
    shapes = [(2,), (3, 2), (4, 3, 2)]
    for seed, (B, n, limit) in enumerate([(2, 1, 1.0), (4, 3, 1.0), (5, 2, 0.3)]):
        make = _generator(seed)
        sizes = torch.tensor([0.05, 1.0, 40.0, 3.0, 0.2])[:B] * limit
        sizes[0 if n > 1 else 1] *= 0.5
        gradients = [
            torch.randn(B, *shape, generator=make).double()
            * sizes.double().reshape(B, *[1] * len(shape))
            for shape in shapes[:n]
        ]
        given = f"{B} texts, {n} tensors and limit {limit}"
        got = trial.call(answer, gradients, limit, given=given)
        _same_list(trial, got, gradients, limit)
        trial.holds("one tensor" if n == 1 else f"{n} tensors of different shapes, limit {limit}")
    silent = [torch.zeros(2, 3).double(), torch.zeros(2, 2, 2).double()]
    silent[0][1, 0] = 5.0
    got = trial.call(answer, silent, 1.0, given="a text whose gradient is zero")
    expected = [torch.tensor([0.5, 0, 0]).double(), torch.zeros(2, 2).double()]
    for result, wanted in zip(got, expected, strict=True):
        nothing = torch.full_like(wanted, torch.nan)
        hint = "a gradient of zeros has norm 0, and 0 / 0 is no number"
        trial.that(not torch.isnan(torch.as_tensor(result)).any(), "the result has nan in it", hint)
        trial.same(result, wanted, {hint: nothing}, tolerance=1e-5)
    trial.holds("a text that has nothing to say")


def _same_list(trial: Trial, got: Any, gradients: list[Tensor], limit: float) -> None:
    expected = references.clip_each(gradients, limit)
    slips = {
        says: references.clip_each(gradients, limit, slip)
        for slip, says in references.CLIP_SLIPS.items()
    }
    trial.that(
        isinstance(got, (list, tuple)) and len(got) == len(expected),
        f"expected a list of {len(expected)} tensors, one for each that came in",
    )
    for i, wanted in enumerate(expected):
        suspects = {says: slipped[i] for says, slipped in slips.items()}
        trial.same(got[i], wanted, suspects, f"tensor {i} of the result", tolerance=1e-5)


@CHAPTER.task("Two layers by hand", minutes=16)
def two_layers(trial: Trial, answer: Callable[..., tuple[np.ndarray, ...]]) -> None:
    """Check gradients by hand: ``answer(x, W_x1, W_s1, W_x2, W_s2, at_top)`` to four arrays."""
    for seed, (B, T, C, H) in enumerate([(1, 1, 1, 2), (1, 3, 2, 2), (4, 6, 3, 3)]):
        random = np.random.default_rng(seed)
        shapes = [(B, T, C), (H, C), (H, H), (H, H), (H, H), (B, T, H)]
        inputs = [0.8 * random.normal(size=shape) for shape in shapes]
        given = f"B = {B}, T = {T}, C = {C}, H = {H}"
        got = trial.call(answer, *inputs, given=given)
        trial.that(
            isinstance(got, (list, tuple)) and len(got) == 4,
            "expected the gradients of the four matrices, W_x1, W_s1, W_x2, W_s2",
        )
        expected = references.two_layers(*inputs)
        slips = {
            says: references.two_layers(*inputs, slip)
            for slip, says in references.LAYER_SLIPS.items()
        }
        for i in (2, 3, 0, 1):  # from the top down, as the gradient goes
            name = f"the gradient of {('W_x1', 'W_s1', 'W_x2', 'W_s2')[i]}"
            trial.same(got[i], expected[i], {says: slips[says][i] for says in slips}, name)
        trial.holds(("one step", "three steps of one text", "a batch, six steps")[seed])


def _same_gradients(
    trial: Trial,
    got: references.Gradients,
    expected: references.Gradients,
    slips: dict[str, Callable[[], references.Gradients]],
) -> None:
    """Compare parameter by parameter; known mistakes are worked out only if something differs."""
    for name, wanted in expected.items():
        suspects = {says: lambda s=slip, n=name: s()[n] for says, slip in slips.items()}
        trial.same(got[name], wanted, suspects if wanted.any() else None, f"the gradient of {name}")


def _cuts_at_entry(model: RecurrentModel, answer: Callable, seed: int) -> bool:
    """Whether an answer cuts the state that it is handed, so that it may return one with a tape."""
    text = _text(seed, 3, 5)
    state = model.run(text[0])[1]
    parts = state if isinstance(state, tuple) else (state,)
    loss = answer(model, *text, state)[0]
    found = torch.autograd.grad(loss, parts, allow_unused=True)
    return all(part is None for part in found)


@CHAPTER.task("A cut too many", minutes=8)
def mended(trial: Trial, answer: Callable[..., tuple[Tensor, State]]) -> None:
    """Check one chunk: ``answer(model, inputs (B, T), targets (B, T), state)``, (loss, state)."""
    for seed, kind in enumerate(("vanilla", "gru", "lstm")):
        model = _network(seed, kind)
        earlier, (inputs, targets) = _text(seed + 5, 3, 4)[0], _text(seed, 3, 5)
        with torch.no_grad():
            state = model.run(earlier)[1]

        def by(slip: str = "", run: Any = (model, inputs, targets, state)) -> references.Gradients:
            run[0].zero_grad()
            references.chunk(*run, slip)[0].backward()
            return references.gradients_of(run[0])

        loss, after = references.chunk(model, inputs, targets, state)
        given = f"{KINDS[kind]} and a chunk of 5 steps"
        got = trial.call(
            lambda *rest, m=model: answer(m, *rest), inputs, targets, state, given=given
        )
        trial.that(isinstance(got, (list, tuple)) and len(got) == 2, "expected a loss and a state")
        trial.same(
            got[0],
            loss,
            {
                "the state that was handed in is not used": references.chunk(
                    model, inputs, targets, state, "zeros"
                )[0],
                "a sum; the task asks for the mean over the steps": references.chunk(
                    model, inputs, targets, state, "sum"
                )[0],
            },
            name="the loss",
        )
        trial.that(getattr(got[0], "requires_grad", False), "the loss has no tape to go back on")
        parts = [p if isinstance(p, tuple) else (p,) for p in (got[1], after)]
        trial.that(len(parts[0]) == len(parts[1]), "expected a state of the kind that came in")
        trial.that(
            all(isinstance(part, Tensor) for part in parts[0]),
            "expected a loss and a state; yours isn't made of tensors",
        )
        trial.that(
            not any(part.requires_grad for part in parts[0]) or _cuts_at_entry(model, answer, seed),
            "the state that you return still has its tape",
            "the next chunk's backward pass would walk on into this one; for an LSTM, h and c "
            "both need the cut",
        )
        for mine, wanted in zip(*parts, strict=True):
            trial.same(mine, wanted, name="the state to go on from")
        model.zero_grad()
        try:
            got[0].backward()
        except RuntimeError:
            problem = "the loss's tape is gone already"
            trial.that(False, problem, "the caller calls `backward`, so leave it to it")
        _same_gradients(
            trial,
            references.gradients_of(model),
            by(),
            {
                "the memory is detached behind every step: this is truncation with k = 1, "
                "however long the chunk": lambda by=by: by("every")
            },
        )
        trial.holds(f"{KINDS[kind]}: the loss, its gradient, and no gradient to the chunk before")


Counted = Callable[..., tuple[float, references.Gradients]]


def _run(
    trial: Trial, answer: Callable, model: RecurrentModel, *rest: Any, given: str
) -> tuple[Any, references.Gradients]:
    """What an answer returns, and what it leaves in `.grad`."""
    model.zero_grad()
    kept = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # so that zeros of the reader's own fit the model
    try:
        nats = trial.call(lambda *inputs: answer(model, *inputs), *rest, given=given)
    finally:
        torch.set_default_dtype(kept)
    left = any(parameter.grad is not None for parameter in model.parameters())
    trial.that(left, "your code leaves no gradient in .grad", "is a `backward()` missing?")
    found = references.gradients_of(model)
    model.zero_grad()
    return nats, found


def _judge(
    trial: Trial,
    got: tuple[Any, references.Gradients],
    reference: Counted,
    run: tuple[Any, ...],
    slips: dict[str, str],
) -> None:
    """Compare mean surprise and gradient with a reference and with its slips."""
    nats, gradients = reference(*run)
    suspects = {says: lambda s=slip: reference(*run, s)[0] for slip, says in slips.items()}
    every = {says: lambda s=slip: reference(*run, s)[1] for slip, says in slips.items()}
    trial.same(got[0], nats, suspects, name="the mean surprise")
    _same_gradients(trial, got[1], gradients, every)


@CHAPTER.task("Windows that overlap", minutes=14)
def overlapped(trial: Trial, answer: Callable[..., float]) -> None:
    """Check overlap: ``answer(model, inputs (B, T), targets (B, T), window, stride)`` to nats."""
    cases = [("vanilla", 12, 6, 3), ("gru", 11, 5, 2), ("lstm", 10, 7, 3), ("vanilla", 6, 8, 2)]
    for seed, (kind, T, window, stride) in enumerate(cases):
        run = (_network(seed, kind), *_text(seed, 2, T), window, stride)
        given = f"{KINDS[kind]}, T = {T}, window = {window}, stride = {stride}"
        got = _run(trial, answer, *run, given=given)
        _judge(trial, got, references.overlapped, run, references.OVERLAP_SLIPS)
        trial.holds(given)


@CHAPTER.task("Growing, before it fades", minutes=7)
def growth(trial: Trial, W: Any) -> None:
    """Check a matrix (8, 8) of numbers from -1 to 1 with spectral radius at most 0.9."""
    array = as_array(W).astype(float)
    trial.that(array.shape == (8, 8), f"expected a matrix (8, 8), got {array.shape}")
    trial.that(bool(np.isfinite(array).all()), "expected finite numbers")
    largest = np.abs(array).max()
    trial.that(
        largest <= 1 + 1e-9,
        f"the largest number in your matrix is {largest:.3g}; allowed are numbers from -1 to 1",
        "it is not large numbers that make it grow, but many steps that hand on to each other",
    )
    trial.holds("numbers from -1 to 1")
    radius = np.abs(np.linalg.eigvals(array)).max()
    trial.that(
        radius <= 0.92,  # eigenvalues of such matrices are known to a hundredth
        f"the spectral radius is {radius:.3g}, above 0.9",
        "with a radius above 1 it grows for ever" if radius > 1 else "",
    )
    trial.holds("a spectral radius of at most 0.9")
    norms = [np.linalg.norm(np.linalg.matrix_power(array, d), ord=2) for d in (1, 20)]
    hint = "after 20 steps a product that never grew is down by the radius to the power 20"
    if norms[1] < 1e-9:
        hint = "after 8 steps nothing at all is left: the radius is 0, and it may be more"
    elif np.allclose(array @ array.T, array.T @ array, atol=1e-6):
        hint = (
            "a rotation, a symmetric matrix, or another one with eigenvectors at right angles: its "
            "power has exactly the radius to that power for a norm; you need one that hands on "
            "from direction to direction"
        )
    trial.that(norms[1] >= 1000, f"the norm of its 20th power is {norms[1]:.3g}, below 1000", hint)
    trial.holds("a 20th power that stretches some vector a thousand times")


@CHAPTER.task("The whole gradient from a short tape", minutes=14)
def checkpointed(trial: Trial, answer: Callable[..., float]) -> None:
    """Check a gradient: ``answer(model, inputs (B, T), targets (B, T), segment)`` to nats."""
    cases = [("vanilla", 6, 3), ("gru", 11, 4), ("vanilla", 5, 8), ("gru", 7, 1)]
    for seed, (kind, T, segment) in enumerate(cases):
        run = (_network(seed, kind), *_text(seed, 2, T), segment)
        given = f"{KINDS[kind]}, T = {T}, segment = {segment}"
        got = _run(trial, answer, *run, given=given)
        _judge(trial, got, references.whole, run, references.WHOLE_SLIPS)
        trial.holds(given)
    model, texts = _network(0, "gru"), _text(9, 4, 96)
    allowed = 2.5 * most_kept(lambda: references.whole(model, *(t[:, :8] for t in texts), 8), model)
    trial.doing = "T = 96, segment = 8"
    given = trial.doing
    kept = most_kept(lambda: _run(trial, answer, model, *texts, 8, given=given), model)
    trial.that(
        kept <= allowed,
        f"up to {kept:,} bytes stood on the tape at once, where one segment needs about "
        f"{allowed / 2.5:,.0f}",
        "the gradient is right, but too much of the tape was kept; the first reading needs none, "
        "and a segment's can go before the next one is made",
    )
    trial.holds("96 steps, with no more than a segment's tape at a time")
