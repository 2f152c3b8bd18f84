"""The plays: clean, split by play, and vocabularies that round-trip."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled import corpus
from unrolled.corpus import CharacterVocabulary, WordVocabulary, clean, words


@pytest.fixture(scope="module")
def plays():
    return corpus.load()


def test_hand_worked_page():
    markdown = (
        "# Macbeth\n\n## ACT I\n\n### SCENE I. A hall;\na light burning.\n\n"
        "_Thunder. Enter\nthree Witches_\n\n"
        "**First Witch**  \n_\\[Aside]_  \nWhen shall we three   \nmeet again? _Exit_ \n\n"
        "_Alarum_\n\nIn thunder—or in 'the woman 's rain'.\n\n"
        "**ROSS & Lords**  \nAs thou didst leave it. ...\n\n"
        "**Sergeant**  \n... Doubtful it stood;\n\n**Porter**  \n_Knocking_\n\n_Exeunt_\n"
    )
    assert clean(markdown) == (
        "FIRST WITCH:\nWhen shall we three\nmeet again?\nIn thunder--or in 'the woman's rain'.\n\n"
        "ROSS AND LORDS:\nAs thou didst leave it.\n\nSERGEANT:\nDoubtful it stood;\n"
    )


def test_markup_of_the_web_is_removed():
    markdown = (
        "# X\n\n<script>alert('**A**')</script>\n\n**A**  \nB <b>bold</b> &amp; c. <!-- c -->\n"
    )
    assert clean(markdown) == "A:\nB bold &c.\n"


def test_no_markup_is_left_in_any_play(plays):
    assert len(plays.plays) == 38
    for play in plays.plays:
        assert not re.search(r"[*_#<>\[\]\\`|$~^{}]|  | $", play.text, re.MULTILINE), play.title
        assert not re.search(r"^(Enter|Exeunt|SCENE|ACT) [A-Z]{2}", play.text, re.MULTILINE)
        assert play.text.isascii(), play.title
        assert "\n\n\n" not in play.text
        assert play.text.endswith("\n")


def test_every_speech_has_a_speaker(plays):
    for play in plays.plays:
        for speech in play.text.rstrip("\n").split("\n\n"):
            name, *lines = speech.split("\n")
            assert re.fullmatch(r"[A-Z' .,-]+:", name), (play.title, speech)
            assert lines, (play.title, name)


def test_split_is_by_play(plays):
    assert plays.test.startswith("FIRST WITCH:\nWhen shall we three meet again\n")
    assert plays.validation.startswith("FLAVIUS:\nHence! home, you idle creatures")
    held_out = [p for p in plays.plays if p.title in (corpus.VALIDATION_PLAY, corpus.TEST_PLAY)]
    trained = [p for p in plays.plays if p not in held_out]
    assert len(held_out) == 2
    assert "\n".join(p.text for p in trained) == plays.train
    for play in held_out:
        assert play.text not in plays.train
    assert "MACBETH:" not in plays.train
    assert "BANQUO:" not in plays.train
    for start in range(0, len(plays.test) - 100, 100):  # no stretch of Macbeth
        assert plays.test[start : start + 100] not in plays.train


def test_held_out_plays_use_known_characters(plays):
    vocabulary = CharacterVocabulary.from_text(plays.train)
    for text in (plays.validation, plays.test):
        assert vocabulary.decode(vocabulary.encode(text)) == text


@given(st.text(min_size=1))
def test_characters_round_trip(text):
    vocabulary = CharacterVocabulary.from_text(text)
    assert vocabulary.decode(vocabulary.encode(text)) == text
    assert len(vocabulary) == len(set(text)) + 1
    assert 0 not in vocabulary.encode(text)


@given(st.text(alphabet="abZ'-.,! \n_0é", min_size=1).filter(words))
def test_words_round_trip(text):
    vocabulary = WordVocabulary.from_text(text)
    assert words(vocabulary.decode(vocabulary.encode(text))) == words(text)


def test_words_keep_inner_apostrophes():
    assert words("O'er the FEN-lands, he's\ngone--'tis so.") == [
        "o'er", "the", "fen", "-", "lands", ",", "he's", "gone", "-", "-", "'", "tis", "so", "."
    ]  # fmt: skip


def test_rare_words_become_unknown():
    vocabulary = WordVocabulary.from_text("the cat the dog the cat", min_count=2)
    assert vocabulary.tokens == ("</s>", "<unk>", "the", "cat")
    assert vocabulary.encode("the dog") == [2, 1]
    assert vocabulary.decode([0, 2, 1]) == "the <unk>"


def test_bad_input_says_what_is_wrong(tmp_path):
    vocabulary = CharacterVocabulary.from_text("abc")
    with pytest.raises(ValueError, match="made of the vocabulary's 3 tokens, got 'z'"):
        vocabulary.encode("az")
    with pytest.raises(ValueError, match="got 'dog'"):
        WordVocabulary.from_text("the cat").encode("the dog")
    with pytest.raises(ValueError, match="expected a text to make a vocabulary from"):
        CharacterVocabulary.from_text("")
    with pytest.raises(ValueError, match="expected a text to make a vocabulary from"):
        WordVocabulary.from_text(" \n")
    with pytest.raises(ValueError, match="expected ids from 0 to 3"):
        vocabulary.decode([4])
    with pytest.raises(ValueError, match="expected min_count"):
        WordVocabulary.from_text("a", min_count=0)
    with pytest.raises(ValueError, match="expected the first token"):
        CharacterVocabulary(("a",))
    with pytest.raises(ValueError, match="found none"):
        corpus.load(tmp_path)


def test_markup_that_is_not_understood_is_an_error(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "y.md").write_text("# Y\n\n**A**  \nHalf a _direction\n")
    with pytest.raises(ValueError, match=r"expected no markup in y\.md, got '_'"):
        corpus.load(tmp_path)
    with pytest.raises(ValueError, match="expected a play named 'Macbeth'"):
        _ = corpus.Corpus(()).test
