"""A model file: a trained network with its preprocessing, as a NumPy `.npz` without pickle.

format                 "mnist-tui model 1"
config                 the configuration as a JSON object
layer1.weight, layer1.bias, ...             (in_features, out_features) and (out_features,), of the
                       configuration's type or of half precision
norm1.scale, norm1.shift, norm1.mean, ...   of batch normalization, (units,) for each hidden layer:
                       scale, shift, and the running mean and variance
preprocessing.scale, preprocessing.shift    inputs are pixels * scale + shift; no shift means 0;
                       with `deskew` in the configuration, of pixels that are deskewed first
step                   the number of updates; only in the final model of a saved run
preprocessing.centred  false where the images are not centred as MNIST's are; or missing
preprocessing.bright   true where dark ink stands on bright paper; or missing
raw                    with `average_decay` in the configuration, whose moving average the weights
                       above are: the weights as they were trained, one vector in the order of the
                       layers; missing where the average is of an earlier step
data                   {"rows", "columns", "names"} as a JSON object: the size of the images and the
                       names of the classes; missing where they are MNIST's

A committee is a file with these arrays:

format                 "mnist-tui committee 1"
config                 the configuration of its first member, with loss="cross-entropy"
shift                  pixels by which copies of an image are moved (`nn.network.committee`)
step                   as above
member1.config, member1.layer1.weight, ...  what the model file of each member holds
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

import numpy as np

from nn.arrays import Array, aligned_zeros
from nn.config import TrainConfig
from nn.data.preprocessing import Preprocessor, edges_of
from nn.errors import ConfigError, StorageError
from nn.network.committee import Committee
from nn.network.model import build_model, layer_sizes, layer_views, norm_views, vector_size
from nn.network.predictor import Predictor
from nn.reading import read_as
from nn.spec import MNIST, DataSpec
from nn.storage.npz import NpzReader, open_npz, write_npz

FORMAT = "mnist-tui model 1"
COMMITTEE = "mnist-tui committee 1"
_NORM_PARTS = ("scale", "shift", "mean", "variance")
CENTRED, BRIGHT = "preprocessing.centred", "preprocessing.bright"
DATA, RAW = "data", "raw"
MAX_BYTES = 32 * 2**30

# What reading the content of a damaged file may raise.
DAMAGE = (ConfigError, KeyError, TypeError, AttributeError, ValueError, RecursionError)


def write_model(
    path: Path, predictor: Predictor, *, step: int | None = None, raw: Array | None = None
) -> None:
    """Write a model file, atomically; raises `StorageError`.

    `raw` are the weights as they were trained where those of the predictor are their average.
    """
    arrays = _arrays_of(predictor)
    if isinstance(predictor, Committee):
        arrays = {
            "format": np.array(COMMITTEE),
            "config": np.array(json.dumps(predictor.config.to_dict())),
            "shift": np.array(predictor.shift),
        }
        for number, member in enumerate(predictor.members, 1):
            arrays |= {f"member{number}.{name}": a for name, a in _arrays_of(member).items()}
    if step is not None:
        arrays["step"] = np.array(step)
    if raw is not None:
        arrays[RAW] = raw
    write_npz(path, arrays)


def read_model(path: Path, *, raw: bool = False) -> Predictor:
    """Read a model file, or the model in a checkpoint; raises `StorageError` for anything else.

    If `raw`, its weights are those that were trained, where a file holds them beside their average.
    """
    with open_npz(path, max_bytes=MAX_BYTES) as reader:
        try:
            if "shift" in reader.names:
                check_format(path, reader, "format", COMMITTEE, "committee")
                return _take_committee(reader)
            check_format(path, reader, "format", FORMAT, "model file")
            if raw and RAW not in reader.names:
                raise StorageError(f"{path}: holds no raw weights beside averaged ones")
            return _take_predictor(reader, raw=raw)
        except DAMAGE as error:
            raise StorageError(f"{path}: damaged model file: {error}") from error


def _take_predictor(reader: NpzReader, *, raw: bool = False) -> Predictor:
    """Read a network; raises one of `DAMAGE`."""
    config, parameters, preprocessor, spec = take_model(reader)
    if raw:
        reader.read_into(RAW, parameters)
    for array in (parameters, preprocessor.scale, preprocessor.shift):
        if array is not None and not np.isfinite(array).all():
            raise ValueError("holds values that are not finite")
    return predictor_of(config, parameters, preprocessor, spec)


def _take_committee(reader: NpzReader) -> Committee:
    members: list[Predictor] = []
    while (part := reader.part(f"member{len(members) + 1}.")).names:
        members.append(_take_predictor(part))
    if not members:
        raise ValueError("a committee without members")
    return Committee(members, shift=int(reader.read("shift")))


def _arrays_of(predictor: Predictor) -> dict[str, Array]:
    config, parameters = predictor.config, predictor.model.parameters
    return model_arrays(config, parameters, predictor.preprocessor, predictor.spec)


def check_format(path: Path, reader: NpzReader, name: str, expected: str, kind: str) -> None:
    """Raise `StorageError` unless the array `name` is the text that marks files of this kind."""
    found = str(reader.read(name))[:60] if name in reader.names else ""
    if found != expected:
        raise StorageError(f"{path}: not a {kind} ({expected!r} expected, found {found!r})")


def predictor_of(
    config: TrainConfig, parameters: Array, preprocessor: Preprocessor, spec: DataSpec
) -> Predictor:
    """A predictor whose network works on this very vector of parameters."""
    gradients = aligned_zeros(parameters.size, parameters.dtype)  # takes no memory until it is used
    vectors = parameters, gradients
    model = build_model(config, spec, rng=np.random.default_rng(0), vectors=vectors)
    return Predictor(config, model, preprocessor, spec)


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
    for number, views in enumerate(norm_views(sizes, parameters), 1):
        arrays |= {f"norm{number}.{part}": v for part, v in zip(_NORM_PARTS, views, strict=True)}
    return arrays


def model_arrays(
    config: TrainConfig, parameters: Array, preprocessor: Preprocessor, spec: DataSpec
) -> dict[str, Array]:
    """What a model file holds."""
    about = {"format": np.array(FORMAT), "config": np.array(json.dumps(config.to_dict()))}
    if not preprocessor.centred:
        about[CENTRED] = np.array(False)
    if preprocessor.bright_paper:
        about[BRIGHT] = np.array(True)
    if spec != MNIST:
        about[DATA] = np.array(json.dumps(asdict(spec)))
    return about | named_arrays(layer_sizes(config, spec), parameters, preprocessor)


class ArraySource(Protocol):
    """Where the arrays of a network are read from: an `NpzReader`, or another file's content."""

    @property
    def names(self) -> Collection[str]:
        """Of all arrays."""

    @property
    def bytes(self) -> int:
        """The size of all arrays."""

    def read(self, name: str) -> Array:
        """The array of that name; raises KeyError where there is none."""

    def read_into(self, name: str, target: Array) -> None:
        """Read an array to where it is to be; raises ValueError where it has another shape."""


def take_model(reader: ArraySource) -> tuple[TrainConfig, Array, Preprocessor, DataSpec]:
    """Read what a model file holds, each weight to its place; raises one of `DAMAGE`."""
    config = TrainConfig.layered(json.loads(str(reader.read("config"))))
    spec = MNIST
    if DATA in reader.names:
        spec = read_as(DataSpec, json.loads(str(reader.read(DATA))))
    sizes = layer_sizes(config, spec)
    (needed, _), least = vector_size(config, spec), np.dtype(np.float16).itemsize
    if needed * least > reader.bytes:  # checked before memory of that size is allocated
        raise ValueError(f"{needed:,} parameters configured, {reader.bytes:,} bytes stored")
    parameters = aligned_zeros(needed, config.dtype)
    scale = reader.read("preprocessing.scale")
    pixels = np.empty(spec.pixels if scale.ndim else (), config.dtype)
    shift = np.empty_like(pixels) if "preprocessing.shift" in reader.names else None
    centred = bool(reader.read(CENTRED)) if CENTRED in reader.names else True
    bright = BRIGHT in reader.names and bool(reader.read(BRIGHT))
    deskews = spec.shape if config.deskew else None
    finds_edges = edges_of(config.preprocessing, spec.shape)
    preprocessor = Preprocessor(pixels, shift, centred, bright, deskews, finds_edges)
    for name, array in named_arrays(sizes, parameters, preprocessor).items():
        reader.read_into(name, array)
    return config, parameters, preprocessor, spec


def model_names(config: TrainConfig, reader: NpzReader) -> set[str]:
    """The names of the arrays in an archive that belong to the model in it."""
    layers = range(1, len(layer_sizes(config)))
    names = {f"layer{number}.{part}" for number in layers for part in ("weight", "bias")}
    names |= {f"norm{number}.{part}" for number in layers for part in _NORM_PARTS}
    preprocessing = {"preprocessing.scale", "preprocessing.shift", CENTRED, BRIGHT}
    about = {"format", "config", "step", DATA, RAW} | preprocessing
    return (names | about) & set(reader.names)
