"""A saved run that one thread went on with, since the machine was busy."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.events import CoresReduced
from nn.storage.checkpoint import load_model
from nn.storage.records import Invocation, event_from_record
from nn.storage.run_writer import RunWriter
from nn.storage.runs import SavedRun
from tests.support.machine import Machine, SlowingClock
from tests.support.recorded import record_run
from tui.cli.reporters.narration import Narration
from tui.recording.source import RunSource
from tui.system.layouts import Layout
from tui.system.sharing import SharedTrainer, choice_of, cores_of, make_trainer

CONFIG = TrainConfig(hidden=(4,), batch_size=1, limit=120, epochs=4, dropout=0.2)
BUSY = 120  # steps, of an epoch, after which the machine is busy


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SlowingClock:
    """The clock of training, on a machine of two cores whose threads are not really limited."""
    Machine(monkeypatch, 2)
    return SlowingClock(monkeypatch, after=BUSY)


def trainer_of(
    config: TrainConfig, data: Dataset, clock: SlowingClock, **options: Any
) -> SharedTrainer:
    clock.trainer = trainer = make_trainer(config, data, step_interval=1e9, **options)
    return trainer


def reduced_run(root: Path, data: Dataset, clock: SlowingClock, events: int | None = None) -> Path:
    folder, _ = record_run(trainer_of(CONFIG, data, clock), root, events=events)
    return folder


def test_the_record_says_so(tmp_path: Path, small: Dataset, clock: SlowingClock) -> None:
    run = SavedRun.read(reduced_run(tmp_path, small, clock))
    assert (run.record.processes, run.record.threads) == (1, 1)
    lines = (run.path / "metrics.jsonl").read_text().splitlines()
    started, *events = [json.loads(line) for line in lines]
    assert (started["processes"], started["threads"]) == (1, 2)
    kinds = [event["event"] for event in events]
    assert kinds == ["epoch", "epoch", "cores_reduced", "epoch", "epoch", "run_finished"]
    assert events[2]["step"] == 240
    assert events[2]["slowdown"] > 4
    told = StringIO()
    Narration(Invocation(None, "", 2), told).show(event_from_record(events[2]))
    assert told.getvalue().endswith("from step 240 on one thread computes\n")


def test_it_goes_on_with_one_thread_as_if_it_had_not_been_left(
    tmp_path: Path, small: Dataset, clock: SlowingClock
) -> None:
    """Also where the process was killed before the record said so: the checkpoint is enough."""
    whole = reduced_run(tmp_path, small, clock)
    left = reduced_run(tmp_path, small, clock, events=4)  # started, two epochs, reduced
    writer = RunWriter.reopen(left)
    writer.save_record(replace(SavedRun.read(left).record, threads=2))
    writer.close()
    with RunSource.resumed(SavedRun.read(left)) as source:
        assert source.layout == Layout(1, 1)
        trainer = trainer_of(source.experiment.config, small, clock, saved=source.layout)
        assert choice_of(trainer).by == "saved"
        assert cores_of(trainer).threads == 1
        source.restore(trainer)
        recorder, _ = source.recorder(trainer)
    assert isinstance(recorder.history.cores_reduced, CoresReduced)
    record_run(trainer, tmp_path, recorder=recorder)
    ends = [load_model(SavedRun.read(folder), "last") for folder in (whole, left)]
    first, second = (end.model.parameters.tobytes() for end in ends)
    assert first == second


def test_a_run_left_before_keeps_its_threads(
    tmp_path: Path, small: Dataset, clock: SlowingClock
) -> None:
    left = reduced_run(tmp_path, small, clock, events=3)
    with RunSource.resumed(SavedRun.read(left)) as source:
        assert source.layout == Layout(1, 2)
