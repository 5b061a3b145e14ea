"""Opening a model of any kind: our own file, a saved run's, or what another program saved."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.arrays import Array
from nn.config import ActivationName, Preprocessing, TrainConfig
from nn.data.dataset import Split
from nn.data.preprocessing import Preprocessor
from nn.errors import StorageError
from nn.network.model import layer_sizes, layer_views, parameter_count
from nn.network.predictor import Predictor
from nn.storage.model_file import read_model
from tui.models.formats import read_arrays
from tui.models.layers import Layers, layers_of
from tui.system.exits import CommandError, ExitCode

HIDDEN: tuple[ActivationName, ...] = ("relu", "sigmoid", "tanh", "identity")
KINDS: tuple[Preprocessing, ...] = ("unit", "standardize")
_TRIED = 1000  # test digits by whose accuracy what the file does not say is guessed
_DOUBTFUL = 0.5


@dataclass(frozen=True)
class Opened:
    """A network, and sentences on what its file does not say and was therefore guessed."""

    predictor: Predictor
    remarks: tuple[str, ...] = ()


def open_model(
    path: Path, train: Split, test: Split, *, activation: ActivationName | None = None
) -> Opened:
    """Open a model file; raises `StorageError`, and `CommandError` where a package is missing.

    The files of other programs hold weights only. The activation of the hidden layers, unless it is given, and the
    preprocessing of the pixels are those with which the network recognizes most of the first thousand test digits.
    """
    if _is_ours(path):
        return Opened(read_model(path))
    try:
        arrays = read_arrays(path)
    except ImportError as error:
        package = {"h5py": "keras", "onnx": "onnx"}[str(error.name)]
        raise CommandError(
            f"{path}: reading it needs the package {error.name}: pip install 'mnist-tui[{package}]'",
            ExitCode.USAGE,
        ) from error
    layers, transposed = layers_of(path, arrays)
    tried = [activation] if activation else list(HIDDEN if len(layers) > 1 else HIDDEN[:1])
    candidates = [
        (_accuracy(predictor, test), kind, preprocessing, predictor)
        for kind in tried
        for preprocessing in (*KINDS, None)
        for predictor in [_predictor(path, layers, kind, preprocessing, train)]
    ]
    best = max(candidates, key=lambda each: each[0])
    return Opened(
        best[3], tuple(_remarks(candidates, best, layers, transposed, given=activation is not None))
    )


def _is_ours(path: Path) -> bool:
    """Whether a file is an archive with our mark in it; what is damaged is for its own reader to refuse."""
    try:
        with path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            return {"format.npy", "config.npy"} <= set(archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def _predictor(
    path: Path,
    layers: Layers,
    activation: ActivationName,
    preprocessing: Preprocessing | None,
    train: Split,
) -> Predictor:
    """The network with one choice of what the file does not say; no preprocessing is pixels from 0 to 255."""
    config = TrainConfig(
        hidden=tuple(weight.shape[1] for weight, _ in layers[:-1]),
        activation=activation,
        preprocessing=preprocessing or "unit",
    )
    sizes = layer_sizes(config)
    parameters: Array = np.empty(parameter_count(sizes), config.dtype)
    for (weight, bias), views in zip(layers, layer_views(sizes, parameters), strict=True):
        views[0][...], views[1][...] = weight, bias
    if not np.isfinite(parameters).all():
        raise StorageError(f"{path}: holds values that are not finite")
    if preprocessing is None:
        preprocessor = Preprocessor(np.array(1.0, config.dtype), None)
    else:
        preprocessor = Preprocessor.fit(preprocessing, train.images, config.dtype)
    return Predictor.of(config, parameters, preprocessor)


def _accuracy(predictor: Predictor, test: Split) -> float:
    with np.errstate(all="ignore"):
        return predictor.score(test[:_TRIED]).accuracy


def _remarks(
    candidates: list[tuple[float, ActivationName, Preprocessing | None, Predictor]],
    best: tuple[float, ActivationName, Preprocessing | None, Predictor],
    layers: Layers,
    transposed: bool,
    *,
    given: bool,
) -> list[str]:
    accuracy, activation, preprocessing, _ = best
    sizes = "-".join(str(weight.shape[0]) for weight, _ in layers) + f"-{layers[-1][0].shape[1]}"
    pixels = {
        "unit": "pixels from 0 to 1",
        "standardize": "standardized pixels",
        None: "pixels from 0 to 255",
    }
    words = pixels[preprocessing]
    if len(layers) > 1:
        words = f"{activation} and {words}"
    remarks = [
        f"{sizes} with {words}: {accuracy:.1%} of {_TRIED:,} test digits"
        + ("" if given else "; the file does not say which, so the best of all was taken")
    ]
    others = [each for each in candidates if each[1] != activation]
    if others and len(layers) > 1:
        second = max(others, key=lambda each: each[0])
        remarks.append(
            f"the next best, {second[1]}, recognizes {second[0]:.1%}; --activation chooses another"
        )
    if transposed:
        remarks.append(
            "the weights are stored as (out, in), as PyTorch has them, and were transposed"
        )
    if accuracy < _DOUBTFUL:
        remarks.append(
            "no choice gives a network that knows these digits: it was trained on other data, or on pixels prepared"
            " in another way"
        )
    return remarks
