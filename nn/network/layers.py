"""The layers of a multilayer perceptron, each with its forward and backward pass.

A batch is a matrix of shape (n, features). `forward` returns the outputs, `backward` takes the loss gradient
with respect to the outputs and returns that with respect to the inputs. Both write into arrays that the
layer owns and reuses: a result holds until the same method is called again. No method writes to its
arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nn.arrays import Array, Buffer

Matmul = Callable[[Array, Array, Array], Any]  # writes the product of two matrices to the third


class Layer:
    """A function of a batch, with its gradient."""

    def __init__(self) -> None:
        self._output = Buffer()
        self._grad_input = Buffer()

    def forward(self, x: Array, *, training: bool = False) -> Array:
        """Outputs for inputs `x`; `training` switches on what only training does (dropout)."""
        raise NotImplementedError

    def backward(self, grad_output: Array) -> Array:
        """Gradient with respect to the inputs of the last `forward`."""
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


class Identity(Layer):
    """y = x."""

    def forward(self, x: Array, *, training: bool = False) -> Array:
        return x

    def backward(self, grad_output: Array) -> Array:
        return grad_output


class Sigmoid(Layer):
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


def sigmoid(x: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(-x)) elementwise, for any x.

    An exponential that overflows to infinity gives 0, as it should; NumPy warns of it unless the caller asks for
    `np.errstate(over="ignore")`, which takes too long to be asked for here. The same function as
    (1 + tanh(x / 2)) / 2 would be faster, but is 0 from x = -17 on in float32: outputs would die.
    """
    out = np.negative(x, out)
    np.exp(out, out)
    out += 1
    return np.reciprocal(out, out)


class Tanh(Layer):
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


class ReLU(Layer):
    """y = max(x, 0), dy/dx = 1 where x > 0, else 0."""

    def __init__(self) -> None:
        super().__init__()
        self._mask = Buffer()
        self._zeros = np.empty(0)

    def forward(self, x: Array, *, training: bool = False) -> Array:
        if len(self._zeros) != x.shape[1]:
            self._zeros = np.zeros(x.shape[1], x.dtype)
        self._y = y = self._output.like(x)
        # A row of zeros: NumPy compares two arrays several times faster than an array and a scalar.
        return np.maximum(x, self._zeros, out=y)

    def backward(self, grad_output: Array) -> Array:
        mask = self._mask.rows(len(grad_output), grad_output.shape[1], np.bool_)
        np.greater(self._y, 0, mask)
        return np.multiply(grad_output, mask, self._grad_input.like(grad_output))


class Dropout(Layer):
    """Inverted dropout: in training each input is zeroed with probability `rate`, the rest divided by 1 - rate.

    So the expected output is the input, and nothing is scaled at test time. Srivastava et al.,
    "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15, 2014, scale at test
    time instead.
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


ACTIVATIONS: dict[str, type[Layer]] = {
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
    "identity": Identity,
}


def gradient_norm(*gradients: Array) -> float:
    """The L2 norm of all elements together."""
    return math.sqrt(sum(float(np.vdot(g, g)) for g in gradients))
