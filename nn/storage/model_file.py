"""A model file: a trained network with its preprocessing, as a NumPy `.npz` without pickle.

format                 "mnist-tui model 1"
config                 the configuration as a JSON object
layer1.weight, layer1.bias, layer2.weight, ...    (in_features, out_features) and (out_features,)
preprocessing.scale, preprocessing.shift          inputs are pixels * scale + shift; no shift means 0
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import PIXELS
from nn.data.preprocessing import Preprocessor
from nn.errors import ConfigError, StorageError
from nn.network.model import layer_sizes, layer_views, parameter_count
from nn.network.predictor import Predictor
from nn.storage.npz import read_npz, write_npz

FORMAT = "mnist-tui model 1"
MAX_BYTES = 32 * 2**30

# What reading the content of a damaged file may raise.
DAMAGE = (ConfigError, KeyError, TypeError, AttributeError, ValueError, RecursionError)


def write_model(path: Path, predictor: Predictor) -> None:
    """Write a model file, atomically; raises `StorageError`."""
    config, parameters = predictor.config, predictor.model.parameters
    write_npz(path, model_arrays(config, parameters, predictor.preprocessor))


def read_model(path: Path) -> Predictor:
    """Read a model file, or the model in a checkpoint; raises `StorageError` for anything else."""
    arrays = read_npz(path, max_bytes=MAX_BYTES)
    if (found := str(arrays.get("format", ""))) != FORMAT:
        raise StorageError(f"{path}: not a model file ({FORMAT!r} expected, found {found[:60]!r})")
    try:
        config, parameters, preprocessor = take_model(arrays)
        for array in (parameters, preprocessor.scale, preprocessor.shift):
            if array is not None and not np.isfinite(array).all():
                raise ValueError("holds values that are not finite")
    except DAMAGE as error:
        raise StorageError(f"{path}: damaged model file: {error}") from error
    return Predictor.of(config, parameters, preprocessor)


def weight_arrays(predictor: Predictor) -> dict[str, Array]:
    """Weights, biases and preprocessing of a network, under the names they have in a model file."""
    return named_arrays(predictor.model.sizes, predictor.model.parameters, predictor.preprocessor)


def named_arrays(
    sizes: Sequence[int], parameters: Array, preprocessor: Preprocessor
) -> dict[str, Array]:
    """A network's flat vector as weights and biases by name, with the preprocessing."""
    arrays = {"preprocessing.scale": preprocessor.scale}
    if preprocessor.shift is not None:
        arrays["preprocessing.shift"] = preprocessor.shift
    for number, (weight, bias) in enumerate(layer_views(sizes, parameters), 1):
        arrays[f"layer{number}.weight"], arrays[f"layer{number}.bias"] = weight, bias
    return arrays


def model_arrays(
    config: TrainConfig, parameters: Array, preprocessor: Preprocessor
) -> dict[str, Array]:
    """What a model file holds."""
    about = {"format": np.array(FORMAT), "config": np.array(json.dumps(config.to_dict()))}
    return about | named_arrays(layer_sizes(config), parameters, preprocessor)


def take_model(arrays: dict[str, Array]) -> tuple[TrainConfig, Array, Preprocessor]:
    """Remove from `arrays` what a model file holds, and return it; raises one of `DAMAGE`."""
    del arrays["format"]
    config = TrainConfig.layered(json.loads(str(arrays.pop("config"))))
    sizes = layer_sizes(config)
    stored = sum(array.size for array in arrays.values())
    if (needed := parameter_count(sizes)) > stored:  # before allocating that much
        raise ValueError(f"{needed:,} parameters configured, {stored:,} numbers stored")
    parameters = np.empty(needed, config.dtype)
    scale, shift = arrays["preprocessing.scale"], arrays.get("preprocessing.shift")
    pixels = np.empty(PIXELS if scale.ndim else (), config.dtype)
    preprocessor = Preprocessor(pixels, None if shift is None else np.empty_like(pixels))
    for name, array in named_arrays(sizes, parameters, preprocessor).items():
        found = arrays.pop(name)
        if found.shape != array.shape or found.dtype != array.dtype:
            raise ValueError(
                f"{name} is {found.dtype} {found.shape}, expected {array.dtype} {array.shape}"
            )
        array[...] = found
    return config, parameters, preprocessor
