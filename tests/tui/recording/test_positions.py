"""Records and files of weights that disagree: the files decide, and no weights pass for others."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.events import EpochCompleted
from nn.storage.checkpoint import Checkpoint, load_model
from nn.storage.run_lookup import find_run
from nn.storage.run_writer import RunWriter
from nn.storage.runs import SavedRun, list_runs
from tests.support.commands import call_command, refused
from tests.support.recorded import MakeTrainer, go_on, record_run
from tui.recording.experiment import Experiment
from tui.recording.recorder import Recorder


def full_from(
    make_trainer: MakeTrainer, root: Path, epoch: int, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A run of five epochs, after some of which no weights could be written any more."""
    trainer = make_trainer(epochs=5)
    recorder = Recorder.start(trainer, root, Experiment(trainer.config))
    folder = recorder.folder
    assert folder is not None

    def fail(*_: object, **__: object) -> None:
        raise StorageError(f"{folder / 'last.npz'}: cannot write: No space left on device")

    for event in trainer.events():
        recorder.follow(trainer, event)
        if isinstance(event, EpochCompleted) and event.epoch == epoch:
            recorder._wait()
            for name in ("save_checkpoint", "save_best", "save_final"):
                monkeypatch.setattr(RunWriter, name, fail)
    recorder.finish(trainer)
    monkeypatch.undo()
    return folder


def test_a_full_disk(
    make_trainer: MakeTrainer, root: Path, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = full_from(make_trainer, root, 2, monkeypatch)
    assert json.loads((folder / "run.json").read_text())["step"] == 15  # what training came to
    held = Checkpoint.load(folder / "last.npz").state.values["step"]
    for run in (SavedRun.read(folder), find_run(root, "last"), list_runs(root)[0][0]):
        record = run.record
        assert (run.status, record.step, record.epoch) == ("interrupted", held, 2.0)
        assert record.save_error is not None
        assert record.save_error.startswith("saved up to epoch 2; saving failed after step ")
        assert record.best is not None
        assert load_model(run, "best").score(tiny.test) == record.best.test
        assert record.latest is not None
        assert load_model(run, "last").score(tiny.test) == record.latest.test
    go_on(folder, tiny)  # what is missing is done again
    again = SavedRun.read(folder, thorough=True).record
    assert (again.status, again.step, again.save_error) == ("finished", 15, None)


def test_a_full_disk_on_the_command_line(
    make_trainer: MakeTrainer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_from(make_trainer, root, 2, monkeypatch)
    at = f"--runs-dir={root}"
    for arguments in (["runs"], ["runs", "show"]):
        out = call_command(*arguments, at).stdout
        assert "saved up to epoch 2" in out
        assert "2/5" in out
        assert "5/5" not in out
    (listed,) = map(json.loads, call_command("runs", "--json", at).stdout.splitlines())
    assert (listed["status"], listed["epoch"]) == ("interrupted", 2.0)
    assert listed["save_error"].startswith("saved up to epoch 2")


@pytest.mark.parametrize("name", ["last.npz", "best.npz"])
def test_a_file_of_another_step(
    make_trainer: MakeTrainer, root: Path, tiny: Dataset, name: str
) -> None:
    """Copied by hand, from an earlier state of the run, into a run that was saved without fault."""
    early, _ = record_run(make_trainer(epochs=5), root, events=5)  # in its first epochs
    folder, _ = record_run(make_trainer(epochs=5), root)
    (folder / "final.npz").unlink()
    shutil.copy(early / name, folder / name)
    run = SavedRun.read(folder, thorough=True)
    held = Checkpoint.load(folder / name).state.values["step"]
    if name == "last.npz":
        assert (run.status, run.record.step) == ("interrupted", held)
        predictor = Checkpoint.load(folder / name).predictor()
        assert load_model(run, "last").score(tiny.test) == predictor.score(tiny.test)
    else:
        assert run.record.best is not None
        assert run.record.best.step == held
        assert load_model(run, "best").score(tiny.test) == run.record.best.test


def test_weights_replaced_behind_a_record_are_not_taken(
    make_trainer: MakeTrainer, root: Path, tiny: Dataset
) -> None:
    """The record that was read before is that of other weights; the new ones have their own."""
    early, _ = record_run(make_trainer(epochs=5), root, events=5)
    folder, _ = record_run(make_trainer(epochs=5), root)
    run = SavedRun.read(folder, thorough=True)
    shutil.copy(early / "best.npz", folder / "best.npz")
    now = SavedRun.read(folder, thorough=True)
    assert now.record.best is not None
    assert load_model(run, "best").score(tiny.test) == now.record.best.test


def test_a_lost_best_network_is_named_and_replaced_by_the_next(
    make_trainer: MakeTrainer, root: Path, tiny: Dataset
) -> None:
    folder, _ = record_run(make_trainer(epochs=5), root, events=9)
    (folder / "best.npz").unlink()
    run = SavedRun.read(folder, thorough=True)
    with pytest.raises(StorageError, match=r"has no best model: best\.npz is missing"):
        load_model(run, "best")
    go_on(folder, tiny)
    run = SavedRun.read(folder, thorough=True)
    assert run.record.best is not None
    assert load_model(run, "best").score(tiny.test) == run.record.best.test


def test_two_names_of_one_file_are_parted_when_the_run_is_listed(
    make_trainer: MakeTrainer, root: Path
) -> None:
    """As a process leaves them that is killed in an epoch that was the best so far."""
    folder, _ = record_run(make_trainer(epochs=5), root, events=9)
    best, last = folder / "best.npz", folder / "last.npz"
    last.unlink()
    os.link(best, last)
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record | {"status": "running", "reason": None}))
    content = best.read_bytes()
    assert list_runs(root)[1] == []
    assert not best.samefile(last)
    assert best.read_bytes() == last.read_bytes() == content


def test_a_folder_left_before_its_first_record(small_run: Sequence[str], root: Path) -> None:
    at = f"--runs-dir={root}"
    assert call_command(*small_run, "--epochs=1", "--quiet", at).returncode == 0
    left = root / "20260101-000000-relu-cross-entropy"
    left.mkdir()
    for name in ("lock", "metrics.jsonl", ".run.json.abc"):
        (left / name).touch()
    result = call_command("runs", at)
    assert result.returncode == 0
    assert result.stderr == (
        f"mnist-tui: warning: {left.name}: no record: killed before its first checkpoint;"
        f" remove it with `runs rm {left.name}`\n"
    )
    assert "no record" in refused(call_command("runs", "show", left.name, at))
    assert find_run(root, "last").name != left.name
    assert call_command("runs", "rm", left.name[:8], "--yes", at).returncode == 0
    assert not left.exists()


def test_a_folder_of_other_things_is_not_a_run(root: Path) -> None:
    other = root / "20260101-000000-holidays"
    other.mkdir(parents=True)
    (other / "beach.jpg").touch()
    assert list_runs(root) == ([], [])
    said = refused(call_command("runs", "rm", other.name, "--yes", f"--runs-dir={root}"))
    assert "no run" in said
    assert (other / "beach.jpg").exists()


def test_the_speed_of_a_run_is_that_of_all_of_it(
    make_trainer: MakeTrainer, root: Path, tiny: Dataset
) -> None:
    """Not of the last interval, also where the run was left; every command shows the same one."""
    trainer = make_trainer(epochs=5)
    folder, outcome = record_run(trainer, root, events=9)
    assert outcome.reason == "interrupted"
    assert outcome.samples_per_second == trainer.samples_per_second
    assert SavedRun.read(folder).record.samples_per_second == trainer.samples_per_second
    shown = call_command("runs", "show", folder.name, f"--runs-dir={root}").stdout
    whole, _ = record_run(make_trainer(epochs=5), root)
    compared = call_command("runs", "compare", folder.name, whole.name, f"--runs-dir={root}").stdout
    (row,) = [line.split() for line in compared.splitlines() if line.startswith("images/s")]
    assert f"({row[1]} images/s)" in shown
