"""Settings of a run are checked, and the rate rises and falls."""

import pytest

from unrolled.finetune import FinetuneConfig


def test_the_rate_climbs_then_falls_to_almost_nothing():
    config = FinetuneConfig(steps=100, learning_rate=1.0, warmup_steps=10)
    rates = [config.schedule.rate(step) for step in range(1, 101)]
    assert rates[:10] == pytest.approx([n / 10 for n in range(1, 11)])
    assert max(rates) == 1.0
    assert rates[55 - 1] == pytest.approx(0.5, abs=0.02)
    assert rates[-1] < 0.001


def test_a_run_too_short_for_its_warmup_climbs_for_half_of_it():
    assert FinetuneConfig(steps=6).schedule.warmup_steps == 3
    assert FinetuneConfig(steps=1).schedule.rate(1) == FinetuneConfig().learning_rate


def test_each_method_has_a_rate_that_suits_it():
    assert FinetuneConfig().learning_rate > FinetuneConfig(method="full").learning_rate
    assert FinetuneConfig(learning_rate=0.5).learning_rate == 0.5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"method": "prompt"}, "expected method 'lora' or 'full', got 'prompt'"),
        ({"steps": 0}, "expected steps above 0, got 0"),
        ({"rank": 0}, "expected rank above 0, got 0"),
        ({"last_layers": -1}, "expected last_layers above 0, got -1"),
        ({"clip_norm": 0.0}, "expected clip_norm above 0, got 0.0"),
        ({"learning_rate": -1.0}, "expected learning_rate above 0, got -1.0"),
        ({"weight_decay": -0.1}, "expected weight_decay of at least 0, got -0.1"),
        ({"evaluate_every": 15}, "a multiple of record_every = 10, got 15"),
    ],
)
def test_wrong_settings(wrong, message):
    with pytest.raises(ValueError, match=message):
        FinetuneConfig(**wrong)
