"""Attention by hand, against PyTorch's own, and what a mask promises."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from unrolled.attention import (
    CausalSelfAttention,
    attend,
    attention_weights,
    causal_mask,
    join_heads,
    split_heads,
)

B, T, C, H = 2, 7, 12, 3
HE = {"query": [2.0, 1.0], "keys": [[2.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 1.0], [1.0, 0.0]]}


def vectors(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def layer(n_heads: int = H, bias: bool = True, seed: int = 0) -> CausalSelfAttention:
    torch.manual_seed(seed)
    return CausalSelfAttention(C, n_heads, bias).double()


def test_he_by_hand():
    """Scores 4, 0, 0, 1, 2 over sqrt 2: Carter, joined, the, club, He."""
    weights = attention_weights(torch.tensor([HE["query"]]), torch.tensor(HE["keys"]))
    powers = [math.exp(score / math.sqrt(2)) for score in (4, 0, 0, 1, 2)]
    assert weights[0].tolist() == pytest.approx([power / sum(powers) for power in powers])
    assert weights[0].tolist() == pytest.approx([0.675, 0.040, 0.040, 0.081, 0.164], abs=1e-3)


def test_weighted_sum_by_hand():
    """Two keys of which one fits e times as well: e/(1+e) of one value and 1/(1+e) of the other."""
    out = attend(torch.tensor([[1.0]]), torch.tensor([[1.0], [0.0]]), torch.tensor([[10.0], [0.0]]))
    assert out.item() == pytest.approx(10 * math.e / (1 + math.e))


def test_a_mask_is_minus_infinity_and_no_zero():
    """A masked score gets exactly nothing; a score of 0 would get .038 here."""
    keys = torch.tensor([*HE["keys"], [1.0, 0.0]])
    query = torch.tensor([HE["query"]])
    mask = torch.tensor([[True] * 5 + [False]])
    weights = attention_weights(query, keys, mask)[0]
    assert weights[5] == 0
    assert torch.allclose(weights[:5], attention_weights(query, keys[:5])[0])
    zeroed = torch.tensor([4.0, 0, 0, 1, 2, 0]) / math.sqrt(2)
    assert zeroed.softmax(0)[5].item() == pytest.approx(0.038, abs=1e-3)


def test_causal_mask():
    assert causal_mask(3).tolist() == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    assert causal_mask(1).tolist() == [[True]]


@pytest.mark.parametrize("masked", [False, True])
def test_attend_equals_pytorchs(masked):
    Q, K, V = (vectors(B, H, T, 4, seed=n) for n in range(3))
    mask = causal_mask(T) if masked else None
    theirs = F.scaled_dot_product_attention(Q, K, V, attn_mask=mask)
    assert torch.allclose(attend(Q, K, V, mask), theirs, atol=1e-12)
    if masked:
        by_flag = F.scaled_dot_product_attention(Q, K, V, is_causal=True)
        assert torch.allclose(attend(Q, K, V, mask), by_flag, atol=1e-12)


def test_attend_with_other_lengths_and_widths():
    Q, K, V = vectors(3, 5), vectors(8, 5, seed=1), vectors(8, 2, seed=2)
    theirs = F.scaled_dot_product_attention(Q[None], K[None], V[None])[0]
    assert torch.allclose(attend(Q, K, V), theirs, atol=1e-12)


def test_weights_are_shares_and_nothing_goes_ahead():
    weights = layer().weights(vectors(B, T, C))
    assert weights.shape == (B, H, T, T)
    assert torch.allclose(weights.sum(-1), torch.ones(B, H, T, dtype=torch.float64))
    assert (weights.triu(1) == 0).all()
    assert (weights[..., 0, 0] == 1).all()


def test_heads_are_cut_channel_by_channel():
    x = torch.arange(24.0).view(2, 3, 4)
    heads = split_heads(x, 2)
    assert heads.shape == (2, 2, 3, 2)
    assert heads[0, 0].tolist() == [[0, 1], [4, 5], [8, 9]]
    assert heads[1, 1].tolist() == [[14, 15], [18, 19], [22, 23]]
    assert torch.equal(join_heads(heads), x)
    assert not torch.equal(x.view(2, 2, 3, 2), heads)


@pytest.mark.parametrize("n_heads", [1, 2, 3, 12])
def test_split_then_join_is_nothing(n_heads):
    x = vectors(B, T, C)
    assert torch.equal(join_heads(split_heads(x, n_heads)), x)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("n_heads", [1, 3, 12])
def test_the_layer_equals_pytorchs_multihead_attention(n_heads, bias):
    ours = layer(n_heads, bias)
    theirs = nn.MultiheadAttention(C, n_heads, bias=bias, batch_first=True).double()
    with torch.no_grad():
        theirs.in_proj_weight.copy_(ours.project_in.weight)
        theirs.out_proj.weight.copy_(ours.project_out.weight)
        if bias:
            torch.nn.init.normal_(ours.project_in.bias)
            theirs.in_proj_bias.copy_(ours.project_in.bias)
            theirs.out_proj.bias.copy_(ours.project_out.bias)
    x = vectors(B, T, C)
    out, weights = theirs(x, x, x, attn_mask=~causal_mask(T), average_attn_weights=False)
    assert torch.allclose(ours(x), out, atol=1e-12)
    assert torch.allclose(ours.weights(x), weights, atol=1e-12)


def test_the_fast_path_equals_the_open_formula():
    ours, x = layer(), vectors(B, T, C)
    _, _, V = ours.queries_keys_values(x)
    openly = ours.project_out(join_heads(ours.weights(x) @ V))
    assert torch.allclose(ours(x), openly, atol=1e-12)


@pytest.mark.parametrize("place", range(1, T))
def test_a_later_token_changes_nothing_earlier(place):
    ours, x = layer(), vectors(B, T, C)
    other = x.clone()
    other[:, place:] += 1
    assert torch.equal(ours(other)[:, :place], ours(x)[:, :place])
    assert not torch.allclose(ours(other)[:, place], ours(x)[:, place])
    assert torch.equal(ours.weights(other)[..., :place, :], ours.weights(x)[..., :place, :])


def test_no_gradient_comes_from_the_future():
    ours, x = layer(), vectors(1, T, C).requires_grad_()
    ours(x)[0, 3].sum().backward()
    assert (x.grad[0, 4:] == 0).all()
    assert (x.grad[0, :4].abs().sum(-1) > 0).all()


@pytest.mark.parametrize("pieces", [[1] * T, [3, 4], [2, 1, 4], [6, 1], [1, 6]])
def test_reading_on_from_a_cache_equals_reading_in_one_go(pieces):
    ours, x = layer(), vectors(B, T, C)
    whole, (keys, values) = ours.read(x)
    past, outputs = None, []
    for piece in x.split(pieces, dim=1):
        out, past = ours.read(piece, past)
        outputs.append(out)
    assert torch.allclose(torch.cat(outputs, 1), whole, atol=1e-12)
    assert torch.allclose(past[0], keys, atol=1e-12)
    assert torch.allclose(past[1], values, atol=1e-12)
    assert keys.shape == (B, H, T, C // H)


def test_gradients_reach_every_weight():
    ours = layer()
    ours(vectors(B, T, C)).square().sum().backward()
    for name, parameter in ours.named_parameters():
        gradient = parameter.grad
        if name == "project_in.bias":  # a bias of all keys moves no softmax
            gradient = torch.cat([gradient[:C], gradient[2 * C :]])
        assert (gradient != 0).any(), name


def test_without_places_there_is_no_order():
    ours, x = layer(), vectors(1, T, C)
    order = [3, 0, 5, 1, 4, 2, 6]
    assert torch.allclose(ours(x[:, order])[:, -1], ours(x)[:, -1], atol=1e-12)


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda: causal_mask(0), "length of at least 1, got 0"),
        (
            lambda: attention_weights(vectors(3, 4), vectors(3, 5)),
            r"one width, got \(3, 4\) and \(3, 5\)",
        ),
        (lambda: attention_weights(vectors(4), vectors(3, 4)), r"got \(4,\) and \(3, 4\)"),
        (
            lambda: attention_weights(vectors(3, 4), vectors(3, 4), causal_mask(4)),
            r"boolean mask \(3, 3\), got \(4, 4\) of torch.bool",
        ),
        (
            lambda: attention_weights(vectors(3, 4), vectors(3, 4), causal_mask(3).float()),
            r"boolean mask \(3, 3\), got \(3, 3\) of torch.float32",
        ),
        (
            lambda: attention_weights(vectors(3, 4), vectors(3, 4), causal_mask(3).tril(-1)),
            "each row of the mask to allow something",
        ),
        (
            lambda: attend(vectors(3, 4), vectors(3, 4), vectors(2, 4)),
            r"one value for each key, got keys \(3, 4\) and values \(2, 4\)",
        ),
        (lambda: split_heads(vectors(2, 3, 4), 3), "divides 4 channels, got 3"),
        (lambda: split_heads(vectors(2, 3, 4), 0), "divides 4 channels, got 0"),
        (lambda: split_heads(vectors(3, 4), 2), r"expected \(B, T, C\), got \(3, 4\)"),
        (lambda: join_heads(vectors(2, 3, 4)), r"expected \(B, H, T, D\), got \(2, 3, 4\)"),
        (lambda: CausalSelfAttention(10, 3), "3 heads and size 10"),
        (lambda: CausalSelfAttention(8, 0), "0 heads and size 8"),
        (lambda: layer()(vectors(B, T, 11)), r"vectors \(B, T, 12\), got \(2, 7, 11\)"),
        (lambda: layer()(vectors(T, C)), r"vectors \(B, T, 12\), got \(7, 12\)"),
        (
            lambda: layer().read(vectors(1, 1, C), layer().read(vectors(B, T, C))[1]),
            r"cache of keys and values \(1, 3, 7, 4\), got \(2, 3, 7, 4\) and \(2, 3, 7, 4\)",
        ),
    ],
)
def test_bad_arguments_are_refused(work, message):
    with pytest.raises(ValueError, match=message):
        work()
