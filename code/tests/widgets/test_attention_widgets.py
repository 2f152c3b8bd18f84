"""The attention chapter's interactives: their mathematics against PyTorch, their arguments."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from unrolled.attention import attend, attention_weights, causal_mask, join_heads, split_heads
from unrolled.widgets.mask_it import MaskIt
from unrolled.widgets.one_head_by_hand import OneHeadByHand
from unrolled.widgets.shape_stepper import ShapeStepper

CLOSE = 1e-12
RNG = np.random.default_rng(5)
FILLED = """
const fill = data.fill === "zero" ? 0 : -Infinity;
const scores = scaledScores(data.queries, data.keys);
const weights = weightsOf(scores, data.mask, fill);
return { weights, output: mixedValues(weights, data.values), leaks: leaksOf(weights) };
"""
COMPASS = [[3, 0], [0, 3], [-3, 0], [0, -3]]


def random_case(T: int = 6, D: int = 3) -> dict:
    mask = np.tri(T, dtype=bool)
    mask[2, 4] = mask[0, 5] = True
    mask[5, 1] = False
    arrays = {name: RNG.normal(size=(T, D)) for name in ("queries", "keys", "values")}
    return {name: array.tolist() for name, array in (arrays | {"mask": mask}).items()}


@pytest.mark.parametrize("fill", ["minus-infinity", "zero"])
def test_weights_equal_pytorchs(fill, run_js) -> None:
    case = random_case()
    Q, K, V = (torch.tensor(case[n], dtype=torch.float64) for n in ("queries", "keys", "values"))
    mask = torch.tensor(case["mask"])
    found = run_js(["attention.js"], FILLED, case | {"fill": fill})
    if fill == "zero":
        scores = (Q @ K.T / math.sqrt(3)).masked_fill(~mask, 0.0)
        weights = scores.softmax(-1)
    else:
        weights = attention_weights(Q, K, mask)
        assert np.allclose(found["output"], attend(Q, K, V, mask), atol=CLOSE)
    assert np.allclose(found["weights"], weights, atol=CLOSE)
    assert np.allclose(found["leaks"], weights.triu(1).sum(-1), atol=CLOSE)


def test_the_running_example_by_hand(run_js) -> None:
    case = {
        "queries": [[2, 1]],
        "keys": [[2, 0], [0, 0], [0, 0], [0, 1], [1, 0], [1, 0]],
        "values": [[4, 0], [0, 1], [0, -1], [0, 2], [2, 0], [2, 1]],
        "mask": [[True] * 5 + [False]],
    }
    found = run_js(["attention.js"], FILLED, case | {"fill": "minus-infinity"})
    assert found["weights"][0] == pytest.approx([0.675, 0.040, 0.040, 0.081, 0.164, 0], abs=1e-3)
    assert found["weights"][0][5] == 0
    leaky = run_js(["attention.js"], FILLED, case | {"fill": "zero"})
    assert leaky["weights"][0][5] == pytest.approx(0.038, abs=1e-3)


def test_causal_mask_and_a_row_of_nothing(run_js) -> None:
    assert run_js(["attention.js"], "return causalMask(data);", 4) == causal_mask(4).tolist()
    nothing = "return softmaxRow([-Infinity, -Infinity]).every(Number.isNaN);"
    assert run_js(["attention.js"], nothing)
    assert run_js(["attention.js"], "return softmaxRow([1000, 0]);") == [1, 0]


def test_every_task_is_there_with_its_answer(run_js) -> None:
    tasks = run_js(["induction.js"], "return inductionTasks(data);", 4)
    expected = [
        {"sequence": [*order, order[again]], "answer": order[again + 1]}
        for order in itertools.permutations(range(4))
        for again in range(3)
    ]
    assert tasks == expected
    assert len(tasks) == 72


@pytest.mark.parametrize("key_from", ["this", "before"])
def test_the_head_equals_pytorchs(key_from, run_js) -> None:
    queries, keys = RNG.normal(size=(2, 4, 2)) * 2
    head = {"queries": queries.tolist(), "keys": keys.tolist(), "keyFrom": key_from}
    script = "return inductionTasks(4).map(({ sequence }) => runHead(data, sequence));"
    found = run_js(["induction.js"], script, head)
    tasks = run_js(["induction.js"], "return inductionTasks(4);")
    texts = torch.tensor([task["sequence"] for task in tasks])
    K = torch.tensor(keys)
    asked = K[texts]
    if key_from == "before":
        asked = torch.cat([torch.zeros(72, 1, 2, dtype=torch.float64), K[texts[:, :-1]]], 1)
    Q, V = torch.tensor(queries)[texts], torch.eye(4, dtype=torch.float64)[texts]
    weights = attention_weights(Q, asked, causal_mask(5))
    assert np.allclose([each["weights"] for each in found], weights, atol=CLOSE)
    output = attend(Q, asked, V, causal_mask(5))[:, -1]
    assert np.allclose([each["output"] for each in found], output, atol=CLOSE)


def worst_share(run_js, queries, keys, key_from) -> float:
    head = {"queries": queries, "keys": keys, "keyFrom": key_from}
    return min(run_js(["induction.js"], "return answerShares(data, inductionTasks(4));", head))


def test_four_directions_solve_the_task(run_js) -> None:
    """Query and key of a token alike, the four tokens apart, keys from the token before."""
    assert worst_share(run_js, COMPASS, COMPASS, "before") > 0.98
    short = [[x / 3 for x in pair] for pair in COMPASS]
    assert worst_share(run_js, short, short, "before") < 0.5, "too short to be sure"
    assert worst_share(run_js, COMPASS, COMPASS, "this") < 0.01


SIZES = [(2, 3, 4, 2), (1, 4, 6, 3), (2, 2, 4, 4), (3, 2, 4, 1)]
ROAD = """
const steps = shapeSteps(data.road, data);
return steps.map(({ axes, tensor }) => ({ axes, ...tensor, numbers: inOrder(tensor) }));
"""


@pytest.mark.parametrize(("B", "T", "C", "H"), SIZES)
def test_the_right_road_equals_pytorchs(B, T, C, H, run_js) -> None:
    data = {"road": "right", "B": B, "T": T, "C": C, "H": H}
    x = torch.arange(B * T * C).view(B, T, C)
    cut = x.view(B, T, H, C // H)
    theirs = [x, cut, cut.transpose(1, 2), cut.transpose(1, 2).transpose(1, 2), x]
    found = run_js(["shapes.js"], ROAD, data)
    for step, tensor in zip(found, theirs, strict=True):
        assert step["shape"] == list(tensor.shape)
        assert step["strides"] == list(tensor.stride())
        assert step["numbers"] == tensor.flatten().tolist()
    assert found[2]["numbers"] == split_heads(x, H).flatten().tolist()
    assert found[4]["numbers"] == join_heads(split_heads(x, H)).flatten().tolist()


@pytest.mark.parametrize(("B", "T", "C", "H"), SIZES)
def test_the_wrong_roads_equal_pytorchs(B, T, C, H, run_js) -> None:
    x = torch.arange(B * T * C).view(B, T, C)
    wrong = x.view(B, H, T, C // H)
    theirs = [x, wrong, wrong.transpose(1, 2), wrong.transpose(1, 2).flatten(2)]
    found = run_js(["shapes.js"], ROAD, {"road": "split", "B": B, "T": T, "C": C, "H": H})
    assert [step["numbers"] for step in found] == [t.flatten().tolist() for t in theirs]
    assert [step["strides"] for step in found] == [list(t.stride()) for t in theirs]
    heads = x.view(B, T, H, C // H).transpose(1, 2)
    found = run_js(["shapes.js"], ROAD, {"road": "merge", "B": B, "T": T, "C": C, "H": H})
    assert found[2]["strides"] == list(heads.stride())
    assert found[3]["numbers"] == heads.reshape(B, T, C).flatten().tolist()
    assert found[3]["shape"] == [B, T, C]


def test_what_is_scrambled_is_counted(run_js) -> None:
    script = """return data.map((road) => {
      const steps = shapeSteps(road, { B: 2, T: 3, C: 4, H: 2 });
      const rows = headRows(steps[headsStep(steps)].tensor, 4);
      return [rows.filter(({ right }) => !right).length, misplaced(steps.at(-1).tensor)];
    });"""
    x = torch.arange(24).view(2, 3, 4)
    split = x.view(2, 2, 3, 2).transpose(1, 2).flatten(2)
    merge = x.view(2, 3, 2, 2).transpose(1, 2).reshape(2, 3, 4)
    cut_wrong = int((x.view(2, 2, 3, 2) != split_heads(x, 2)).any(-1).sum())
    expected = [[0, 0], [cut_wrong, int((split != x).sum())], [0, int((merge != x).sum())]]
    assert run_js(["shapes.js"], script, ["right", "split", "merge"]) == expected
    one_head = "return misplaced(shapeSteps(data, { B: 2, T: 3, C: 4, H: 1 }).at(-1).tensor);"
    assert run_js(["shapes.js"], one_head, "split") == 0, "with one head there is nothing to cut"


def mask_it(**changes: object) -> MaskIt:
    two = [[1.0, 0.0], [0.0, 1.0]]
    given = {"words": ["a", "b"], "queries": two, "keys": two, "values": two, "caption": "Toggle."}
    return MaskIt(**given | changes)


def one_head(**changes: object) -> OneHeadByHand:
    given = {"tokens": "abcd", "found_queries": COMPASS, "found_keys": COMPASS, "caption": "Set."}
    return OneHeadByHand(**given | changes)


def stepper(**changes: object) -> ShapeStepper:
    return ShapeStepper(**{"caption": "Step."} | changes)


@pytest.mark.parametrize(
    ("make", "others"),
    [
        (mask_it, [{"fill": "zero"}, {"row": 0}, {"mask": [[True, True], [True, True]]}]),
        (one_head, [{"key_from": "before"}, {"queries": COMPASS}, {"found_keys": np.eye(4, 2)}]),
        (stepper, [{"road": "split"}, {"heads": 4}, {"time": 2}]),
    ],
)
def test_widgets_are_deterministic_and_differ_by_what_they_show(make, others) -> None:
    assert repr(make()) == repr(make())
    every = [repr(make()), *(repr(make(**other)) for other in others)]
    assert len(set(every)) == len(every)


def test_widgets_begin_where_their_readers_do() -> None:
    assert mask_it().mask == [[True, False], [True, True]]
    assert mask_it().row == 1
    head = one_head()
    assert head.query_vectors == head.key_vectors == [[1, 0]] * 4
    assert (head.key_from, head.showing) == ("this", "mine")
    assert one_head(found_keys=[[1.2345, 0]] * 4).found_keys[0] == [1.23, 0]
    assert (stepper().batch, stepper().time, stepper().channels, stepper().heads) == (2, 3, 4, 2)


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda: mask_it(words="ab"), "2 to 8 words, got 'ab'"),
        (lambda: mask_it(words=["a"]), r"2 to 8 words, got \['a'\]"),
        (
            lambda: mask_it(queries=[[1.0, 0.0]]),
            r"queries as 2 rows of numbers, got shape \(1, 2\)",
        ),
        (lambda: mask_it(values=[1.0, 0.0]), r"values as 2 rows of numbers, got shape \(2,\)"),
        (lambda: mask_it(keys=[[1.0], [2.0]]), r"one width, got \(2, 2\) and \(2, 1\)"),
        (lambda: mask_it(keys=[[math.nan, 0], [0, 0]]), "finite keys"),
        (lambda: mask_it(mask=[[1, 0], [1, 1]]), r"boolean mask \(2, 2\), got \(2, 2\) of int"),
        (lambda: mask_it(mask=[[True, False]]), r"got \(1, 2\) of bool"),
        (lambda: mask_it(fill="one"), "minus-infinity, zero, got 'one'"),
        (lambda: mask_it(row=2), "row from 0 to 1, got 2"),
        (lambda: one_head(tokens="ab"), r"3 or 4 different tokens, got \['a', 'b'\]"),
        (lambda: one_head(tokens="aabc"), "different tokens"),
        (lambda: one_head(found_keys=[[1, 2]]), r"found_keys as \(4, 2\) numbers"),
        (lambda: one_head(queries=[[10, 0]] * 4), "from -9 to 9"),
        (lambda: one_head(key_from="after"), "this, before, got 'after'"),
        (lambda: stepper(heads=3), "divide 4 channels, got 3"),
        (lambda: stepper(time=0), "sizes of at least 1"),
        (lambda: stepper(time=7), "at most 48 numbers, got 56"),
        (lambda: stepper(road="short"), "right, split, merge, got 'short'"),
    ],
)
def test_bad_arguments_are_refused(work, message) -> None:
    with pytest.raises(ValueError, match=message):
        work()
