"""The training thread: its commands, its independence of listeners, and how it ends."""

from __future__ import annotations

import gc
import os
import shlex
import signal
import threading
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import WorkerError
from nn.events import EpochCompleted, Event, RateChanged, RunFinished, RunStarted, StepCompleted
from nn.parallel.process_group import make_engine
from nn.training.trainer import Trainer
from tests.support.messages import Inbox, wait
from tests.support.processes import children, needs_several
from tui.app.state import shown_run
from tui.app.state.data_loading import load_in_background
from tui.app.state.live_run import LiveRun
from tui.app.state.messages import BackgroundFailed, DataFailed, DataLoaded, TrainingMoved
from tui.app.state.shown_run import Status
from tui.app.state.steered_run import Goal
from tui.recording.experiment import Experiment
from tui.recording.history import RunHistory
from tui.recording.source import RunSource, Saving

CONFIG = TrainConfig(hidden=(8,), epochs=3, batch_size=50, eval_train=False)


def make(config: TrainConfig, dataset: Dataset, goal: Goal, inbox: Inbox) -> LiveRun:
    """A run that is not saved."""
    source = RunSource(Experiment(config), Saving(save_run=False))
    return LiveRun(source, dataset, goal, inbox)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def test_a_run_is_ready_untrained_and_waits(small: Dataset, inbox: Inbox) -> None:
    run = make(CONFIG, small, Goal.PAUSE, inbox)
    wait(lambda: run.status is Status.READY)
    assert [type(event) for event in run.take_events()] == [RunStarted]
    assert run.snapshot is not None
    assert run.snapshot.step == 0
    assert set(run.splits) == {"train", "test"}


def test_a_run_tells_the_same_events_as_the_trainer(small: Dataset, inbox: Inbox) -> None:
    run = make(CONFIG, small, Goal.RUN, inbox)
    wait(lambda: run.status is Status.FINISHED)

    def losses(events: list[Event]) -> list[float]:
        return [event.train_loss for event in events if isinstance(event, EpochCompleted)]

    assert run.cores is not None
    assert losses(run.take_events()) == losses(
        list(Trainer(CONFIG, small, engine=make_engine(run.cores)).events())
    )


def test_one_step_then_one_epoch_then_the_rest(small: Dataset, inbox: Inbox) -> None:
    run = make(CONFIG, small, Goal.STEP, inbox)
    wait(lambda: run.status is Status.PAUSED)
    steps = [event.step for event in run.take_events() if isinstance(event, StepCompleted)]
    assert steps == [1]
    run.go(Goal.STEP)
    wait(lambda: run.snapshot is not None and run.snapshot.step == 2)
    run.go(Goal.EPOCH)
    wait(lambda: run.snapshot is not None and run.snapshot.step == 6)
    wait(lambda: run.status is Status.PAUSED)
    assert run.goal is Goal.PAUSE
    run.go(Goal.RUN)
    wait(lambda: run.status is Status.FINISHED)
    assert isinstance(run.take_events()[-1], RunFinished)
    assert not run.active


@needs_several
def test_two_processes_step_pause_and_end_as_one_does(small: Dataset, inbox: Inbox) -> None:
    config = replace(CONFIG, processes=2, epochs=1000)
    run = make(config, small, Goal.STEP, inbox)
    wait(lambda: run.status is Status.PAUSED)
    assert run.cores is not None
    assert run.cores.processes == 2
    (worker,) = children(os.getpid(), 1)
    run.go(Goal.EPOCH)
    wait(lambda: run.snapshot is not None and run.snapshot.step == 6)
    assert run.status is Status.PAUSED
    run.go(Goal.RUN)
    wait(lambda: run.status is Status.RUNNING)
    assert children(os.getpid(), 1) == [worker]
    run.go(Goal.STOP)
    wait(lambda: run.status is Status.STOPPED)
    children(os.getpid(), 0)


@needs_several
def test_a_process_that_is_lost_is_told(small: Dataset, inbox: Inbox) -> None:
    run = make(replace(CONFIG, processes=2, epochs=100_000), small, Goal.RUN, inbox)
    wait(lambda: run.status is Status.RUNNING)
    os.kill(*children(os.getpid(), 1), signal.SIGKILL)
    wait(lambda: run.status is Status.FAILED)
    (failed,) = inbox.of(BackgroundFailed)
    assert isinstance(failed, BackgroundFailed)
    assert isinstance(failed.error, WorkerError)
    assert str(failed.error).endswith("; the run is not saved")


def test_a_step_that_ends_its_epoch_includes_the_evaluation(small: Dataset, inbox: Inbox) -> None:
    """Its numbers once read "100% of 1/5" beside a table that had no epoch yet."""
    run = make(replace(CONFIG, limit=50, epochs=5), small, Goal.PAUSE, inbox)
    wait(lambda: run.status is Status.READY)
    history = RunHistory("run", run.source.experiment)
    for done in (1, 2):
        run.go(Goal.STEP)
        wait(lambda: run.goal is Goal.PAUSE and run.status is Status.PAUSED)
        for event in run.take_events():
            history.replay(event)
        assert [row.step for row in history.rows] == list(range(1, done + 1))
        assert len(history.evaluations) == done


@needs_several
def test_where_a_run_that_lost_a_process_is_saved(
    small: Dataset, inbox: Inbox, tmp_path: Path
) -> None:
    config = replace(CONFIG, processes=2, epochs=100_000)
    source = RunSource(Experiment(config), Saving(runs_dir=tmp_path))
    run = LiveRun(source, small, Goal.EPOCH, inbox)
    wait(lambda: run.status is Status.PAUSED)
    os.kill(*children(os.getpid(), 1), signal.SIGKILL)
    run.go(Goal.RUN)
    wait(lambda: run.status is Status.FAILED)
    (folder,) = tmp_path.iterdir()
    quoted = shlex.quote(str(folder))
    told = f"; saved after 1 epoch in {folder}; resume: mnist-tui --headless --resume {quoted}"
    assert str(run.error).endswith(told)
    run.wait()


def test_a_run_with_no_step_left_is_at_its_end(small: Dataset, inbox: Inbox) -> None:
    """It once paused there, and was saved as interrupted, with all steps done, if it was left."""
    run = make(replace(CONFIG, epochs=1), small, Goal.EPOCH, inbox)
    wait(lambda: run.status in (Status.PAUSED, Status.FINISHED))
    run.go(Goal.STOP)
    wait(lambda: not run.active)
    assert run.outcome is not None
    assert (run.outcome.reason, run.outcome.step) == ("completed", 6)


def test_nobody_listening_does_not_hold_up_training(small: Dataset, inbox: Inbox) -> None:
    """Events are queued and announced once, however many there are, until somebody takes them."""
    run = make(CONFIG, small, Goal.RUN, inbox)
    wait(lambda: run.status is Status.FINISHED)
    wait(lambda: len(inbox.of(TrainingMoved)) == 2)  # the first event, and the end
    assert len(run.take_events()) >= 5
    assert run.take_events() == []


def test_stop_ends_for_good(small: Dataset, inbox: Inbox) -> None:
    run = make(CONFIG.__class__(epochs=100_000, limit=100), small, Goal.RUN, inbox)
    wait(lambda: run.status is Status.RUNNING)
    run.go(Goal.STOP)
    run.go(Goal.RUN)  # too late
    wait(lambda: run.status is Status.STOPPED)
    assert not any(isinstance(event, RunFinished) for event in run.take_events())


def test_a_snapshot_is_frozen(small: Dataset, inbox: Inbox) -> None:
    run = make(CONFIG, small, Goal.STEP, inbox)
    wait(lambda: run.status is Status.PAUSED)
    snapshot = run.snapshot
    assert snapshot is not None
    before = snapshot.predictor.model.parameters.copy()
    run.go(Goal.RUN)
    wait(lambda: run.status is Status.FINISHED)
    np.testing.assert_array_equal(snapshot.predictor.model.parameters, before)
    assert run.snapshot is not None
    assert not np.array_equal(run.snapshot.predictor.model.parameters, before)


def test_snapshots_are_of_every_epoch(small: Dataset, inbox: Inbox) -> None:
    run = make(CONFIG, small, Goal.RUN, inbox)
    wait(lambda: run.status is Status.FINISHED)
    assert [snapshot.epoch for snapshot in run.snapshots] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("name", "limit"), [("MAX_SNAPSHOT_BYTES", 6 * 4 * 6_370), ("MAX_SNAPSHOTS", 6)]
)
def test_snapshots_are_bounded(
    small: Dataset, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    monkeypatch.setattr(shown_run, name, limit)
    run = make(replace(CONFIG, epochs=30), small, Goal.RUN, inbox)
    wait(lambda: run.status is Status.FINISHED)
    epochs = [snapshot.epoch for snapshot in run.snapshots]
    assert 3 < len(epochs) <= 6
    assert epochs[0] == 0
    assert epochs[-1] == 30
    assert epochs == sorted(set(epochs))


def test_the_snapshots_of_a_run_that_nobody_shows_are_freed_at_once(
    small: Dataset, inbox: Inbox
) -> None:
    """They may take 64 MB, and Python looks for cycles of references only now and then."""
    runs = [make(CONFIG, small, Goal.RUN, inbox)]
    wait(lambda: not runs[0].active)
    networks = weakref.WeakSet(snapshot.predictor for snapshot in runs[0].snapshots)
    assert len(networks) == 4
    collected_by_itself = gc.isenabled()
    gc.disable()
    try:
        runs.clear()
        inbox.messages.clear()
        wait(lambda: not networks)
    finally:
        if collected_by_itself:
            gc.enable()


def test_the_rate_changes_while_it_trains(small: Dataset, inbox: Inbox) -> None:
    config = TrainConfig(
        hidden=(8,), epochs=3, schedule="constant", learning_rate=0.1, optimizer="sgd"
    )
    run = make(config, small, Goal.STEP, inbox)
    wait(lambda: run.status is Status.PAUSED)
    run.scale_rate(0.5)
    run.scale_rate(0.5)
    run.go(Goal.RUN)
    wait(lambda: run.status is Status.FINISHED)
    events = run.take_events()
    assert [(e.step, e.factor) for e in events if isinstance(e, RateChanged)] == [(1, 0.25)]
    assert [e.learning_rate for e in events if isinstance(e, EpochCompleted)] == [0.025] * 3


def test_an_error_of_the_thread_is_told_not_lost(small: Dataset, inbox: Inbox) -> None:
    run = make(TrainConfig(schedule="cosine", warmup_steps=1000, epochs=1), small, Goal.RUN, inbox)
    wait(lambda: run.status is Status.FAILED)
    [failure] = inbox.of(BackgroundFailed)
    assert isinstance(failure, BackgroundFailed)
    assert failure.run is run
    assert "warmup_steps=1000" in str(failure.error)


def test_threads_are_daemons(small: Dataset, inbox: Inbox) -> None:
    """Leaving while it trained once took five seconds: the interpreter joined the worker."""
    run = make(TrainConfig(epochs=100_000, limit=100), small, Goal.RUN, inbox)
    training = [thread for thread in threading.enumerate() if thread.name == "training"]
    assert training
    assert all(thread.daemon for thread in training)
    run.go(Goal.STOP)
    wait(lambda: run.status is Status.STOPPED)


def test_data_are_read_in_the_background(
    inbox: Inbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    load_in_background("", inbox)
    wait(lambda: inbox.messages)
    [loaded] = inbox.of(DataLoaded)
    assert isinstance(loaded, DataLoaded)
    assert len(loaded.dataset.train) == 60_000
    empty = tmp_path_factory.mktemp("empty")
    load_in_background(str(empty), inbox)
    wait(lambda: inbox.of(DataFailed))
    [failure] = inbox.of(DataFailed)
    assert isinstance(failure, DataFailed)
    assert failure.data_dir == str(empty)
    assert str(empty) in str(failure.error)


def test_advice_comes_from_the_thread_that_trains(small: Dataset, inbox: Inbox) -> None:
    good = make(CONFIG, small, Goal.RUN, inbox)
    wait(lambda: good.status is Status.FINISHED)
    assert good.advice is None
    config = replace(CONFIG, optimizer="sgd", learning_rate=1e30)
    diverged = make(config, small, Goal.RUN, inbox)
    wait(lambda: diverged.status is Status.FINISHED)
    assert diverged.advice is not None
    assert str(diverged.advice).endswith("; try a lower --learning-rate")
    stuck = make(replace(CONFIG, learning_rate=1e-9), small, Goal.RUN, inbox)
    wait(lambda: stuck.status is Status.FINISHED)
    assert stuck.advice is not None
    assert stuck.advice.kind == "nothing learned"
    config = replace(CONFIG, learning_rate=1e-9, batch_size=1, epochs=9)
    early = make(config, small, Goal.RUN, inbox)
    wait(lambda: early.advice is not None and early.advice.kind == "rate too low")
    early.go(Goal.STOP)
    wait(lambda: not early.active)


def test_a_busy_machine_is_told_until_the_run_has_ended(
    small: Dataset, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nn.training.pace.Pace.slowdown", lambda pace: 10.0)
    monkeypatch.setattr("nn.parallel.cores.Cores.total_threads", 2)
    run = make(CONFIG, small, Goal.EPOCH, inbox)
    wait(lambda: run.status is Status.PAUSED)
    run.go(Goal.EPOCH)
    wait(lambda: run.trouble is not None)
    assert "the machine is busy: steps took 10 times the shortest one" in str(run.trouble)
    run.go(Goal.RUN)
    wait(lambda: run.status is Status.FINISHED and run.trouble is None)
