"""The fast GPT: rows by hand, causality, its attention against PyTorch's, what it refuses."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from unrolled.fast_gpt import FastAttention, FastGPT, FastGPTConfig, table_rows
from unrolled.rotary import rotary_turns

SMALL = FastGPTConfig(vocab_size=11, context_length=12, embedding_size=16, feed_forward_size=24)
SMALL = replace(SMALL, pair_rows=64, triple_rows=50, low_precision=False)
CHANGES = ["rms", "rotary", "qk_norm", "squared", "open_attention"]


def lively(config: FastGPTConfig) -> FastGPT:
    """A model none of whose numbers is zero."""
    torch.manual_seed(0)
    model = FastGPT(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model


def test_rows_by_hand():
    tokens = torch.tensor([[3, 1, 2]])
    assert table_rows(tokens, 2, 4, 16).tolist() == [[3, 1 + 3 * 4, 2 + 1 * 4]]
    assert table_rows(tokens, 3, 4, 64).tolist() == [[3, 13, 2 + 1 * 4 + 3 * 16]]
    shared = table_rows(tokens, 3, 4, 10)
    assert shared.tolist() == [[(n * 2654435761 >> 7) % 10 for n in (3, 13, 54)]]


def test_rows_stay_in_the_table_for_a_large_vocabulary():
    tokens = torch.tensor([[3_000_000, 65_000, 1, 3_000_000, 2_999_999]])
    rows = table_rows(tokens, 3, 3_000_001, 3072)
    assert rows.min() >= 0
    assert rows.max() < 3072


@pytest.mark.parametrize("changed", [None, *CHANGES])
def test_nothing_later_changes_anything_earlier(changed):
    model = lively(replace(SMALL, **({changed: False} if changed else {})))
    tokens = torch.randint(11, (2, 12), generator=torch.Generator().manual_seed(0))
    other = tokens.clone()
    other[:, 7] = (other[:, 7] + 1) % 11
    difference = (model(tokens) - model(other)).abs().amax(-1)  # (B, T)
    assert difference[:, :7].max() == 0
    assert difference[:, 7].min() > 0
    assert difference[:, 9:].max() > 0, "what was changed is seen later"


def test_attention_equals_pytorchs():
    """The oracle gets the same queries and keys, normalized and turned by other means."""
    attention = FastAttention(SMALL)
    x = torch.randn(3, 12, 16, generator=torch.Generator().manual_seed(0))
    Q, K, U = attention.project_in(x).view(3, 12, 3, 2, 8).permute(2, 0, 3, 1, 4)  # (B, H, T, D)
    cosines, sines = rotary_turns(12, 8)
    turned = []
    for part in (Q, K):
        part = F.rms_norm(part, (8,))
        a, b = part.chunk(2, -1)
        c, s = cosines[:, :4], sines[:, 4:]
        turned.append(torch.cat([a * c - b * s, a * s + b * c], -1))
    out = F.scaled_dot_product_attention(*turned, U, is_causal=True, scale=0.18)
    expected = attention.project_out(out.transpose(1, 2).flatten(2))
    assert torch.allclose(attention(x, rotary_turns(12, 8)), expected, atol=1e-5)


def test_with_zeros_nothing_is_known_at_first():
    """All logits are 0, so every token costs log V."""
    torch.manual_seed(0)
    model = FastGPT(replace(SMALL, zeros=True))
    assert model(torch.tensor([[1, 2, 3]])).abs().max() == 0


def test_softcap_bounds_the_logits():
    tokens = torch.tensor([[1, 2, 3, 4]])
    loud = lively(replace(SMALL, softcap=None, head_scale=10.0))
    capped = lively(replace(SMALL, softcap=5.0, head_scale=10.0))
    assert loud(tokens).abs().max() > 5
    assert capped(tokens).abs().max() <= 5
    assert torch.allclose(capped(tokens), 5 * torch.tanh(loud(tokens) / 5), atol=1e-4)


def test_low_precision_is_close():
    tokens = torch.randint(11, (2, 12), generator=torch.Generator().manual_seed(0))
    exact, rough = lively(SMALL), lively(replace(SMALL, low_precision=True))
    assert rough(tokens).dtype == torch.float32
    assert (exact(tokens) - rough(tokens)).abs().max() < 0.3 * exact(tokens).std()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FastGPTConfig(9, n_layers=0), "n_layers of at least 1, got 0"),
        (lambda: FastGPTConfig(9, embedding_size=130), "2 heads an even width, got 130"),
        (lambda: FastGPTConfig(9, softcap=0.0), "a softcap above 0 or None, got 0.0"),
        (lambda: FastGPT(SMALL)(torch.zeros(1, 13, dtype=torch.int64)), r"1 to 12, got \(1, 13\)"),
        (lambda: FastGPT(SMALL)(torch.zeros(4, dtype=torch.int64)), r"got \(4,\)"),
    ],
)
def test_bad_input_says_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
