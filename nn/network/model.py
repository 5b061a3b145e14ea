"""The multilayer perceptron: layers over one flat parameter vector."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nn.arrays import Array, aligned_zeros
from nn.config import BiasInitializer, Initializer, TrainConfig
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
from nn.network.noise import Noise
from nn.network.normalization import EPS, BatchNorm
from nn.spec import MNIST, DataSpec


def layer_sizes(config: TrainConfig, spec: DataSpec = MNIST) -> tuple[int, ...]:
    """The number of inputs, the widths of the hidden layers, and the number of outputs."""
    return (spec.pixels, *config.hidden, spec.classes)


def parameter_count(sizes: Sequence[int]) -> int:
    """The number of weights and biases between layers of these sizes, inputs first."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))


def layer_views(sizes: Sequence[int], vector: Array) -> list[tuple[Array, Array]]:
    """Weight (fan_in, fan_out) and bias (fan_out,) of each layer, as views of the flat vector."""
    views, start = [], 0
    for fan_in, fan_out in pairwise(sizes):
        middle, stop = start + fan_in * fan_out, start + (fan_in + 1) * fan_out
        views.append((vector[start:middle].reshape(fan_in, fan_out), vector[middle:stop]))
        start = stop
    return views


def vector_size(config: TrainConfig, spec: DataSpec = MNIST) -> tuple[int, int]:
    """The length of a network's flat vector of parameters, and of the part that is trained."""
    return _vector_size(layer_sizes(config, spec), batch_norm=config.batch_norm)


def _vector_size(sizes: Sequence[int], *, batch_norm: bool) -> tuple[int, int]:
    units, trained = sum(sizes[1:-1]) if batch_norm else 0, parameter_count(sizes)
    return trained + 4 * units, trained + 2 * units


def norm_views(sizes: Sequence[int], vector: Array) -> list[tuple[Array, Array, Array, Array]]:
    """Scale, shift, mean and variance (units,) of each batch normalization, as views.

    There is none where the flat vector ends with the last bias.
    """
    units, start = sum(sizes[1:-1]), parameter_count(sizes)
    if len(vector) == start:
        return []
    ends = np.cumsum([0, *sizes[1:-1]])
    four = (vector[start + part * units : start + (part + 1) * units] for part in range(4))
    scale, shift, mean, variance = four
    return [(scale[i:j], shift[i:j], mean[i:j], variance[i:j]) for i, j in pairwise(ends)]


class MLP:
    """Linear layers of the given sizes, inputs first, with an activation after each.

    `parameters` and `gradients` are flat vectors of the same layout: layer by layer, the weight row
    by row, then the bias. Each `Linear` works on views of them. So an optimizer is a few vector
    operations, a snapshot is one copy, and a numerical gradient check is one loop. Parameters are
    zero until `initialize`.

    With `noise`, its standard deviation, noise is added to the inputs and before each hidden
    activation, after the normalization where there is one; `noises` has these layers, the inputs'
    first.

    With `batch_norm` each hidden layer is normalized before its activation. The vectors then go on
    with all scales and all shifts, up to which they are trained (`trained`), and end with the means
    and the variances, which have no gradient.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activation: str = "relu",
        output_activation: str = "identity",
        dropout: float = 0.0,
        batch_norm: bool = False,
        noise: float = 0.0,
        dtype: npt.DTypeLike = np.float32,
        rng: np.random.Generator | None = None,
        vectors: tuple[Array, Array] | None = None,
        matmul: Matmul = np.matmul,
    ) -> None:
        """`rng` draws the dropout masks, and is needed only to train with dropout.

        `vectors` are parameters and gradients to use in place of new ones; `matmul` is that of
        `Linear`.
        """
        self.sizes = tuple(sizes)
        self.parameters, self.gradients = vectors or (
            aligned_zeros(_vector_size(sizes, batch_norm=batch_norm)[0], dtype) for _ in range(2)
        )
        self.trained = slice(_vector_size(sizes, batch_norm=batch_norm)[1])
        self.linears = [
            Linear(*parameters, *gradients, matmul=matmul)
            for parameters, gradients in zip(
                layer_views(sizes, self.parameters),
                layer_views(sizes, self.gradients),
                strict=True,
            )
        ]
        self.noises = [Noise(noise) for _ in self.linears] if noise else []
        self.norms = [
            BatchNorm(
                scale,
                shift,
                *gradients[:2],
                mean,
                variance,
                noise=self.noises[number] if noise else None,
            )
            for number, ((scale, shift, mean, variance), gradients) in enumerate(
                zip(
                    norm_views(sizes, self.parameters),
                    norm_views(sizes, self.gradients),
                    strict=True,
                ),
                1,
            )
        ]
        self.layers: list[Layer] = [*self.noises[:1]]
        for number, linear in enumerate(self.linears):
            self.layers.append(linear)
            last = linear is self.linears[-1]
            if self.norms and not last:
                self.layers.append(self.norms[number])
            elif self.noises and not last:
                self.layers.append(self.noises[number + 1])
            self.layers.append(ACTIVATIONS[output_activation if last else activation]())
            if dropout and not last:
                self.layers.append(Dropout(dropout, rng=rng))
        self.dropouts = [layer for layer in self.layers if isinstance(layer, Dropout)]
        self._path = [layer for layer in self.layers if not isinstance(layer, Identity)]
        self._inner = self._path[self._path.index(self.linears[0]) + 1 :]

    @property
    def trained_count(self) -> int:
        """The number of parameters that are trained."""
        return self.parameters[self.trained].size

    def initialize(
        self,
        weights: Initializer = "he-normal",
        biases: BiasInitializer = "zero",
        *,
        std: float = 1.0,
        rng: np.random.Generator,
    ) -> None:
        """Draw the initial parameters, layer by layer; `std` is that of both kinds of `normal`."""
        for linear in self.linears:
            initialize(weights, linear.weight, std=std, rng=rng)
            linear.bias[...] = (
                rng.normal(0.0, std, linear.bias.shape) if biases == "normal" else 0.0
            )
        for norm in self.norms:
            norm.scale[...], norm.shift[...], norm.mean[...], norm.variance[...] = 1, 0, 0, 1

    def forward(self, x: Array, *, training: bool = False) -> Array:
        """Outputs (n, sizes[-1]) of the inputs (n, sizes[0]), after the output activation."""
        for layer in self._path:
            x = layer.forward(x, training=training)
        return x

    def backward(self, grad_output: Array) -> None:
        """Write dL/dw to `gradients`, from dL/do (n, sizes[-1]) for the last `forward`."""
        for layer in reversed(self._inner):
            grad_output = layer.backward(grad_output)
        self.linears[0].backward_parameters(grad_output)

    def gradient_norms(self) -> tuple[float, ...]:
        """The L2 norm of each linear layer's gradient, weight and bias together, inputs first."""
        return tuple(gradient_norm(layer.grad_weight, layer.grad_bias) for layer in self.linears)

    def summary(self) -> tuple[LayerSummary, ...]:
        """Class, output shape and number of parameters of every layer but identities."""
        rows, features = [], self.sizes[0]
        for layer in self.layers:
            parameters = 0
            if isinstance(layer, Identity):
                continue
            if isinstance(layer, Linear):
                features = layer.out_features
                parameters = layer.weight.size + layer.bias.size
            elif isinstance(layer, BatchNorm):
                parameters = layer.scale.size + layer.shift.size
            rows.append(LayerSummary(type(layer).__name__, (features,), parameters))
            if isinstance(layer, BatchNorm) and layer.noise:
                rows.append(LayerSummary(type(layer.noise).__name__, (features,), 0))
        return tuple(rows)


def folded(model: MLP) -> Array:
    """The flat vector of a network without batch normalization that predicts the same.

    With f = scale / sqrt(variance + eps), the layer before has the weights W f and the biases
    (b - mean) f + shift in place of W and b.
    """
    vector = model.parameters[: parameter_count(model.sizes)].copy()
    for (weight, bias), norm in zip(layer_views(model.sizes, vector), model.norms, strict=False):
        factor = norm.scale / np.sqrt(norm.variance + EPS)
        weight *= factor
        bias[...] = (bias - norm.mean) * factor + norm.shift
    return vector


def build_model(
    config: TrainConfig,
    spec: DataSpec = MNIST,
    *,
    rng: np.random.Generator | None = None,
    vectors: tuple[Array, Array] | None = None,
    matmul: Matmul = np.matmul,
) -> MLP:
    """The network that a configuration describes, for data of this kind.

    The other arguments are those of `MLP`.
    """
    return MLP(
        layer_sizes(config, spec),
        activation=config.activation,
        output_activation=config.output_activation,
        dropout=config.dropout,
        batch_norm=config.batch_norm,
        noise=config.noise,
        dtype=config.dtype,
        rng=rng,
        vectors=vectors,
        matmul=matmul,
    )


def initialize_model(model: MLP, config: TrainConfig, *, rng: np.random.Generator) -> None:
    """Draw the initial parameters that a configuration describes."""
    model.initialize(config.init, config.init_bias, std=config.init_std, rng=rng)
