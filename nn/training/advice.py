"""Advice on a run: what its numbers show, and which field to change.

The rules look at a run that learns nothing, or no longer learns, and name the most likely cause. A
network that learns in spite of a symptom gets no advice: half of the study notes' recipes train
with saturated units. Each threshold stands beside the rule that uses it. `Advisor` follows a run
and says when a rule is asked; its tests hold the rules to no false alarm on any recipe. `factor` is
what the user multiplies the learning rate by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from nn.arrays import Array
from nn.config import TrainConfig
from nn.events import EpochCompleted
from nn.network.layers import ACTIVATIONS
from nn.network.losses import LOSSES
from nn.network.predictor import Predictor
from nn.training.health import Health, health, relative_update
from nn.training.hindrances import describe, hindrance

_MOST_UNITS = 0.9  # the share of its units or outputs from which a layer counts as lost
_VANISHED = 1 / 50  # the first layer's gradient against the last one's
_INPUT_NORM = 9.0  # of an image with pixels from 0 to 1
_LARGE_SPREAD = 20.0  # of the first layer's outputs, before the activation
_LOW_UPDATE = 0.5  # the change of the weights in an epoch, relative to their size

GO_BACK = "go back to its best epoch, at a tenth of the --learning-rate"
"""The remedy of a run that has learned something before."""
COLLAPSES = ("dead units", "rate too high")
"""Kinds of advice on what also befalls a run that has learned something before."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What the numbers show, and what to change; as text, one sentence of the two.

    `kind` is the name of the rule, `field` that of the configuration field to change. `factor` is
    what the learning rate may be multiplied by at once, where that helps a run that goes on. `back`
    is whether the run has learned before, so that its best epoch is worth going back to.
    """

    kind: str
    sentence: str
    remedy: str
    field: str
    factor: float | None = None
    back: bool = False

    def __str__(self) -> str:
        return f"{self.sentence}; {self.remedy}"

    def going_back(self) -> Advice:
        """The same for a run that has learned before, whose best epoch is worth going back to."""
        return replace(self, remedy=GO_BACK, back=True)


def dead_units(config: TrainConfig, found: Health, factor: float) -> Advice | None:
    """Advice where next to all units of a hidden layer are dead, of weights that differ."""
    if _same_weights(config) or not ACTIVATIONS[config.activation].rectifies:
        return None
    if not found.dead or max(found.dead) < _MOST_UNITS:
        return None
    layer = found.dead.index(max(found.dead)) + 1
    remedy = "start again with a tenth of the --learning-rate"
    if not config.init.startswith("he-"):
        remedy += ", or with --init=he-normal"
    if factor > 1:
        remedy = f"start again without raising the rate by hand (x{factor:g})"
    return Advice(
        "dead units",
        f"{max(found.dead):.0%} of the units of hidden layer {layer} are dead: their ReLU gives 0"
        " for every image, and no gradient passes",
        remedy,
        "learning_rate",
    )


def weights_too_large(config: TrainConfig) -> Advice | None:
    """Advice where the initial weights saturate the first layer, or make its outputs huge."""
    spread = config.init_std * _INPUT_NORM
    if config.init != "normal" or spread < _LARGE_SPREAD:
        return None
    return Advice(
        "weights too large",
        f"the initial weights are so large (--init-std={config.init_std:g}) that the outputs of the"
        " first layer are huge at the start",
        "start with smaller weights: --init=glorot-normal, or --init-std=0.01",
        "init_std",
    )


def rate_too_high(config: TrainConfig, sentence: str, factor: float) -> Advice:
    """Advice to take a lower learning rate, at once where the run goes on."""
    remedy = f"take a lower --learning-rate, {config.learning_rate / 10:g} say"
    if factor > 1:
        remedy = f"the rate was raised by hand, x{factor:g}: lower it again"
    return Advice("rate too high", sentence, remedy, "learning_rate", factor=0.1)


def rate_too_low(config: TrainConfig, sentence: str, factor: float) -> Advice:
    """Advice to take a higher learning rate, at once where the run goes on."""
    remedy = f"take a higher --learning-rate, {config.learning_rate * 10:g} say"
    if factor < 1:
        remedy = f"the rate was lowered by hand, x{factor:g}: raise it again"
    return Advice("rate too low", sentence, remedy, "learning_rate", factor=10.0)


def overfitting(loss: float, lowest: float) -> Advice:
    """Advice where the validation loss has risen from its lowest value to this one."""
    return Advice(
        "overfitting",
        f"the validation loss rises ({loss:.3f}, lowest {lowest:.3f})"
        " while that of training falls: the network learns its images by heart",
        "stop here (--patience=3 does), or take --dropout=0.2, --weight-decay=1e-4 or more images",
        "patience",
    )


def cause(
    config: TrainConfig,
    event: EpochCompleted,
    predictor: Predictor | None,
    images: Array | None,
    *,
    factor: float,
    steps: int,
    chance_loss: float,
) -> Advice:
    """The first cause whose symptom is there, for a network that learns nothing.

    `steps` is how many make an epoch, and `chance_loss` the loss of a network that guesses.
    """
    norms = event.gradient_norms
    if _same_weights(config):
        return Advice(
            "weights all the same",
            "the weights start at 0, so that all units of a layer stay the same",
            "start with random weights: --init=he-normal, or --init-std=0.01",
            "init",
        )
    if (held := hindrance(config)) is not None:
        does, remedy = describe(config, held)
        return Advice(
            "held back", f"the loss is still that of guessing: {does}", remedy, held.field
        )
    if predictor is not None and images is not None:
        found = health(predictor, images)
        lost = dead_units(config, found, factor) or _saturated(config, found)
        if lost is not None:
            return lost
    if len(norms) > 2 and norms[0] < _VANISHED * norms[-1]:
        other = "" if config.init.startswith("glorot-") else "--init=glorot-normal with "
        return Advice(
            "vanishing gradients",
            f"the first layer gets {norms[0] / norms[-1]:.1g} of the last layer's gradient:"
            f" each {config.activation} on the way makes it smaller",
            f"take --activation=relu, or {other}a higher --learning-rate",
            "activation",
        )
    if relative_update(config, event, predictor, steps) < _LOW_UPDATE:
        return rate_too_low(
            config, "the loss is still that of guessing, and the weights hardly move", factor
        )
    if math.isfinite(event.train_loss) and event.train_loss > 1.5 * chance_loss:
        return rate_too_high(
            config, f"the training loss is {event.train_loss:.3g}, above that of guessing", factor
        )
    return Advice(
        "labels",
        f"the loss stays at that of guessing ({event.train_loss:.3f}) although the weights move",
        "look at the images with their labels: do they belong together? If so, try another"
        " --learning-rate",
        "data_dir",
    )


def _saturated(config: TrainConfig, found: Health) -> Advice | None:
    """Advice where next to all outputs of a layer lie where their derivative is next to 0."""
    if found.saturated and max(found.saturated) >= _MOST_UNITS:
        layer = found.saturated.index(max(found.saturated)) + 1
        return Advice(
            "saturated units",
            f"{max(found.saturated):.0%} of the outputs of hidden layer {layer} lie at the"
            f" end of the {config.activation}'s range, where its derivative is next to 0",
            f"start with smaller weights: {_smaller(config)}",
            "init",
        )
    if found.outputs >= _MOST_UNITS and not LOSSES[config.loss].takes_logits:
        return Advice(
            "saturated outputs",
            f"{found.outputs:.0%} of the outputs are saturated, where the gradient of a"
            " squared error dies",
            "take --loss=binary-cross-entropy with --output-activation=identity, or a"
            " lower --learning-rate",
            "loss",
        )
    return None


def _smaller(config: TrainConfig) -> str:
    """What makes the initial weights smaller than they are."""
    if config.init == "normal":
        return "--init=glorot-normal, or a smaller --init-std"
    if config.init.startswith("glorot-"):
        return "--init=normal with --init-std=0.01"
    return "--init=glorot-normal"


def _same_weights(config: TrainConfig) -> bool:
    """Whether all units of a layer begin, and so stay, the same."""
    return config.init == "normal" and config.init_std == 0
