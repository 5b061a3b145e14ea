"""Runs of further seeds that are stopped, or end when nobody looks any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.storage.runs import list_runs, run_names
from tests.support.messages import Inbox, wait
from tests.support.recorded import vanish
from tui.app.state.seed_pairs import SeedTask
from tui.app.state.seed_training import SeedTraining
from tui.recording.experiment import Experiment
from tui.recording.source import Saving


def begin(dataset: Dataset, root: Path, epochs: int) -> SeedTraining:
    config = TrainConfig(hidden=(8,), epochs=epochs, batch_size=50, eval_train=False)
    task = SeedTask("A", Experiment(config), "net-seed-0", 1.0)
    return SeedTraining([task], dataset, Saving(runs_dir=root), Inbox())


def statuses(root: Path) -> list[str]:
    """Those of the runs that have made a step."""
    runs = list_runs(root)[0] if root.exists() else []
    return [run.status for run in runs if run.record.step]


@pytest.mark.parametrize(
    ("epochs", "at", "left", "ended"),
    [(2, "finished", "finished", 1), (100_000, "running", "interrupted", 0)],
)
def test_a_run_stays_that_has_ended_unseen_or_is_stopped(
    small: Dataset, root: Path, epochs: int, at: str, left: str, ended: int
) -> None:
    """It was once removed, also at its end, as it is when the screen has gone before."""
    training = begin(small, root, epochs)
    wait(lambda: statuses(root) == [at])
    training.stop()
    training.wait()
    assert statuses(root) == [left]
    assert (training.ended, training.error) == (ended, None)


def test_what_is_not_saved_of_a_stopped_run_is_told(small: Dataset, root: Path) -> None:
    training = begin(small, root, 100_000)
    wait(lambda: statuses(root) == ["running"])
    vanish(root / run_names(root)[0])
    training.stop()
    training.wait()
    assert "saving failed after step" in str(training.error)
