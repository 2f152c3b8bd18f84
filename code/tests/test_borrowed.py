"""A borrowed LLM behind the book's interface, judged by `transformers` and by the yardstick."""

from __future__ import annotations

import math

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from unrolled import yardstick
from unrolled.borrowed import Borrowed
from unrolled.pretrained import load_tokenizer

TEXT = "ROMEO:\nBut soft, what light through yonder window breaks?\n" * 2


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return load_tokenizer()


@pytest.fixture(scope="module")
def llm(tokenizer) -> LlamaForCausalLM:
    """A tiny one with random weights, large enough that tokens differ in probability."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=64,
        initializer_range=0.5, bos_token_id=1, eos_token_id=2, pad_token_id=2,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


@pytest.fixture
def borrowed(llm, tokenizer) -> Borrowed:
    return Borrowed(llm, tokenizer)


@pytest.mark.parametrize("stretch", [1, 7, 64])
def test_surprises_equal_the_yardsticks(borrowed: Borrowed, stretch: int) -> None:
    """The memory is carried on right: one pass over the whole text says the same."""
    tokens = torch.tensor(borrowed.encode(TEXT))
    assert 30 < len(tokens) <= borrowed.context_length
    expected = yardstick.surprises(borrowed, tokens)  # the book's boundary is id 0, as is this one
    assert borrowed.boundary == 0
    torch.testing.assert_close(borrowed.surprises(TEXT, stretch), expected, rtol=1e-5, atol=1e-5)
    assert borrowed.bits_per_character(TEXT) == pytest.approx(expected.sum().item() / len(TEXT))


def test_surprises_equal_the_librarys_loss(borrowed: Borrowed, llm) -> None:
    tokens = torch.tensor([[borrowed.boundary, *borrowed.encode(TEXT)]])
    with torch.no_grad():
        nats = llm(tokens, labels=tokens).loss.item()
    assert borrowed.surprises(TEXT).mean().item() * math.log(2) == pytest.approx(nats, rel=1e-5)


def test_greedy_writing_equals_the_librarys(borrowed: Borrowed, llm) -> None:
    tokens = torch.tensor([[0, *borrowed.encode("But soft")]])
    theirs = llm.generate(
        tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=12, do_sample=False,
        eos_token_id=None, pad_token_id=2,
    )  # fmt: skip
    ours = borrowed.continue_text("But soft", 12, temperature=0)
    assert ours == borrowed.decode(theirs[0].tolist())
    assert ours.startswith("But soft")


def test_the_same_seed_writes_the_same_text(borrowed: Borrowed) -> None:
    first, again, other = (borrowed.continue_text("But", 20, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_boundary_of_other_families(llm) -> None:
    from tokenizers import Tokenizer, models

    def made(vocabulary: list[str], **special: str) -> PreTrainedTokenizerFast:
        inner = Tokenizer(models.WordLevel({word: i for i, word in enumerate(vocabulary)}, "?"))
        return PreTrainedTokenizerFast(tokenizer_object=inner, **special)

    assert Borrowed(llm, made(["?", "<s>", "a"], bos_token="<s>")).boundary == 1
    assert Borrowed(llm, made(["?", "a", "</s>"], eos_token="</s>")).boundary == 2
    both = made(["?", "<s>", "<|endoftext|>"], bos_token="<s>")
    assert Borrowed(llm, both).boundary == 2
    with pytest.raises(ValueError, match="a token between texts, got one with none"):
        Borrowed(llm, made(["?", "a"]))


@pytest.mark.parametrize(("text", "count"), [("", 0), ("to be or not to be, " * 20, 141)])
def test_what_cannot_be_scored_is_refused(borrowed: Borrowed, text: str, count: int) -> None:
    with pytest.raises(ValueError, match=f"a text of 1 to 64 tokens, got {count}"):
        borrowed.surprises(text)
