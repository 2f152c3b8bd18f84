"""What is it looking at? Its Python face, and the habits of heads in numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from unrolled.bpe import BytePairTokenizer
from unrolled.corpus import CharacterVocabulary
from unrolled.gpt import GPT, GPTConfig
from unrolled.widgets.what_is_it_looking_at import MOST_TOKENS, WhatIsItLookingAt
from unrolled.widgets.write_with_me import WriteWithMe

TEXT = "ROMEO:\nBut soft, what light?\n\nJULIET:\nAy me!\n"
LETTERS = CharacterVocabulary.from_text(TEXT)
TOKENS = [0, 3, 1, 3, 1, 2]  # 3 and 1 come twice
HEADS = 3
LOOKS = "const looks = data.looks.map((look) => Float32Array.from(look));"


def look(seed: int = 0, context: int = 32, **more: object) -> WhatIsItLookingAt:
    torch.manual_seed(seed)
    model = GPT(GPTConfig(len(LETTERS), context, 2, 2, 8))
    arguments = {"text": TEXT, "caption": "Look.", **more}
    return WhatIsItLookingAt(model, LETTERS, **arguments)


def drawn_looks() -> np.ndarray:
    """Causal weights of three heads over `TOKENS`: (H, T, T)."""
    T = len(TOKENS)
    scores = torch.randn(
        HEADS, T, T, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    mask = torch.ones(T, T, dtype=torch.bool).tril()
    return scores.masked_fill(~mask, -torch.inf).softmax(-1).numpy()


def as_data(weights: np.ndarray) -> dict[str, object]:
    looks = [weights[:, t, : t + 1].ravel().tolist() for t in range(weights.shape[1])]
    return {"looks": looks, "tokens": TOKENS}


def test_habits_match_their_definition(run_js) -> None:
    script = LOOKS + (
        "return HABITS.map(([name, wanted]) => [name, [0, 1, 2].map((head) =>"
        " habitShare(looks, head, data.tokens, wanted))]);"
    )
    weights = drawn_looks()
    found = dict(run_js(["head_habits.js"], script, as_data(weights)))
    later = range(1, len(TOKENS))
    expected = {
        "the token before": weights[:, later, [t - 1 for t in later]].mean(1),
        "the token itself": weights[:, later, later].mean(1),
        "the first token": weights[:, 1:, 0].mean(1),
        # 3 stood at 1, and again at 3; 1 at 2, and again at 4
        "the same token earlier": (weights[:, 3, 1] + weights[:, 4, 2]) / 2,
        "what followed the same token": (weights[:, 3, 2] + weights[:, 4, 3]) / 2,
    }
    assert found.keys() == expected.keys()
    for name, shares in expected.items():
        np.testing.assert_allclose(found[name], shares, atol=1e-6)


def test_a_head_that_only_copies_what_followed_scores_one(run_js) -> None:
    weights = np.zeros((HEADS, 6, 6))
    weights[:, :, 0] = 1
    weights[1, 3] = np.eye(6)[2]
    weights[1, 4] = np.eye(6)[3]
    script = LOOKS + "return rankedHeads(looks, 3, data.tokens, HABITS[4][1]);"
    ranked = run_js(["head_habits.js"], script, as_data(weights))
    assert ranked[0] == {"head": 1, "share": 1}
    assert [one["share"] for one in ranked[1:]] == [0, 0]
    assert (
        run_js(["head_habits.js"], script, as_data(weights) | {"tokens": [0, 1, 2, 3, 4, 5]}) == []
    )


def test_mean_distance_matches_numpy(run_js) -> None:
    weights = drawn_looks()
    script = LOOKS + "return [0, 1, 2].map((head) => meanDistance(looks, head));"
    found = run_js(["head_habits.js"], script, as_data(weights))
    back = np.subtract.outer(np.arange(6), np.arange(6))
    np.testing.assert_allclose(found, (weights * back).sum(-1)[:, 1:].mean(1), atol=1e-6)


def test_pixels_are_the_weights_square_roots(run_js) -> None:
    weights = drawn_looks()
    script = LOOKS + "return [...headPixels(looks, 2, [10, 20, 30])];"
    pixels = np.reshape(run_js(["head_habits.js"], script, as_data(weights)), (6, 6, 4))
    np.testing.assert_allclose(pixels[..., 3], 255 * np.sqrt(weights[2]), atol=0.51)
    assert (pixels[np.tril_indices(6)][:, :3] == [10, 20, 30]).all()
    assert not pixels[np.triu_indices(6, 1)].any()  # the future


def test_repr_tells_states_apart() -> None:
    assert repr(look()) == repr(look())
    others = [
        look(),
        look(seed=1),
        look(head=1),
        look(token=3),
        look(text="But"),
        look(caption="B"),
    ]
    assert len({repr(one) for one in others}) == 6


def test_both_interactives_of_the_page_carry_the_same_bytes() -> None:
    model = GPT(GPTConfig(len(LETTERS), 32, 2, 2, 8))
    one = WhatIsItLookingAt(model, LETTERS, TEXT, caption="Look.")
    other = WriteWithMe(model, LETTERS, "But", caption="Write.")
    assert one.weights == other.weights  # one file for both


def test_no_more_tokens_than_the_model_or_the_screen_can_hold() -> None:
    assert look(context=32).most_tokens == 32
    assert look(context=500).most_tokens == MOST_TOKENS
    pairs = BytePairTokenizer.train(TEXT * 3, 10)
    model = GPT(GPTConfig(len(pairs), 16, 1, 1, 4))
    assert (
        WhatIsItLookingAt(model, pairs, "But soft", caption="Look.").vocabulary["kind"] == "bytes"
    )


def test_joined_module_has_one_default_export_and_no_import() -> None:
    code = str(WhatIsItLookingAt._esm)
    assert code.count("export default") == 1
    assert not any(line.startswith("import ") for line in code.splitlines())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": ""}, "1 to 1000 characters, got 0"),
        ({"text": "B" * 1001}, "1 to 1000 characters, got 1001"),
        ({"text": "élan"}, "got 'é'"),
        ({"head": 4}, "a head from 0 to 3, got 4"),
        ({"head": -1}, "a head from 0 to 3, got -1"),
        ({"token": 32}, "a token from -1 to 31, got 32"),
        ({"token": -2}, "a token from -1 to 31, got -2"),
        ({"caption": ""}, "a caption that says what to do"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        look(**arguments)
