"""Fixtures of screens whose tests are more than one file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.storage.lock import FolderLock
from nn.storage.run_writer import RunWriter
from nn.storage.runs import SavedRun
from tests.support.charts import draw_at_once
from tests.support.model_screen import SHALLOW
from tests.support.networks import NetworkRun, app_of
from tests.support.runs_screen import FIRST, SECOND, THIRD
from tests.support.saved_runs import save_run, write_record
from tests.support.training_screen import CONFIG, Scenario, Sitting
from tests.support.training_script import DirectedRun
from tests.support.walking import walking_app
from tui.app.app import MnistApp
from tui.app.screens import model, predicting, watching
from tui.app.state import live_run, present_run
from tui.recording.experiment import Experiment
from tui.system.terminal import Terminal


@pytest.fixture
def inspected_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Newer weights are looked into without a pause after those before."""
    monkeypatch.setattr(model, "PACE", 0.0)


@pytest.fixture
def model_app(small: Dataset) -> MnistApp:
    """The application on the model screen, over a network of few layers."""
    return app_of(NetworkRun(small, SHALLOW), "model")


@pytest.fixture
def walk_app(small: Dataset) -> MnistApp:
    """The application on the walk screen."""
    return walking_app(small)


@pytest.fixture
def predicted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Newer weights are predicted without a pause after those before."""
    monkeypatch.setattr(predicting, "PACE", 0.0)
    monkeypatch.setattr(predicting, "SHARE", 1e6)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Runs a scenario on the train screen, whose data and runs come from the test."""
    monkeypatch.setattr(present_run, "load_in_background", lambda data_dir, post: None)
    monkeypatch.setattr(live_run, "LiveRun", DirectedRun)
    draw_at_once(monkeypatch)

    def run(
        scenario: Scenario,
        *,
        size: tuple[int, int] = (80, 24),
        config: TrainConfig = CONFIG,
        ascii_only: bool = False,
        loaded: bool = True,
    ) -> None:
        async def main() -> None:
            app = MnistApp(Experiment(config), terminal=Terminal(ascii_only, "full"))
            async with app.run_test(size=size) as pilot:
                await app.screen.workers.wait_for_complete()
                await pilot.pause()
                sitting = Sitting(app, pilot)
                if loaded:
                    await sitting.load()
                await scenario(sitting)

        asyncio.run(main())

    return run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three runs: finished, interrupted, and failed before its first evaluation."""
    root = tmp_path / "runs"
    save_run(root, FIRST, accuracy=0.95, recipe="lincoln-sigmoid")
    save_run(root, SECOND, done=3, accuracy=0.97, status="interrupted")
    save_run(root, THIRD, done=0, status="failed", reason="OSError: no more")
    return root


@pytest.fixture
def writer(root: Path) -> Iterator[RunWriter]:
    """Another process that trains the second run."""
    writer = RunWriter.reopen(root / SECOND)
    record = SavedRun.read(root / SECOND).record
    write_record(root / SECOND, record, status="running")
    yield writer
    with suppress(OSError):  # closed by the test
        writer.close()


@pytest.fixture
def runs_dir(tmp_path: Path) -> Path:
    """A folder of runs, beside which that of the sweeps is."""
    return tmp_path / "runs"


@pytest.fixture
def looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes in the folder of a sweep is soon seen."""
    monkeypatch.setattr(watching, "LOOK_INTERVAL", 0.05)


@pytest.fixture
def owned() -> Iterator[list[FolderLock]]:
    """Locks of processes that work on a sweep, let go of at the end."""
    locks: list[FolderLock] = []
    yield locks
    for lock in locks:
        lock.release()
