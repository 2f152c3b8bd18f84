"""The map of words: principal components, and labels that don't cover one another."""

from __future__ import annotations

import numpy as np
import torch


def test_plane_matches_the_singular_value_decomposition(run_js) -> None:
    table = np.random.default_rng(0).normal(size=(17, 50)) * np.linspace(2, 0.5, 50)
    result = run_js(["projection.js"], "return principalPlane(data);", table.tolist())
    centered = torch.from_numpy(table - table.mean(0))
    U, S, _ = torch.linalg.svd(centered, full_matrices=False)
    expected = (U[:, :2] * S[:2]).numpy()
    points = np.array(result["points"])
    expected *= np.sign((points * expected).sum(0))  # the sign of an axis is free
    np.testing.assert_allclose(points, expected, atol=1e-8)
    assert np.isclose(result["kept"], ((S[:2] ** 2).sum() / (S**2).sum()).item())


def test_each_axis_points_to_its_largest_coordinate(run_js) -> None:
    table = np.random.default_rng(5).normal(size=(9, 6)).tolist()
    points = np.array(run_js(["projection.js"], "return principalPlane(data).points;", table))
    extremes = points[np.abs(points).argmax(0), [0, 1]]
    assert (extremes > 0).all()


def test_plane_of_equal_or_few_vectors(run_js) -> None:
    script = "return data.map((vectors) => principalPlane(vectors));"
    same, pair = run_js(["projection.js"], script, [[[1, 2, 3]] * 3, [[0, 0, 0], [3, 4, 0]]])
    assert same == {"points": [[0, 0]] * 3, "kept": 1}
    assert np.isclose(np.ptp(np.array(pair["points"])[:, 0]), 5)
    assert np.isclose(pair["kept"], 1)


def test_labels_do_not_cover_each_other_or_a_dot(run_js) -> None:
    rng = np.random.default_rng(2)
    dots = [
        {"x": x, "y": y, "width": 60, "height": 17}
        for x, y in zip(rng.uniform(60, 420, 17), rng.uniform(30, 300, 17), strict=True)
    ]
    dots[1] |= {"x": dots[0]["x"] + 2, "y": dots[0]["y"]}  # two dots almost on each other
    script = """
    const labels = placeLabels(data, 480, 330);
    const dots = data.map(({ x, y }) => ({ x: x - 4, y: y - 4, width: 8, height: 8 }));
    const covered = labels.flatMap((a, i) => labels.slice(i + 1).map((b) => overlap(a, b)));
    const onDots = labels.flatMap((a) => dots.map((b) => overlap(a, b)));
    return { labels, covered: covered.concat(onDots) };
    """
    result = run_js(["label_layout.js"], script, dots)
    assert max(result["covered"]) == 0
    for label in result["labels"]:
        assert label["x"] >= 0
        assert label["x"] + label["width"] <= 480
        assert label["y"] >= 0
        assert label["y"] + label["height"] <= 330


def test_crowded_labels_still_get_a_place(run_js) -> None:
    dots = [{"x": 50, "y": 20, "width": 60, "height": 17}] * 12
    labels = run_js(["label_layout.js"], "return placeLabels(data, 100, 40);", dots)
    assert len(labels) == 12
    assert all(label is not None for label in labels)
