"""Batch normalization, with statistics that are kept for predictions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nn.arrays import Array, Buffer
from nn.network.layers import Layer

# From some rows, (k, features), to those of all processes that share a batch, (processes, k,
# features).
Gather = Callable[[Array], Array]
BATCH_SUMS = 3  # the most rows that are exchanged at once

EPS = 1e-5  # added to a variance
MOMENTUM = 0.1  # the share of a batch in the running statistics


class BatchNorm(Layer):
    """y = scale * (x - m) / sqrt(v + eps) + shift, for each feature by itself.

    In training m and v are the mean and the variance (the sum of squares over n) of the batch; in
    prediction they are the running statistics, into which `update_statistics` takes the last batch:

        mean <- (1 - a) mean + a m,    variance <- (1 - a) variance + a v n / (n - 1),

    with a = `MOMENTUM`. With u = (x - m) / sqrt(v + eps) the gradients are

        dL/dscale = sum dL/dy u,    dL/dshift = sum dL/dy,
        dL/dx = scale / sqrt(v + eps) (dL/dy - (dL/dshift + u sum dL/dy u) / n).

    With `noise`, u is followed by that noise: y = scale * (u + e) + shift, and dL/dscale = sum
    dL/dy (u + e). Where several processes share a batch, `gather` exchanges their sums, so that m,
    v and the sums in dL/dx are those of the whole batch, of n images in all; dL/dscale and
    dL/dshift are of the images here, as all gradients of weights are.

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
        *,
        noise: Layer | None = None,
    ) -> None:
        super().__init__()
        self.scale, self.shift = scale, shift
        self.grad_scale, self.grad_shift = grad_scale, grad_shift
        self.mean, self.variance = mean, variance
        self.noise = noise
        self.gather: Gather | None = None
        self._unit = Buffer()

    def forward(self, x: Array, *, training: bool = False) -> Array:
        out = self._output.like(x)
        if not training:
            factor = self.scale / np.sqrt(self.variance + EPS)
            np.multiply(x, factor, out)
            out += self.shift - self.mean * factor
            return out
        n = len(x)
        mean = x.sum(axis=0) / max(n, 1)
        self._u = u = self._unit.like(x)
        np.subtract(x, mean, u)
        np.multiply(u, u, out)
        variance = out.sum(axis=0) / max(n, 1)
        if self.gather:
            own = mean
            n, mean, variance = self._combined(n, mean, variance)
            u += own - mean
        self._n, self._batch_mean, self._batch_variance = n, mean, variance
        self._deviation = np.sqrt(variance + EPS)
        u /= self._deviation
        self._noisy = u if self.noise is None else self.noise.forward(u, training=True)
        np.multiply(self._noisy, self.scale, out)
        out += self.shift
        return out

    def _combined(self, n: int, mean: Array, variance: Array) -> tuple[int, Array, Array]:
        """Number, mean and variance of the whole batch, of which n images are here.

        The parallel algorithm of Chan, Golub and LeVeque, "Updating formulae and a pairwise
        algorithm for computing sample variances", 1979.
        """
        assert self.gather is not None
        gathered = self.gather(np.array([np.full_like(mean, n), mean, variance]))
        counts, means, variances = gathered.swapaxes(0, 1)
        total = counts.sum(axis=0)
        mean = (counts * means).sum(axis=0) / total
        variance = (counts * (variances + (means - mean) ** 2)).sum(axis=0) / total
        return int(total[0]), mean, variance

    def backward(self, grad_output: Array) -> Array:
        """dL/dx (n, features); only after a `forward` with `training`."""
        grad = self._grad_input.like(grad_output)
        np.multiply(grad_output, self._noisy, grad)
        grad.sum(axis=0, out=self.grad_scale)
        grad_output.sum(axis=0, out=self.grad_shift)
        products, sums = self.grad_scale, self.grad_shift
        if self._noisy is not self._u:
            products = np.multiply(grad_output, self._u, grad).sum(axis=0)
        if self.gather:
            products, sums = self.gather(np.array([products, sums])).sum(axis=0)
        np.multiply(self._u, products / -self._n, grad)
        grad += grad_output
        grad -= sums / self._n
        grad *= self.scale / self._deviation
        return grad

    def update_statistics(self) -> None:
        """Take the last batch of `forward` in training into the running statistics."""
        n = self._n
        self.mean += MOMENTUM * (self._batch_mean - self.mean)
        variance = self._batch_variance * (n / (n - 1) if n > 1 else 1)
        self.variance += MOMENTUM * (variance - self.variance)
