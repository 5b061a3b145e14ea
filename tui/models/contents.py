"""What a model file of another program holds, and the limit on its size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nn.arrays import Array
from nn.config import ActivationName
from nn.errors import StorageError
from nn.network.predictor import Predictor

MAX_BYTES = 2**30

Named = dict[str, Array]


@dataclass(frozen=True)
class Contents:
    """Arrays by name, and what the file states of the network.

    `activation` is that of the hidden layers. `network` is the whole network where
    `mnist-tui export` wrote the file, which states all of it.
    """

    arrays: Named
    activation: ActivationName | None = None
    network: Predictor | None = None


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
