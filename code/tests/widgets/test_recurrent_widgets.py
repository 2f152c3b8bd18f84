"""The Python faces of the interactives on recurrent networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.corpus import CharacterVocabulary, WordVocabulary
from unrolled.widgets.memory_span import MemorySpan
from unrolled.widgets.neuron_watch import TRAITS, NeuronWatch, correlations, find_units
from unrolled.widgets.unroll_it import UnrollIt

TEXT = "ROMEO:\nBut soft, what light?\n\nJULIET:\nAy me!\n"
LETTERS = CharacterVocabulary.from_text(TEXT)
WORDS = WordVocabulary.from_text("how are you? what is the matter.")


def model(size: int, core: nn.Module | None = None, seed: int = 0) -> nn.ModuleDict:
    torch.manual_seed(seed)
    core = core or nn.RNN(4, 6, batch_first=True)
    embed, head = nn.Embedding(size, core.input_size), nn.Linear(core.hidden_size, size)
    return nn.ModuleDict({"embed": embed, "core": core, "head": head})


def letters(seed: int = 0, core: nn.Module | None = None) -> nn.ModuleDict:
    return model(len(LETTERS), core, seed)


def unroll(seed: int = 0, **more: object) -> UnrollIt:
    return UnrollIt(model(len(WORDS), seed=seed), WORDS, **{"caption": "Step.", **more})


def watch(seed: int = 0, **more: object) -> NeuronWatch:
    arguments = {"text": TEXT, "caption": "Choose.", **more}
    return NeuronWatch(letters(seed), LETTERS, **arguments)


def span(seed: int = 0, **more: object) -> MemorySpan:
    both = {"vanilla": letters(seed), "LSTM": letters(seed, nn.LSTM(3, 5, batch_first=True))}
    arguments = {"models": both, "text": TEXT, "caption": "Change.", **more}
    return MemorySpan(vocabulary=LETTERS, **arguments)


@pytest.mark.parametrize("build", [unroll, watch, span])
def test_repr_tells_states_apart(build) -> None:
    assert repr(build()) == repr(build())
    assert len({repr(build()), repr(build(seed=1)), repr(build(caption="Other."))}) == 3


@pytest.mark.parametrize("kind", [UnrollIt, NeuronWatch, MemorySpan])
def test_joined_module_has_one_default_export_and_no_import(kind: type) -> None:
    code = str(kind._esm)
    assert code.count("export default") == 1
    assert not any(line.startswith("import ") for line in code.splitlines())


def test_unroll_it_knows_words_and_boundary() -> None:
    widget = unroll(sentences=["How are you?", "what matter"], reading="boundary", step=2)
    assert (widget.sentence, widget.reading, widget.step) == ("How are you?", "boundary", 2)
    assert (widget.first_word, widget.known) == (1, len(WORDS) - 1)
    assert widget.words.decode().split("\n") == list(WORDS.tokens)
    rare = WordVocabulary(("</s>", "<unk>", "how", "?"))
    widget = UnrollIt(model(4), rare, sentences=["How?"], caption="Step.")
    assert (widget.first_word, widget.known) == (2, 2)


def test_units_are_found_by_their_correlation() -> None:
    network = letters()
    found = find_units(network, LETTERS, TEXT)
    assert [label for _, label, _ in found] == list(TRAITS)
    with torch.no_grad():
        ids = torch.tensor([0, *LETTERS.encode(TEXT)])
        hidden = network["core"](network["embed"](ids))[0][1:].numpy()
    for index, label, score in found:
        trait = TRAITS[label](TEXT)
        every = [np.corrcoef(hidden[:, k], trait)[0, 1] for k in range(6)]
        assert score == pytest.approx(every[index], abs=1e-5)
        assert abs(score) == pytest.approx(np.abs(every).max(), abs=1e-5)
    assert [unit["index"] for unit in watch().units] == [index for index, _, _ in found]
    assert find_units(network, LETTERS, "mmm") == []


def test_given_units_are_listed_as_they_are() -> None:
    widget = watch(units=[(5, "line ends", 0.61234), (0, "spaces", -0.2)])
    assert widget.unit == 5
    assert widget.units[0] == {"index": 5, "label": "line ends", "score": 0.612}
    assert watch(units=[]).units == []


def test_memory_span_joins_the_models_and_picks_another_character() -> None:
    widget = span(position=3)
    assert [one["name"] for one in widget.models] == ["vanilla", "LSTM"]
    assert [one["shape"]["kind"] for one in widget.models] == ["vanilla", "lstm"]
    assert widget.replacement in set("aeiou")
    counts = [
        sum(p.numel() for p in m.parameters()) for m in (letters(), letters(0, nn.LSTM(3, 5)))
    ]
    assert len(widget.weights) == 4 * sum(counts)
    assert (widget.note, span(replacement="\n").replacement) == ("", "\n")


def test_rounded_weights_are_spoken_of() -> None:
    large = letters(core=nn.LSTM(32, 180, batch_first=True))
    said = NeuronWatch(large, LETTERS, TEXT, caption="Choose.").note
    assert said.startswith("The weights travel as 16-bit numbers: in this text")
    widget = MemorySpan({"LSTM": large}, LETTERS, TEXT, caption="Change.")
    assert widget.note == f"LSTM: {said}"


@pytest.mark.parametrize(
    ("build", "arguments", "message"),
    [
        (unroll, {"sentences": []}, "at least one sentence"),
        (unroll, {"sentences": "How are you?"}, "a sequence of at least one sentence"),
        (unroll, {"sentences": ["?"]}, "at least one word, got '\\?'"),
        (unroll, {"sentences": ["how is the king"]}, "vocabulary's words, got king"),
        (unroll, {"sentences": ["you " * 12]}, "at most 11 words and signs, got 12"),
        (unroll, {"reading": "letters"}, "words, punctuation, boundary, got 'letters'"),
        (watch, {"text": ""}, "1 to 2000 characters, got 0"),
        (watch, {"text": TEXT * 50}, "1 to 2000 characters, got 2"),
        (watch, {"text": "élan"}, "got 'é'"),
        (watch, {"units": [(6, "spaces", 0.5)]}, "index from 0 to 5"),
        (watch, {"units": [(0, " ", 0.5)]}, "a label and a finite score"),
        (watch, {"units": [(0, "spaces", float("nan"))]}, "a label and a finite score"),
        (span, {"models": {}}, "1 to 3 models, got 0"),
        (span, {"text": "ROMEO:"}, "20 to 800 characters, got 6"),
        (span, {"position": 23}, "a position from 0 to 21, got 23"),
        (span, {"position": -1}, "a position from 0 to 21, got -1"),
        (span, {"replacement": "é"}, "a character of the vocabulary, got 'é'"),
        (span, {"replacement": "</s>"}, "a character of the vocabulary, got '</s>'"),
        (span, {"text": "0123456789" * 3}, "got '0'"),
        (span, {"caption": ""}, "a caption that says what to do"),
    ],
)
def test_bad_arguments_are_refused(build, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(**arguments)


def test_misfit_models_are_refused() -> None:
    with pytest.raises(ValueError, match="a memory of at most 64 cells, got 65"):
        UnrollIt(model(len(WORDS), nn.RNN(4, 65)), WORDS, caption="Step.")
    with pytest.raises(ValueError, match=f"a vocabulary of 7 tokens, got {len(LETTERS)}"):
        NeuronWatch(model(7), LETTERS, TEXT, caption="Choose.")
    with pytest.raises(ValueError, match=f"a trait of {len(TEXT)} characters, got 1"):
        correlations(letters(), LETTERS, TEXT, [True])
