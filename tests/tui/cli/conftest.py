"""What the tests of the command line share: a data set of a few images, and the command as a process."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pytest

from nn.config import TrainConfig
from nn.data.dataset import IDX_FILES, Dataset, Split
from nn.training.trainer import Trainer
from tui.recording.experiment import Experiment
from tui.recording.recorder import Recorder

ROOT = Path(__file__).parents[3]


def run_command(
    *arguments: str | Path, env: Mapping[str, str | None] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """`mnist-tui` with these arguments as a process of its own, warnings being errors."""
    options = {"capture_output": True, "text": True, "timeout": 60} | options
    return subprocess.run(
        command(*arguments), env=environment(**(env or {})), check=False, **options
    )


def command(*arguments: str | Path) -> list[str]:
    """The words of a process that runs `mnist-tui`."""
    return [sys.executable, "-W", "error", "-m", "tui", *map(str, arguments)]


def environment(**changes: str | None) -> dict[str, str]:
    """Our environment without what changes output or its buffering, one BLAS thread, and these changes.

    A variable of value None is not set.
    """
    unwanted = (
        "NO_COLOR",
        "FORCE_COLOR",
        "COLUMNS",
        "LINES",
        "MNIST_TUI_DEBUG",
        "PYTHONWARNINGS",
        "PYTHONUNBUFFERED",
    )
    variables = {
        **os.environ,
        **dict.fromkeys(unwanted),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        "OPENBLAS_NUM_THREADS": "1",
    }
    return {name: value for name, value in (variables | changes).items() if value is not None}


def refused(result: subprocess.CompletedProcess[str], code: int = 2) -> str:
    """The one line a refused command wrote, and nothing else, with this exit code."""
    assert (result.returncode, result.stdout) == (code, ""), result
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("mnist-tui: error: "), lines
    return lines[0].removeprefix("mnist-tui: error: ")


def idx_bytes(array: npt.NDArray[np.uint8]) -> bytes:
    """The array as the content of an IDX file."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def tiny_arrays() -> dict[str, npt.NDArray[np.uint8]]:
    """120 training and 40 test images that are easily told apart: a bright bar whose place is the label."""
    rng = np.random.default_rng(0)
    arrays: dict[str, npt.NDArray[np.uint8]] = {}
    for split, count in (("train", 120), ("t10k", 40)):
        labels = (np.arange(count) % 10).astype(np.uint8)
        images = rng.integers(0, 40, size=(count, 28, 28), dtype=np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[:, 4 + 2 * label : 6 + 2 * label] = 255
        arrays[f"{split}-images-idx3-ubyte"] = images
        arrays[f"{split}-labels-idx1-ubyte"] = labels
    assert list(arrays) == list(IDX_FILES)
    return arrays


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


class MakeTrainer(Protocol):
    def __call__(self, **fields: Any) -> Trainer: ...


@pytest.fixture
def make_trainer(tiny: Dataset) -> MakeTrainer:
    """Makes a trainer of a small network on the tiny data, with an event for every step."""

    def make(**fields: Any) -> Trainer:
        small = {"hidden": (8,), "batch_size": 40, "epochs": 3, "threads": 1}
        return Trainer(TrainConfig.layered(small, fields), tiny, step_interval=0.0)

    return make


def unsaved(trainer: Trainer) -> Recorder:
    """The recorder of a run that leaves no trace."""
    return Recorder.unsaved(trainer, Experiment(trainer.config))


@pytest.fixture(scope="session")
def small_run(tiny_folder: Path) -> Sequence[str]:
    """The arguments of a headless run that takes no time: three steps an epoch, ten epochs."""
    return ("--headless", f"--data-dir={tiny_folder}", "--hidden=8", "--batch-size=40")


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory, small_run: Sequence[str]) -> Path:
    """A model saved by --save."""
    path = tmp_path_factory.mktemp("model") / "model.npz"
    assert run_command(*small_run, "--save", path, "--quiet").returncode == 0
    return path
