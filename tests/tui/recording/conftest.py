"""Saved runs, to look at and to damage."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset, load_dataset
from nn.training.trainer import Trainer
from tests.support.recorded import NAMES, record_run


@pytest.fixture(scope="module")
def kept(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run left in its third epoch."""
    root = tmp_path_factory.mktemp("kept")
    config = TrainConfig(hidden=(8,), batch_size=40, epochs=4, optimizer="momentum")
    folder, _ = record_run(Trainer(config, tiny, step_interval=0), root, events=10)
    return folder


@pytest.fixture
def folder(kept: Path, root: Path) -> Path:
    """A copy of it that may be damaged."""
    copy = root / kept.name
    shutil.copytree(kept, copy)
    return copy


@pytest.fixture(scope="module")
def saved(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete run, one that learns badly, and one that was left."""
    data = load_dataset(str(tiny_folder))
    root = tmp_path_factory.mktemp("saved")
    for name, fields, events in (
        (NAMES[0], {}, None),
        (NAMES[1], {"hidden": (4,), "learning_rate": 0.0005}, None),
        (NAMES[2], {"epochs": 9}, 9),
    ):
        small = {"data_dir": str(tiny_folder), "hidden": (8,), "batch_size": 40, "epochs": 3}
        config = TrainConfig.layered(small, fields)
        folder, _ = record_run(Trainer(config, data, step_interval=0), root, events=events)
        folder.rename(root / name)
    return root


@pytest.fixture
def at(saved: Path) -> str:
    """The flag that names their folder."""
    return f"--runs-dir={saved}"
