"""Advice on a run that has ended: what usually causes that it diverged or learned nothing."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.events import Evaluation
from nn.network.layers import ACTIVATIONS
from nn.network.model import layer_sizes
from nn.spec import MNIST, DataSpec
from nn.training.advice import GO_BACK, Advice
from nn.training.best_weights import has_collapsed
from nn.training.hindrances import describe, hindrance
from nn.training.optimizers import RULES

# Above this growth of the activations from the inputs to the outputs, a network of `init=normal`
# begins with outputs so large that its first steps are out of proportion.
_LARGEST_GROWTH = 100.0

# Below this epsilon Adam divides by the roots of squares that have become 0 in float32.
_LEAST_EPS = 1e-12

_LEAST_STEPS = 10  # no network can be expected to have learned in fewer
_CHANCE = 0.05  # an accuracy this close to that of one answer for all images is hardly better


def ending_advice(
    config: TrainConfig,
    reason: str | None,
    step: int,
    epoch: float,
    best: Evaluation | None,
    labels: Array,
    *,
    final: Evaluation | None = None,
    spec: DataSpec = MNIST,
    init_from: str | None = None,
    rate_factor: float = 1.0,
) -> Advice | None:
    """Advice on a run that ended for this reason after `step` updates, None where all is well.

    `epoch` is how many epochs these are. `best` is the evaluation of the best weights, `final` that
    of the weights the run ended with. `labels` are those of the test images.
    """
    if reason == "diverged":
        return divergence_advice(
            config, step, spec=spec, init_from=init_from, rate_factor=rate_factor
        )
    if best is not None and final is not None and has_collapsed(final, best, spec.classes):
        return collapse_advice(final, best)
    return stuck_advice(config, step, epoch, best, labels, rate_factor=rate_factor)


def collapse_advice(final: Evaluation, best: Evaluation) -> Advice:
    """What to do where a run has lost what it had learned."""
    return Advice(
        "collapsed",
        f"the network has lost what it had learned: its test accuracy is {final.test.accuracy:.2%},"
        f" and was {best.test.accuracy:.2%} after epoch {best.epoch:.4g}",
        GO_BACK,
        "learning_rate",
        back=True,
    )


def divergence_advice(
    config: TrainConfig,
    step: int,
    *,
    spec: DataSpec = MNIST,
    init_from: str | None = None,
    rate_factor: float = 1.0,
) -> Advice:
    """What to change where the loss was not finite after `step` updates.

    The loss of the first batch comes before any update, so the learning rate has no part in it.
    """
    draws_normal = "normal" in (config.init, config.init_bias)
    if step == 0:
        if init_from is not None:
            field, remedy = "hidden", f"the weights of {init_from} do not fit this configuration"
        elif draws_normal:
            field, remedy = "init_std", "the initial weights are too large:"
            remedy += f" try a lower --init-std than {config.init_std:g}"
        else:
            field, remedy = "init", "the initial weights are too large: try another --init"
        when = "in the first step, before any update"
        return Advice("diverged", f"diverged: the loss was not finite {when}", remedy, field)
    if "eps" in RULES[config.optimizer].hyperparameters and config.eps < _LEAST_EPS:
        field, remedy = "eps", f"try a higher --eps than {config.eps:g}, such as 1e-8"
    elif draws_normal and init_from is None and _growth(config, spec) > _LARGEST_GROWTH:
        field = "init_std"
        remedy = f"try a lower --init-std than {config.init_std:g}, or a lower --learning-rate"
    elif config.learning_rate * config.weight_decay >= 1:
        field = "weight_decay"
        remedy = f"try a lower --weight-decay than {config.weight_decay:g}"
    elif rate_factor > 1:
        field, remedy = "learning_rate", f"the learning rate was raised by hand, x{rate_factor:g}"
    else:
        field, remedy = "learning_rate", "try a lower --learning-rate"
    sentence = f"diverged: the loss was not finite after step {step:,}"
    return Advice("diverged", sentence, remedy, field)


def _growth(config: TrainConfig, spec: DataSpec) -> float:
    """About how much larger than the inputs the outputs of `init=normal` are: the product over the
    layers of std * sqrt(fan_in / 2), where He's initialization has 1 (He et al. 2015, eq. 10).
    """
    if config.init != "normal":
        return config.init_std  # of the biases alone
    return math.prod(
        config.init_std * math.sqrt(fan_in / 2) for fan_in, _ in pairwise(layer_sizes(config, spec))
    )


def stuck_advice(
    config: TrainConfig,
    step: int,
    epoch: float,
    best: Evaluation | None,
    labels: Array,
    *,
    rate_factor: float = 1.0,
) -> Advice | None:
    """Advice where the test accuracy is about that of one answer for all images, or None.

    `labels` are those of the test images.
    """
    if best is None or epoch < 1 or step < _LEAST_STEPS or not len(labels):
        return None
    share = int(np.bincount(labels).max()) / len(labels)
    if best.test.accuracy > share + _CHANCE:
        return None
    if ACTIVATIONS[config.activation].rectifies:
        units = "ReLU units that are 0 for every image"
    else:
        units = f"{config.activation} units that are saturated"
    sentence = (
        f"the network has learned next to nothing: its test accuracy,"
        f" {best.test.accuracy:.2%}, is about that of one answer for all images ({share:.2%})"
    )
    if (held := hindrance(config)) is not None:
        does, remedy = describe(config, held)
        return Advice("nothing learned", f"{sentence}: {does}", remedy, held.field)
    by_hand = f", x{rate_factor:g} by hand" if rate_factor != 1 else ""
    return Advice(
        "nothing learned",
        sentence,
        f"usual causes are a --learning-rate that is too high or far too low (it is"
        f" {config.learning_rate:g}{by_hand}), and {units} from a large rate or from"
        f" --init={config.init}",
        "learning_rate",
    )
