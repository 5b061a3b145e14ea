"""Layers are found among named arrays, in whatever order and orientation these are."""

from __future__ import annotations

import numpy as np

from tui.models.layers import layers_of


def test_layers_need_not_be_in_order() -> None:
    shapes = {"out": (30, 10), "hidden": (20, 30), "input": (784, 20)}
    found = layers_of("x", {name: np.ones(shape) for name, shape in shapes.items()})
    assert [weight.shape for weight, _ in found.layers] == [(784, 20), (20, 30), (30, 10)]
    assert not found.transposed


def test_square_layers_keep_the_orientation_of_the_first() -> None:
    arrays = {
        "0.weight": np.ones((50, 784)),
        "1.weight": np.arange(2500.0).reshape(50, 50),
        "2.weight": np.ones((10, 50)),
    }
    found = layers_of("x", arrays)
    assert found.transposed
    np.testing.assert_array_equal(found.layers[1][0], arrays["1.weight"].T)


def test_layer_ten_comes_after_layer_nine() -> None:
    rng = np.random.default_rng(0)
    arrays = {
        "layer1.weight": rng.normal(size=(784, 16)),
        "layer11.weight": rng.normal(size=(16, 10)),
    }
    arrays |= {f"layer{n}.weight": rng.normal(size=(16, 16)) for n in range(2, 11)}
    arrays |= {f"layer{n}.bias": np.full(16, float(n)) for n in range(1, 11)}
    found = layers_of("x", arrays)
    assert [bias[0] for _, bias in found.layers[:-1]] == list(range(1, 11))
