"""The matrix products of a training step alone: the floor of its time for any implementation."""

from __future__ import annotations

import numpy as np

from nn.config import TrainConfig
from nn.network.model import build_model


class MatrixProducts:
    """The matrix products of a training step of one network, written to arrays that are reused.

    For each linear layer these are y = x W, dL/dW = x^T dL/dy and dL/dx = dL/dy W^T; the first
    layer needs no dL/dx.
    """

    def __init__(self, config: TrainConfig) -> None:
        rng = np.random.default_rng(0)
        model = build_model(config)
        model.initialize(rng=rng)
        self._linears, self._batch_size = model.linears, config.batch_size
        sizes = [(config.batch_size, width) for width in model.sizes]
        self._outputs = [rng.random(size, config.dtype) for size in sizes]  # the inputs first
        self._gradients = [rng.random(size, config.dtype) for size in sizes]

    @property
    def operations(self) -> int:
        """Floating-point operations of one step; a multiplication and an addition count as two."""
        first, *others = (layer.weight.size for layer in self._linears)
        return 2 * self._batch_size * (2 * first + 3 * sum(others))

    def step(self) -> None:
        """Compute the products of one forward and one backward pass."""
        outputs, gradients = self._outputs, self._gradients
        for i, layer in enumerate(self._linears):
            np.matmul(outputs[i], layer.weight, outputs[i + 1])
        for i, layer in reversed(list(enumerate(self._linears))):
            np.matmul(outputs[i].T, gradients[i + 1], layer.grad_weight)
            if i > 0:
                np.matmul(gradients[i + 1], layer.weight.T, gradients[i])
