"""The tokenizers in the page give the ids that they give in Python."""

from __future__ import annotations

import base64
import json
import random
import unicodedata

import pytest

from unrolled import corpus
from unrolled.bpe import FIRST_MERGE, BytePairTokenizer, pieces
from unrolled.pretrained import load_tokenizer
from unrolled.widgets.packed_merges import byte_characters, pack, pack_pretrained
from unrolled.widgets.tokenizer_playground import TokenizerPlayground

BUILD = """
const bytes = Buffer.concat([Buffer.alloc(1), Buffer.from(data.merges, "base64")]);
const view = new DataView(bytes.buffer, bytes.byteOffset + 1, bytes.length - 1);
const rest = { special: data.special, bytes: data.alphabet };
const tokenizer = data.ours
  ? decodeTokenizer(view, { ...rest, readsSpecial: false, pieces: bookPieces })
  : decodeTokenizer(view, { ...rest, readsSpecial: true, pieces: digitPieces });
"""
TRICKY = [
    "",
    " ",
    "\n\n\n a\t\tb  \n",
    "a  12 3\u00a045  ½Ⅷ x²",
    "don't DON'T thou'rt 'tis o'er''s l'été",
    "naïve café 🎭👩‍👩‍👧 日本語 Привет שלום ไทย हिन्दी",
    "e\u0301 \u200b\ufeffx \u0085 \u2028 \x1c\x1d\x06\x00\x7f",
    "<|im_start|>user\nHow are you?<|im_end|> <|endoftext|",
    "</s> ROMEO: But soft, what light through yonder window breaks?",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa    ------ ======",
    "a  \x1cb  \x1f x   \x85y   \u200b  \u180e  \u3000z",
]


def known_characters() -> list[str]:
    """Every character that Python's Unicode knows; newer ones differ between the two."""
    return [c for c in map(chr, range(0x110000)) if unicodedata.category(c) not in ("Cn", "Cs")]


def random_texts(count: int) -> list[str]:
    rng = random.Random(0)
    every = known_characters()
    mixes = [
        lambda: rng.choice(every),
        lambda: chr(rng.randrange(0x20, 0x250)),
        lambda: rng.choice(" \n\t'’.,!0123456789") if rng.random() < 0.5 else rng.choice("etaoin"),
    ]
    return ["".join(mixes[i % 3]() for _ in range(rng.randrange(1, 60))) for i in range(count)]


@pytest.fixture(scope="module")
def tokenizer() -> BytePairTokenizer:
    return BytePairTokenizer.train(corpus.load().validation, 500)


def as_data(packed, ours: bool, **more: object) -> dict[str, object]:
    return {
        "merges": base64.b64encode(packed.merges).decode(),
        "special": packed.special,
        "alphabet": packed.alphabet,
        "ours": ours,
    } | more


def test_our_ids_on_random_unicode_at_any_number_of_merges(tokenizer, run_js) -> None:
    texts = TRICKY + random_texts(300) + [corpus.load().test[:3000]]
    limits = [0, 1, 137, 500]
    script = (
        BUILD + "return data.limits.map((n) => data.texts.map((t) => encodeText(tokenizer, t, n)));"
    )
    found = run_js(["bpe.js"], script, as_data(pack(tokenizer), True, texts=texts, limits=limits))
    for n, rows in zip(limits, found, strict=True):
        part = tokenizer.first(n)
        assert rows == [part.encode(text) for text in texts], n


def test_the_pretrained_ids_on_random_unicode(run_js) -> None:
    loaded = load_tokenizer()
    texts = TRICKY + random_texts(600) + [corpus.load().test[:5000]]
    script = BUILD + "return data.texts.map((text) => encodeText(tokenizer, text));"
    found = run_js(["bpe.js"], script, as_data(pack_pretrained(loaded), False, texts=texts))
    for text, ids in zip(texts, found, strict=True):
        assert ids == loaded.encode(text), text


def test_every_character_is_cut_as_python_cuts_it(run_js) -> None:
    """Letters, signs and blanks: one wrong class would move a cut."""
    texts = [f"a{c} {c}{c}b" for c in known_characters()]
    script = "return data.map((text) => bookPieces(text));"
    found = run_js(["bpe.js"], script, texts)
    wrong = [t for t, cut in zip(texts, found, strict=True) if cut != pieces(t)]
    assert wrong == []


def test_tokens_and_their_labels(tokenizer, run_js) -> None:
    loaded = load_tokenizer()
    script = BUILD + (
        "return [data.ids.map((id) => tokenBytes(tokenizer, id)), "
        "data.ids.map((id) => tokenLabel(tokenizer, id))];"
    )
    ids = [0, 1, 17, 216, 35199, 15107, 49151]
    found, labels = run_js(["bpe.js"], script, as_data(pack_pretrained(loaded), False, ids=ids))
    value = {character: byte for byte, character in enumerate(byte_characters())}
    names = loaded.convert_ids_to_tokens(ids)
    assert found[2:] == [[value[c] for c in name] for name in names[2:]]
    assert labels[:5] == ["<|endoftext|>", "<|im_start|>", "!", "·", "·strawberry"]
    assert labels[5] == "·⟨F0⟩⟨9F⟩"
    ids = [0, 11, 33, 0xE2 + 1, FIRST_MERGE]
    _, labels = run_js(["bpe.js"], script, as_data(pack(tokenizer), True, ids=ids))
    assert labels == ["</s>", "⏎", "·", "⟨E2⟩", tokenizer.tokens[FIRST_MERGE].replace(" ", "·")]


def test_acting_merges_are_those_that_change_the_text(tokenizer, run_js) -> None:
    text = "ROMEO:\nBut soft, what light?"
    changes = [
        n
        for n in range(1, 501)
        if tokenizer.first(n).encode(text) != tokenizer.first(n - 1).encode(text)
    ]
    script = BUILD + "return actingMerges(tokenizer, data.text);"
    assert run_js(["bpe.js"], script, as_data(pack(tokenizer), True, text=text)) == changes


def test_what_the_page_holds(tokenizer) -> None:
    widget = TokenizerPlayground(tokenizer, load_tokenizer(), text="ROMEO", caption="Type.")
    assert len(widget.merges) == 4 * 500
    assert len(widget.pretrained_merges) == 4 * 48_900
    assert len(widget.merges) + len(widget.pretrained_merges) < 600_000
    assert widget.n_merges == 500
    assert len(json.dumps(widget.get_state(["pretrained", "tokenizer"]))) < 4_000
    assert repr(widget) == repr(
        TokenizerPlayground(tokenizer, load_tokenizer(), text="ROMEO", caption="Type.")
    )
    alone = TokenizerPlayground(tokenizer, caption="Type.", n_merges=0)
    assert alone.pretrained_merges == b""
    assert alone.pretrained["name"] == ""


def test_bad_input_is_named(tokenizer) -> None:
    with pytest.raises(ValueError, match="at least one merge"):
        TokenizerPlayground(BytePairTokenizer(), caption="Type.")
    with pytest.raises(ValueError, match="n_merges from 0 to 500, got 501"):
        TokenizerPlayground(tokenizer, caption="Type.", n_merges=501)
    with pytest.raises(ValueError, match="at most 1000 characters, got 1001"):
        TokenizerPlayground(tokenizer, text="a" * 1001, caption="Type.")
    with pytest.raises(ValueError, match="ids up to 65535"):
        pack(
            BytePairTokenizer(
                tuple((1, 1 + i) for i in range(256))
                + tuple((left, right) for left in range(2, 257) for right in range(1, 257))[:65_500]
                + ((65_700, 1),)
            )
        )
