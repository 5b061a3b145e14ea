"""Trained weights that the user names: a model file of any program, or a saved run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from nn.config import TrainConfig
from nn.errors import ConfigError, StorageError
from nn.network.model import layer_sizes
from nn.network.predictor import Predictor
from nn.options import format_value
from nn.storage.checkpoint import load_model
from nn.storage.runs import Which, find_run
from tui.images.datasets import load_dataset
from tui.models.opening import open_model
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
    if path.exists() and not path.is_dir():
        opened = open_model(path, lambda: load_dataset(data_dir))
        return Weights(opened.predictor, str(path.absolute()), opened.remarks)
    if not path.exists() and (path.suffix or os.sep in named):
        raise StorageError(f"{named}: No such file, and no saved run's folder")
    if named == NAME:
        return Weights(shipped_model(), NAME)
    run = find_run(root, named)
    return Weights(load_model(run, which), reference(run.path.absolute()))


def check_layers(config: TrainConfig, weights: Predictor, named: str) -> None:
    """Raise `ConfigError` unless a network of this configuration has weights of these shapes."""
    needed, found = layer_sizes(config), layer_sizes(weights.config)
    if needed != found:
        shown = ["-".join(map(str, sizes)) for sizes in (found, needed)]
        raise ConfigError(
            f"--init-from {named}: its layers are {shown[0]}, those of this run {shown[1]}; add"
            f" --hidden={format_value(weights.config.hidden)}",
            field="hidden",
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
