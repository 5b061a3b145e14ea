"""Backpropagation against central differences, in float64, over random architectures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nn.analysis import gradcheck
from nn.analysis.gradcheck import THRESHOLD, check_gradients, distance_to_kink, relative_error
from nn.analysis.numerical import numerical_gradient
from nn.arrays import Array
from nn.network.layers import ACTIVATIONS, ReLU, Tanh
from nn.network.losses import LOSSES, target_rows
from nn.network.model import MLP

WIDTHS = st.integers(1, 7)
SEEDS = st.integers(0, 2**32 - 1)


@given(
    st.lists(WIDTHS, min_size=2, max_size=5),
    st.sampled_from(list(ACTIVATIONS)),
    st.sampled_from(list(LOSSES)),
    st.floats(0, 0.9),
    st.integers(1, 6),
    SEEDS,
)
def test_gradient_of_any_network(
    sizes: list[int], activation: str, loss_name: str, smoothing: float, batch: int, seed: int
) -> None:
    """Of the loss by all parameters; for squared errors also through the output activation."""
    rng, loss = np.random.default_rng(seed), LOSSES[loss_name]()
    output = "sigmoid" if loss_name.startswith("squared-error") else "identity"
    model = MLP(sizes, activation=activation, output_activation=output, dtype=np.float64)
    model.parameters[...] = parameters = rng.normal(size=model.parameters.size)
    x = rng.normal(size=(batch, sizes[0]))
    assume(distance_to_kink(model, x) > 1e-3)
    targets = target_rows(sizes[-1], smoothing=smoothing, dtype="float64")
    targets = targets[rng.integers(sizes[-1], size=batch)]

    def loss_at(values: Array) -> float:
        model.parameters[...] = values
        return loss.forward(model.forward(x), targets)

    loss_at(parameters)
    model.backward(loss.backward())
    numerical = numerical_gradient(loss_at, parameters, h=1e-5)
    # Of a gradient next to zero, such as that of one class, rounding errors are any multiple.
    assume(np.linalg.norm(numerical) > 1e-2)
    assert relative_error(model.gradients, numerical) <= THRESHOLD


@given(st.lists(WIDTHS, min_size=3, max_size=4), st.floats(0.1, 0.9), SEEDS)
def test_gradient_through_dropout(sizes: list[int], rate: float, seed: int) -> None:
    """With the masks of one forward pass drawn again for each evaluation."""
    rng, loss = np.random.default_rng(seed), LOSSES["squared-error"]()
    masks = np.random.default_rng(seed)
    start = masks.bit_generator.state
    model = MLP(sizes, activation="tanh", dropout=rate, dtype=np.float64, rng=masks)
    parameters = rng.normal(size=model.parameters.size)
    x, targets = rng.normal(size=(4, sizes[0])), rng.normal(size=(4, sizes[-1]))

    def loss_at(values: Array) -> float:
        model.parameters[...] = values
        masks.bit_generator.state = start
        return loss.forward(model.forward(x, training=True), targets)

    loss_at(parameters)
    model.backward(loss.backward())
    numerical = numerical_gradient(loss_at, parameters, h=1e-5)
    assert relative_error(model.gradients, numerical) <= THRESHOLD


@pytest.mark.parametrize("seed", range(2))
def test_gradcheck_passes_for_every_part(seed: int) -> None:
    checks = list(check_gradients(seed))
    assert [check for check in checks if not check.passed] == []
    names = " ".join(check.what for check in checks)
    for part in ("linear, weight", "linear, bias", "dropout", *ACTIVATIONS, *LOSSES):
        assert part in names


def test_gradcheck_is_deterministic() -> None:
    checks = list(check_gradients(7))
    assert list(check_gradients(7)) == checks
    assert list(check_gradients(8)) != checks


@pytest.mark.parametrize(
    "wrong",
    [
        lambda self, grad: grad * (1.000001 - self._y**2),
        lambda self, grad: grad,
        lambda self, grad: 0 * grad,
    ],
    ids=["slightly off", "no derivative", "zero"],
)
def test_gradcheck_catches_a_wrong_gradient(wrong: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tanh, "backward", wrong)
    failed = [check.what for check in check_gradients() if not check.passed]
    assert "tanh" in failed
    assert any(what.startswith("network") and "tanh" in what for what in failed)
    assert not any("sigmoid" in what for what in failed if "tanh" not in what)


def test_gradcheck_catches_the_published_relu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradient of the lincoln library passed wherever the output was at least 0: everywhere."""
    monkeypatch.setattr(ReLU, "backward", lambda self, grad: grad * (self._y >= 0))
    assert "relu" in [check.what for check in check_gradients() if not check.passed]


def test_relative_error() -> None:
    zero, one = np.zeros(3), np.ones(3)
    assert relative_error(zero, zero) == 0
    assert relative_error(one, one) == 0
    assert relative_error(one, -one) == 1
    assert relative_error(one, zero) == 1
    assert relative_error(one, 1.0002 * one) == pytest.approx(1e-4, rel=1e-3)


def test_distance_to_kink() -> None:
    model = MLP((1, 2, 1), activation="relu", dtype=np.float64)
    model.linears[0].weight[...] = [[1.0, -3.0]]
    model.linears[0].bias[...] = [0.25, 0.0]
    assert distance_to_kink(model, np.array([[0.5], [-0.2]])) == pytest.approx(0.05)
    smooth = MLP((1, 2, 1), activation="tanh", dtype=np.float64)
    assert distance_to_kink(smooth, np.zeros((1, 1))) == np.inf
    assert gradcheck.KINK_MARGIN > 10 * gradcheck.STEP
