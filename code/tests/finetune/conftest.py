"""A tiny Llama with random weights and a tokenizer of bytes: what a test can train in a second."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from unrolled.pretrained import quiet

VOCABULARY = 258  # 256 bytes, a beginning and an end


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def tiny_model(dtype: torch.dtype = torch.float32, **changes: object) -> LlamaForCausalLM:
    """The same random weights each time."""
    sizes = {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 64,
        "tie_word_embeddings": True,
        "bos_token_id": 256,
        "eos_token_id": 257,
        "pad_token_id": None,
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return LlamaForCausalLM(LlamaConfig(**sizes | changes)).to(dtype).eval()


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """One token a byte: its ids can be checked by hand."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<s>", "<|endoftext|>"])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="<|endoftext|>"
    )


@pytest.fixture
def model() -> Callable[..., LlamaForCausalLM]:
    return tiny_model


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return byte_tokenizer()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model and its tokenizer as ``save_pretrained`` writes them."""
    place = tmp_path_factory.mktemp("tiny") / "model"
    with quiet():
        tiny_model().save_pretrained(place)
    byte_tokenizer().save_pretrained(place)
    return place


@pytest.fixture(scope="session")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Verses enough for a hundred blocks of 32 bytes."""
    place = tmp_path_factory.mktemp("text") / "verses.txt"
    lines = [f"HAMLET:\nTo be, or not to be, {n} times the question:\n" for n in range(80)]
    place.write_text("\n".join(lines), encoding="utf-8")
    return place


@pytest.fixture
def blocks() -> Tensor:
    """20 rows of 16 random tokens."""
    return torch.randint(0, VOCABULARY, (20, 16), generator=torch.Generator().manual_seed(1))


@pytest.fixture
def command(folder: Path, text: Path) -> Callable[..., list[str]]:
    """The options of a run that takes a second."""

    def options(out: Path, *more: object) -> list[str]:
        shared = ["--out", out, "--model", folder, "--text", text, "--block-length", 32]
        return [str(option) for option in (*shared, "--threads", 2, *more)]

    return options


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen]]:
    """Start Python with arguments; whatever still runs at the end is killed."""
    started: list[subprocess.Popen] = []

    def run(*arguments: object, **changes: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"GOMP_SPINCOUNT": "2000"} | changes,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
