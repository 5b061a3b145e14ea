"""Every formula against what PyTorch and Keras compute for it; see tests/fixtures/generate.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.events import StepCompleted
from nn.network.initializers import initialize
from nn.network.layers import ACTIVATIONS
from nn.network.losses import LOSSES, target_rows
from nn.network.model import MLP
from nn.training.optimizers import clip_factor, make_optimizer
from nn.training.schedules import make_schedule
from nn.training.trainer import Trainer
from tests.fixtures import labels, load, values

Case = dict[str, Any]


def cases(subject: str) -> Any:
    """A parameter for every stored case, under its own name."""
    return [pytest.param(case, id=name) for name, case in load(subject).items()]


@pytest.mark.parametrize("case", cases("optimizers"))
def test_optimizer_follows_the_trajectory(case: Case) -> None:
    parameters, gradients = values(6), np.empty(6)
    optimizer = make_optimizer(TrainConfig.layered(case["config"]), parameters, gradients)
    for step, expected in enumerate(case["trajectory"]):
        gradients[...] = values(20, 6, salt=1)[step]
        optimizer.step(0.1 * 0.95**step)
        np.testing.assert_allclose(parameters, expected, rtol=1e-12, err_msg=f"step {step}")
        np.testing.assert_array_equal(gradients, values(20, 6, salt=1)[step])


@pytest.mark.parametrize("case", cases("optimizers"))
def test_optimizer_treats_long_vectors_alike(case: Case) -> None:
    """Blocks and their boundaries leave no trace: every copy of the six numbers moves alike."""
    copies = 12_000
    parameters, gradients = np.tile(values(6), copies), np.empty(6 * copies)
    optimizer = make_optimizer(TrainConfig.layered(case["config"]), parameters, gradients)
    for step in range(3):
        gradients[...] = np.tile(values(20, 6, salt=1)[step], copies)
        optimizer.step(0.1 * 0.95**step)
    expected = np.tile(case["trajectory"][2], copies)
    np.testing.assert_allclose(parameters, expected, rtol=1e-12)


@pytest.mark.parametrize(("limit", "case"), load("clipping").items())
def test_gradients_are_clipped_to_a_norm(limit: str, case: Case) -> None:
    gradients = 3.0 * values(50, salt=2)
    norm = float(np.linalg.norm(gradients))
    factor = clip_factor(norm, float(limit))
    assert norm == pytest.approx(case["norm"], rel=1e-12)
    assert factor == pytest.approx(min(1.0, float(limit) / (case["norm"] + 1e-6)), rel=1e-12)
    np.testing.assert_allclose(gradients * factor, case["clipped"], rtol=1e-12)


@pytest.mark.parametrize("case", cases("schedules"))
def test_schedule_gives_the_rate_of_every_step(case: Case) -> None:
    config, expected = TrainConfig.layered(case["config"]), case["rates"]
    schedule = make_schedule(config, case["steps_per_epoch"], len(expected))
    rates = [schedule(step) for step in range(len(expected))]
    np.testing.assert_allclose(rates, expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("name", "case"), load("activations").items())
def test_activation_and_its_derivative(name: str, case: Case) -> None:
    layer, inputs = ACTIVATIONS[name](), np.array([case["inputs"]])
    with np.errstate(over="ignore"):
        outputs = layer.forward(inputs)
    gradient = layer.backward(np.ones_like(inputs))
    np.testing.assert_allclose(outputs, [case["outputs"]], rtol=1e-12)
    # 1 - y loses the digits of a y near 1, in PyTorch as here.
    np.testing.assert_allclose(gradient, [case["gradient"]], rtol=1e-9, atol=1e-16)


@pytest.mark.parametrize("case", cases("losses"))
def test_loss_and_its_gradient(case: Case) -> None:
    config = case["config"]
    targets = target_rows(10, smoothing=config["label_smoothing"], dtype="float64")
    loss = LOSSES[config["loss"]]()
    assert loss.forward(np.array(case["outputs"]), targets[labels(7, salt=4)]) == pytest.approx(
        case["loss"], rel=1e-12
    )
    np.testing.assert_allclose(loss.backward(), case["gradient"], rtol=1e-9, atol=1e-16)


@pytest.mark.parametrize("case", cases("initializers"))
def test_initializer_draws_from_the_same_distribution(case: Case) -> None:
    """Deviation and quantiles agree with a sample of PyTorch's, as far as samples of 640,000 do."""
    weight = np.empty(case["shape"])
    initialize(case["kind"], weight, std=case["std"], rng=np.random.default_rng(1))
    deviation = case["deviation"]
    assert weight.std() == pytest.approx(deviation, rel=5e-3)
    quantiles = np.quantile(weight, case["probabilities"])
    inner = slice(1, -1)
    np.testing.assert_allclose(quantiles[inner], case["quantiles"][inner], atol=0.02 * deviation)
    if case["kind"].endswith("uniform"):  # the extremes of a normal sample are anywhere
        np.testing.assert_allclose(quantiles, case["quantiles"], atol=0.02 * deviation)
    assert len(np.unique(weight)) > 0.999 * weight.size


def set_initial_weights(model: MLP) -> None:
    """The weights that the oracle started from."""
    for number, linear in enumerate(model.linears):
        scale = 1.5 / math.sqrt(linear.in_features)
        linear.weight[...] = scale * values(*linear.weight.shape, salt=2 * number)
        linear.bias[...] = scale * values(*linear.bias.shape, salt=2 * number + 1)


@pytest.mark.parametrize("case", cases("runs"))
def test_200_steps_of_a_network(case: Case) -> None:
    """Same weights, same batches: the same loss at every step."""
    config = TrainConfig.layered(case["config"], {"dtype": "float64"})
    model = MLP(
        (20, 16, 12, 10),
        activation=config.activation,
        output_activation=config.output_activation,
        dtype=np.float64,
    )
    set_initial_weights(model)
    inputs = values(96, 20, salt=5)
    targets = target_rows(10, smoothing=config.label_smoothing, dtype="float64")
    targets = targets[labels(96, salt=6)]
    loss = LOSSES[config.loss]()
    optimizer = make_optimizer(config, model.parameters, model.gradients)
    schedule = make_schedule(config, 6, 200)
    history = []
    for step in range(200):
        rows = slice(16 * (step % 6), 16 * (step % 6 + 1))
        history.append(loss.forward(model.forward(inputs[rows], training=True), targets[rows]))
        model.backward(loss.backward())
        if config.clip_norm:
            norm = float(np.linalg.norm(model.gradients))
            model.gradients[...] *= clip_factor(norm, config.clip_norm)
        optimizer.step(schedule(step))
    np.testing.assert_allclose(history, case["losses"], rtol=0, atol=1e-10)


@pytest.mark.parametrize("case", cases("runs"))
def test_200_steps_of_the_trainer(case: Case, mnist: Dataset) -> None:
    """The whole trainer on MNIST; one batch of all images, so that their order does not matter."""
    fields = {"dtype": "float64", "hidden": (16, 12), "epochs": 200, "eval_epochs": 200}
    config = TrainConfig.layered(case["config"], fields)
    dataset = Dataset(mnist.test[:64], mnist.test[:64], "64 test images", mnist.sha256)
    trainer = Trainer(config, dataset, step_interval=0)
    set_initial_weights(trainer.model)
    steps = [event for event in trainer.events() if isinstance(event, StepCompleted)]
    history = [event.loss for event in steps]
    np.testing.assert_allclose(history, case["mnist_losses"], rtol=0, atol=1e-10)
