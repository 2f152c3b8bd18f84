"""Word vectors: neighbors, analogies and agreement, by hand, against PyTorch, and on GloVe."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from unrolled import vectors
from unrolled.vectors import WordVectors


@pytest.fixture(scope="module")
def glove() -> WordVectors:
    return vectors.load(20_000)


@pytest.fixture
def toy() -> WordVectors:
    """Royalty goes up, gender goes right, and `apple` is somewhere else."""
    rows = [[1, 0, 0], [2, 0, 0.1], [1, 3, 0], [2, 3, 0.1], [0, -1, 5]]
    return WordVectors(("man", "woman", "king", "queen", "apple"), np.float32(rows))


def test_cosine_by_hand():
    assert vectors.cosine(np.array([1, 2]), np.array([2, 1])) == pytest.approx(0.8)
    assert vectors.cosine(np.array([1, 0]), np.array([0, 3])) == 0
    assert vectors.cosine(np.array([1, 2]), np.array([-2, -4])) == pytest.approx(-1)


def test_cosines_between_agrees_with_torch():
    rows = np.random.default_rng(0).standard_normal((5, 3))
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    first, second = (torch.tensor(rows[[pair[k] for pair in pairs]]) for k in (0, 1))
    oracle = torch.cosine_similarity(first, second, dim=1).numpy()
    assert vectors.cosines_between(rows) == pytest.approx(oracle)
    by_hand = vectors.cosines_between(np.array([[1.0, 0], [0, 2], [1, 1]]))
    assert by_hand == pytest.approx([0, np.sqrt(0.5), np.sqrt(0.5)])


def test_nearest_by_hand():
    toy = WordVectors(("up", "down", "high"), np.float32([[0, 1], [0, -1], [1, 2]]))
    found = toy.nearest("up", 2)
    assert [word for word, _ in found] == ["high", "down"]
    assert [cos for _, cos in found] == pytest.approx([2 / np.sqrt(5), -1])
    assert [word for word, _ in toy.nearest("up", 2, exclude=["high"])] == ["down"]
    assert toy.nearest(np.array([0.0, 1.0]), 1) == [("up", pytest.approx(1))]


def test_analogy_and_direction_by_hand(toy):
    assert toy.analogy("man", "king", "woman", 1)[0][0] == "queen"
    assert toy.direction([("man", "woman"), ("king", "queen")]) == pytest.approx([1, 0, 0.1])
    assert {word for word, _ in toy.analogy("man", "king", "woman", 9)} == {"queen", "apple"}
    assert len(toy.analogy("man", "king", "woman", 9, exclude_inputs=False)) == 5


def test_similarity_agrees_with_torch(glove):
    a, b = torch.tensor(glove["hot"]), torch.tensor(glove["cold"])
    oracle = torch.cosine_similarity(a, b, dim=0).item()
    assert glove.similarity("hot", "cold") == pytest.approx(oracle, abs=1e-6)
    all_rows = torch.tensor(glove.vectors)
    scores = torch.cosine_similarity(all_rows, torch.tensor(glove["king"])[None], dim=1)
    best = torch.argsort(-scores)[1:6].tolist()
    assert [word for word, _ in glove.nearest("king", 5)] == [glove.words[i] for i in best]


@given(st.integers(0, 10_000))
def test_a_rotation_changes_no_cosine(seed):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((6, 4))
    turn, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    before, after = (vectors.unit_rows(table) for table in (rows, rows @ turn))
    assert before @ before.T == pytest.approx(after @ after.T, abs=1e-9)


def test_glove_is_what_the_book_says(glove):
    assert len(glove) == 20_000
    assert glove.vectors.shape == (20_000, 50)
    assert glove.vectors.dtype == np.float32
    assert glove.analogy("man", "king", "woman", 1)[0][0] == "queen"
    assert glove.analogy("france", "paris", "italy", 1)[0][0] == "rome"
    raw = glove.analogy("man", "king", "woman", 2, exclude_inputs=False)
    assert [(word, round(cos, 2)) for word, cos in raw] == [("king", 0.89), ("queen", 0.86)]
    assert glove.analogy("man", "uncle", "woman", 1)[0][0] == "daughter"
    assert glove.analogy("man", "doctor", "woman", 1)[0][0] == "nurse"
    assert glove.nearest("romeo", 1)[0][0] == "chevrolet"
    assert round(glove.similarity("hot", "cold"), 2) == 0.80
    assert round(glove.similarity("king", "queen"), 2) == 0.78


def test_agreement_by_hand():
    # on a line of angles, each word's nearest is its neighbor; in b, 3 moved beside 0
    a = np.array([[np.cos(t), np.sin(t)] for t in (0.0, 0.1, 1.0, 1.1)])
    b = np.array([[np.cos(t), np.sin(t)] for t in (0.0, 0.2, 1.0, 0.1)])
    # nearest in a: 1, 0, 3, 2; in b: 3, 3, 1, 0 (0 and 1 tie for 3: the first one counts)
    assert vectors.neighbor_table(a, 1).ravel().tolist() == [1, 0, 3, 2]
    assert vectors.neighbor_table(b, 1).ravel()[:3].tolist() == [3, 3, 1]
    score = vectors.neighbor_agreement(a, b, n=1)
    assert (score.share, score.chance) == (0, pytest.approx(1 / 3))
    same = vectors.neighbor_agreement(a, 5 * a, n=2)
    assert (same.share, same.standard_error) == (1, 0)


def test_agreement_of_shuffled_words_is_chance():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 300, 20))
    score = vectors.neighbor_agreement(a, b, n=10)
    assert score.share == pytest.approx(score.chance, abs=5 * score.standard_error)
    assert score.chance == pytest.approx(10 / 299)


def test_unknown_word_names_close_spellings(glove):
    with pytest.raises(ValueError, match=r"got 'kingg'; spelled like it: .*king"):
        glove["kingg"]
    with pytest.raises(ValueError, match=r"expected one of the 20000 words, got 'Qqzzxxyyww'$"):
        glove.nearest("Qqzzxxyyww")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w: w.nearest(np.zeros(4)), r"vector of shape \(3,\), got \(4,\)"),
        (lambda w: w.nearest("man", 0), "at least 1 neighbor to look for, got 0"),
        (lambda w: w.nearest("man", exclude=["nobody"]), "got 'nobody'"),
        (lambda w: w.direction([]), "at least one pair"),
        (lambda w: vectors.cosine(w["man"], np.zeros(3)), "not zero"),
        (lambda w: vectors.cosine(w["man"], np.ones(2)), r"got \(3,\), \(2,\)"),
        (lambda w: WordVectors(("a", "b"), w.vectors), r"for each of 2 words.*\(5, 3\)"),
        (lambda w: WordVectors(("a",) * 5, w.vectors), "expected 5 different words, got 1"),
        (lambda w: vectors.neighbor_agreement(w.vectors, w.vectors[:3]), "got 5 and 3 rows"),
        (lambda w: vectors.neighbor_agreement(w.vectors, w.vectors, 5), "from 1 to 4.*got 5"),
        (lambda w: vectors.load(0), "from 1 to 400000, got 0"),
    ],
)
def test_bad_input_says_what_was_expected(toy, call, message):
    with pytest.raises(ValueError, match=message):
        call(toy)
