"""What `mnist-tui export` writes about a network beside its arrays, and how it is read again.

config                 the configuration as JSON
pixels, inputs         what the network is fed, in words
size, classes          width and height of the images, and the names of the outputs as JSON
centred, bright_paper  true or false, as in a model file (`nn.storage.model_file`)
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.errors import ConfigError, StorageError
from nn.network.predictor import Predictor
from nn.spec import MNIST
from nn.storage.model_file import BRIGHT, CENTRED, DAMAGE, DATA, predictor_of, take_model


def about(predictor: Predictor) -> dict[str, str]:
    """The metadata of a network."""
    preprocessor, spec = predictor.preprocessor, predictor.spec
    return {
        "config": json.dumps(predictor.config.to_dict()),
        "pixels": preprocessor.expected_pixels,
        "inputs": "pixels * preprocessing.scale + preprocessing.shift",
        "size": spec.size,
        "classes": json.dumps(spec.names),
        "centred": json.dumps(preprocessor.centred),
        "bright_paper": json.dumps(preprocessor.bright_paper),
    }


class _Arrays:
    """Named arrays, read as those of a model file are."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._arrays = arrays
        self.names = tuple(arrays)
        self.bytes = sum(array.nbytes for array in arrays.values())

    def read(self, name: str) -> Array:
        return self._arrays[name]

    def read_into(self, name: str, target: Array) -> None:
        array = self._arrays[name]
        if array.shape != target.shape or array.dtype.kind != "f":
            raise ValueError(f"{name} is {array.dtype} {array.shape}, expected {target.shape}")
        target[...] = array


def exported_network(
    path: object, found: Mapping[str, str], arrays: Mapping[str, Array]
) -> Predictor | None:
    """The network of a file that `mnist-tui export` wrote, None for any other.

    `found` is the file's metadata. Raises `StorageError` where they do not fit the arrays.
    """
    if "config" not in found or not {"preprocessing.scale", "layer1.weight"} <= set(arrays):
        return None
    try:
        TrainConfig.layered(json.loads(found["config"]))
    except (TypeError, ValueError, AttributeError, RecursionError, ConfigError):
        return None
    try:
        held = {
            "config": np.array(found["config"]),
            CENTRED: np.array(_truth(found.get("centred", "true"))),
            BRIGHT: np.array(_truth(found.get("bright_paper", "false"))),
        }
        if "size" in found:
            columns, rows = map(int, found["size"].split("x"))
            names = json.loads(found["classes"]) if "classes" in found else MNIST.names
            spec = {"rows": rows, "columns": columns, "names": names}
            held[DATA] = np.array(json.dumps(spec))
        taken = take_model(_Arrays({**arrays, **held}))
        if not all(np.isfinite(arrays[name]).all() for name in arrays):
            raise ValueError("holds values that are not finite")
    except DAMAGE as error:
        raise StorageError(f"{path}: damaged: {error}") from error
    return predictor_of(*taken)


def _truth(text: str) -> bool:
    value = json.loads(text)
    if type(value) is not bool:
        raise TypeError(f"{text[:20]} in place of true or false")
    return value
