"""Derivatives and minima found numerically, as one meets them before backpropagation.

Textbook formulas with the textbook's step h = 1e-4: small enough for a truncation error around 1e-8, large
enough that the rounding error of the difference, about 1e-16 / h, stays below that.
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
    """All partial derivatives of a scalar function, one central difference an element.

    `x` is a scalar, vector, matrix or array of any shape, which the result has too. `f` is called with one
    and the same array, changed in place from call to call; `x` itself stays as it is.
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
    """x <- x - learning_rate grad f(x), repeated, with the numerical gradient.

    Returns every point visited, shape (steps + 1, *start.shape): the start first, the end last.
    """
    point = np.array(start, dtype=np.float64)
    path = np.empty((steps + 1, *point.shape))
    path[0] = point
    for step in range(1, steps + 1):
        path[step] = path[step - 1] - learning_rate * numerical_gradient(f, path[step - 1], h)
    return path
