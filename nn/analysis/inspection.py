"""What a network looks like inside: statistics of its layers, and what an image sets off in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nn.arrays import Array
from nn.network.layers import Dropout, Linear
from nn.network.predictor import Predictor

SAMPLE = 1000  # images by which dead units are judged
BINS = 48  # of a histogram
SATURATION = 0.01  # distance from the end of its range at which a unit counts as saturated

_HUGE = 1e300  # weights beyond are as good as infinite
_NARROW = 1e-9  # relative spread below which all weights are the same
_BLOCK = 100  # images: bounds the memory for the activations of very wide layers


@dataclass(frozen=True, slots=True, eq=False)
class LayerStatistics:
    """A linear layer together with the activation after it.

    `mean`, `std`, `minimum` and `maximum` are those of the weights, biases apart, and not finite
    where a weight is not. `counts` and `edges` are the `numpy.histogram` of the finite weights,
    `BINS` bins from the smallest to the largest, or around them where they are all the same. `dead`
    holds one flag for each hidden unit, None for the output layer.
    """

    in_features: int
    out_features: int
    activation: str
    parameters: int
    mean: float
    std: float
    minimum: float
    maximum: float
    counts: Array
    edges: Array
    dead: Array | None


@np.errstate(all="ignore")  # of weights that diverged; they show up in the numbers
def layer_statistics(predictor: Predictor, images: Array) -> tuple[LayerStatistics, ...]:
    """The statistics of every linear layer, input side first.

    A hidden unit is dead if no image of a sample gets a gradient through it: its output is exactly
    0 (relu), or within `SATURATION` of an end of its range (sigmoid, tanh), for each of at most
    `SAMPLE` images taken evenly from `images`, uint8 of shape (n, 784). Without images no unit is.
    """
    model, config = predictor.model, predictor.config
    sample = images[:: -(-len(images) // SAMPLE) or 1]
    dead = [np.full(width, len(sample) > 0) for width in model.sizes[1:]]
    for start in range(0, len(sample), _BLOCK):
        outputs = _layer_outputs(predictor, sample[start : start + _BLOCK])
        for flags, output in zip(dead, outputs, strict=True):
            flags &= _no_gradient(config.activation, output).all(axis=0)
    last = len(model.linears) - 1
    return tuple(
        _statistics(
            linear,
            config.output_activation if number == last else config.activation,
            None if number == last else flags,
        )
        for number, (linear, flags) in enumerate(zip(model.linears, dead, strict=True))
    )


@np.errstate(all="ignore")
def activations(predictor: Predictor, image: Array) -> tuple[Array, ...]:
    """What one image, uint8 of shape (784,), sets off: the output of each layer, (out_features,).

    Each is taken after the layer's activation, so the last one holds the network's outputs (logits
    for the two cross-entropies). The arrays are copies.
    """
    return tuple(output[0].copy() for output in _layer_outputs(predictor, image[None]))


def _layer_outputs(predictor: Predictor, images: Array) -> Iterator[Array]:
    """The outputs of each layer after its activation; valid until the predictor runs again."""
    x = predictor.preprocessor.transform(images)
    for layer in predictor.model.layers:
        x = layer.forward(x)
        if not isinstance(layer, Linear | Dropout):
            yield x


def _no_gradient(activation: str, output: Array) -> Array:
    """Where the derivative of the activation is zero, or next to it."""
    if activation == "relu":
        return np.equal(output, 0)
    if activation == "sigmoid":
        return (output <= SATURATION) | (output >= 1 - SATURATION)
    if activation == "tanh":
        return np.abs(output) >= 1 - SATURATION
    return np.zeros(output.shape, bool)


def _statistics(linear: Linear, activation: str, dead: Array | None) -> LayerStatistics:
    weight = linear.weight
    counts, edges = _histogram(weight.ravel())
    return LayerStatistics(
        in_features=linear.in_features,
        out_features=linear.out_features,
        activation=activation,
        parameters=weight.size + linear.bias.size,
        mean=float(weight.mean(dtype=np.float64)),
        std=float(weight.std(dtype=np.float64)),
        minimum=float(weight.min()),
        maximum=float(weight.max()),
        counts=counts,
        edges=edges,
        dead=dead,
    )


def _histogram(values: Array) -> tuple[Array, Array]:
    finite = values[np.abs(values) < _HUGE].astype(np.float64)
    low, high = finite.min(initial=_HUGE), finite.max(initial=-_HUGE)
    if not len(finite):
        low = high = 0.0
    # np.histogram refuses a range that cannot be divided into so many bins.
    if high - low <= max(_NARROW * max(abs(low), abs(high)), 1 / _HUGE):
        margin = _NARROW * max(abs(low), abs(high), 1.0)
        low, high = low - margin, high + margin
    return np.histogram(finite, BINS, range=(low, high))
