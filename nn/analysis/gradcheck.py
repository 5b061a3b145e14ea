"""Backpropagation compared with numerical differentiation, for every part of the network.

The gradient of a scalar function is computed twice: analytically, by `backward`, and numerically,
by central differences. The relative error |a - n| / (|a| + |n|) of the two, with L2 norms, is 0 for
equal and 1 for opposite gradients; in float64 that of a correct `backward` stays far below
`THRESHOLD`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from nn.analysis.numerical import numerical_gradient
from nn.arrays import Array
from nn.network.layers import ACTIVATIONS, Dropout, Layer, Linear, ReLU
from nn.network.losses import LOSSES, Loss, target_rows
from nn.network.model import MLP
from nn.network.noise import Noise, NoiseTable
from nn.network.normalization import BatchNorm

THRESHOLD = 1e-7
STEP = 1e-5  # the truncation error of a central difference is then of the order of 1e-10
KINK_MARGIN = 1e-3  # far more than STEP in one parameter can move an input of a ReLU

_CLASSES = 10
_BATCH = 5


@dataclass(frozen=True, slots=True)
class GradientCheck:
    """The comparison for one function, `what`, differentiated by an array of `shape`."""

    what: str
    shape: tuple[int, ...]
    relative_error: float
    passed: bool


def relative_error(analytical: Array, numerical: Array) -> float:
    """|a - n| / (|a| + |n|) with L2 norms over all elements; 0 where both are zero."""
    scale = float(np.linalg.norm(analytical) + np.linalg.norm(numerical))
    return float(np.linalg.norm(analytical - numerical)) / scale if scale else 0.0


def compare(what: str, f: Callable[[Array], float], x: Array, analytical: Array) -> GradientCheck:
    """Check the gradient of `f` at `x` against the central difference."""
    error = relative_error(analytical, numerical_gradient(f, x, STEP))
    return GradientCheck(what, x.shape, error, error <= THRESHOLD)


def check_gradients(seed: int = 0) -> Iterator[GradientCheck]:
    """Check every layer, activation and loss, then whole networks, at points drawn from a seed."""
    rng = np.random.default_rng(seed)
    yield from check_linear(rng)
    for name, activation in ACTIVATIONS.items():
        yield check_layer(name, activation(), rng)
    yield check_dropout(rng)
    yield from check_batch_norm(rng)
    yield from check_noise(rng)
    for name, loss in LOSSES.items():
        for smoothing in (0.0, 0.1):
            title = f"{name}, smoothing {smoothing}" if smoothing else name
            yield check_loss(title, loss(), smoothing, rng)
    for name in LOSSES:
        for activation_name in ACTIVATIONS:
            yield check_network(name, activation_name, rng)


def check_linear(rng: np.random.Generator) -> Iterator[GradientCheck]:
    """Check the gradients of a linear layer by its input, its weight and its bias."""
    weight, bias = rng.normal(size=(7, 4)), rng.normal(size=4)
    layer = Linear(weight, bias, np.empty_like(weight), np.empty_like(bias))
    yield check_layer("linear, input", layer, rng)
    x, upstream = rng.normal(size=(_BATCH, 7)), rng.normal(size=(_BATCH, 4))
    layer.forward(x)
    layer.backward(upstream)
    for name, array, gradient in (
        ("weight", weight, layer.grad_weight),
        ("bias", bias, layer.grad_bias),
    ):

        def f(values: Array, array: Array = array) -> float:
            array[...] = values
            return float(np.vdot(upstream, layer.forward(x)))

        yield compare(f"linear, {name}", f, array.copy(), gradient)


def check_layer(what: str, layer: Layer, rng: np.random.Generator) -> GradientCheck:
    """Check the gradient of a layer by its input, for a random gradient of its output."""
    x = rng.normal(size=(_BATCH, 7))
    x += np.copysign(0.1, x)  # away from 0, where ReLU has no derivative
    upstream = rng.normal(size=layer.forward(x, training=True).shape)

    def f(values: Array) -> float:
        return float(np.vdot(upstream, layer.forward(values, training=True)))

    f(x)
    return compare(what, f, x, layer.backward(upstream).copy())


def check_dropout(rng: np.random.Generator) -> GradientCheck:
    """Check dropout with the same mask in every evaluation."""
    seed = int(rng.integers(2**32))

    class FixedMask(Dropout):
        def forward(self, x: Array, *, training: bool = False) -> Array:
            self.rng = np.random.default_rng(seed)
            return super().forward(x, training=training)

    return check_layer("dropout", FixedMask(0.5, rng=rng), rng)


def check_noise(rng: np.random.Generator) -> Iterator[GradientCheck]:
    """Check noise alone and within batch normalization, with the same numbers each time."""
    noise = Noise(0.5)
    noise.draw(NoiseTable(0.5, 7, "float64", rng=rng), _BATCH, rng=rng)
    yield check_layer("noise", noise, rng)
    yield from check_batch_norm(rng, noise)


def check_batch_norm(
    rng: np.random.Generator, noise: Noise | None = None
) -> Iterator[GradientCheck]:
    """Check the gradients of batch normalization in training, by its input, scale and shift."""
    what = "batch normalization with noise" if noise else "batch normalization"
    scale, shift, grad_scale, grad_shift = rng.normal(size=(4, 7))
    layer = BatchNorm(scale, shift, grad_scale, grad_shift, np.zeros(7), np.ones(7), noise=noise)
    yield check_layer(f"{what}, input", layer, rng)
    x, upstream = rng.normal(size=(2, _BATCH, 7))
    layer.forward(x, training=True)
    layer.backward(upstream)
    for name, array, gradient in (
        ("scale", scale, layer.grad_scale),
        ("shift", shift, layer.grad_shift),
    ):

        def f(values: Array, array: Array = array) -> float:
            array[...] = values
            return float(np.vdot(upstream, layer.forward(x, training=True)))

        yield compare(f"{what}, {name}", f, array.copy(), gradient.copy())


def check_loss(what: str, loss: Loss, smoothing: float, rng: np.random.Generator) -> GradientCheck:
    """Check the gradient of a loss by the outputs of the network."""
    targets = _targets(smoothing, rng)
    outputs = rng.uniform(0.1, 1.0, size=targets.shape)  # positive, as one of the losses needs
    loss.forward(outputs, targets)
    return compare(what, lambda o: loss.forward(o, targets), outputs, loss.backward().copy())


def check_network(loss_name: str, activation: str, rng: np.random.Generator) -> GradientCheck:
    """Check the gradient of a network's loss by all its parameters together."""
    sizes, targets, loss = (6, 8, 7, _CLASSES), _targets(0.0, rng), LOSSES[loss_name]()
    output_activation = "identity" if loss.takes_logits else "sigmoid"
    model = MLP(sizes, activation=activation, output_activation=output_activation, dtype=np.float64)
    distance = 0.0
    while distance < KINK_MARGIN:
        x = rng.normal(size=(_BATCH, 6))
        model.parameters[...] = rng.normal(scale=0.5, size=model.parameters.size)
        distance = distance_to_kink(model, x)

    def f(parameters: Array) -> float:
        model.parameters[...] = parameters
        return loss.forward(model.forward(x), targets)

    parameters = model.parameters.copy()
    f(parameters)
    model.backward(loss.backward())
    return compare(
        f"network {'-'.join(map(str, sizes))}, {activation}, {loss_name}",
        f,
        parameters,
        model.gradients.copy(),
    )


def distance_to_kink(model: MLP, x: Array) -> float:
    """The least |x| of all inputs x of a ReLU, which has no derivative at 0; else infinite."""
    distance = math.inf
    for layer in model.layers:
        if isinstance(layer, ReLU):
            distance = min(distance, float(np.abs(x).min()))
        x = layer.forward(x)
    return distance


def _targets(smoothing: float, rng: np.random.Generator) -> Array:
    rows = target_rows(_CLASSES, smoothing=smoothing, dtype="float64")
    return rows[rng.integers(_CLASSES, size=_BATCH)]
