"""Gaussian noise, added to the inputs and to what each hidden layer computes, in training only."""

from __future__ import annotations

import math

import numpy as np

from nn.arrays import Array
from nn.config import DType
from nn.network.layers import Layer

GROUP = 16  # images next to each other in a batch that take numbers next to each other
LENGTH = 2**20  # places in a table where a group's numbers may begin


class NoiseTable:
    """Numbers from N(0, deviation^2), drawn once, of which each step takes others.

    To draw 784 + 800 numbers for each image anew takes as long as to train on it. So each group of
    `GROUP` images takes them from a random place of this table, in a row. Two groups of 784 inputs
    share some of their numbers once in 42 times, at other units of other images.
    """

    def __init__(
        self, deviation: float, widest: int, dtype: DType, *, rng: np.random.Generator
    ) -> None:
        """`widest` is the largest number of features of a layer that takes numbers from it."""
        self.numbers: Array = rng.standard_normal(LENGTH + GROUP * widest, dtype)
        self.numbers *= deviation


class Noise(Layer):
    """y = x + e in training, with e from N(0, deviation^2) for each element; else y = x.

    dL/dx = dL/dy. Source: Pezeshki et al., "Deconstructing the ladder network architecture", ICML
    2016 (arXiv 1511.06430), whose noisy networks add it to the inputs and, in each layer, after the
    normalization and before the scale and the shift; Bishop, "Training with noise is equivalent to
    Tikhonov regularization", Neural Computation 7 (1), 1995.
    """

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation
        self._numbers: Array | None = None
        self._starts: list[int] = []
        self._first = 0

    def draw(
        self, table: NoiseTable, batch_size: int, *, rng: np.random.Generator, first: int = 0
    ) -> None:
        """Choose the numbers for a batch, of which the next `forward` has a part.

        That part begins with the image at place `first`, whose noise does not depend on which part
        it is in.
        """
        self._numbers, self._first = table.numbers, first
        self._starts = rng.integers(LENGTH, size=math.ceil(batch_size / GROUP)).tolist()

    def forward(self, x: Array, *, training: bool = False) -> Array:
        if not training:
            return x
        if self._numbers is None:
            raise TypeError("noise needs draw")
        n, features = x.shape
        out, first = self._output.like(x), self._first
        for group in range(first // GROUP, math.ceil((first + n) / GROUP)):
            low = max(group * GROUP, first)
            high = min((group + 1) * GROUP, first + n)
            start = self._starts[group] + (low - group * GROUP) * features
            numbers = self._numbers[start : start + (high - low) * features]
            rows = slice(low - first, high - first)
            np.add(x[rows], numbers.reshape(-1, features), out[rows])
        return out

    def backward(self, grad_output: Array) -> Array:
        return grad_output
