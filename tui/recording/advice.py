"""What usually causes a run that fails or learns nothing, as a sentence for the user."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.network.model import layer_sizes
from nn.storage.records import Outcome

# Above this growth of the activations from the inputs to the outputs, a network of `init=normal`
# begins with outputs so large that its first steps are out of proportion.
_LARGEST_GROWTH = 100.0

# Below this epsilon Adam divides by the roots of squares that have become 0 in float32.
_LEAST_EPS = 1e-12

_LEAST_STEPS = 10  # before so many steps no network can be expected to have learned
_LARGE_DECAY = 0.1  # far above any weight decay that the literature uses for such networks
_CHANCE = 0.05  # an accuracy this close to that of one answer for all images is hardly better


def divergence_advice(
    config: TrainConfig, step: int, *, init_from: str | None = None, rate_factor: float = 1.0
) -> str:
    """What to change where the loss was not finite after `step` updates.

    The loss of the first batch comes before any update, so the learning rate has no part in it.
    """
    draws_normal = "normal" in (config.init, config.init_bias)
    if step == 0:
        when = "in the first step, before any update"
        if init_from is not None:
            remedy = f"the weights of {init_from} do not fit this configuration"
        elif draws_normal:
            remedy = "the initial weights are too large:"
            remedy += f" try a lower --init-std than {config.init_std:g}"
        else:
            remedy = "the initial weights are too large: try another --init"
        return f"diverged: the loss was not finite {when}; {remedy}"
    when = f"after step {step:,}"
    if config.optimizer in ("adam", "adamw") and config.eps < _LEAST_EPS:
        remedy = f"try a higher --eps than {config.eps:g}, such as 1e-8"
    elif draws_normal and init_from is None and _growth(config) > _LARGEST_GROWTH:
        remedy = f"try a lower --init-std than {config.init_std:g}, or a lower --learning-rate"
    elif config.learning_rate * config.weight_decay >= 1:
        remedy = f"try a lower --weight-decay than {config.weight_decay:g}"
    elif rate_factor > 1:
        remedy = f"the learning rate was raised by hand, x{rate_factor:g}"
    else:
        remedy = "try a lower --learning-rate"
    return f"diverged: the loss was not finite {when}; {remedy}"


def _growth(config: TrainConfig) -> float:
    """About how much larger than the inputs the outputs of `init=normal` are: the product over the
    layers of std * sqrt(fan_in / 2), where He's initialization has 1 (He et al. 2015, eq. 10).
    """
    if config.init != "normal":
        return config.init_std  # of the biases alone
    return math.prod(
        config.init_std * math.sqrt(fan_in / 2) for fan_in, _ in pairwise(layer_sizes(config))
    )


def stuck_advice(config: TrainConfig, outcome: Outcome, labels: Array) -> str | None:
    """A sentence where the best test accuracy is about that of one answer for all images, or None.

    `labels` are those of the test images.
    """
    best = outcome.best
    if best is None or outcome.epoch < 1 or outcome.step < _LEAST_STEPS or not len(labels):
        return None
    share = int(np.bincount(labels).max()) / len(labels)
    if best.test.accuracy > share + _CHANCE:
        return None
    if config.activation == "relu":
        units = "ReLU units that are 0 for every image"
    else:
        units = f"{config.activation} units that are saturated"
    decay = ""
    if config.weight_decay >= _LARGE_DECAY:
        decay = f"a --weight-decay that holds the weights near 0 (it is {config.weight_decay:g}), "
    return (
        "the network has learned next to nothing: its best test accuracy,"
        f" {best.test.accuracy:.2%},"
        f" is about that of one answer for all images ({share:.2%}); usual causes are a"
        f" --learning-rate that is too high or far too low (it is {config.learning_rate:g}),"
        f" {decay}and {units} from a large rate or from --init={config.init}"
    )
