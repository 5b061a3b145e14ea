"""Two saved runs that can be compared digit by digit, and trained again in no time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.storage.runs import SavedRun
from tests.support.networks import recognizer
from tests.support.saved_runs import Sitting, save_run, write_record
from tui.app.screens.compare import CompareScreen

NAMES = ("20261101-100000-poor-net", "20261102-100000-good-net")
QUICK = {"hidden": (4,), "epochs": 1, "limit": 60, "threads": 1}


def save_pair(root: Path, data: Dataset, **changes: Any) -> tuple[SavedRun, SavedRun]:
    """A run whose network guesses, and a better one whose rate differs, and what is given too."""
    first = save_one(root, NAMES[0], data, trained=False, accuracy=0.1)
    second = save_one(
        root, NAMES[1], data, trained=True, accuracy=0.8, **{"learning_rate": 0.1, **changes}
    )
    return first, second


def save_one(
    root: Path, name: str, data: Dataset, *, trained: bool, accuracy: float, **changes: Any
) -> SavedRun:
    """A finished run of a quick configuration, with these changes."""
    network = recognizer(TrainConfig(hidden=(16,)), data.train, trained=trained)
    run = save_run(root, name, network=network, sha256=data.sha256, accuracy=accuracy)
    config = TrainConfig.layered(run.record.config.to_dict(), QUICK, changes)
    write_record(run.path, run.record, config=config)
    return SavedRun.read(run.path)


def compare_screen(at: Sitting) -> CompareScreen:
    screen = at.app.screen
    assert isinstance(screen, CompareScreen)
    return screen


async def open_pair(at: Sitting) -> None:
    """The older run is A, the newer one B."""
    await at.press("end", "space", "home", "v")
    await at.until(at.shows("A right"))
