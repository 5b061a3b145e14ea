"""Trained weights that the user names: a model file of any program, or a saved run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from nn.arrays import Array
from nn.config import TrainConfig
from nn.errors import ConfigError, StorageError
from nn.network.model import layer_sizes, parameter_count
from nn.network.predictor import Predictor
from nn.options import format_value
from nn.storage.checkpoint import load_model
from nn.storage.files import why_missing
from nn.storage.run_lookup import find_run
from nn.storage.runs import Which
from nn.training.trainer import Trainer
from tui.images.datasets import load_dataset
from tui.models.layers import OtherShapeError
from tui.models.opening import Opened, open_model
from tui.models.shipped import NAME, shipped_model
from tui.recording.folder import reference


@dataclass(frozen=True, slots=True)
class Weights:
    """A network, a name that finds it from any folder, and what was guessed in opening it."""

    predictor: Predictor
    name: str
    remarks: tuple[str, ...] = ()


def find_weights(named: str, root: Path, *, which: Which = "best", data_dir: str = "") -> Weights:
    """The network of a model file, of a run, or, by the name "shipped", of the package.

    A file of that name counts before a run. What the file of another program does not say is
    guessed by the test images of `data_dir`. Raises `StorageError` where there is neither.
    """
    path = Path(named)
    # Unlike the methods of Path, these functions never raise.
    exists = os.path.exists(path)
    if exists and not os.path.isdir(path):
        opened = _opened(path, data_dir)
        return Weights(opened.predictor, str(path.absolute()), opened.remarks)
    if not exists and (path.suffix or os.sep in named):
        raise StorageError(f"{named}: {why_missing(path)}, and no saved run's folder")
    if named == NAME:
        return Weights(shipped_model(), NAME)
    run = find_run(root, named)
    return Weights(load_model(run, which), reference(run.path.absolute()))


def _opened(path: Path, data_dir: str) -> Opened:
    """A model file; one of another program that does not fit these data may be one of MNIST."""
    try:
        return open_model(path, lambda: load_dataset(data_dir))
    except OtherShapeError:
        if not data_dir:
            raise
        return open_model(path, load_dataset)


def check_layers(config: TrainConfig, weights: Predictor, named: str) -> None:
    """Raise `ConfigError` unless a network of this configuration has these hidden layers."""
    if len(weights.members) > 1:
        raise ConfigError(
            f"--init-from {named}: a committee of {len(weights.members)} networks, and a run"
            " starts from one; name a run or a file of one network"
        )
    needed, found = layer_sizes(config, weights.spec), weights.model.sizes
    if needed != found:
        shown = ["-".join(map(str, sizes)) for sizes in (found, needed)]
        raise ConfigError(
            f"--init-from {named}: its layers are {shown[0]}, those of this run {shown[1]}; add"
            f" --hidden={format_value(weights.config.hidden)}",
            field="hidden",
        )
    if config.batch_norm != weights.config.batch_norm:
        has = "has" if weights.config.batch_norm else "has no"
        raise ConfigError(
            f"--init-from {named}: its network {has} batch normalization; add"
            f" --{'' if weights.config.batch_norm else 'no-'}batch-norm",
            field="batch_norm",
        )


def first_parameters(trainer: Trainer, weights: Predictor, named: str) -> tuple[Array, str | None]:
    """The parameters that a run starts from, and what could not be taken over, or None.

    Where the data have another number of classes, the last layer keeps the random weights that the
    trainer has drawn. Raises `ConfigError` for images of another size.
    """
    data, found = trainer.dataset.spec, weights.spec
    if data.pixels != found.pixels:
        raise ConfigError(
            f"--init-from {named}: takes images of {found.size} pixels, and those of"
            f" {trainer.dataset.name} have {data.size}",
            field="data_dir",
        )
    parameters = trainer.model.parameters.copy()
    if data.classes == found.classes:
        parameters[...] = weights.model.parameters
        return parameters, None
    kept = parameter_count(weights.model.sizes[:-1])
    parameters[:kept] = weights.model.parameters[:kept]
    # What follows the last bias belongs to the hidden layers.
    mine, theirs = map(parameter_count, (trainer.model.sizes, weights.model.sizes))
    parameters[mine:] = weights.model.parameters[theirs:]
    return parameters, (
        f"the last layer is begun anew: {trainer.dataset.name} has {data.classes} classes, the"
        f" weights of {named} are for {found.classes}"
    )


def weights_warning(config: TrainConfig, weights: Predictor) -> str | None:
    """What makes the weights mean something else in this configuration, or None."""
    names = ("activation", "output_activation", "preprocessing", "deskew")
    other = [
        f"{name}={getattr(config, name)} (was {getattr(weights.config, name)})"
        for name in names
        if getattr(config, name) != getattr(weights.config, name)
    ]
    return f"the weights were trained otherwise: {', '.join(other)}" if other else None
