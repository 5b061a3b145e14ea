"""Numerical derivatives and minima, the textbook's way to gradients before backpropagation.

The step is h = 1e-4 as in the textbooks: the truncation error of a central difference is then of
the order of h^2 = 1e-8, and the rounding error, about 1e-16 / h = 1e-12, stays far below that.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

STEP = 1e-4


def forward_difference(f: Callable[[float], float], x: float, h: float = STEP) -> float:
    """f'(x) ~ (f(x + h) - f(x)) / h, with an error of the order of h."""
    return (f(x + h) - f(x)) / h


def central_difference(f: Callable[[float], float], x: float, h: float = STEP) -> float:
    """f'(x) ~ (f(x + h) - f(x - h)) / 2h, with an error of the order of h^2."""
    return (f(x + h) - f(x - h)) / (2 * h)


def numerical_gradient(f: Callable[[Vector], float], x: npt.ArrayLike, h: float = STEP) -> Vector:
    """All partial derivatives of a scalar function, one central difference for each element of `x`.

    `x` has any shape, and the result has the same. Every call of `f` gets the same array, changed
    in place between the calls; `x` itself is not changed.
    """
    point = np.array(x, dtype=np.float64)
    gradient = np.empty_like(point)
    for index in np.ndindex(point.shape):
        here = point[index]

        def along(value: float, index: tuple[int, ...] = index) -> float:
            point[index] = value
            return f(point)

        gradient[index] = central_difference(along, float(here), h)
        point[index] = here
    return gradient


def gradient_descent(
    f: Callable[[Vector], float],
    start: npt.ArrayLike,
    *,
    learning_rate: float = 0.1,
    steps: int = 100,
    h: float = STEP,
) -> Vector:
    """Repeat x <- x - learning_rate grad f(x) with the numerical gradient.

    Returns all points in order, shape (steps + 1, *start.shape): the start first, the end last.
    """
    point = np.array(start, dtype=np.float64)
    path = np.empty((steps + 1, *point.shape))
    path[0] = point
    for step in range(1, steps + 1):
        path[step] = path[step - 1] - learning_rate * numerical_gradient(f, path[step - 1], h)
    return path
