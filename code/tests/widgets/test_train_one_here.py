"""The network that trains in the page, against the same training in PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unrolled.widgets.train_one_here import KEYS, TrainOneHere, split_sentences

FILES = ["bptt.js", "toy_language.js"]
SETTINGS = {"batchSize": 8, "clipNorm": 1.0, "learningRate": 0.01}
GRADIENT_DIFFERENCE = 1e-12
"""Largest difference of any number of the gradient; measured 4e-17."""
TRAINING_DIFFERENCE = 1e-12
"""Largest difference of any loss or weight over 50 steps; measured 2e-15."""
LANGUAGE = "const language = encodeSentences(data.sentences, data.units);\n"
START = (
    LANGUAGE
    + "const training = newTraining(language, { vocabSize: data.units.length, ...data.start });\n"
)


class Generator:
    """The page's seeded generator, written a second time."""

    def __init__(self, seed: int) -> None:
        self.state = seed % 2147483646 + 1
        for _ in range(4):
            self()

    def __call__(self) -> float:
        self.state = self.state * 48271 % 2147483647
        return self.state / 2147483647


class Network(nn.Module):
    """PyTorch's own RNN on one-hot tokens, with the numbers that the page would draw."""

    def __init__(self, vocab_size: int, hidden: int, random: Generator) -> None:
        super().__init__()
        self.vocab_size = vocab_size
        self.core = nn.RNNCell(vocab_size, hidden, dtype=torch.float64)
        self.head = nn.Linear(hidden, vocab_size, dtype=torch.float64)
        self.core.bias_hh.requires_grad_(False).zero_()
        with torch.no_grad():
            for parameter in self.parts():
                drawn = [(2 * random() - 1) / math.sqrt(hidden) for _ in range(parameter.numel())]
                parameter.copy_(torch.tensor(drawn, dtype=torch.float64).view_as(parameter))

    def parts(self) -> list[nn.Parameter]:
        """In the page's order: W_x, W_s, b, W_y, c."""
        core, head = self.core, self.head
        return [core.weight_ih, core.weight_hh, core.bias_ih, head.weight, head.bias]

    def loss(self, batch: list[list[int]], window: int) -> Tensor:
        """Nats per token, the memory detached behind every `window` steps."""
        losses = []
        for tokens in batch:
            h = torch.zeros(1, self.core.hidden_size, dtype=torch.float64)
            one_hot = F.one_hot(torch.tensor([0, *tokens]), self.vocab_size).double()
            for t, (x, target) in enumerate(zip(one_hot, [*tokens, 0], strict=True)):
                h = self.core(x[None], h.detach() if t % window == 0 else h)
                losses.append(F.cross_entropy(self.head(h), torch.tensor([target])))
        return torch.stack(losses).mean()

    def flat(self, gradient: bool = False) -> np.ndarray:
        arrays = [p.grad if gradient else p.detach() for p in self.parts()]
        return np.concatenate([array.flatten().numpy() for array in arrays])


@pytest.fixture(scope="module")
def face() -> TrainOneHere:
    return TrainOneHere(caption="Start.")


def page_data(face: TrainOneHere, **more: object) -> dict[str, object]:
    start = {"hidden": face.hidden, "seed": face.seed}
    return {"sentences": face.sentences, "units": face.units, "start": start} | more


def tokens_of(face: TrainOneHere) -> list[list[int]]:
    return [[face.units.index(unit) for unit in sentence] for sentence in face.sentences]


@pytest.mark.parametrize("window", [1, 3, 4, 8])
def test_gradient_equals_autograds(window: int, face: TrainOneHere, run_js) -> None:
    script = START + (
        "const { loss, gradient } = lossAndGradient(training.network, language, data.window);"
        "return { loss, gradient: [...gradient], numbers: [...training.network.numbers] };"
    )
    ours = run_js(FILES, script, page_data(face, window=window))
    network = Network(len(face.units), face.hidden, Generator(face.seed))
    np.testing.assert_array_equal(ours["numbers"], network.flat())
    loss = network.loss(tokens_of(face), window)
    loss.backward()
    gradient = network.flat(gradient=True)
    assert np.abs(gradient).max() > 0.05
    assert abs(ours["loss"] - loss.item()) < GRADIENT_DIFFERENCE
    assert np.abs(np.array(ours["gradient"]) - gradient).max() < GRADIENT_DIFFERENCE


def test_truncation_changes_the_gradient(face: TrainOneHere, run_js) -> None:
    script = START + (
        "return [4, 8].map((k) => [...lossAndGradient(training.network, language, k).gradient]);"
    )
    cut, whole = np.array(run_js(FILES, script, page_data(face)))
    assert np.abs(cut - whole).max() > 1e-4


@pytest.mark.parametrize("window", [4, 8])
def test_first_steps_are_pytorchs(window: int, face: TrainOneHere, run_js) -> None:
    """Same draws, same losses, same norms, same weights after 50 steps."""
    script = START + (
        "const records = Array.from({ length: 50 }, () => trainingStep(training, data.settings));"
        "return { records, numbers: [...training.network.numbers] };"
    )
    settings = SETTINGS | {"window": window, "clipNorm": 0.4}
    ours = run_js(FILES, script, page_data(face, settings=settings))
    random = Generator(face.seed)
    network = Network(len(face.units), face.hidden, random)
    optimizer = torch.optim.Adam(network.parts(), lr=0.01)
    language, clipped = tokens_of(face), 0
    for record in ours["records"]:
        batch = [language[int(random() * len(language))] for _ in range(8)]
        optimizer.zero_grad()
        loss = network.loss(batch, window)
        loss.backward()
        size = nn.utils.clip_grad_norm_(network.parts(), 0.4).item()
        optimizer.step()
        clipped += size > 0.4
        assert abs(record["loss"] - loss.item()) < TRAINING_DIFFERENCE
        assert abs(record["gradientNorm"] - size) < TRAINING_DIFFERENCE
    assert 0 < clipped < 50, "expected some steps with clipping and some without"
    assert np.abs(np.array(ours["numbers"]) - network.flat()).max() < TRAINING_DIFFERENCE


@pytest.mark.parametrize("window", [4, 8])
def test_arriving_norms_equal_autograds(window: int, face: TrainOneHere, run_js) -> None:
    script = START + "return arrivingNorms(training.network, language[0], 6, data.window);"
    ours = run_js(FILES, script, page_data(face, window=window))
    network = Network(len(face.units), face.hidden, Generator(face.seed))
    tokens = tokens_of(face)[0]
    h, memories = torch.zeros(1, face.hidden, dtype=torch.float64), []
    for t, token in enumerate([0, *tokens][:6]):
        x = F.one_hot(torch.tensor([token]), len(face.units)).double()
        h = network.core(x, h.detach() if t % window == 0 else h)
        h.retain_grad()
        memories.append(h)
    F.cross_entropy(network.head(h), torch.tensor([tokens[5]])).backward()
    expected = [0.0 if m.grad is None else m.grad.norm().item() for m in memories]
    np.testing.assert_allclose(ours, expected, rtol=1e-12)
    assert [size == 0 for size in ours] == [window == 4 and k <= 4 for k in range(1, 7)]


def learned(face: TrainOneHere, run_js, **settings: object) -> tuple[float, float]:
    """Loss over the whole language above the lowest there is, and share of valid sentences."""
    script = START + (
        "for (let i = 0; i < data.steps; i += 1) trainingStep(training, data.settings);"
        "const { loss } = lossAndGradient(training.network, language, 99);"
        "const texts = new Set(data.sentences.map((units) => units.join(' ')));"
        "let valid = 0;"
        "for (let i = 0; i < 200; i += 1) {"
        "  const written = writeSentence(training.network, 20, training.random);"
        "  valid += texts.has(written.map((token) => data.units[token]).join(' '));"
        "}"
        "return [loss - bestLoss(language), valid / 200];"
    )
    data = page_data(face, settings=SETTINGS | settings, steps=face.steps)
    return tuple(run_js(FILES, script, data))


def test_whole_tape_learns_agreement_and_a_short_window_does_not(face, run_js) -> None:
    """A verb guessed by a coin costs ln 2 once in the seven tokens of a sentence."""
    above, valid = learned(face, run_js, window=8)
    assert above < 0.03
    assert valid > 0.9
    above, valid = learned(face, run_js, window=4)
    assert above == pytest.approx(math.log(2) / 8, abs=0.03)
    assert 0.3 < valid < 0.7


def test_open_step_is_where_the_verb_is(face: TrainOneHere, run_js) -> None:
    script = LANGUAGE + "return [openStep(language), bestLoss(language)];"
    step, best = run_js(FILES, script, page_data(face))
    assert face.sentences[0][step - 1] == "is"
    assert best == pytest.approx(math.log(8) / 8)


def test_face_is_deterministic_and_splits_its_language(face: TrainOneHere) -> None:
    assert repr(face) == repr(TrainOneHere(KEYS, 16, 0, caption="Start."))
    assert repr(face) != repr(TrainOneHere(KEYS, 16, 1, caption="Start."))
    assert (face.units[0], len(face.units), face.window, face.joint) == ("</s>", 12, 8, " ")
    letters = TrainOneHere(["abba", "baab"], caption="Start.")
    assert (letters.units, letters.joint, letters.window) == (["</s>", "a", "b"], "", 5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"language": "abba baab"}, "a list of at least two sentences, got 'abba baab'"),
        ({"language": ["one"]}, "at least two sentences"),
        ({"language": ["a b", "a b"]}, "different sentences"),
        ({"language": ["ab", ""]}, "1 to 40 tokens, got 0"),
        ({"language": ["ab", "a" * 41]}, "1 to 40 tokens, got 41"),
        ({"language": ["a </s>", "b a"]}, "no boundary </s> in a sentence"),
        ({"hidden": 0}, "hidden from 1 to 64, got 0"),
        ({"window": 9}, "window from 1 to 8, got 9"),
        ({"learning_rate": 1.0}, "learning_rate from 0.0001 to 0.3, got 1.0"),
        ({"steps": 0}, "steps from 1 to 100000, got 0"),
        ({"clip_norm": math.nan}, "clip_norm from 1e-06 to 1000000.0, got nan"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrainOneHere(**arguments, caption="Start.")


def test_split_sentences_by_words_or_characters() -> None:
    assert split_sentences(["a b", "cd"]) == [["a", "b"], ["cd"]]
    assert split_sentences(["ab", "cd"]) == [["a", "b"], ["c", "d"]]
