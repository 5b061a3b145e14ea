"""Initial weights, drawn in place from an explicit random generator.

fan_in and fan_out are the rows and columns of the weight matrix, shape (in_features, out_features).

* normal: N(0, std^2).
* Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010:
  normal with std = sqrt(2 / (fan_in + fan_out)), uniform on +-sqrt(6 / (fan_in + fan_out)).
* He et al., "Delving deep into rectifiers", ICCV 2015: normal with std = sqrt(2 / fan_in), uniform on
  +-sqrt(6 / fan_in).
"""

from __future__ import annotations

import math

import numpy as np

from nn.arrays import Array
from nn.config import Initializer


def initialize(kind: Initializer, weight: Array, *, std: float, rng: np.random.Generator) -> None:
    """Fill `weight` (fan_in, fan_out) in place; `std` is that of `normal` and else unused."""
    fan_in, fan_out = weight.shape
    if kind == "normal":
        variance = std**2
    else:
        variance = 2 / (fan_in if kind.startswith("he") else fan_in + fan_out)
    if kind.endswith("uniform"):
        limit = math.sqrt(
            3 * variance
        )  # the variance of a uniform variable on +-limit is limit^2 / 3
        weight[...] = rng.uniform(-limit, limit, weight.shape)
    else:
        weight[...] = rng.normal(0.0, math.sqrt(variance), weight.shape)
