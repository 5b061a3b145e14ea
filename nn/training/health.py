"""The state of hidden units: which are dead or saturated, so that no gradient passes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nn.arrays import Array
from nn.network.layers import Activation
from nn.network.predictor import Predictor

SAMPLE = 200  # images on which hidden units are looked at


@dataclass(frozen=True, slots=True)
class Health:
    """The state of each hidden layer: the share of dead units, and the share of saturated outputs.

    `outputs` is the share of saturated network outputs, 0 without an output activation.
    """

    dead: tuple[float, ...]
    saturated: tuple[float, ...]
    outputs: float


def health(predictor: Predictor, images: Array) -> Health:
    """The health of a network on a few of these images, uint8 of shape (n, 784)."""
    x = predictor.preprocessor.transform(images[:SAMPLE])
    layers, dead, saturated, outputs = predictor.model.layers, [], [], 0.0
    with np.errstate(all="ignore"):
        for layer in layers:
            x = layer.forward(x)
            if not isinstance(layer, Activation):
                continue
            flat = layer.saturated(x)
            if layer is layers[-1]:
                outputs = float(flat.mean())
            else:
                dead.append(float(flat.all(axis=0).mean()))
                saturated.append(0.0 if layer.rectifies else float(flat.mean()))
    return Health(tuple(dead), tuple(saturated), outputs)
