"""Numerical derivatives and plain gradient descent."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from nn.analysis.numerical import (
    central_difference,
    forward_difference,
    gradient_descent,
    numerical_gradient,
)

COORDINATES = st.floats(-10, 10)
SHAPES = nps.array_shapes(min_dims=0, max_dims=3, max_side=4)


def parabola(x: float) -> float:
    return 0.01 * x**2 + 0.1 * x


def test_forward_difference_as_published() -> None:
    assert forward_difference(parabola, 5) == pytest.approx(0.20000099999917254, abs=1e-15)
    assert forward_difference(parabola, 10) == pytest.approx(0.3000009999976072, abs=1e-15)


def test_central_difference_is_exact_for_a_parabola() -> None:
    assert central_difference(parabola, 5) == pytest.approx(0.2, abs=1e-11)
    assert central_difference(parabola, 10) == pytest.approx(0.3, abs=1e-11)


@given(st.floats(-3, 3))
def test_errors_are_those_of_taylor(x: float) -> None:
    """sin: h/2 |f''| for the forward, h^2/6 |f'''| for the central difference, plus rounding."""
    h = 1e-4
    forward = abs(forward_difference(math.sin, x, h) - math.cos(x))
    central = abs(central_difference(math.sin, x, h) - math.cos(x))
    assert forward == pytest.approx(h / 2 * abs(math.sin(x)), abs=1e-8)
    assert central <= h**2 / 6 + 1e-11


@given(nps.arrays(np.float64, SHAPES, elements=COORDINATES))
def test_gradient_of_a_sum_of_cubes(x: np.ndarray) -> None:
    before = x.copy()
    gradient = numerical_gradient(lambda p: float((p**3).sum()), x)
    assert gradient.shape == x.shape
    np.testing.assert_allclose(gradient, 3 * x**2, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(x, before)


def test_gradient_of_a_matrix_function() -> None:
    """f(W) = sum of (x W)^2 has the gradient 2 x^T (x W)."""
    x, weight = np.array([[0.6, 0.9]]), np.array([[0.7, -0.9, 0.3], [-0.6, -0.4, 1.2]])
    gradient = numerical_gradient(lambda w: float(((x @ w) ** 2).sum()), weight)
    np.testing.assert_allclose(gradient, 2 * x.T @ (x @ weight), rtol=1e-9)


def test_gradient_takes_whole_numbers() -> None:
    gradient = numerical_gradient(lambda p: float((p**2).sum()), [3, 4])
    np.testing.assert_allclose(gradient, [6.0, 8.0], rtol=1e-9)


def test_gradient_descent_reaches_the_minimum() -> None:
    """x0^2 + x1^2 from (-3, 4): each step of 0.1 leaves 0.8 of both coordinates."""
    path = gradient_descent(lambda x: float((x**2).sum()), [-3.0, 4.0])
    assert path.shape == (101, 2)
    expected = np.outer(0.8 ** np.arange(101), [-3.0, 4.0])
    np.testing.assert_allclose(path, expected, atol=1e-9)


def test_gradient_descent_diverges_with_too_large_a_rate() -> None:
    path = gradient_descent(lambda x: float((x**2).sum()), [-3.0, 4.0], learning_rate=10, steps=5)
    assert np.all(np.diff(np.linalg.norm(path, axis=1)) > 0)
