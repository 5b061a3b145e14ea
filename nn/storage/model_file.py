"""A model file: a trained network with its preprocessing, as a NumPy `.npz` without pickle.

format                 "mnist-tui model 1"
config                 the configuration as a JSON object
layer1.weight, layer1.bias, ...             (in_features, out_features) and (out_features,)
preprocessing.scale, preprocessing.shift    inputs are pixels * scale + shift; no shift means 0
step                   the number of updates; only in the final model of a saved run
preprocessing.centred  false where the images are not centred as MNIST's are; or missing
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nn.arrays import Array, aligned_zeros
from nn.config import TrainConfig
from nn.data.dataset import PIXELS
from nn.data.preprocessing import Preprocessor
from nn.errors import ConfigError, StorageError
from nn.network.model import build_model, layer_sizes, layer_views, parameter_count
from nn.network.predictor import Predictor
from nn.storage.npz import NpzReader, open_npz, write_npz

FORMAT = "mnist-tui model 1"
CENTRED = "preprocessing.centred"
MAX_BYTES = 32 * 2**30

# What reading the content of a damaged file may raise.
DAMAGE = (ConfigError, KeyError, TypeError, AttributeError, ValueError, RecursionError)


def write_model(path: Path, predictor: Predictor, *, step: int | None = None) -> None:
    """Write a model file, atomically; raises `StorageError`."""
    config, parameters = predictor.config, predictor.model.parameters
    arrays = model_arrays(config, parameters, predictor.preprocessor)
    if step is not None:
        arrays["step"] = np.array(step)
    write_npz(path, arrays)


def read_model(path: Path) -> Predictor:
    """Read a model file, or the model in a checkpoint; raises `StorageError` for anything else."""
    with open_npz(path, max_bytes=MAX_BYTES) as reader:
        check_format(path, reader, "format", FORMAT, "model file")
        try:
            config, parameters, preprocessor = take_model(reader)
            for array in (parameters, preprocessor.scale, preprocessor.shift):
                if array is not None and not np.isfinite(array).all():
                    raise ValueError("holds values that are not finite")
        except DAMAGE as error:
            raise StorageError(f"{path}: damaged model file: {error}") from error
    return predictor_of(config, parameters, preprocessor)


def check_format(path: Path, reader: NpzReader, name: str, expected: str, kind: str) -> None:
    """Raise `StorageError` unless the array `name` is the text that marks files of this kind."""
    found = str(reader.read(name))[:60] if name in reader.names else ""
    if found != expected:
        raise StorageError(f"{path}: not a {kind} ({expected!r} expected, found {found!r})")


def predictor_of(config: TrainConfig, parameters: Array, preprocessor: Preprocessor) -> Predictor:
    """A predictor whose network works on this very vector of parameters."""
    gradients = aligned_zeros(parameters.size, parameters.dtype)  # takes no memory until it is used
    model = build_model(config, rng=np.random.default_rng(0), vectors=(parameters, gradients))
    return Predictor(config, model, preprocessor)


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
    if not preprocessor.centred:
        about[CENTRED] = np.array(False)
    return about | named_arrays(layer_sizes(config), parameters, preprocessor)


def take_model(reader: NpzReader) -> tuple[TrainConfig, Array, Preprocessor]:
    """Read what a model file holds, each weight to its place; raises one of `DAMAGE`."""
    config = TrainConfig.layered(json.loads(str(reader.read("config"))))
    sizes = layer_sizes(config)
    needed, item = parameter_count(sizes), np.dtype(config.dtype).itemsize
    if needed * item > reader.bytes:  # before so much is allocated
        raise ValueError(f"{needed:,} parameters configured, {reader.bytes:,} bytes stored")
    parameters = aligned_zeros(needed, config.dtype)
    scale = reader.read("preprocessing.scale")
    pixels = np.empty(PIXELS if scale.ndim else (), config.dtype)
    shift = np.empty_like(pixels) if "preprocessing.shift" in reader.names else None
    centred = bool(reader.read(CENTRED)) if CENTRED in reader.names else True
    preprocessor = Preprocessor(pixels, shift, centred)
    for name, array in named_arrays(sizes, parameters, preprocessor).items():
        reader.read_into(name, array)
    return config, parameters, preprocessor


def model_names(config: TrainConfig, reader: NpzReader) -> set[str]:
    """The names of the arrays in an archive that belong to the model in it."""
    layers = range(1, len(layer_sizes(config)))
    names = {f"layer{number}.{part}" for number in layers for part in ("weight", "bias")}
    about = {"format", "config", "step", "preprocessing.scale", "preprocessing.shift", CENTRED}
    return (names | about) & set(reader.names)
