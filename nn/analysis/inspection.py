"""The inside of a network: statistics of its layers, and their outputs for an image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from nn.arrays import Array
from nn.network.layers import ACTIVATIONS, Activation, Linear
from nn.network.normalization import BatchNorm
from nn.network.predictor import Predictor

SAMPLE = 1000  # the most images that decide whether a unit is dead
BINS = 48  # of the histogram of weights

_HUGE = 1e300  # weights beyond it count as infinite
_NARROW = 1e-9  # relative spread below which all weights count as equal
_BLOCK = 100  # images at a time, which bounds the memory for the activations of very wide layers


@dataclass(frozen=True, slots=True, eq=False)
class LayerStatistics:
    """A linear layer together with its batch normalization and the activation after it.

    `mean`, `std`, `minimum` and `maximum` are those of the weights without the biases, and not
    finite where a weight is not. `counts` and `edges` are the `numpy.histogram` of the finite
    weights, with `BINS` bins from the smallest to the largest, or around them where they are all
    equal. `dead` holds one flag for each hidden unit, and is None for the output layer. `norm` has
    the lowest and the highest scale, shift, running mean and running variance of the batch
    normalization between the two, by name, and is empty without one.
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
    norm: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@np.errstate(all="ignore")  # weights that diverged are shown as they are, without warnings
def layer_statistics(predictor: Predictor, images: Array) -> tuple[LayerStatistics, ...]:
    """The statistics of every linear layer, input side first.

    A hidden unit is dead if its activation is saturated (`Activation.saturated`) for every image of
    a sample: at most `SAMPLE` images taken evenly from `images`, uint8 of shape (n, pixels).
    Without images no unit is dead.
    """
    model, config = predictor.model, predictor.config
    sample = images[:: -(-len(images) // SAMPLE) or 1]
    dead = [np.full(width, len(sample) > 0) for width in model.sizes[1:]]
    for start in range(0, len(sample), _BLOCK):
        outputs = _layer_outputs(predictor, sample[start : start + _BLOCK])
        for flags, output in zip(dead, outputs, strict=True):
            flags &= ACTIVATIONS[config.activation].saturated(output).all(axis=0)
    last = len(model.linears) - 1
    return tuple(
        _statistics(
            linear,
            config.output_activation if number == last else config.activation,
            None if number == last else flags,
            model.norms[number] if model.norms and number < last else None,
        )
        for number, (linear, flags) in enumerate(zip(model.linears, dead, strict=True))
    )


@np.errstate(all="ignore")
def activations(predictor: Predictor, image: Array) -> tuple[Array, ...]:
    """The output of each layer, (out_features,), for one image, uint8 of shape (pixels,).

    Each is that after the layer's activation, so the last holds the outputs of the network (logits
    for the two cross-entropies). The arrays are copies.
    """
    return tuple(output[0].copy() for output in _layer_outputs(predictor, image[None]))


def _layer_outputs(predictor: Predictor, images: Array) -> Iterator[Array]:
    """The outputs of each layer after its activation, valid until the predictor runs again."""
    x = predictor.preprocessor.transform(images)
    for layer in predictor.model.layers:
        x = layer.forward(x)
        if isinstance(layer, Activation):
            yield x


def _statistics(
    linear: Linear, activation: str, dead: Array | None, norm: BatchNorm | None
) -> LayerStatistics:
    weight = linear.weight
    counts, edges = _histogram(weight.ravel())
    return LayerStatistics(
        in_features=linear.in_features,
        out_features=linear.out_features,
        activation=activation,
        parameters=weight.size + linear.bias.size + (2 * norm.scale.size if norm else 0),
        mean=float(weight.mean(dtype=np.float64)),
        std=float(weight.std(dtype=np.float64)),
        minimum=float(weight.min()),
        maximum=float(weight.max()),
        counts=counts,
        edges=edges,
        dead=dead,
        norm=_ranges(norm) if norm else {},
    )


def _ranges(norm: BatchNorm) -> dict[str, tuple[float, float]]:
    arrays = {"scale": norm.scale, "shift": norm.shift, "mean": norm.mean}
    arrays["variance"] = norm.variance
    return {name: (float(array.min()), float(array.max())) for name, array in arrays.items()}


def _histogram(values: Array) -> tuple[Array, Array]:
    finite = values[np.abs(values) < _HUGE].astype(np.float64)
    low, high = finite.min(initial=_HUGE), finite.max(initial=-_HUGE)
    if not len(finite):
        low = high = 0.0
    # np.histogram refuses a range that is too narrow to be divided into bins.
    if high - low <= max(_NARROW * max(abs(low), abs(high)), 1 / _HUGE):
        margin = _NARROW * max(abs(low), abs(high), 1.0)
        low, high = low - margin, high + margin
    return np.histogram(finite, BINS, range=(low, high))
