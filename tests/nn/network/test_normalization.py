"""Batch normalization: the layer, and that its statistics are kept wherever weights are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nn.analysis.gradcheck import check_batch_norm
from nn.analysis.numerical import numerical_gradient
from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import ConfigError
from nn.network.losses import CrossEntropy
from nn.network.model import MLP
from nn.network.normalization import EPS, MOMENTUM, BatchNorm
from nn.storage.checkpoint import Checkpoint
from nn.storage.model_file import read_model, write_model
from nn.training.trainer import Trainer
from tests.support.training import follow, through_json

CONFIG = TrainConfig(
    hidden=(12, 7), batch_norm=True, dropout=0.2, batch_size=64, epochs=3, weight_decay=0.01,
    dtype="float64",
)  # fmt: skip


def layer_of(features: int) -> BatchNorm:
    rng = np.random.default_rng(1)
    scale, shift, grad_scale, grad_shift = rng.normal(size=(4, features))
    return BatchNorm(scale, shift, grad_scale, grad_shift, np.zeros(features), np.ones(features))


def test_it_is_the_equation() -> None:
    layer, x = layer_of(3), np.random.default_rng(2).normal(2.0, 3.0, (5, 3))
    y = layer.forward(x, training=True)
    for feature in range(3):
        column = [float(value) for value in x[:, feature]]
        mean = sum(column) / 5
        variance = sum((value - mean) ** 2 for value in column) / 5
        for row, value in enumerate(column):
            unit = (value - mean) / (variance + 1e-5) ** 0.5  # the epsilon of PyTorch
            expected = float(layer.scale[feature]) * unit + float(layer.shift[feature])
            assert y[row, feature] == pytest.approx(expected)


def test_predictions_use_the_running_statistics() -> None:
    layer, rng = layer_of(4), np.random.default_rng(3)
    mean, variance = np.zeros(4), np.ones(4)
    for n in (6, 9, 1):
        x = rng.normal(size=(n, 4))
        layer.forward(x, training=True)
        layer.update_statistics()
        mean = (1 - MOMENTUM) * mean + MOMENTUM * x.mean(axis=0)
        unbiased = x.var(axis=0, ddof=1) if n > 1 else np.zeros(4)
        variance = (1 - MOMENTUM) * variance + MOMENTUM * unbiased
    np.testing.assert_allclose(layer.mean, mean)
    np.testing.assert_allclose(layer.variance, variance)
    x = rng.normal(size=(7, 4))
    expected = (x - mean) / np.sqrt(variance + EPS) * layer.scale + layer.shift
    np.testing.assert_allclose(layer.forward(x), expected)
    np.testing.assert_allclose(layer.forward(x[2:3]), expected[2:3])


def test_gradients() -> None:
    for seed in range(5):
        for check in check_batch_norm(np.random.default_rng(seed)):
            assert check.passed, check


def test_gradients_of_a_network() -> None:
    """By every trained parameter: weights, biases, scales and shifts."""
    rng = np.random.default_rng(0)
    model = MLP((6, 5, 4, 10), activation="tanh", batch_norm=True, dtype=np.float64)
    model.initialize(rng=rng)
    model.parameters[model.trained] += rng.normal(0, 0.3, model.trained.stop)
    x, targets, loss = rng.normal(size=(7, 6)), np.eye(10)[:7], CrossEntropy()

    def value(parameters: Array) -> float:
        model.parameters[model.trained] = parameters
        return loss.forward(model.forward(x, training=True), targets)

    parameters = model.parameters[model.trained].copy()
    value(parameters)
    model.backward(loss.backward())
    analytical = model.gradients.copy()
    expected = numerical_gradient(value, parameters, 1e-5)
    np.testing.assert_allclose(analytical[model.trained], expected, atol=1e-8)
    assert not analytical[model.trained.stop :].any()


def test_it_resumes_bit_for_bit(small: Dataset, tmp_path: Path) -> None:
    """From the file of a checkpoint, in the middle of an epoch; statistics are not decayed."""
    config = replace(CONFIG, optimizer="adam", patience=2, stop_on="test")
    whole = Trainer(config, small, step_interval=0)
    expected = follow(whole, 0)
    left = Trainer(config, small, step_interval=0)
    seen = follow(left, 0, 8)
    Checkpoint.take(left).save(tmp_path / "last.npz")
    resumed = Trainer(config, small, step_interval=0)
    resumed.restore(Checkpoint.load(tmp_path / "last.npz").state)
    rest = follow(resumed, 0)[1:]
    assert list(map(repr, seen + rest)) == list(map(repr, expected))
    np.testing.assert_array_equal(resumed.model.parameters, whole.model.parameters)
    through_json(whole.state())
    for norm in whole.model.norms:
        assert norm.variance.min() >= 0
        assert norm.mean.any()


def test_predictions_survive_copies_files_and_folding(small: Dataset, tmp_path: Path) -> None:
    trainer = Trainer(CONFIG, small)
    list(trainer.events())
    expected = trainer.predictor.outputs(small.test.images).copy()
    write_model(tmp_path / "model.npz", trainer.predictor)
    copies = trainer.predictor.snapshot(), read_model(tmp_path / "model.npz")
    for copy in copies:
        np.testing.assert_array_equal(copy.outputs(small.test.images), expected)
    plain = trainer.predictor.without_batch_norm()
    assert not plain.config.batch_norm
    np.testing.assert_allclose(plain.outputs(small.test.images), expected, rtol=1e-9, atol=1e-9)


def test_it_learns(small: Dataset) -> None:
    config = replace(CONFIG, epochs=8, dropout=0.0, learning_rate=0.02, hidden=(64, 32))
    *_, end = Trainer(config, small).events()
    assert end.evaluation.train.accuracy > 0.95


def test_what_contradicts_it_is_refused() -> None:
    with pytest.raises(ConfigError, match="batch_size=1: contradicts batch_norm=true"):
        replace(CONFIG, batch_size=1)
