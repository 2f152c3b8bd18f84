"""Rotary positions: a quarter turn by hand, complex numbers as oracle, only distance counts."""

import math

import pytest
import torch

from unrolled.rotary import rotary_turns, rotate


def test_turns_by_hand():
    """With D = 2 there is one pair, and place t is turned by t radians."""
    x = torch.tensor([[[1.0, 0.0], [1.0, 0.0], [0.0, 2.0]]])  # (1, 3, 2)
    turned = rotate(x, rotary_turns(3, 2))[0].tolist()
    assert turned[0] == pytest.approx([1, 0])
    assert turned[1] == pytest.approx([math.cos(1), math.sin(1)])
    assert turned[2] == pytest.approx([-2 * math.sin(2), 2 * math.cos(2)])


def test_equals_complex_multiplication():
    T, D, base = 7, 6, 50.0
    x = torch.randn(2, T, 3, D, generator=torch.Generator().manual_seed(0))
    numbers = torch.complex(x[..., : D // 2], x[..., D // 2 :])
    speeds = torch.tensor([base ** (-2 * i / D) for i in range(D // 2)])
    angles = (torch.arange(T)[:, None] * speeds)[:, None]  # (T, 1, D / 2)
    expected = numbers * torch.polar(torch.ones_like(angles), angles)
    turned = rotate(x, rotary_turns(T, D, base))
    assert torch.allclose(turned, torch.cat([expected.real, expected.imag], -1), atol=1e-6)


def test_a_score_depends_on_the_distance_alone():
    generator = torch.Generator().manual_seed(1)
    query, key = (torch.randn(8, generator=generator).expand(1, 20, 8) for _ in range(2))
    turns = rotary_turns(20, 8)
    scores = (rotate(query, turns) @ rotate(key, turns).mT)[0]  # (20, 20)
    for distance in (0, 1, 5):
        same = torch.diagonal(scores, -distance)
        assert torch.allclose(same, same[0].expand_as(same), atol=1e-4)
    assert abs(scores[5, 5] - scores[5, 0]) > 0.1


def test_lengths_stay():
    x = torch.randn(2, 9, 4, 16, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(rotate(x, rotary_turns(9, 16)).norm(dim=-1), x.norm(dim=-1), atol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rotary_turns(3, 5), "an even D >= 2 .* got 3, 5"),
        (lambda: rotary_turns(0, 4), "T >= 1"),
        (lambda: rotary_turns(3, 4, base=1.0), "base > 1"),
        (lambda: rotate(torch.zeros(1, 4, 6), rotary_turns(3, 6)), r"\(3, 6\), got \(1, 4, 6\)"),
    ],
)
def test_bad_input_says_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
