"""Numbers printed in the study notes that the recipes come from."""

from __future__ import annotations

import numpy as np
import pytest

from nn.analysis.numerical import numerical_gradient
from nn.network.layers import Sigmoid
from nn.network.losses import CrossEntropy, SquaredError
from nn.network.model import MLP


def test_sigmoid_layer_and_its_gradient() -> None:
    layer = Sigmoid()
    y = layer.forward(np.array([[-0.10321885, 0.4105985], [0.14404357, 1.45427351]]))
    np.testing.assert_allclose(
        y, [[0.47421817, 0.60123138], [0.53594876, 0.81065526]], rtol=0, atol=5e-9
    )
    gradient = layer.backward(np.ones((2, 2)))
    np.testing.assert_allclose(
        gradient, [[0.2493353, 0.23975221], [0.24870769, 0.15349331]], rtol=0, atol=5e-9
    )


Y = np.array([[0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0]])
T = np.eye(10)[[2]]


def test_squared_error_of_one_prediction() -> None:
    """The note halves the sum of squares, which is our loss."""
    assert SquaredError().forward(Y, T) / 2 == pytest.approx(0.0975, abs=1e-15)


def test_cross_entropy_of_one_prediction() -> None:
    """The note adds 1e-7 inside the logarithm; so does this, in the logits of the same softmax."""
    # Renormalizing to sum to one would divide by 1 + 10 * 1e-7: the note does not, so neither do
    # we.
    published = CrossEntropy().forward(np.log(Y + 1e-7), T) - np.log1p(10 * 1e-7)
    assert published == pytest.approx(0.510825457099338, abs=1e-14)


def test_forward_pass_of_a_three_layer_net() -> None:
    model = MLP((2, 3, 2, 2), activation="sigmoid", dtype=np.float64)
    published = (
        ([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]], [0.1, 0.2, 0.3]),
        ([[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]], [0.1, 0.2]),
        ([[0.1, 0.3], [0.2, 0.4]], [0.1, 0.2]),
    )
    for layer, (weight, bias) in zip(model.linears, published, strict=True):
        layer.weight[...], layer.bias[...] = weight, bias
    outputs = model.forward(np.array([[1.0, 0.5]]))
    np.testing.assert_allclose(outputs, [[0.31682708, 0.69627909]], rtol=0, atol=5e-9)


def test_logits_loss_and_gradient_of_a_single_layer() -> None:
    """Of the loss with 1e-7 inside its logarithm, hence the tolerance."""
    model, loss = MLP((2, 3), dtype=np.float64), CrossEntropy()
    model.linears[0].weight[...] = [
        [0.71338084, -0.94925867, 0.32417468],
        [-0.58673328, -0.36919303, 1.15482563],
    ]
    x, target = np.array([[0.6, 0.9]]), np.array([[0.0, 0.0, 1.0]])
    logits = model.forward(x)
    np.testing.assert_allclose(logits, [[-0.10003145, -0.90182893, 1.23384788]], rtol=0, atol=2e-8)
    assert loss.forward(logits, target) == pytest.approx(0.3232550250958044, abs=2e-7)
    model.backward(loss.backward())
    analytical = model.linears[0].grad_weight.copy()

    def loss_at(weight: np.ndarray) -> float:
        return loss.forward(x @ weight, target)

    numerical = numerical_gradient(loss_at, model.linears[0].weight)
    np.testing.assert_allclose(analytical, numerical, rtol=1e-7)
