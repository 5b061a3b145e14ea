"""Whether a network can learn: units that are dead or saturated, and weights that hardly move."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.events import EpochCompleted
from nn.network.layers import Activation
from nn.network.predictor import Predictor
from nn.training.optimizers import RULES

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
    """The health of a network on a few of these images, uint8 of shape (n, pixels)."""
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


def relative_update(
    config: TrainConfig, event: EpochCompleted, predictor: Predictor | None, steps: int
) -> float:
    """An upper bound of the change of the weights in an epoch of `steps`, relative to their size.

    It is rate |g| steps / |w|. |w| is taken as at least that of Glorot's initial weights, since
    smaller weights have to grow to that size. Where the rule normalizes the gradient, each
    parameter moves by about the rate. The running statistics of batch normalization, which are not
    trained, do not count. Without a predictor it is infinite.
    """
    if predictor is None:
        return math.inf
    parameters = predictor.model.parameters[predictor.model.trained]
    glorot = sum(2 * a * b / (a + b) for a, b in pairwise(predictor.model.sizes))
    size = max(float(np.linalg.norm(parameters)), math.sqrt(glorot))
    step = math.sqrt(sum(norm**2 for norm in event.gradient_norms))
    rule = RULES[config.optimizer]
    if rule.normalizes:
        step = math.sqrt(parameters.size)
    elif "momentum" in rule.hyperparameters:
        step /= 1 - config.momentum
    return event.learning_rate * step * steps / size
