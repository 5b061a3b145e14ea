"""Fixtures of the command line and of saved runs: tiny data, a short run, a saved model."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split
from nn.training.trainer import Trainer
from tests.support.commands import call_command
from tests.support.recorded import MakeTrainer
from tests.support.tiny_data import idx_bytes, tiny_arrays
from tui.images import datasets
from tui.system import sharing


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder for runs."""
    return tmp_path / "runs"


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four small IDX files."""
    folder = tmp_path_factory.mktemp("tiny")
    for name, array in tiny_arrays().items():
        (folder / name).write_bytes(idx_bytes(array))
    return folder


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> Dataset:
    """The same four arrays, loaded."""
    train_x, train_y, test_x, test_y = tiny_arrays().values()
    return Dataset(
        Split(train_x.reshape(-1, 784), train_y),
        Split(test_x.reshape(-1, 784), test_y),
        "tiny",
        "0" * 64,
    )


@pytest.fixture
def make_trainer(tiny: Dataset) -> MakeTrainer:
    """Makes a trainer of a small network on the tiny data, with an event for every step."""

    def make(**fields: Any) -> Trainer:
        small = {"hidden": (8,), "batch_size": 40, "epochs": 3, "threads": 1}
        return Trainer(TrainConfig.layered(small, fields), tiny, step_interval=0.0)

    return make


@pytest.fixture(scope="session")
def small_run(tiny_folder: Path) -> Sequence[str]:
    """The arguments of a headless run that takes no time: three steps an epoch, ten epochs."""
    return ("--headless", f"--data-dir={tiny_folder}", "--hidden=8", "--batch-size=40")


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory, small_run: Sequence[str]) -> Path:
    """A model saved by --save."""
    path = tmp_path_factory.mktemp("model") / "model.npz"
    assert call_command(*small_run, "--save", path, "--quiet").returncode == 0
    return path


@pytest.fixture
def small_training(small: Dataset, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The runs of lessons train on 300 images, for ten epochs or 52 steps at most."""

    def make(config: TrainConfig, data: Dataset, *, step_interval: float) -> Trainer:
        if config.steps:
            config = replace(config, steps=52, eval_steps=3)
        else:
            config = replace(config, epochs=min(config.epochs, 10))
        return Trainer(config, data, step_interval=step_interval)

    def forget() -> None:
        """Whatever lessons computed once is of other images."""
        for name, module in list(sys.modules.items()):
            if name.startswith(("tui.lessons.training", "tui.lessons.course.")):
                for each in vars(module).values():
                    if hasattr(each, "cache_clear"):
                        each.cache_clear()

    monkeypatch.setattr(datasets, "load_once", lambda: small)
    monkeypatch.setattr(sharing, "make_trainer", make)
    forget()
    yield
    forget()
