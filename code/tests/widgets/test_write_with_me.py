"""Write with me: its Python face, how it draws, and how it reads what is typed."""

from __future__ import annotations

import base64
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.bpe import BytePairTokenizer
from unrolled.corpus import CharacterVocabulary
from unrolled.gpt import GPT, GPTConfig
from unrolled.sampling import choices
from unrolled.widgets.packed_gpt import pack_vocabulary
from unrolled.widgets.write_with_me import WriteWithMe

TEXT = "ROMEO:\nBut soft, what light?\n\nJULIET:\nAy me!\n"
LETTERS = CharacterVocabulary.from_text(TEXT)
PAIRS = BytePairTokenizer.train(TEXT * 3, 20)
READER = """
const bytes = Uint8Array.from(Buffer.from(data.merges, "base64"));
const reader = tokenReader(data.vocabulary, new DataView(bytes.buffer));
"""
SETTINGS = [
    (1.0, None, None),
    (0.7, None, None),
    (1.6, 5, None),
    (1.0, 1, None),
    (1.0, 100, None),
    (1.0, None, 0.5),
    (0.5, None, 0.05),
    (1.3, 12, 0.8),
    (1.0, 3, 1.0),
    (0, 3, 0.5),
]


def gpt(size: int, seed: int = 0) -> GPT:
    torch.manual_seed(seed)
    return GPT(GPTConfig(size, 32, 2, 2, 8))


def write(drawn: int = 0, vocabulary=LETTERS, **more: object) -> WriteWithMe:
    arguments = {"prompt": "ROMEO:\n", "caption": "Write.", **more}
    return WriteWithMe(gpt(len(vocabulary), drawn), vocabulary, **arguments)


def vocabulary_data(vocabulary: object, **more: object) -> dict[str, object]:
    packed, merges = pack_vocabulary(vocabulary)
    return {"vocabulary": packed, "merges": base64.b64encode(merges).decode()} | more


def choosing(temperature: float, top_k: int | None, top_p: float | None) -> dict[str, object]:
    top_p = 1 if top_p is None else top_p
    return {"temperature": temperature, "topK": top_k or 0, "topP": top_p, "greedy": False}


# how it draws


@pytest.mark.parametrize(("temperature", "top_k", "top_p"), SETTINGS)
def test_chances_match_the_books_choices(temperature, top_k, top_p, run_js) -> None:
    rng = np.random.default_rng(3)
    rows = [rng.normal(size=41) * 3, rng.integers(0, 4, size=41), np.zeros(41)]  # some with ties
    logits = np.array(rows, dtype=np.float64)
    script = "return data.logits.map((row) => [...chancesToDraw(new Float64Array(row), data.how)]);"
    data = {"logits": logits.tolist(), "how": choosing(temperature, top_k, top_p)}
    found = run_js(["next_token.js"], script, data)
    expected = choices(torch.from_numpy(logits), temperature, top_k, top_p)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(np.sum(found, 1), 1)


def test_greedy_takes_the_first_of_the_likeliest(run_js) -> None:
    script = "return [...chancesToDraw(Float32Array.from(data), { ...how, greedy: true })];"
    how = "const how = { temperature: 1.5, topK: 2, topP: 0.3 };"
    assert run_js(["next_token.js"], how + script, [1, 4, 4, -2]) == [0, 1, 0, 0]


def test_model_says_what_softmax_says(run_js) -> None:
    logits = np.random.default_rng(0).normal(size=30) * 5 + 900  # exp would overflow
    found = run_js(["next_token.js"], "return [...modelChances(data)];", logits.tolist())
    np.testing.assert_allclose(found, torch.from_numpy(logits).softmax(-1), atol=1e-12)


def test_ranking_puts_the_lower_id_first_among_equals(run_js) -> None:
    assert run_js(["next_token.js"], "return rankedTokens(data);", [0.2, 0.3, 0.2, 0.3]) == [
        1,
        3,
        0,
        2,
    ]


def test_a_draw_never_takes_what_was_cut_off(run_js) -> None:
    script = "return data.map((u) => drawToken([0, 0.25, 0, 0.75, 0], u));"
    us = [0, 0.2499, 0.25, 0.9, 1 - 2**-32]
    assert run_js(["next_token.js"], script, us) == [1, 1, 3, 3, 3]
    rounded = "return drawToken([0.1, 0.2, 0.7 - 1e-9, 0], 1 - 1e-12);"  # sums to less than 1
    assert run_js(["next_token.js"], rounded) == 2


def test_draws_come_as_often_as_their_chances_say(run_js) -> None:
    chances = [0.5, 0, 0.3, 0.15, 0.05]
    script = """
    const draw = (seed, place) => drawToken(data, uniformAt(seed, place));
    const many = Array.from({ length: 20000 }, (_, n) => n);
    return [many.map((n) => draw(7, n)), many.map((n) => draw(n, 30))];
    """
    for drawn in run_js(["next_token.js"], script, chances):  # along a text; over the seeds
        counts = Counter(drawn)
        shares = [counts[k] / 20_000 for k in range(5)]
        np.testing.assert_allclose(shares, chances, atol=0.015)  # 4 standard deviations
        pairs = Counter(pairwise(drawn))
        both = pairs[0, 0] / 20_000
        assert both == pytest.approx(0.25, abs=0.02)  # neighbors don't know each other


def test_the_same_seed_and_place_give_the_same_number(run_js) -> None:
    script = "return [0, 1, 2, 999999].map((seed) => [1, 2, 3].map((t) => uniformAt(seed, t)));"
    first, again = (run_js(["next_token.js"], script) for _ in range(2))
    assert first == again
    numbers = [u for row in first for u in row]
    assert len(set(numbers)) == 12
    assert all(0 <= u < 1 for u in numbers)


# how it reads


@pytest.mark.parametrize("vocabulary", [LETTERS, PAIRS], ids=["characters", "byte pairs"])
def test_page_and_python_make_the_same_tokens(vocabulary, run_js) -> None:
    script = (
        READER
        + """
    const { ids, unknown } = reader.encode(data.text);
    return { ids, unknown, size: reader.size, text: ids.map(reader.text).join("") };
    """
    )
    text = "JULIET:\nAy, soft light?\n"
    found = run_js(["token_reader.js"], script, vocabulary_data(vocabulary, text=text))
    assert found["ids"] == vocabulary.encode(text)
    assert (found["unknown"], found["size"], found["text"]) == ([], len(vocabulary), text)


def test_unknown_characters_are_named_once_and_left_out(run_js) -> None:
    script = READER + "return reader.encode(data.text);"
    found = run_js(["token_reader.js"], script, vocabulary_data(LETTERS, text="B☃u😀t☃"))
    assert found == {"ids": LETTERS.encode("But"), "unknown": ["☃", "😀"]}


def test_parts_of_characters_show_as_bytes(run_js) -> None:
    script = (
        READER
        + """
    const { ids, unknown } = reader.encode(data.text);
    return [unknown, ids.map(reader.text), reader.text(0), reader.label(0)];
    """
    )
    data = vocabulary_data(PAIRS, text="é")
    assert run_js(["token_reader.js"], script, data) == [[], ["⟨C3⟩", "⟨A9⟩"], "", "</s>"]


def test_another_kind_of_vocabulary_is_refused(run_js) -> None:
    script = 'try { tokenReader({ kind: "words" }); } catch (error) { return error.message; }'
    expected = "expected a vocabulary of characters or bytes, got words"
    assert run_js(["token_reader.js"], script) == expected


# its Python face


def test_repr_tells_states_apart() -> None:
    assert repr(write()) == repr(write())
    others = [
        write(),
        write(drawn=1),
        write(temperature=0.5),
        write(prompt="B"),
        write(caption="B"),
    ]
    assert len({repr(one) for one in others}) == 5


@pytest.mark.parametrize("vocabulary", [LETTERS, PAIRS], ids=["characters", "byte pairs"])
def test_it_carries_model_vocabulary_and_settings(vocabulary) -> None:
    widget = write(vocabulary=vocabulary, temperature=0.8, top_k=5, top_p=0.9, seed=3, count=50)
    assert widget.shape["vocabulary_size"] == len(vocabulary)
    assert (widget.vocabulary, widget.merges) == pack_vocabulary(vocabulary)
    how = (widget.temperature, widget.top_k, widget.top_p, widget.greedy, widget.seed, widget.count)
    assert how == (0.8, 5, 0.9, False, 3, 50)
    assert "no probability is off by more than" in widget.note


def test_joined_module_has_one_default_export_and_no_import() -> None:
    code = str(WriteWithMe._esm)
    assert code.count("export default") == 1
    assert not any(line.startswith("import ") for line in code.splitlines())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prompt": "B" * 2001}, "at most 2000 characters, got 2001"),
        ({"prompt": "élan"}, "got 'é'"),
        ({"temperature": 0}, "a temperature from 0.1 to 2.0, got 0"),
        ({"temperature": 2.5}, "a temperature from 0.1 to 2.0, got 2.5"),
        ({"top_k": -1}, "top_k of at least 0, where 0 means all, got -1"),
        ({"top_p": 0}, "top_p above 0 and at most 1, got 0"),
        ({"top_p": 1.1}, "top_p above 0 and at most 1, got 1.1"),
        ({"seed": -1}, "a seed of at least 0, got -1"),
        ({"count": 0}, "a count from 1 to 1000, got 0"),
        ({"caption": ""}, "a caption that says what to do"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write(**arguments)


def test_misfit_models_are_refused() -> None:
    with pytest.raises(ValueError, match=f"a vocabulary of 7 tokens, got {len(LETTERS)}"):
        WriteWithMe(gpt(7), LETTERS, "B", caption="Write.")
    broken = gpt(len(LETTERS))
    nn.init.constant_(broken.norm.bias, float("inf"))
    with pytest.raises(ValueError, match="expected finite weights"):
        WriteWithMe(broken, LETTERS, "B", caption="Write.")
