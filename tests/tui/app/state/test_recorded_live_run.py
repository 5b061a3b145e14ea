"""The training thread saves what it trains, between two events, and goes on with what was saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from textual.message import Message

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.events import EpochCompleted, RunStarted
from nn.storage.checkpoint import Checkpoint
from nn.storage.lock import is_locked
from nn.storage.runs import SavedRun, run_names
from nn.training.trainer import Trainer
from tests.support.messages import Inbox, wait
from tests.support.recorded import record_run, same, vanish
from tui.app.state.live_run import LiveRun
from tui.app.state.messages import BackgroundFailed
from tui.app.state.shown_run import Status
from tui.app.state.steered_run import Goal
from tui.recording.experiment import Experiment
from tui.recording.source import RunSource, Saving
from tui.system.sharing import make_trainer

CONFIG = TrainConfig(hidden=(8,), epochs=3, batch_size=50, dropout=0.2, patience=9, validation=0.2)


def begin(
    dataset: Dataset,
    root: Path,
    goal: Goal = Goal.RUN,
    *,
    config: TrainConfig = CONFIG,
    source: RunSource | None = None,
    inbox: Callable[[Message], object] | None = None,
) -> LiveRun:
    source = source or RunSource(Experiment(config), Saving(runs_dir=root))
    return LiveRun(source, dataset, goal, inbox or Inbox())


def resume(
    folder: Path, dataset: Dataset, goal: Goal, changes: Mapping[str, object] | None = None
) -> LiveRun:
    return LiveRun(RunSource.resumed(SavedRun.read(folder), changes), dataset, goal, Inbox())


def ended(run: LiveRun) -> None:
    wait(lambda: not run.active)
    assert run.wait(10)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "lock"}


def test_a_run_that_is_never_started_leaves_no_folder(small: Dataset, root: Path) -> None:
    run = begin(small, root, Goal.PAUSE)
    wait(lambda: run.status is Status.READY)
    run.go(Goal.STOP)
    ended(run)
    assert not root.exists()
    assert run.outcome is None


def test_one_that_is_left_before_its_first_step_neither(small: Dataset, root: Path) -> None:
    """Its learning rate was changed, which is an event before the first step."""
    run = begin(small, root, Goal.PAUSE)
    wait(lambda: run.status is Status.READY)
    run.scale_rate(2)

    class Leaving(RunSource):
        def recorder(self, trainer: Trainer) -> Any:
            run.go(Goal.STOP)
            return super().recorder(trainer)

    run.source = Leaving(Experiment(CONFIG), Saving(runs_dir=root))
    run.go(Goal.RUN)
    ended(run)
    assert run.status is Status.STOPPED
    assert run_names(root) == []
    assert run.outcome is None


def test_it_is_saved_as_headless_saves_it(small: Dataset, root: Path, tmp_path: Path) -> None:
    run = begin(small, root)
    ended(run)
    expected, outcome = record_run(make_trainer(CONFIG, small), tmp_path / "headless")
    assert run.folder is not None
    same(run.folder, expected)
    assert SavedRun.read(run.folder).status == "finished"
    assert run.outcome is not None
    assert run.outcome.evaluation is not None
    assert outcome.evaluation is not None
    assert run.outcome.evaluation.test == outcome.evaluation.test
    assert run.outcome.run == str(run.folder)


def test_nothing_is_saved_where_that_is_asked_for(small: Dataset, root: Path) -> None:
    source = RunSource(Experiment(CONFIG), Saving(save_run=False, runs_dir=root))
    run = begin(small, root, source=source)
    ended(run)
    assert not root.exists()
    assert run.outcome is not None
    assert (run.outcome.reason, run.outcome.run) == ("completed", None)


@pytest.mark.parametrize("steps", [1, 4, 7])
def test_it_goes_on_bit_by_bit_where_it_was_stopped(
    small: Dataset, root: Path, tmp_path: Path, steps: int
) -> None:
    run = begin(small, root, Goal.PAUSE)
    for number in range(1, steps + 1):
        run.go(Goal.STEP)
        wait(lambda n=number: run.snapshot is not None and run.snapshot.step == n)  # type: ignore[misc]
        wait(lambda: run.status is Status.PAUSED)
    run.go(Goal.STOP)
    ended(run)
    assert run.folder is not None
    saved = SavedRun.read(run.folder)
    assert (saved.status, saved.record.step) == ("interrupted", steps)
    assert Checkpoint.load(run.folder / "last.npz").state.values["step"] == steps

    again = resume(run.folder, small, Goal.PAUSE)
    wait(lambda: again.status is Status.READY)
    assert again.snapshot is not None
    assert again.snapshot.step == steps
    again.go(Goal.RUN)
    ended(again)
    assert again.folder == run.folder
    same(run.folder, record_run(make_trainer(CONFIG, small), tmp_path / "whole")[0])


def test_a_resumed_run_tells_what_was_before(small: Dataset, root: Path) -> None:
    config = CONFIG.layered(CONFIG.to_dict(), {"schedule": "constant"})
    folder, _ = record_run(make_trainer(config, small), root)
    run = resume(folder, small, Goal.RUN, {"epochs": 5})
    ended(run)
    events = run.take_events()
    starts = [event.start_step for event in events if isinstance(event, RunStarted)]
    assert starts == [0, 15]
    epochs = [event.epoch for event in events if isinstance(event, EpochCompleted)]
    assert epochs == [1, 2, 3, 4, 5]


def test_a_resumed_run_that_does_not_start_stays_as_it_was(small: Dataset, root: Path) -> None:
    """Its status once became "interrupted", and its final weights went, by just looking at it."""
    folder, _ = record_run(make_trainer(CONFIG, small), root)
    before = content(folder)
    run = resume(folder, small, Goal.PAUSE, {"epochs": 5})
    wait(lambda: run.status is Status.READY)
    assert is_locked(folder)  # nobody else may go on with it meanwhile
    run.go(Goal.STOP)
    ended(run)
    wait(lambda: not is_locked(folder))
    assert content(folder) == before


def test_a_changed_learning_rate_goes_on(small: Dataset, root: Path) -> None:
    run = begin(small, root, Goal.STEP)
    wait(lambda: run.status is Status.PAUSED)
    run.scale_rate(0.5)
    run.go(Goal.STEP)
    wait(lambda: run.snapshot is not None and run.snapshot.step == 2)
    run.go(Goal.STOP)
    ended(run)
    assert run.folder is not None
    again = resume(run.folder, small, Goal.PAUSE)
    wait(lambda: again.status is Status.READY)
    assert again.rate_factor == 0.5
    again.go(Goal.STOP)
    ended(again)


def test_what_is_being_written_is_refused(small: Dataset, root: Path) -> None:
    run = begin(small, root, Goal.STEP)
    wait(lambda: run.status is Status.PAUSED)
    assert run.folder is not None
    other = resume(run.folder, small, Goal.RUN)
    wait(lambda: other.status is Status.FAILED)
    assert "is being written by process" in str(other.error)
    run.go(Goal.STOP)
    ended(run)
    assert SavedRun.read(run.folder).record.step == 1


def test_discarding_removes_the_folder(small: Dataset, root: Path) -> None:
    run = begin(small, root, Goal.EPOCH)
    wait(lambda: run.status is Status.PAUSED)
    assert len(run_names(root)) == 1
    run.discard()
    ended(run)
    assert list(root.iterdir()) == []
    assert run.outcome is not None  # which is told all the same
    assert run.outcome.run is None


def test_a_failing_save_does_not_stop_training(small: Dataset, root: Path) -> None:
    run = begin(small, root, Goal.EPOCH)
    wait(lambda: run.status is Status.PAUSED)
    assert run.folder is not None
    vanish(run.folder)
    run.go(Goal.RUN)
    ended(run)
    assert run.status is Status.FINISHED
    assert run.trouble is not None
    assert "saving failed after step" in run.trouble
    assert run.outcome is not None
    assert run.outcome.save_error == run.failure


def test_where_nothing_can_be_saved(
    small: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that was typed is insisted on; without one it trains, and says so."""
    (tmp_path / "file").touch()
    inbox = Inbox()
    refused = begin(small, tmp_path / "file", inbox=inbox)
    wait(lambda: refused.status is Status.FAILED)
    assert isinstance(refused.error, StorageError)
    assert inbox.of(BackgroundFailed)
    monkeypatch.setenv("MNIST_TUI_RUNS_DIR", str(tmp_path / "file"))
    run = begin(small, tmp_path, source=RunSource(Experiment(CONFIG)))
    ended(run)
    assert run.status is Status.FINISHED
    assert run.trouble is not None
    assert "this run is not saved" in run.trouble
    assert run.failure is None
