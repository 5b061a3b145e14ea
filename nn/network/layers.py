"""The layers of a multilayer perceptron, each with its forward and backward pass.

A batch is a matrix of shape (n, features). `forward` returns the outputs of a batch; `backward`
takes the gradient of the loss with respect to the outputs and returns that with respect to the
inputs. Both write to arrays that the layer owns and reuses, so a result is valid until the same
method is called again. No method writes to its arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from nn.arrays import Array, Buffer

Matmul = Callable[[Array, Array, Array], Any]  # writes the product of two matrices to the third

SATURATION = 0.01  # distance from the end of its range at which a unit counts as saturated


class Layer:
    """A function of a batch, with its gradient."""

    def __init__(self) -> None:
        self._output = Buffer()
        self._grad_input = Buffer()

    def forward(self, x: Array, *, training: bool = False) -> Array:
        """Outputs (n, out) of the inputs `x` (n, in); only with `training` does dropout drop."""
        raise NotImplementedError

    def backward(self, grad_output: Array) -> Array:
        """dL/dx (n, in) at the inputs of the last `forward`, from dL/dy (n, out)."""
        raise NotImplementedError


class Linear(Layer):
    """y = x W + b, with W of shape (in_features, out_features) and b of shape (out_features,).

    dL/dW = x^T dL/dy and dL/db = sum over the batch of dL/dy are written to `grad_weight` and
    `grad_bias`; dL/dx = dL/dy W^T. The four arrays are given: views of the network's flat vectors.
    `matmul(a, b, out)` computes the two products with the inputs, the largest of the network.
    """

    def __init__(
        self,
        weight: Array,
        bias: Array,
        grad_weight: Array,
        grad_bias: Array,
        *,
        matmul: Matmul = np.matmul,
    ) -> None:
        super().__init__()
        self.weight, self.bias = weight, bias
        self.grad_weight, self.grad_bias = grad_weight, grad_bias
        self.in_features, self.out_features = weight.shape
        self._matmul = matmul
        self._ones = np.empty(0)

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self._x = x
        out = self._output.rows(len(x), self.out_features, self.weight.dtype)
        self._matmul(x, self.weight, out)
        out += self.bias
        return out

    def backward(self, grad_output: Array) -> Array:
        self.backward_parameters(grad_output)
        out = self._grad_input.rows(len(grad_output), self.in_features, self.weight.dtype)
        return np.matmul(grad_output, self.weight.T, out)

    def backward_parameters(self, grad_output: Array) -> None:
        """`backward` without the gradient of the inputs, which a first layer has no use for."""
        self._matmul(self._x.T, grad_output, self.grad_weight)
        if len(self._ones) != len(grad_output):
            self._ones = np.ones(len(grad_output), self.weight.dtype)
        np.dot(self._ones, grad_output, self.grad_bias)  # the sum over the batch, by BLAS


class Activation(Layer):
    """A function of each element."""

    # True where an output of exactly 0 means that the unit is inactive.
    rectifies: ClassVar[bool] = False

    @staticmethod
    def saturated(y: Array) -> Array:
        """Where dy/dx is 0 or almost 0, given the outputs: bool, in the shape of `y`."""
        raise NotImplementedError


class Identity(Activation):
    """y = x."""

    def forward(self, x: Array, *, training: bool = False) -> Array:
        return x

    def backward(self, grad_output: Array) -> Array:
        return grad_output

    @staticmethod
    def saturated(y: Array) -> Array:
        return np.zeros(y.shape, bool)


class Sigmoid(Activation):
    """y = 1 / (1 + exp(-x)), dy/dx = y (1 - y)."""

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self._y = y = self._output.like(x)
        return sigmoid(x, y)

    def backward(self, grad_output: Array) -> Array:
        grad = self._grad_input.like(grad_output)
        np.subtract(1, self._y, grad)
        grad *= self._y
        grad *= grad_output
        return grad

    @staticmethod
    def saturated(y: Array) -> Array:
        return (y <= SATURATION) | (y >= 1 - SATURATION)


def sigmoid(x: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(-x)) elementwise, for any x.

    Where the exponential overflows to infinity, the result is 0 and right. NumPy warns of the
    overflow unless the caller sets `np.errstate(over="ignore")`, which takes too long to be set
    here. (1 + tanh(x / 2)) / 2 is the same function and faster, but in float32 it is 0 for x below
    -17, where this one still has a gradient.
    """
    out = np.negative(x, out)
    np.exp(out, out)
    out += 1
    return np.reciprocal(out, out)


class Tanh(Activation):
    """y = tanh(x), dy/dx = 1 - y^2."""

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self._y = y = self._output.like(x)
        return np.tanh(x, y)

    def backward(self, grad_output: Array) -> Array:
        grad = self._grad_input.like(grad_output)
        np.multiply(self._y, self._y, grad)
        np.subtract(1, grad, grad)
        grad *= grad_output
        return grad

    @staticmethod
    def saturated(y: Array) -> Array:
        return np.abs(y) >= 1 - SATURATION


class ReLU(Activation):
    """y = max(x, 0), dy/dx = 1 where x > 0, else 0.

    Nair & Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.
    """

    rectifies = True

    def __init__(self) -> None:
        super().__init__()
        self._mask = Buffer()
        self._zeros = np.empty(0)

    def forward(self, x: Array, *, training: bool = False) -> Array:
        if len(self._zeros) != x.shape[1]:
            self._zeros = np.zeros(x.shape[1], x.dtype)
        self._y = y = self._output.like(x)
        # NumPy compares two arrays several times faster than an array and a scalar, so take a row
        # of zeros.
        return np.maximum(x, self._zeros, out=y)

    def backward(self, grad_output: Array) -> Array:
        mask = self._mask.rows(len(grad_output), grad_output.shape[1], np.bool_)
        np.greater(self._y, 0, mask)
        return np.multiply(grad_output, mask, self._grad_input.like(grad_output))

    @staticmethod
    def saturated(y: Array) -> Array:
        return np.equal(y, 0)


class Dropout(Layer):
    """Inverted dropout: in training y = x m / (1 - rate), where m is 0 with probability `rate`.

    Otherwise m is 1. The expected output is the input, so nothing is scaled outside training, where
    y = x. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting",
    JMLR 15, 2014, do not divide in training but scale at test time.
    """

    def __init__(self, rate: float, *, rng: np.random.Generator | None = None) -> None:
        """`rng` draws the masks, and may be replaced at any time; only training needs it."""
        super().__init__()
        self.rate, self.rng = rate, rng
        self._mask = Buffer()
        self._dropping = False

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self._dropping = training and self.rate > 0
        if not self._dropping:
            return x
        if self.rng is None:
            raise TypeError("dropout needs rng")
        mask = self._mask.like(x)
        self.rng.random(dtype=x.dtype.type, out=mask)
        np.greater_equal(mask, self.rate, mask)
        mask *= 1 / (1 - self.rate)
        self._scale = mask
        return np.multiply(x, mask, self._output.like(x))

    def backward(self, grad_output: Array) -> Array:
        if not self._dropping:
            return grad_output
        grad = self._grad_input.like(grad_output)
        return np.multiply(grad_output, self._scale, grad)


ACTIVATIONS: dict[str, type[Activation]] = {
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
    "identity": Identity,
}


def gradient_norm(*gradients: Array) -> float:
    """The L2 norm of all elements together."""
    return math.sqrt(sum(float(np.vdot(g, g)) for g in gradients))
