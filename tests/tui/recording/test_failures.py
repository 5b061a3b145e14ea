"""Saving that fails: training goes on, the failure is reported, and earlier data stay good."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.events import EpochCompleted, Event
from nn.storage.checkpoint import Checkpoint, load_model
from nn.storage.records import Outcome
from nn.storage.run_lookup import find_run
from nn.storage.run_writer import RunWriter
from nn.storage.runs import SavedRun, list_runs, newest_name
from nn.training.trainer import Trainer
from tests.support.commands import call_command, refused, run_command
from tests.support.json_schema import check_stream
from tests.support.recorded import MakeTrainer, go_on, record_run, same, timeless_metrics
from tui.recording.experiment import Experiment
from tui.recording.folder import runs_folder
from tui.recording.recorder import Recorder
from tui.recording.source import RunSource, Saving


def record_with(
    trainer: Trainer, root: Path, meddle: Callable[[Event, Path], None]
) -> tuple[Path, Outcome, list[str | None]]:
    """Save a run and change its folder after each event; returns each `failure` too."""
    recorder = Recorder.start(trainer, root, Experiment(trainer.config))
    folder = recorder.folder
    assert folder is not None
    failures = []
    for event in trainer.events():
        recorder.follow(trainer, event)
        meddle(event, folder)
        failures.append(recorder.failure)
    return folder, recorder.finish(trainer), failures


class Fault:
    """A system call that fails while `error` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.error: int | None = None
        original = getattr(os, name)

        def call(*arguments: Any) -> Any:
            if self.error is not None:
                raise OSError(self.error, os.strerror(self.error))
            return original(*arguments)

        monkeypatch.setattr(os, name, call)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("write", errno.ENOSPC),
        ("write", errno.EROFS),
        ("fsync", errno.EIO),
        ("fsync", errno.EDQUOT),
    ],
)
def test_a_full_or_read_only_disk(
    make_trainer: MakeTrainer,
    root: Path,
    tiny: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    error: int,
) -> None:
    """From the second epoch on: training ends as usual, and the first epoch is on disk."""
    fault = Fault(monkeypatch, call)
    trainer = make_trainer(epochs=4)
    recorder = Recorder.start(trainer, root, Experiment(trainer.config))
    folder = recorder.folder
    assert folder is not None
    for event in trainer.events():
        recorder.follow(trainer, event)
        if isinstance(event, EpochCompleted) and event.epoch == 1:
            recorder._wait()
            fault.error = error
    outcome = recorder.finish(trainer)
    assert outcome.reason == "completed"
    assert outcome.save_error is not None
    assert outcome.save_error.startswith("saving failed after step ")
    assert os.strerror(error) in outcome.save_error
    fault.error = None
    assert Checkpoint.load(folder / "last.npz").state.values["step"] == 3
    assert load_model(SavedRun.read(folder), "best")
    go_on(folder, tiny)
    whole, _ = record_run(make_trainer(epochs=4), root)
    assert timeless_metrics(folder) == timeless_metrics(whole)


def test_a_disk_with_room_again(
    make_trainer: MakeTrainer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is missing in the end, but that something was amiss is still told."""
    fault = Fault(monkeypatch, "fsync")

    def meddle(event: Event, folder: Path) -> None:
        if isinstance(event, EpochCompleted):
            fault.error = {1: errno.ENOSPC, 3: None}.get(event.epoch, fault.error)

    folder, outcome, failures = record_with(make_trainer(epochs=6), root, meddle)
    assert failures[-1] is not None
    assert "No space left on device" in failures[-1]
    assert outcome.save_error == failures[-1]
    monkeypatch.undo()
    whole, _ = record_run(make_trainer(epochs=6), root)
    same(folder, whole)
    assert SavedRun.read(folder).record.save_error == outcome.save_error


def test_a_folder_deleted_while_training(make_trainer: MakeTrainer, root: Path) -> None:
    def meddle(event: Event, folder: Path) -> None:
        if isinstance(event, EpochCompleted) and event.epoch == 1:
            while folder.exists():  # something may be being written
                shutil.rmtree(folder, ignore_errors=True)

    folder, outcome, failures = record_with(make_trainer(epochs=3), root, meddle)
    assert (outcome.reason, outcome.step) == ("completed", 9)
    assert failures[-1] is not None
    assert "metrics.jsonl: cannot write: deleted while the run went on" in failures[-1] or (
        f"cannot write: there is no folder {folder}" in failures[-1]
    )
    assert not folder.exists()  # it does not come back as half a run
    assert outcome.run is None  # nor is it said to be there


def test_what_cannot_be_saved_never_reaches_training(
    make_trainer: MakeTrainer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even an error that nobody thought of."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("unforeseen\n\x1b[2J")

    monkeypatch.setattr(Checkpoint, "take", fail)
    _, outcome, failures = record_with(make_trainer(), root, lambda event, folder: None)
    assert outcome.reason == "completed"
    assert failures[0] == r"saving failed after step 0: RuntimeError: unforeseen \x1b[2J"


def test_the_newest_run_is_found_without_looking_into_the_others(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        (root / f"20250101-0000{number}-run").mkdir(parents=True)
        (root / f"20250101-0000{number}-run" / "run.json").write_text("{}")
    (root / "20990101-000000-empty").mkdir()
    (root / "file").write_text("")
    looked, lexists = [], os.path.lexists

    def look(path: Path) -> bool:
        looked.append(path)
        return lexists(path)

    monkeypatch.setattr(os.path, "lexists", look)
    assert newest_name(root) == "20250101-00009-run"
    assert len(looked) == 2
    assert newest_name(root / "none") is None
    assert newest_name(root / "20990101-000000-empty") is None


def test_the_clock_set_back(
    make_trainer: MakeTrainer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names stay unique, times spent stay true, and it is told that `last` means another run."""
    future, _ = record_run(make_trainer(), root)
    path = root / ("29991231" + future.name[8:])
    future.rename(path)
    (path / "run.json").write_text(
        (path / "run.json").read_text().replace('"created": "20', '"created": "29')
    )
    trainer = make_trainer()
    source = RunSource(Experiment(trainer.config), Saving(runs_dir=root))
    recorder, warnings = source.recorder(trainer)
    recorder.close()
    assert warnings == [f"the clock is behind that of run {path.name}, which `last` will mean"]
    assert find_run(root, "last").path == path
    monkeypatch.setattr("time.time", lambda: 0.0)
    folder, outcome = record_run(make_trainer(), root)
    assert outcome.seconds > 0
    assert len(list_runs(root)[0]) == 3
    assert SavedRun.read(folder).record.seconds == outcome.seconds


def test_two_runs_of_the_same_second(root: Path) -> None:
    now = datetime(2026, 11, 21, 19, 45, 1)
    writers = [RunWriter.create(root, "sigmoid", now) for _ in range(3)]
    assert [writer.path.name for writer in writers] == [
        "20261121-194501-sigmoid",
        "20261121-194501-sigmoid-2",
        "20261121-194501-sigmoid-3",
    ]
    for writer in writers:
        writer.close()


def test_a_folder_that_cannot_be_made(small_run: Sequence[str], root: Path) -> None:
    """Below a file, as permissions do not bind root: one line of warning, and the run goes on."""
    root.write_text("a file")
    env = {"MNIST_TUI_RUNS_DIR": str(root / "runs")}
    result = call_command(*small_run, "--epochs=2", "--json", env=env)
    assert result.returncode == 0
    assert check_stream(result.stdout)[-1]["run"] is None
    assert result.stderr == (
        f"mnist-tui: warning: this run is not saved: {root / 'runs'}: {root} is a file, where a"
        " folder is wanted\n"
    )


def test_a_folder_that_was_typed_must_be_writable(small_run: Sequence[str], root: Path) -> None:
    root.write_text("a file")
    said = refused(call_command(*small_run, f"--runs-dir={root / 'runs'}"))
    assert said == f"--runs-dir {root / 'runs'}: {root} is a file; name a folder, which may be new"


def test_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a home gets no folder called ~."""
    monkeypatch.delenv("MNIST_TUI_RUNS_DIR")

    def refuse(name: str) -> Path:
        raise RuntimeError("could not determine the home directory")

    for answer in (refuse, lambda name: Path("~/.local/share") / name):
        monkeypatch.setattr("tui.system.data_folder.user_data_path", answer)
        with pytest.raises(StorageError, match="no home folder to save runs in; set MNIST_TUI"):
            runs_folder()


def test_a_file_size_limit(small_run: Sequence[str], root: Path) -> None:
    """The checkpoint does not fit: told at once, told at the end, and in the exit code."""
    limit = 20_000
    result = run_command(
        *small_run,
        "--epochs=3",
        f"--runs-dir={root}",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert result.returncode == 1
    (folder,) = root.iterdir()
    failure = f"saving failed after step 0: {folder / 'last.npz'}: cannot write: File too large"
    lines = result.stderr.splitlines()
    assert lines.count(f"warning: {failure}; training goes on") == 1
    assert lines[-1] == f"mnist-tui: error: {failure}"
    assert any(line.startswith("completed after 3 epochs") for line in lines)
    assert f"run saved in part in {folder}" in lines
    assert not any(line.startswith("resume: ") for line in lines)  # there is nothing to go on from
    record = SavedRun.read(folder).record
    assert record.save_error == f"no weights are saved; {failure}"
    assert (record.step, record.best, record.status) == (0, None, "interrupted")
    assert sorted(os.listdir(folder)) == ["lock", "metrics.jsonl", "run.json"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 160 kB, which holds one checkpoint of the small network, but not two."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("may not mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up(small_run: Sequence[str], small_disk: Path) -> None:
    result = call_command(*small_run, "--epochs=3", f"--runs-dir={small_disk}", "--json")
    events = check_stream(result.stdout)
    assert (events[-1]["reason"], result.returncode) == ("completed", 1)
    assert "No space left on device" in events[-1]["save_error"]
    first, last = result.stderr.splitlines()
    assert first == f"mnist-tui: warning: {events[-1]['save_error']}; training goes on"
    assert last == f"mnist-tui: error: {events[-1]['save_error']}"
    (run,), _ = list_runs(small_disk)
    assert Checkpoint.load(run.path / "last.npz").config.epochs == 3
    assert run.model_file("last") == run.path / "final.npz"  # for which there is room
    assert load_model(run, "last")
    assert not [name for name in os.listdir(run.path) if name.startswith(".")]


def test_a_folder_that_may_only_be_read(
    make_trainer: MakeTrainer, root: Path, tiny: Dataset
) -> None:
    """Runs in it are listed, shown and used; going on with one is refused."""
    folder, _ = record_run(make_trainer(), root, events=9)
    bind = ["mount", "--bind", "-o", "ro", str(root), str(root)]
    if shutil.which("mount") is None or subprocess.run(bind, capture_output=True).returncode:
        pytest.skip("may not mount a file system")
    try:
        (run,), _ = list_runs(root)
        assert load_model(run, "best").score(tiny.test) == run.record.best.test  # type: ignore[union-attr]
        with pytest.raises(StorageError, match="lock: cannot write: Read-only file system"):
            go_on(folder, tiny)
        with pytest.raises(StorageError, match="Read-only file system"):
            Recorder.start(make_trainer(), root, Experiment())
    finally:
        subprocess.run(["umount", str(root)], check=True)
