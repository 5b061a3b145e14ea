"""Initial weights, drawn in place from an explicit random generator.

fan_in and fan_out are the rows and columns of the weight matrix, shape (in_features, out_features).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from nn.arrays import Array
from nn.config import Initializer


def initialize(kind: Initializer, weight: Array, *, std: float, rng: np.random.Generator) -> None:
    """Fill `weight` (fan_in, fan_out) in place; `std` is that of `normal` and else unused."""
    distribution, variance = INITIALIZERS[kind]
    fan_in, fan_out = weight.shape
    distribution(weight, variance(fan_in, fan_out, std), rng)


def draw_normal(weight: Array, variance: float, rng: np.random.Generator) -> None:
    """N(0, variance)."""
    weight[...] = rng.normal(0.0, math.sqrt(variance), weight.shape)


def draw_uniform(weight: Array, variance: float, rng: np.random.Generator) -> None:
    """Uniform on +-limit with limit = sqrt(3 variance), since its variance is limit^2 / 3."""
    limit = math.sqrt(3 * variance)
    weight[...] = rng.uniform(-limit, limit, weight.shape)


def given(fan_in: int, fan_out: int, std: float) -> float:
    """Var W = std^2."""
    return std**2


def glorot(fan_in: int, fan_out: int, std: float) -> float:
    """Var W = 2 / (fan_in + fan_out): uniform weights lie on +-sqrt(6 / (fan_in + fan_out)).

    Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010, equations 12 and 16.
    """
    return 2 / (fan_in + fan_out)


def he(fan_in: int, fan_out: int, std: float) -> float:
    """Var W = 2 / fan_in: uniform weights lie on +-sqrt(6 / fan_in).

    He et al., "Delving deep into rectifiers", ICCV 2015, equation 10.
    """
    return 2 / fan_in


Distribution = Callable[[Array, float, np.random.Generator], None]
Variance = Callable[[int, int, float], float]

INITIALIZERS: dict[str, tuple[Distribution, Variance]] = {
    "normal": (draw_normal, given),
    "glorot-normal": (draw_normal, glorot),
    "glorot-uniform": (draw_uniform, glorot),
    "he-normal": (draw_normal, he),
    "he-uniform": (draw_uniform, he),
}
