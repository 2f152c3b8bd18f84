"""The small models on which ``exercises/huggingface.md`` is tried, and the right answers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

END = "<|endoftext|>"
SENTENCES = [
    "The quick brown fox jumps over the lazy dog.\nTHE END",
    "How are you? I am fine, and the three kittens are here.\nExeunt all but HAMLET.",
    "Enter ROMEO and the nurse.\nEvery zebra sees the green sea.\n\nZounds! Xerxes exits.",
]


def tiny(seed: int, places: int = 64, vocab_size: int = 30) -> Any:
    """Return a small GPT-2 of transformers with large random weights, the reader's chance kept."""
    from transformers import GPT2Config, GPT2LMHeadModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = GPT2LMHeadModel(
            GPT2Config(
                vocab_size=vocab_size,
                n_positions=places,
                n_embd=16,
                n_layer=2,
                n_head=2,
                bos_token_id=0,
                eos_token_id=0,
                pad_token_id=0,
            )
        )
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter) / 3)
    return model.eval()


def tokenizer() -> Any:
    """Return a small byte-level tokenizer with one special token, trained on the spot."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=340,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(SENTENCES * 3, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token=END)


def surprises(logits: Tensor, ids: Tensor) -> Tensor:
    """Nats of each token but the first: logits (B, T, V), ids (B, T) to (B, T - 1)."""
    told = logits[:, :-1].log_softmax(-1)
    return -told.gather(2, ids[:, 1:, None])[..., 0]


def row_scores(
    model: Any, ids: Tensor, mask: Tensor, seen: bool = True, placed: bool = True, by: str = "both"
) -> Tensor:
    """The reference of `scores`, (B,); what isn't `seen`, `placed` or counted `by` is a mistake."""
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    how = {"attention_mask": mask} if seen else {}
    how |= {"position_ids": positions} if placed else {}
    with torch.no_grad():
        nats = surprises(model(ids, **how).logits, ids)
    real = mask.bool()
    counted = {
        "both": real[:, 1:] & real[:, :-1],
        "target": real[:, 1:],
        "source": real[:, :-1],
        "all": torch.ones_like(nats, dtype=torch.bool),
    }[by if by in ("target", "source", "all") else "both"]
    total = (nats * counted).sum(1)
    if by == "sum":
        return total
    return total / nats.shape[1] if by == "columns" else total / counted.sum(1)


def slide(model: Any, ids: Tensor, window: int, stride: int, slip: str = "") -> float:
    """The reference of `sliding`: mean nats per token; `slip` names a known mistake."""
    N, scored, begin, parts = len(ids), 1, 0, []
    with torch.no_grad():
        while scored < N:
            end = min(begin + window, N)
            if slip == "rest" and end - begin < window:
                break
            nats = surprises(model(ids[None, begin:end]).logits, ids[None, begin:end])[0]
            fresh = nats if slip == "twice" else nats[scored - 1 - begin :]
            parts.append(fresh[1:] if slip == "seam" and begin else fresh)
            scored, begin = end, begin + stride
    if slip == "weights":
        return float((torch.cat(parts).sum() + parts[0].mean()) / N)
    if slip == "means":
        return float(torch.stack([part.mean() for part in parts]).mean())
    return float(torch.cat(parts).mean())


def forbidden(tok: Any, letters: str, slip: str = "") -> Tensor:
    """The reference of `lipogram`: which tokens (V,) contain one of the letters."""
    wanted = set(letters) if slip == "case" else set(letters.lower() + letters.upper())
    found = torch.zeros(len(tok), dtype=torch.bool)
    for i in range(len(tok)):
        written = tok.convert_ids_to_tokens(i) if slip == "strings" else tok.decode([i])
        special = i in tok.all_special_ids and slip != "special"
        same = written.strip() in wanted if slip == "single" else bool(wanted & set(written))
        found[i] = same and not special
    return found
