"""The multilayer perceptron: its layers and their order, and the layout of its vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.network.layers import Dropout, Identity, Linear, ReLU, Sigmoid
from nn.network.losses import SquaredError
from nn.network.model import MLP, build_model, initialize_model, layer_views


def test_dropout_follows_every_hidden_activation_and_nothing_else() -> None:
    model = MLP((4, 3, 2, 5), activation="relu", output_activation="sigmoid", dropout=0.5)
    kinds = [Linear, ReLU, Dropout, Linear, ReLU, Dropout, Linear, Sigmoid]
    assert [type(layer) for layer in model.layers] == kinds
    assert model.dropouts == [model.layers[2], model.layers[5]]
    plain = MLP((4, 5))
    assert [type(layer) for layer in plain.layers] == [Linear, Identity]
    assert plain.dropouts == []


def test_the_summary_accounts_for_every_parameter() -> None:
    model = MLP((4, 3, 5), dropout=0.1)
    rows = [(row.name, row.output_shape, row.parameters) for row in model.summary()]
    assert rows == [
        ("Linear", (3,), 15),
        ("ReLU", (3,), 0),
        ("Dropout", (3,), 0),
        ("Linear", (5,), 20),
    ]
    assert sum(row.parameters for row in model.summary()) == model.parameters.size


def test_the_layers_are_views_of_the_flat_vectors() -> None:
    model = MLP((2, 3, 1), dtype=np.float64)
    model.parameters[...] = np.arange(13)
    (weight, bias), (weight2, bias2) = layer_views(model.sizes, model.parameters)
    assert weight.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (bias.tolist(), weight2.tolist(), bias2.tolist()) == ([6, 7, 8], [[9], [10], [11]], [12])
    for linear, views in zip(model.linears, ((weight, bias), (weight2, bias2)), strict=True):
        assert np.shares_memory(linear.weight, views[0])
        assert np.shares_memory(linear.bias, views[1])


def test_dropout_without_a_generator_predicts_but_does_not_train() -> None:
    model = MLP((2, 3, 1), dropout=0.5)
    model.forward(np.ones((1, 2), np.float32))
    with pytest.raises(TypeError, match="dropout needs rng"):
        model.forward(np.ones((1, 2), np.float32), training=True)


def test_initialization_replaces_what_was_there() -> None:
    model, other = MLP((5, 4, 3)), MLP((5, 4, 3))
    model.parameters[...] = 7
    for each in (model, other):
        each.initialize("glorot-uniform", rng=np.random.default_rng(3))
    np.testing.assert_array_equal(model.parameters, other.parameters)
    assert not any(linear.bias.any() for linear in model.linears)
    model.initialize("normal", "normal", std=2.0, rng=np.random.default_rng(3))
    assert all(linear.bias.all() for linear in model.linears)


def test_initial_parameters_are_those_that_a_configuration_describes() -> None:
    fields: dict[str, Any] = {"init": "normal", "init_std": 0.1, "init_bias": "normal"}
    config = TrainConfig(hidden=(300,), **fields)
    model, other = build_model(config), build_model(config)
    initialize_model(model, config, rng=np.random.default_rng(3))
    other.initialize("normal", "normal", std=0.1, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(model.parameters, other.parameters)
    for array in (model.linears[0].weight, model.linears[0].bias):
        assert array.std() == pytest.approx(0.1, rel=0.2)
    model.initialize("normal", rng=np.random.default_rng(3))
    assert model.linears[0].weight.std() == pytest.approx(1, rel=0.02)


def test_gradient_norms_are_those_of_weight_and_bias_together() -> None:
    rng = np.random.default_rng(0)
    model, loss = MLP((3, 4, 2), activation="sigmoid", dtype=np.float64), SquaredError()
    model.initialize(rng=rng)
    loss.forward(model.forward(rng.normal(size=(6, 3))), rng.normal(size=(6, 2)))
    model.backward(loss.backward())
    expected = [np.linalg.norm(model.gradients[:16]), np.linalg.norm(model.gradients[16:])]
    assert model.gradient_norms() == pytest.approx(expected)
