"""The pretrained LLM: its tokenizer, the folder made from its file, and what can't be loaded."""

from __future__ import annotations

import errno
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer

from unrolled import pretrained
from unrolled.bpe import BytePairTokenizer
from unrolled.pretrained import ModelError, load_model, load_tokenizer
from unrolled.wheels import AssetError


def tokens(text: str) -> list[str]:
    loaded = load_tokenizer()
    return [loaded.decode([i]) for i in loaded.encode(text)]


def test_49152_tokens_and_what_they_are() -> None:
    loaded = load_tokenizer()
    assert len(loaded) == 49_152
    assert loaded.eos_token == "<|im_end|>"
    assert loaded.encode("<|im_start|>user") == [1, loaded.encode("user")[0]]
    assert load_tokenizer() is loaded


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (" unhappiest", [" unh", "app", "iest"]),
        (" strawberry", [" strawberry"]),
        ("strawberry", ["st", "raw", "berry"]),
        ("1600", ["1", "6", "0", "0"]),
        ("ROMEO", ["RO", "ME", "O"]),
        ("a  12", ["a", "  ", "1", "2"]),  # digits are cut off first: both blanks are one token
    ],
)
def test_how_it_cuts(text: str, cut: list[str]) -> None:
    assert tokens(text) == cut


def test_transformers_own_reading_differs_where_blanks_meet_digits_and_nowhere_else() -> None:
    """Why the tokenizer is put together here: the splitting rule is lost there."""
    folder = pretrained.assets.fetch("smollm2")
    other = AutoTokenizer.from_pretrained(str(folder), gguf_file=pretrained.GGUF_FILE)
    text = "In 1599, Hamlet's first night: naïve, 🎭 и 12.50 for two; x += 3\n"
    assert other.encode(text) == load_tokenizer().encode(text)
    assert other.get_vocab() == load_tokenizer().get_vocab()
    assert other.encode("a  12") != load_tokenizer().encode("a  12")


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("aZé 日本🎭\n\t'0123.,!—"), max_size=40))
def test_text_comes_back(text: str) -> None:
    loaded = load_tokenizer()
    assert loaded.decode(loaded.encode(text)) == text


def test_its_merges_in_the_books_class_give_the_same_cuts() -> None:
    """It is nothing but bytes and merges: the book's class can hold it."""
    model = json.loads(load_tokenizer().backend_tokenizer.to_str())["model"]
    from unrolled.widgets.packed_merges import byte_characters

    value = {character: byte + 1 for byte, character in enumerate(byte_characters())}
    ids = dict(value)
    merges = []
    for left, right in model["merges"]:
        merges.append((ids[left], ids[right]))
        ids[left + right] = 257 + len(merges) - 1
    ours = BytePairTokenizer(tuple(merges))
    for word in (" unhappiest", " Shakespeare", " antidisestablishmentarianism", "BANQUO"):
        assert [ours.decode([i]) for i in ours.encode(word)] == tokens(word)


def test_another_way_to_split_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "SPLITTING", "gpt-2")
    pretrained._own_tokenizer.cache_clear()
    with pytest.raises(ValueError, match="split as 'gpt-2', got 'smollm'"):
        load_tokenizer()
    pretrained._own_tokenizer.cache_clear()


# --- the model as a folder -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def made() -> Path:
    return pretrained.folder()


@torch.no_grad()
def test_the_folders_model_is_the_gguf_files(made: Path) -> None:
    """Loaded by plain transformers from both: the same logits to 1e-4, and the same sizes."""
    source = pretrained.assets.fetch("smollm2")
    theirs = AutoModelForCausalLM.from_pretrained(
        source, gguf_file=pretrained.GGUF_FILE, dtype=torch.float32
    )
    ours = AutoModelForCausalLM.from_pretrained(made)
    assert ours.dtype == torch.float32
    assert ours.num_parameters() == 134_515_008
    tokens = torch.tensor([load_tokenizer().encode("ROMEO:\nBut soft, what light")])
    torch.testing.assert_close(ours(tokens).logits, theirs(tokens).logits, atol=1e-4, rtol=0)


def test_the_folders_tokenizer_is_the_one_put_together_here(made: Path) -> None:
    plain = AutoTokenizer.from_pretrained(made)
    assert plain.backend_tokenizer.to_str() == load_tokenizer().backend_tokenizer.to_str()
    assert plain.encode("a  12") == load_tokenizer().encode("a  12")
    assert (plain.bos_token, plain.eos_token) == ("<|im_start|>", "<|im_end|>")
    said = plain.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False)
    assert said.startswith("<|im_start|>system\nYou are a helpful AI assistant named SmolLM")
    assert said.endswith("<|im_start|>user\nHi<|im_end|>\n")


def test_it_writes_english(made: Path) -> None:
    model = load_model(dtype=torch.bfloat16)
    assert (model.dtype, model.training) == (torch.bfloat16, False)
    tokens = torch.tensor([load_tokenizer().encode("The capital of France is")])
    written = model.generate(tokens, attention_mask=tokens.ne(-1), max_new_tokens=1)
    assert load_tokenizer().decode(written[0]) == "The capital of France is Paris"


def tiny(place: Path) -> None:
    (place / "config.json").write_text("{}\n")
    (place / "model.safetensors").write_bytes(b"numbers")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a conversion that takes no time; returns where the folder will be."""
    monkeypatch.setenv("UNROLLED_CACHE", str(tmp_path))
    monkeypatch.setattr(pretrained, "_convert", tiny)
    monkeypatch.setattr(pretrained, "_verified", set())
    return tmp_path / "smollm2-0.1.2-folder-1"


def test_a_damaged_folder_is_named_and_made_anew(
    elsewhere: Path, capsys: pytest.CaptureFixture
) -> None:
    assert pretrained.folder() == elsewhere
    capsys.readouterr()
    (elsewhere / "model.safetensors").write_bytes(b"numbErs")
    (elsewhere / "config.json").unlink()
    assert pretrained.folder() == elsewhere, "a process looks once"
    assert (elsewhere / "model.safetensors").read_bytes() == b"numbErs"
    pretrained._verified.clear()
    pretrained.folder()
    assert "damaged: config.json, model.safetensors" in capsys.readouterr().err
    assert (elsewhere / "model.safetensors").read_bytes() == b"numbers"
    assert (elsewhere / "config.json").is_file()


def test_an_intact_folder_is_left_alone(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretrained.folder()
    monkeypatch.setattr(pretrained, "_convert", lambda _: pytest.fail("converted again"))
    pretrained._verified.clear()
    assert pretrained.folder() == elsewhere


def test_an_interrupted_conversion_leaves_nothing(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(place: Path) -> None:
        (place / "config.json").write_text("{")
        raise KeyboardInterrupt

    monkeypatch.setattr(pretrained, "_convert", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pretrained.folder()
    assert [path.name for path in elsewhere.parent.iterdir()] == ["smollm2-folder.lock"]


def test_a_full_disk_is_said_so(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pretrained, "_convert", full)
    with pytest.raises(AssetError, match=r"No space left.*540 MB.*UNROLLED_CACHE"):
        pretrained.folder()


def test_two_processes_convert_once(tmp_path: Path) -> None:
    program = """
import time, pathlib
from unrolled import pretrained
def slow(place):
    pathlib.Path(place.parent, "conversions").open("a").write("x")
    time.sleep(1)
    (place / "config.json").write_text("{}")
pretrained._convert = slow
assert (pretrained.folder() / "config.json").is_file()
"""
    environment = os.environ | {"UNROLLED_CACHE": str(tmp_path)}
    both = [subprocess.Popen([sys.executable, "-c", program], env=environment) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert (tmp_path / "conversions").read_text() == "x"


@pytest.mark.parametrize("load", [load_model, load_tokenizer])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("./nothing/here", "expected a folder with a model, found none there"),
        ("nobody/nothing", "the hub can't be reached, and no earlier download of it lies here"),
        (".", "expected a folder as save_pretrained writes"),
    ],
)
def test_what_can_not_be_loaded_gets_one_line(
    load: Callable, name: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pretrained, "hub_answers", lambda: False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=re.escape(message)) as caught:
        load(name)
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value)


def test_switched_off_or_unreachable_the_hub_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(pretrained.urllib.request, "getproxies", dict)
    monkeypatch.setattr(pretrained.socket, "getaddrinfo", lambda *_: ["an address"])
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert not pretrained.hub_answers()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    assert pretrained.hub_answers()

    def unknown(*_: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(pretrained.socket, "getaddrinfo", unknown)
    assert not pretrained.hub_answers()
