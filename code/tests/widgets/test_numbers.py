"""Half precision and seeded chance in JavaScript, which several interactives share."""

import numpy as np


def test_every_half_precision_number_is_read_right(run_js) -> None:
    script = "return [...fromHalf(Uint16Array.from({ length: 65536 }, (_, i) => i))].map(String);"
    result = np.array(run_js(["numbers.js"], script)).astype(np.float64)
    expected = np.arange(65536).astype(np.uint16).view(np.float16).astype(np.float64)
    np.testing.assert_array_equal(result, expected)


def test_seeded_random_repeats_and_stays_in_range(run_js) -> None:
    script = (
        "return data.map((seed) => { const next = seededRandom(seed);"
        " return Array.from({ length: 1000 }, next); });"
    )
    first, again, other = np.array(run_js(["random.js"], script, [1, 1, 2]))
    np.testing.assert_array_equal(first, again)
    assert abs(first[0] - other[0]) > 0.01
    assert 0 < first.min() < 0.02
    assert 0.98 < first.max() < 1
    assert abs(first.mean() - 0.5) < 0.03
