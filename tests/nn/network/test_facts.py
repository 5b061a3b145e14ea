"""The facts that layers and losses carry, and the tables in which they are found by name."""

from __future__ import annotations

import numpy as np
import pytest

from nn.config import REQUIRED_OUTPUT, choices
from nn.network.layers import ACTIVATIONS, SATURATION
from nn.network.losses import LOSSES, target_rows


def test_every_choice_has_its_class() -> None:
    assert tuple(ACTIVATIONS) == choices("activation") == choices("output_activation")
    assert tuple(LOSSES) == choices("loss")


@pytest.mark.parametrize("name", LOSSES)
def test_the_output_activation_that_a_loss_requires_is_that_of_its_facts(name: str) -> None:
    loss = LOSSES[name]
    facts = {("identity", "takes logits"): loss.takes_logits}
    facts |= {("sigmoid", "needs positive outputs"): loss.needs_positive}
    required = [output for output, fact in facts.items() if fact]
    assert [value for key, value in REQUIRED_OUTPUT.items() if key == name] == required


@pytest.mark.parametrize("name", LOSSES)
def test_losses_take_the_outputs_that_their_facts_admit(name: str) -> None:
    """Any logits give probabilities; where only positive outputs do, others give numbers beyond."""
    loss, logits = LOSSES[name](), np.array([[-3.0, 2.0, 0.5]])
    probabilities = loss.probabilities(logits)
    assert ((probabilities >= 0) & (probabilities <= 1)).all() != loss.needs_positive
    assert (probabilities[0] > 0).all() == loss.takes_logits


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_saturated_units_have_almost_no_gradient(name: str) -> None:
    """And the others have one; y = 1 - s of a sigmoid or tanh has a derivative of at most 2 s."""
    layer, x = ACTIVATIONS[name](), np.linspace(-9, 9, 181)[None]
    y = layer.forward(x).copy()
    slope = layer.backward(np.ones_like(x))
    saturated = layer.saturated(y)
    assert saturated.shape == y.shape
    assert saturated.dtype == bool
    assert (np.abs(slope[saturated]) <= 2 * SATURATION).all()
    assert (np.abs(slope[~saturated]) > SATURATION / 2).all()
    assert saturated.any() == (name != "identity")


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_only_a_rectifier_is_off_at_0(name: str) -> None:
    """That is, half of all inputs give exactly 0, with no gradient."""
    layer, x = ACTIVATIONS[name](), np.linspace(-9, 9, 180)[None]
    y = layer.forward(x)
    assert np.count_nonzero(y == 0) == (90 if layer.rectifies else 0)


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if loss.takes_logits])
def test_the_largest_logits_overflow_nothing(name: str) -> None:
    loss, logits = LOSSES[name](), np.array([[1000.0, -1000.0], [-1000.0, 1000.0]], np.float32)
    targets = np.eye(2, dtype=np.float32)
    assert loss.forward(logits, targets) == 0
    assert loss.per_image(logits, targets).tolist() == [0, 0]
    assert loss.probabilities(logits).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("name", "outputs", "saturated"),
    [
        ("sigmoid", [0.009, 0.011, 0.989, 0.991], [True, False, False, True]),
        ("tanh", [-0.991, -0.989, 0.0, 0.991], [True, False, False, True]),
        ("relu", [0.0, 1e-30, 5.0, 1e9], [True, False, False, False]),
        ("identity", [-1e9, 0.0, 1.0, 1e9], [False] * 4),
    ],
)
def test_outputs_within_a_hundredth_of_the_range_are_saturated(
    name: str, outputs: list[float], saturated: list[bool]
) -> None:
    assert ACTIVATIONS[name]().saturated(np.array(outputs)).tolist() == saturated


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_the_mean_of_those_of_its_images(name: str, smoothing: float) -> None:
    rng = np.random.default_rng(0)
    outputs, loss = rng.uniform(0.1, 2, (5, 4)), LOSSES[name]()
    targets = target_rows(4, smoothing=smoothing)[[3, 0, 1, 1, 2]]
    losses = loss.per_image(outputs, targets)
    assert losses.shape == (5,)
    assert np.ptp(losses) > 0
    assert loss.forward(outputs, targets) == pytest.approx(losses.mean())


def test_targets_have_a_row_for_each_class() -> None:
    np.testing.assert_array_equal(target_rows(3), np.eye(3))
    rows = target_rows(4, smoothing=0.2, dtype="float64")
    np.testing.assert_allclose(rows, 0.8 * np.eye(4) + 0.05)
    assert rows.dtype == np.float64
