"""The multilayer perceptron: layers over one flat parameter vector."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nn.arrays import Array, aligned_zeros
from nn.config import TrainConfig
from nn.data.dataset import CLASSES, PIXELS
from nn.events import LayerSummary
from nn.network.initializers import initialize
from nn.network.layers import (
    ACTIVATIONS,
    Dropout,
    Identity,
    Layer,
    Linear,
    Matmul,
    gradient_norm,
)


def layer_sizes(config: TrainConfig) -> tuple[int, ...]:
    """Inputs, hidden layers, outputs."""
    return (PIXELS, *config.hidden, CLASSES)


def parameter_count(sizes: Sequence[int]) -> int:
    """Of a network with layers of these sizes, inputs first."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))


def layer_views(sizes: Sequence[int], vector: Array) -> list[tuple[Array, Array]]:
    """Weight (fan_in, fan_out) and bias (fan_out,) of each layer, as parts of the flat vector."""
    views, start = [], 0
    for fan_in, fan_out in pairwise(sizes):
        middle, stop = start + fan_in * fan_out, start + (fan_in + 1) * fan_out
        views.append((vector[start:middle].reshape(fan_in, fan_out), vector[middle:stop]))
        start = stop
    return views


class MLP:
    """Linear layers of the given sizes with an activation after each, inputs first, outputs last.

    `parameters` and `gradients` are flat vectors of the same layout, layer by layer: the weight, row by
    row, then the bias. Each `Linear` works on views of them, so that an optimizer is a few vector
    operations, a snapshot one copy, and a numerical gradient check one loop. Parameters start at zero.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activation: str = "relu",
        output_activation: str = "identity",
        dropout: float = 0.0,
        dtype: npt.DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
        vectors: tuple[Array, Array] | None = None,
        matmul: Matmul = np.matmul,
    ) -> None:
        """`rng` draws the dropout masks, and is needed only to train with dropout.

        `vectors` are parameters and gradients to work on in place of vectors of its own; `matmul` is
        for `nn.network.layers.Linear`.
        """
        self.sizes = tuple(sizes)
        self.parameters, self.gradients = vectors or (
            aligned_zeros(parameter_count(sizes), dtype) for _ in range(2)
        )
        self.linears = [
            Linear(*parameters, *gradients, matmul=matmul)
            for parameters, gradients in zip(
                layer_views(sizes, self.parameters),
                layer_views(sizes, self.gradients),
                strict=True,
            )
        ]
        self.layers: list[Layer] = []
        for linear in self.linears:
            self.layers.append(linear)
            last = linear is self.linears[-1]
            self.layers.append(ACTIVATIONS[output_activation if last else activation]())
            if dropout and not last:
                self.layers.append(Dropout(dropout, rng=rng))
        self.dropouts = [layer for layer in self.layers if isinstance(layer, Dropout)]
        self._inner = [layer for layer in self.layers[1:] if not isinstance(layer, Identity)]

    def initialize(self, config: TrainConfig, *, rng: np.random.Generator) -> None:
        """Draw the initial weights and biases, layer by layer."""
        for linear in self.linears:
            initialize(config.init, linear.weight, std=config.init_std, rng=rng)
            if config.init_bias == "normal":
                linear.bias[...] = rng.normal(0.0, config.init_std, linear.bias.shape)

    def forward(self, x: Array, *, training: bool = False) -> Array:
        """Outputs (n, sizes[-1]) of inputs (n, sizes[0]): logits, unless there is an output activation."""
        x = self.layers[0].forward(x)
        for layer in self._inner:
            x = layer.forward(x, training=training)
        return x

    def backward(self, grad_output: Array) -> None:
        """Fill `gradients`, given the gradient of the loss with respect to the last outputs."""
        for layer in reversed(self._inner):
            grad_output = layer.backward(grad_output)
        self.linears[0].backward_parameters(grad_output)

    def gradient_norms(self) -> tuple[float, ...]:
        """L2 norm of each linear layer's gradient, weight and bias together."""
        return tuple(gradient_norm(layer.grad_weight, layer.grad_bias) for layer in self.linears)

    def summary(self) -> tuple[LayerSummary, ...]:
        """Name, output shape and parameter count of every layer."""
        rows, features = [], self.sizes[0]
        for layer in self.layers:
            parameters = 0
            if isinstance(layer, Identity):
                continue
            if isinstance(layer, Linear):
                features = layer.out_features
                parameters = layer.weight.size + layer.bias.size
            rows.append(LayerSummary(type(layer).__name__, (features,), parameters))
        return tuple(rows)


def build_model(
    config: TrainConfig,
    *,
    rng: np.random.Generator | None = None,
    vectors: tuple[Array, Array] | None = None,
    matmul: Matmul = np.matmul,
) -> MLP:
    """The network a configuration describes; `rng` draws its dropout masks, the rest is as `MLP` takes it."""
    return MLP(
        layer_sizes(config),
        activation=config.activation,
        output_activation=config.output_activation,
        dropout=config.dropout,
        dtype=config.dtype,
        rng=rng,
        vectors=vectors,
        matmul=matmul,
    )
