"""What a model file of another program holds, and the limit on its size."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nn.arrays import Array
from nn.config import ActivationName, TrainConfig
from nn.errors import ConfigError, StorageError

MAX_BYTES = 2**30

Named = dict[str, Array]


@dataclass(frozen=True)
class Contents:
    """Arrays by name, and what the file states of the network.

    `activation` is that of the hidden layers; `deskew` whether the inputs are deskewed images.
    """

    arrays: Named
    activation: ActivationName | None = None
    deskew: bool = False


def own_config(about: Any) -> TrainConfig | None:
    """The configuration in the metadata that `mnist-tui export` writes, None in any other."""
    try:
        return TrainConfig.layered(json.loads(about["config"]))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, ConfigError):
        return None


def same_activation(path: object, names: Iterable[str]) -> ActivationName | None:
    """The activation of the hidden layers, whose own `names` the file gives.

    Names are those of Keras and of ONNX. Raises `StorageError` where the layers differ, or where
    one has an activation that is not known here.
    """
    given = list(dict.fromkeys(names))
    if unknown := [name for name in given if name.lower() not in _ACTIVATIONS]:
        raise StorageError(
            f"{path}: has the activation {unknown[0]}; known are relu, sigmoid, tanh and none"
        )
    if len(given) > 1:
        raise StorageError(
            f"{path}: its hidden layers have different activations ({', '.join(given)}); only"
            " networks with one for all can be opened"
        )
    return _ACTIVATIONS[given[0].lower()] if given else None


_ACTIVATIONS: Mapping[str, ActivationName] = {
    "relu": "relu",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "linear": "identity",
    "identity": "identity",
}
