"""Opening a model of any kind: our own file, or weights that another program saved."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nn.arrays import Array
from nn.config import ActivationName, Preprocessing, TrainConfig
from nn.data.dataset import Dataset
from nn.data.preprocessing import Preprocessor
from nn.errors import ConfigError, StorageError
from nn.network.model import layer_sizes, layer_views, parameter_count
from nn.network.predictor import Predictor
from nn.storage.files import open_regular
from nn.storage.model_file import read_model
from tui.models.formats import read_contents
from tui.models.layers import Found, Layers, layers_of
from tui.system.exits import CommandError, ExitCode

HIDDEN: tuple[ActivationName, ...] = ("relu", "sigmoid", "tanh", "identity")
_TRIED = 1000  # test digits by whose accuracy what the file does not say is guessed
_DOUBTFUL = 0.5  # a network below this accuracy was not trained on these inputs
_EXTRAS = {"h5py": "keras", "onnx": "onnx"}  # the extra that installs each package


@dataclass(frozen=True)
class Pixels:
    """The inputs that a network was trained on: `factor` * x + `offset` of `preprocessing`."""

    words: str
    preprocessing: Preprocessing
    factor: float = 1.0
    offset: float = 0.0

    @property
    def changes_weights(self) -> bool:
        """Whether the first layer has to take up the factor and the offset."""
        return (self.factor, self.offset) != (1.0, 0.0)


# In the order in which equals are preferred.
PIXELS = (
    Pixels("pixels from 0 to 1", "unit"),
    Pixels("standardized pixels", "standardize"),
    Pixels("pixels from -1 to 1", "unit", 2.0, -1.0),
    Pixels("pixels from 0 to 255", "unit", 255.0),
)
EDGES = (Pixels("edges from 0 to 1", "edges"),)
"""Of a file that `mnist-tui export` wrote and that says so: nobody else's network has them."""


@dataclass(frozen=True)
class Opened:
    """A network, and sentences on what its file does not say and was therefore guessed."""

    predictor: Predictor
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Candidate:
    """The network under one assumption on what its file does not say."""

    activation: ActivationName
    pixels: Pixels
    predictor: Predictor
    accuracy: float


def open_model(
    path: Path, data: Callable[[], Dataset], *, activation: ActivationName | None = None
) -> Opened:
    """Open a model file; raises `StorageError`, and `CommandError` where a package is missing.

    What `mnist-tui export` wrote as .npz states all of its network, so that another `activation` is
    refused with a `ConfigError`. Other files hold weights only. The
    activation of their hidden layers, unless it is given or the file names it, and the inputs are
    those with which the network recognizes most of the first thousand test digits. `data` is called
    only for such files.
    """
    if is_own(path):
        own_model = read_model(path)
        stated = {member.config.activation for member in own_model.members}
        if activation is not None and stated != {activation}:
            raise ConfigError(
                f"--activation {activation}: {path} states its own, {', '.join(sorted(stated))};"
                " leave --activation out"
            )
        return Opened(own_model)
    try:
        contents = read_contents(path)
    except ImportError as error:
        package = str(error.name).partition(".")[0]
        extra = _EXTRAS.get(package, package)
        raise CommandError(
            f"{path}: reading it needs the package {package}: pip install 'mnist-tui[{extra}]'",
            ExitCode.USAGE,
        ) from error
    network = contents.network
    if network is not None and activation in (None, network.config.activation):
        return Opened(network)
    own = network.config if network is not None else TrainConfig()
    choices = EDGES if own.preprocessing == "edges" else PIXELS
    dataset = data()
    found = layers_of(path, contents.arrays, dataset.spec)
    known = activation or contents.activation
    activations = (known,) if known else HIDDEN if len(found.layers) > 1 else HIDDEN[:1]
    hidden = tuple(weight.shape[1] for weight, _ in found.layers[:-1])
    config = TrainConfig(hidden=hidden, deskew=own.deskew)
    configs = [replace(config, preprocessing=pixels.preprocessing) for pixels in choices]
    # Each of them goes through all training images, so it is fitted once for all activations.
    fitted = {one.preprocessing: Preprocessor.of(one, dataset.train) for one in set(configs)}
    candidates = [
        _candidate(path, found.layers, pixels, replace(one, activation=kind), fitted, dataset)
        for kind in activations
        for pixels, one in zip(choices, configs, strict=True)
    ]
    best = max(candidates, key=lambda each: each.accuracy)
    tried = min(_TRIED, len(dataset.test))
    remarks = _remarks(candidates, best, found, tried=tried, known=known is not None)
    return Opened(best.predictor, tuple(remarks))


def is_own(path: Path) -> bool:
    """Whether a file is a model file of mnist-tui; one that is damaged may count as none."""
    try:
        with open_regular(path) as stream, zipfile.ZipFile(stream) as archive:
            return {"format.npy", "config.npy"} <= set(archive.namelist())
    except Exception:  # zipfile raises a dozen kinds of exceptions for damaged archives
        return False


def _candidate(
    path: Path,
    layers: Layers,
    pixels: Pixels,
    config: TrainConfig,
    fitted: Mapping[Preprocessing, Preprocessor],
    dataset: Dataset,
) -> _Candidate:
    sizes = layer_sizes(config, dataset.spec)
    parameters: Array = np.empty(parameter_count(sizes), config.dtype)
    views = layer_views(sizes, parameters)
    with np.errstate(all="ignore"):
        for (weight, bias), (to_weight, to_bias) in zip(layers, views, strict=True):
            to_weight[...], to_bias[...] = weight, bias
        weight, bias = views[0]
        bias += pixels.offset * weight.sum(axis=0)
        weight *= pixels.factor
        if not np.isfinite(parameters).all():
            raise StorageError(f"{path}: holds values that are not finite, or too large")
        preprocessor = fitted[config.preprocessing]
        predictor = Predictor.of(config, parameters, preprocessor, dataset.spec)
        accuracy = predictor.score(dataset.test[:_TRIED]).accuracy
    return _Candidate(config.activation, pixels, predictor, accuracy)


def _remarks(
    candidates: list[_Candidate], best: _Candidate, found: Found, *, tried: int, known: bool
) -> list[str]:
    """What was guessed, and what was done to the weights."""
    layers = found.layers
    sizes = [layers[0][0].shape[0], *(weight.shape[1] for weight, _ in layers)]
    words = best.pixels.words
    if len(layers) > 1:
        words = f"{best.activation} and {words}"
    guessed = "the inputs were" if known or len(layers) == 1 else "both were"
    shown = "-".join(map(str, sizes))
    recognized = f"{best.accuracy:.1%} of the first {tried:,} test digits"
    remarks = [f"layers {shown} with {words} recognize {recognized}; {guessed} guessed by that"]
    others = [each for each in candidates if each.activation != best.activation]
    if others and len(layers) > 1:
        second = max(others, key=lambda each: each.accuracy)
        remarks.append(
            f"the next best activation, {second.activation}, recognizes {second.accuracy:.1%};"
            " `mnist-tui import --activation` chooses another"
        )
    if found.transposed:
        remarks.append(
            "the weights are stored as (out, in), as PyTorch has them, and were transposed"
        )
    if best.pixels.changes_weights:
        remarks.append("the first layer was scaled to take pixels from 0 to 1 instead")
    if found.unused:
        listed = ", ".join(name[:40] for name in found.unused[:3])
        more = ", ..." if len(found.unused) > 3 else ""
        remarks.append(f"not used: {listed}{more}")
    if best.accuracy < _DOUBTFUL:
        remarks.append(
            "no choice gives a network that knows these digits: it was trained on other data, or on"
            " pixels prepared in another way"
        )
    return remarks
