"""The folder that the tests of saved runs write to, and a run in it that may be damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.training.trainer import Trainer
from tests.support.recorded import record_run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder for runs."""
    return tmp_path / "runs"


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
