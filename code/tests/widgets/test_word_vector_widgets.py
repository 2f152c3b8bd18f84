"""The Python faces of the interactives on word vectors."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from unrolled.widgets.be_the_embedder import FAMILIES, BeTheEmbedder
from unrolled.widgets.difference_vector import STARTS, DifferenceVector
from unrolled.widgets.vector_explorer import ANCHORS, VectorExplorer

PAIRS = [("man", "woman"), ("king", "queen")]


def toy(seed: int = 0) -> SimpleNamespace:
    words = ["man", "woman", "king", "queen", "hot", "cold", *ANCHORS]
    words += [word for family in FAMILIES.values() for word in family]
    words = tuple(dict.fromkeys(words + [word for word, _ in STARTS]))
    drawn = np.random.default_rng(seed).normal(size=(len(words), 5))
    return SimpleNamespace(words=words, vectors=drawn.astype(np.float32))


def build(kind: type, glove: SimpleNamespace, **more: object):
    required = {"pairs": PAIRS} if kind is DifferenceVector else {}
    return kind(glove, **{"caption": "Type a word.", **required, **more})


KINDS = [VectorExplorer, DifferenceVector, BeTheEmbedder]


@pytest.mark.parametrize("kind", KINDS)
def test_repr_tells_states_apart(kind: type) -> None:
    same = {repr(build(kind, toy())) for _ in range(2)}
    assert len(same) == 1
    assert repr(build(kind, toy(seed=1))) not in same
    assert repr(build(kind, toy(), caption="Another.")) not in same


def test_all_carry_identical_bytes() -> None:
    widgets = [build(kind, toy()) for kind in KINDS]
    assert len({(widget.vectors, widget.words, widget.width) for widget in widgets}) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_joined_module_has_one_default_export_and_no_import(kind: type) -> None:
    code = str(build(kind, toy())._esm)
    assert code.count("export default") == 1
    assert not any(line.startswith("import ") for line in code.splitlines())


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_words_are_refused(kind: type) -> None:
    glove = toy()
    glove.words = tuple("monarch" if word == "king" else word for word in glove.words)
    with pytest.raises(ValueError, match="got king"):
        build(kind, glove)


@pytest.mark.parametrize("kind", KINDS)
def test_misfit_vectors_are_refused(kind: type) -> None:
    glove = toy()
    glove.vectors = glove.vectors[:-1]
    with pytest.raises(ValueError, match="one vector for each"):
        build(kind, glove)


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (VectorExplorer, {"analogy": ("man", "king")}, "three words a, b, c .* got 2"),
        (VectorExplorer, {"word": "qwerty"}, "got qwerty"),
        (DifferenceVector, {"pairs": []}, "at least one pair"),
        (DifferenceVector, {"pairs": [("man",)]}, r"two different words, got \('man',\)"),
        (DifferenceVector, {"pairs": [("man", "man")]}, "two different words"),
        (DifferenceVector, {"position": 2}, "from -0.5 to 1.5, got 2"),
        (BeTheEmbedder, {"families": {}}, "at least one family, got none"),
        (BeTheEmbedder, {"families": {"King": ()}}, "one word per family, got 'King'"),
        (BeTheEmbedder, {"contrast": [("hot", "cold")]}, "two pairs of words"),
        (BeTheEmbedder, {"caption": " "}, "a caption that says what to do"),
    ],
)
def test_bad_arguments_are_refused(kind: type, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(kind, toy(), **arguments)
