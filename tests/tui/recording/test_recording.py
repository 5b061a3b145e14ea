"""What a saved run consists of, and that it reads back as it was."""

from __future__ import annotations

import errno
import io
import json
import math
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.events import (
    EpochCompleted,
    Evaluation,
    Event,
    RateChanged,
    RunStarted,
    Score,
    StepCompleted,
)
from nn.storage.checkpoint import Checkpoint, load_model
from nn.storage.lock import is_locked
from nn.storage.metrics import MetricsReader
from nn.storage.model_file import read_model
from nn.storage.records import Invocation, Outcome, event_from_record, json_line, record_of
from nn.storage.runs import RUN_FILES, SavedRun, list_runs
from nn.training.trainer import Trainer
from tests.support.recorded import MakeTrainer, go_on, record_run, state_values
from tui.cli.commands.attach import replay
from tui.recording.experiment import Experiment
from tui.recording.folder import resume_command
from tui.recording.history import RunHistory
from tui.recording.recorder import Recorder


def test_a_run_is_a_folder_of_plain_files(make_trainer: MakeTrainer, root: Path) -> None:
    trainer = make_trainer(hidden=(8,))
    folder, outcome = record_run(trainer, root)
    assert re.fullmatch(r"\d{8}-\d{6}-relu-cross-entropy", folder.name)
    names = ["best.npz", "final.npz", "last.npz", "lock", "metrics.jsonl", "run.json"]
    assert sorted(os.listdir(folder)) == names
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["run_started", *["epoch"] * 3, "run_finished"]
    record = json.loads((folder / "run.json").read_text())
    assert record["schema"] == 1
    assert record["config"] == json.loads(json.dumps(trainer.config.to_dict()))
    assert (record["status"], record["reason"], record["step"]) == ("finished", "completed", 9)
    assert record["data_sha256"] == trainer.dataset.sha256
    assert record["versions"]["numpy"] == np.__version__
    assert record["best"] == lines[-1]["best"]
    assert (outcome.run, outcome.save_error) == (str(folder), None)


def test_numpy_alone_reads_all_weights(make_trainer: MakeTrainer, root: Path) -> None:
    """Without pickle and without our code, by the documented names."""
    trainer = make_trainer()
    folder, _ = record_run(trainer, root)
    with np.load(folder / "last.npz", allow_pickle=False) as last:
        assert str(last["format"]) == "mnist-tui model 1"
        assert str(last["checkpoint"]) == "mnist-tui checkpoint 2"
        assert json.loads(str(last["values"]))["step"] == 9
        layers = [last[f"layer{n}.{part}"] for n in (1, 2) for part in ("weight", "bias")]
        assert [layer.shape for layer in layers] == [(784, 8), (8,), (8, 10), (10,)]
        flat = np.concatenate([layer.ravel() for layer in layers])
        np.testing.assert_array_equal(flat, trainer.model.parameters)
        assert last["optimizer.first_moment"].shape == flat.shape
    with np.load(folder / "final.npz", allow_pickle=False) as final:
        first = trainer.model.linears[0]
        np.testing.assert_array_equal(final["layer1.weight"], first.weight)


def test_the_best_model_is_that_of_the_best_evaluation(
    make_trainer: MakeTrainer, root: Path
) -> None:
    trainer = make_trainer(epochs=5, learning_rate=0.05)
    folder, outcome = record_run(trainer, root)
    run = SavedRun.read(folder)
    assert run.record.best == outcome.best
    assert outcome.best is not None
    assert load_model(run, "best").score(trainer.dataset.test) == outcome.best.test
    assert load_model(run, "last").score(trainer.dataset.test) == outcome.evaluation.test  # type: ignore[union-attr]


def test_the_last_model_of_a_run_that_has_not_ended(make_trainer: MakeTrainer, root: Path) -> None:
    trainer = make_trainer()
    folder, _ = record_run(trainer, root, events=4)
    model = load_model(SavedRun.read(folder), "last").model
    np.testing.assert_array_equal(model.parameters, trainer.model.parameters)
    with pytest.raises(StorageError, match="never evaluated"):
        load_model(SavedRun.read(folder), "best")


def test_restored_weights_are_the_final_ones(make_trainer: MakeTrainer, root: Path) -> None:
    trainer = make_trainer(
        epochs=40, patience=1, validation=0.2, learning_rate=1.0, schedule="constant"
    )
    folder, outcome = record_run(trainer, root)
    assert outcome.kept_step < outcome.step
    model = read_model(folder / "final.npz").model
    np.testing.assert_array_equal(model.parameters, trainer.model.parameters)


def test_the_events_of_a_run_read_back(make_trainer: MakeTrainer, root: Path) -> None:
    trainer = make_trainer(steps=8, eval_steps=3, validation=0.2)
    recorder = Recorder.start(trainer, root, Experiment(trainer.config))
    told = []
    for event in trainer.events():
        recorder.follow(trainer, event)
        told.append(event)
        if isinstance(event, StepCompleted) and event.step == 5:
            trainer.rate_factor = 0.5
    assert recorder.folder is not None
    folder = recorder.folder
    outcome = recorder.finish(trainer)
    expected = [e for e in told[:-1] if not isinstance(e, StepCompleted) or e.evaluation]
    *events, end = SavedRun.read(folder).events()
    assert events == expected
    assert {RunStarted, StepCompleted, EpochCompleted, RateChanged} == set(map(type, events))
    assert isinstance(end, Outcome)
    assert end.best == outcome.best


SCORES = st.builds(Score, st.floats(0, 100), st.floats(0, 1))
EVALUATIONS = st.builds(
    Evaluation,
    step=st.integers(0, 10**9),
    epoch=st.floats(0, 10**6),
    train=st.none() | SCORES,
    validation=st.none() | SCORES,
    test=SCORES,
    improved=st.booleans(),
    seconds=st.floats(0, 10**6),
)
EVENTS = st.one_of(
    st.builds(StepCompleted, evaluation=st.none() | EVALUATIONS),
    st.builds(EpochCompleted, evaluation=st.none() | EVALUATIONS),
    st.builds(RateChanged),
    st.builds(Outcome, evaluation=st.none() | EVALUATIONS, best=st.none() | EVALUATIONS,
              saved=st.none() | st.just("a.npz"), run=st.none(), save_error=st.none() |
              st.just("full")),
)  # fmt: skip


def _finite(value: Any) -> Any:
    """As JSON has it: no infinities, which come back as NaN, equal to nothing."""
    return repr(value).replace("-inf", "nan").replace("inf", "nan")


@given(EVENTS)
def test_every_event_survives_its_line(event: Any) -> None:
    line = json_line(record_of(event, Invocation(None, "mnist-tui", None)))
    assert line.count("\n") == 1
    assert _finite(event_from_record(json.loads(line))) == _finite(event)


def test_what_is_not_finite_is_null_and_nan(make_trainer: MakeTrainer) -> None:
    event = StepCompleted(1, 1, math.inf, 0.1, (math.nan,), 1.0, 1.0, None)
    record = record_of(event, Invocation(None, "x", None))
    assert (record["loss"], record["gradient_norms"]) == (None, [None])
    again = event_from_record(record)
    assert isinstance(again, StepCompleted)
    assert math.isnan(again.loss)


def test_a_diverged_run_has_failed_and_keeps_what_was_good(
    make_trainer: MakeTrainer, root: Path
) -> None:
    trainer = make_trainer(
        optimizer="sgd", learning_rate=1e30, schedule="constant", loss="squared-error", epochs=9
    )
    with np.errstate(all="ignore"):
        folder, outcome = record_run(trainer, root)
    run = SavedRun.read(folder)
    assert (outcome.reason, run.status, run.record.reason) == ("diverged", "failed", "diverged")
    assert np.isfinite(read_model(folder / "final.npz").model.parameters).all()


def test_checkpoints_inside_epochs(make_trainer: MakeTrainer, root: Path, monkeypatch: Any) -> None:
    """At a new best; after a minute; at evaluations once some time has passed; at the end."""
    now = 0.0
    monkeypatch.setattr("tui.recording.recorder.time.monotonic", lambda: now)
    taken = []
    original = Checkpoint.save

    def save(self: Checkpoint, path: Path, *, metrics_bytes: int = 0) -> None:
        taken.append(self.state.values["step"])
        original(self, path, metrics_bytes=metrics_bytes)

    monkeypatch.setattr(Checkpoint, "save", save)
    trainer = make_trainer(batch_size=5, steps=23, eval_steps=4, learning_rate=1e-12)
    recorder = Recorder.start(trainer, root, Experiment(trainer.config))
    for event in trainer.events():
        now = {2: 61.0, 9: 72.0}.get(trainer.step, now)
        recorder.follow(trainer, event)
    recorder.finish(trainer)
    # Evaluations are at 1, 5, 9, ..., all alike: the one at 5 comes too soon after the checkpoint
    # at 2.
    assert taken == [0, 1, 2, 9, 23]


@pytest.mark.parametrize("links", [True, False])
def test_the_best_is_the_last_until_the_run_ends(
    make_trainer: MakeTrainer, root: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """One file with two names while the run goes on, and two files in the end."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    trainer = make_trainer(epochs=2, learning_rate=0.01)
    recorder = Recorder.start(trainer, root, Experiment(trainer.config))
    assert recorder.folder is not None
    best, last = recorder.folder / "best.npz", recorder.folder / "last.npz"
    for event in trainer.events():
        recorder.follow(trainer, event)
        if isinstance(event, EpochCompleted):
            recorder._wait()
            improved = SavedRun.read(recorder.folder).record.best == event.evaluation
            assert best.samefile(last) == (improved and links)
            assert (best.read_bytes() == last.read_bytes()) == improved
    recorder.finish(trainer)
    assert not best.samefile(last)
    assert sorted(os.listdir(recorder.folder or best.parent)) == sorted(RUN_FILES)
    trainer.restore(Checkpoint.load(best).state)  # as good as last.npz


def test_of_a_run_that_is_not_saved_nothing_is_left(make_trainer: MakeTrainer, root: Path) -> None:
    trainer = make_trainer()
    recorder = Recorder.unsaved(trainer, Experiment(trainer.config))
    for event in trainer.events():
        recorder.follow(trainer, event)
    outcome = recorder.finish(trainer)
    assert (outcome.reason, outcome.run, recorder.folder) == ("completed", None, None)


def cut_short_by(error: Exception, trainer: Trainer, root: Path, *, after: type[Event]) -> Path:
    """The folder of a run that an exception ended after the first event of a kind."""
    recorder = Recorder.start(trainer, root, Experiment(trainer.config))
    folder = recorder.folder
    assert folder is not None

    def fail() -> None:
        with recorder:
            for event in trainer.events():
                recorder.follow(trainer, event)
                if isinstance(event, after):
                    raise error

    with pytest.raises(type(error)):
        fail()
    return folder


def test_an_exception_leaves_the_last_checkpoint(make_trainer: MakeTrainer, root: Path) -> None:
    error = MemoryError("no room\n\x1b[31mfor it")
    folder = cut_short_by(error, make_trainer(), root, after=EpochCompleted)
    run = SavedRun.read(folder)
    assert (run.status, run.record.reason) == (
        "failed",
        r"MemoryError: no room \x1b[31mfor it",
    )
    assert state_values(folder)["step"] == 3
    assert not is_locked(folder)


def test_a_reader_who_leaves_interrupts(make_trainer: MakeTrainer, root: Path) -> None:
    folder = cut_short_by(BrokenPipeError(), make_trainer(), root, after=RunStarted)
    run = SavedRun.read(folder)
    assert (run.status, run.record.reason) == ("interrupted", "interrupted")
    told = io.StringIO()
    replay(run, told)
    assert told.getvalue().endswith(f"\n\ninterrupted\nresume: {resume_command(folder)}\n")


def test_names_are_unique(make_trainer: MakeTrainer, root: Path) -> None:
    folders = {record_run(make_trainer(epochs=1), root)[0] for _ in range(4)}
    assert len(folders) == 4
    runs, errors = list_runs(root)
    assert ({run.path for run in runs}, errors) == (folders, [])


def test_files_have_the_users_mode(make_trainer: MakeTrainer, root: Path) -> None:
    before = os.umask(0o027)
    try:
        folder, _ = record_run(make_trainer(), root)
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o750
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o640}


def test_a_reader_follows_a_run_and_notices_where_it_was_cut(
    make_trainer: MakeTrainer, root: Path, tiny: Dataset
) -> None:
    folder, _ = record_run(make_trainer(epochs=3), root, events=9)  # after two epochs
    reader, history = MetricsReader(folder), RunHistory("x", Experiment())
    for event in reader.poll():
        history.replay(event)
    assert [epoch.epoch for epoch in history.epochs] == [1, 2]
    assert reader.poll() == []
    go_on(folder, tiny)
    for event in reader.poll():
        history.replay(event)
    assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3]
    assert [e.step for e in history.evaluations] == [3, 6, 9]
    assert history.finished is not None
    assert reader.poll() == []
