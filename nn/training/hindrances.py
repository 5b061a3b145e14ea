"""Settings that alone keep a network from learning, whatever its learning rate."""

from __future__ import annotations

from typing import NamedTuple

from nn.config import TrainConfig, flag
from nn.training.optimizers import RULES


class Hindrance(NamedTuple):
    """A field that holds a network back, what it does, and a usual value."""

    field: str
    effect: str
    usual: str


def hindrance(config: TrainConfig) -> Hindrance | None:
    """The first setting far beyond any useful one, or None.

    Ask only where nothing was learned: near these limits there are networks that learn.
    """
    adaptive = "eps" in RULES[config.optimizer].hyperparameters
    # Decoupled weight decay shrinks the weights by this share a step.
    decay = config.weight_decay * (config.learning_rate if config.optimizer == "adamw" else 0.1)
    found = (
        (decay >= 0.01, "weight_decay", "holds the weights near 0", "1e-4"),
        (0 < config.max_norm < 0.1, "max_norm", "holds the weights near 0", "3"),
        # The steps of Adam's rules do not depend on the size of the gradients.
        (
            not adaptive and 0 < config.clip_norm < 0.01,
            "clip_norm",
            "leaves next to nothing of the gradients",
            "1",
        ),
        (adaptive and config.eps > 1, "eps", "makes every step smaller by about as much", "1e-8"),
        (config.dropout >= 0.9, "dropout", "drops nearly all units", "0.2"),
        (config.noise >= 10, "noise", "drowns the images", "0.3"),
        (config.label_smoothing >= 0.9, "label_smoothing", "makes all targets alike", "0.1"),
    )
    return next((Hindrance(*rest) for held, *rest in found if held), None)


def describe(config: TrainConfig, found: Hindrance) -> tuple[str, str]:
    """What a setting does, and the remedy, as two parts of a sentence."""
    value = getattr(config, found.field)
    return (
        f"{flag(found.field)}={value:g} {found.effect}",
        f"take {flag(found.field)}={found.usual}, or about that",
    )
