"""Batch normalization, with statistics that are kept for predictions."""

from __future__ import annotations

import numpy as np

from nn.arrays import Array, Buffer
from nn.network.layers import Layer

EPS = 1e-5  # added to a variance
MOMENTUM = 0.1  # the share of a batch in the running statistics


class BatchNorm(Layer):
    """y = scale * (x - m) / sqrt(v + eps) + shift, for each feature by itself.

    In training m and v are the mean and the variance (the sum of squares over n) of the batch; in
    prediction they are the running statistics, into which `update_statistics` takes the last batch:

        mean <- (1 - a) mean + a m,    variance <- (1 - a) variance + a v n / (n - 1),

    with a = `MOMENTUM`. With u = (x - m) / sqrt(v + eps) the gradients are

        dL/dscale = sum dL/dy u,    dL/dshift = sum dL/dy,
        dL/dx = scale / sqrt(v + eps) (dL/dy - (dL/dshift + u dL/dscale) / n).

    All arrays have shape (features,) and are given: views of the network's flat vectors. Source:
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal
    covariate shift", ICML 2015. The running means in place of their averages over batches, the
    values of eps and a, and v n / (n - 1) are those of PyTorch's `BatchNorm1d`.
    """

    def __init__(
        self,
        scale: Array,
        shift: Array,
        grad_scale: Array,
        grad_shift: Array,
        mean: Array,
        variance: Array,
    ) -> None:
        super().__init__()
        self.scale, self.shift = scale, shift
        self.grad_scale, self.grad_shift = grad_scale, grad_shift
        self.mean, self.variance = mean, variance
        self._unit = Buffer()

    def forward(self, x: Array, *, training: bool = False) -> Array:
        out = self._output.like(x)
        if not training:
            factor = self.scale / np.sqrt(self.variance + EPS)
            np.multiply(x, factor, out)
            out += self.shift - self.mean * factor
            return out
        self._batch_mean = x.mean(axis=0)
        self._u = u = self._unit.like(x)
        np.subtract(x, self._batch_mean, u)
        np.multiply(u, u, out)
        self._batch_variance = out.mean(axis=0)
        self._deviation = np.sqrt(self._batch_variance + EPS)
        u /= self._deviation
        np.multiply(u, self.scale, out)
        out += self.shift
        return out

    def backward(self, grad_output: Array) -> Array:
        """dL/dx (n, features); only after a `forward` with `training`."""
        n = len(grad_output)
        grad = self._grad_input.like(grad_output)
        np.multiply(grad_output, self._u, grad)
        grad.sum(axis=0, out=self.grad_scale)
        grad_output.sum(axis=0, out=self.grad_shift)
        np.multiply(self._u, self.grad_scale / -n, grad)
        grad += grad_output
        grad -= self.grad_shift / n
        grad *= self.scale / self._deviation
        return grad

    def update_statistics(self) -> None:
        """Take the last batch of `forward` in training into the running statistics."""
        n = len(self._u)
        self.mean += MOMENTUM * (self._batch_mean - self.mean)
        variance = self._batch_variance * (n / (n - 1) if n > 1 else 1)
        self.variance += MOMENTUM * (variance - self.variance)
