"""Gaussian noise: where it is added, what it is, and that only training has it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nn.analysis.gradcheck import check_noise
from nn.analysis.numerical import numerical_gradient
from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.network.losses import CrossEntropy
from nn.network.model import MLP
from nn.network.noise import GROUP, Noise, NoiseTable
from nn.training.randomness import stream
from nn.training.trainer import Trainer

CONFIG = TrainConfig(hidden=(9, 5), noise=0.4, batch_size=50, epochs=3, dtype="float64")


def table(deviation: float = 0.4, widest: int = 12) -> NoiseTable:
    return NoiseTable(deviation, widest, "float64", rng=np.random.default_rng(5))


def test_it_is_normal_with_the_deviation() -> None:
    layer, numbers, found = Noise(0.4), table(), []
    for step in range(30):
        layer.draw(numbers, 100, rng=stream(0, step))
        found.append(layer.forward(np.ones((100, 12)), training=True) - 1)
    noise = np.array(found)
    assert noise.mean() == pytest.approx(0, abs=0.01)
    assert noise.std() == pytest.approx(0.4, rel=0.02)
    assert (np.abs(noise) > 0.8).mean() == pytest.approx(0.0455, rel=0.15)
    flat = noise.reshape(30, -1)
    correlations = np.corrcoef(flat)[~np.eye(30, dtype=bool)]
    assert abs(correlations).max() < 0.15  # no two steps have the same noise
    units = np.corrcoef(noise.reshape(-1, 12).T)[~np.eye(12, dtype=bool)]
    assert abs(units).max() < 0.1


def test_a_part_of_a_batch_has_the_noise_of_the_whole() -> None:
    layer, numbers, x = Noise(0.4), table(), np.zeros((70, 12))
    layer.draw(numbers, 70, rng=stream(3))
    whole = layer.forward(x, training=True).copy()
    for first, end in ((0, 35), (35, 70), (GROUP - 1, GROUP + 1), (5, 6), (69, 70), (20, 20)):
        layer.draw(numbers, 70, rng=stream(3), first=first)
        np.testing.assert_array_equal(layer.forward(x[first:end], training=True), whole[first:end])


def test_predictions_have_none() -> None:
    layer, x = Noise(0.4), np.ones((3, 4))
    assert layer.forward(x) is x
    with pytest.raises(TypeError, match="noise needs draw"):
        layer.forward(x, training=True)


def test_gradients() -> None:
    assert all(check.passed for check in check_noise(np.random.default_rng(0)))


@pytest.mark.parametrize("batch_norm", [False, True])
def test_gradients_of_a_network(batch_norm: bool) -> None:
    rng = np.random.default_rng(0)
    model = MLP(
        (6, 5, 4, 10), activation="tanh", batch_norm=batch_norm, noise=0.4, dtype=np.float64
    )
    model.initialize(rng=rng)
    model.parameters[model.trained] += rng.normal(0, 0.3, model.trained.stop)
    x, targets, loss = rng.normal(size=(7, 6)), np.eye(10)[:7], CrossEntropy()
    for layer in model.noises:
        layer.draw(table(widest=6), 7, rng=rng)

    def value(parameters: Array) -> float:
        model.parameters[model.trained] = parameters
        return loss.forward(model.forward(x, training=True), targets)

    parameters = model.parameters[model.trained].copy()
    value(parameters)
    model.backward(loss.backward())
    analytical = model.gradients[model.trained].copy()
    np.testing.assert_allclose(analytical, numerical_gradient(value, parameters, 1e-5), atol=1e-8)


def test_it_changes_training_by_the_seed_and_the_step_alone(small: Dataset) -> None:
    losses = {}
    for name, config in {
        "none": replace(CONFIG, noise=0.0),
        "noise": CONFIG,
        "again": CONFIG,
    }.items():
        trainer = Trainer(config, small)
        losses[name] = [trainer.engine.step(np.arange(50), step, 0.0) for step in (0, 1, 0)]
    assert losses["none"][0] == losses["none"][1]
    assert losses["noise"] == losses["again"]
    assert losses["noise"][0] == losses["noise"][2] != losses["noise"][1]


def test_the_layers_of_a_network() -> None:
    names = [layer.name for layer in MLP((4, 3, 2), noise=0.1).summary()]
    assert names == ["Noise", "Linear", "Noise", "ReLU", "Linear"]
    names = [layer.name for layer in MLP((4, 3, 2), noise=0.1, batch_norm=True).summary()]
    assert names == ["Noise", "Linear", "BatchNorm", "Noise", "ReLU", "Linear"]
