"""The padding bench makes the tables that transformers makes, and scores what its loss scores."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.nn import functional as F
from transformers import LlamaConfig, LlamaForCausalLM

from unrolled.pretrained import load_tokenizer
from unrolled.widgets.padding_bench import PaddingBench

TEXTS = [
    "The capital of France is",
    "To be, or not to be, that is the question:",
    "1599! naïve 🎭<|im_end|>",
    "",
]
PAD = 2
SIDES = ("left", "right")
KINDS = ("good", "padding", "shifted")
BATCH = "return padBatch(data.rows, data.how);"
LABELS = """
const labels = data.ids.map((ids, n) => labelsOf(ids, data.mask[n], data.kind));
return { labels, targets: labels.map(targetsOf), counts: labels.map(countScored) };
"""


@pytest.fixture(scope="module")
def tiny() -> LlamaForCausalLM:
    """A model as small as can be, with the large one's vocabulary."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1}
    config = LlamaConfig(vocab_size=49152, pad_token_id=PAD, eos_token_id=PAD, **sizes, **heads)
    return LlamaForCausalLM(config).eval()


@pytest.mark.parametrize(
    ("side", "cut", "length"), list(itertools.product(SIDES, SIDES, (2, 5, 24)))
)
def test_ids_and_mask_are_those_of_the_library(
    side: str, cut: str, length: int, run_js: object
) -> None:
    tokenizer = load_tokenizer()
    tokenizer.truncation_side = cut
    wanted = tokenizer(TEXTS, padding=True, padding_side=side, truncation=True, max_length=length)
    tokenizer.truncation_side = "right"
    rows = [tokenizer.encode(text) for text in TEXTS]
    how = {"padId": PAD, "side": side, "cut": cut, "length": length}
    found = run_js(["batching.js"], BATCH, {"rows": rows, "how": how})
    assert found["ids"] == wanted["input_ids"]
    assert found["mask"] == wanted["attention_mask"]


@pytest.mark.parametrize("side", SIDES)
def test_positions_are_those_that_generate_gives(
    side: str, tiny: LlamaForCausalLM, run_js: object
) -> None:
    rows = [load_tokenizer().encode(text) for text in TEXTS[:3]]
    how = {"padId": PAD, "side": side, "cut": "right", "length": 24}
    found = run_js(["batching.js"], BATCH, {"rows": rows, "how": how})
    seen = []
    hook = tiny.model.register_forward_pre_hook(
        lambda _module, _args, named: seen.append(named["position_ids"]), with_kwargs=True
    )
    ids, mask = torch.tensor(found["ids"]), torch.tensor(found["mask"])
    tiny.generate(ids, attention_mask=mask, max_new_tokens=1, do_sample=False)
    hook.remove()
    assert found["positions"] == seen[0].tolist()


@pytest.mark.parametrize(("side", "kind"), list(itertools.product(SIDES, KINDS)))
def test_targets_are_what_the_model_s_loss_scores(
    side: str, kind: str, tiny: LlamaForCausalLM, run_js: object
) -> None:
    batch = load_tokenizer()(TEXTS[:3], padding=True, padding_side=side, return_tensors="pt")
    ids, mask = batch["input_ids"], batch["attention_mask"]
    data = {"ids": ids.tolist(), "mask": mask.tolist(), "kind": kind}
    found = run_js(["batching.js"], LABELS, data)
    targets = torch.tensor(found["targets"])
    with torch.no_grad():
        theirs = tiny(ids, attention_mask=mask, labels=torch.tensor(found["labels"]))
    ours = F.cross_entropy(theirs.logits.flatten(0, 1), targets.flatten())
    assert ours.item() == pytest.approx(theirs.loss.item(), abs=1e-5)
    assert found["counts"] == (targets != -100).sum(1).tolist()


def test_by_hand(run_js: object) -> None:
    script = """
    const batch = padBatch([[5, 6, 7], [8]], { padId: 2, side: data, cut: "right", length: 9 });
    const labels = batch.ids.map((ids, n) => labelsOf(ids, batch.mask[n], "good"));
    return [batch, labels, labels.map(targetsOf), labels.map(countScored)];
    """
    batch, labels, targets, counts = run_js(["batching.js"], script, "left")
    assert batch == {
        "ids": [[5, 6, 7], [2, 2, 8]],
        "mask": [[1, 1, 1], [0, 0, 1]],
        "positions": [[0, 1, 2], [0, 0, 0]],
    }
    assert labels == [[5, 6, 7], [-100, -100, 8]]
    assert targets == [[6, 7, -100], [-100, 8, -100]]  # the padding before 8 is to predict it
    assert counts == [2, 1]
    *_, counts = run_js(["batching.js"], script, "right")
    assert counts == [2, 0]


def test_moved_twice_each_place_is_to_predict_the_token_after_next(run_js: object) -> None:
    script = "return targetsOf(labelsOf([1, 2, 3, 4], [1, 1, 1, 1], 'shifted'));"
    assert run_js(["batching.js"], script) == [3, 4, -100, -100]


def outputs(count: int) -> dict[str, list[str]]:
    return {way: ["and so on"] * count for way in ("alone", "left", "right")}


def test_what_the_page_holds() -> None:
    widget = PaddingBench(load_tokenizer(), TEXTS[:2], outputs=outputs(2), caption="Type.")
    assert widget.texts == widget.preset == TEXTS[:2]
    assert widget.pad_id == PAD
    assert len(widget.merges) == 4 * 48_900
    again = PaddingBench(load_tokenizer(), TEXTS[:2], outputs=outputs(2), caption="Type.")
    assert repr(widget) == repr(again)
    other = PaddingBench(load_tokenizer(), TEXTS[1:3], outputs=outputs(2), caption="Type.")
    assert repr(widget) != repr(other)


def test_bad_input_is_named() -> None:
    tokenizer = load_tokenizer()
    with pytest.raises(ValueError, match="1 to 4 texts, got 0"):
        PaddingBench(tokenizer, [], outputs=outputs(0), caption="Type.")
    with pytest.raises(ValueError, match="at most 80 characters, got 81"):
        PaddingBench(tokenizer, ["a" * 81], outputs=outputs(1), caption="Type.")
    with pytest.raises(ValueError, match="alone, left, right with 1 texts each, got"):
        PaddingBench(tokenizer, ["a"], outputs=outputs(2), caption="Type.")
    with pytest.raises(ValueError, match="alone, left, right with 1 texts each, got"):
        PaddingBench(tokenizer, ["a"], outputs={"left": ["b"]}, caption="Type.")
    tokenizer.pad_token, before = None, tokenizer.pad_token
    try:
        with pytest.raises(ValueError, match="a padding token, got one without"):
            PaddingBench(tokenizer, ["a"], outputs=outputs(1), caption="Type.")
    finally:
        tokenizer.pad_token = before
