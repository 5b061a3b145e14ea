"""A damaged, missing or foreign record or folder of a run: one clear line, and others are read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.storage.lock import is_locked
from nn.storage.run_lookup import find_run
from nn.storage.run_writer import RunWriter, delete_run
from nn.storage.runs import SavedRun, list_runs
from tests.support.commands import call_command, environment
from tests.support.recorded import MakeTrainer, record_run
from tui.recording.source import RunSource

RECORDS: dict[str, Any] = {
    "another version": {"schema": 2},
    "no status": {"status": None},
    "a status of its own": {"status": "great"},
    "a control sequence": {"recipe": "\x1b]0;owned\x07"},
    "a configuration out of bounds": {"config": {"epochs": -1}},
    "a number too large": {"step": 1.5},
    "an evaluation that is none": {"best": {"step": 1}},
    "versions that are none": {"versions": [1]},
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_hostile_record(folder: Path, name: str) -> None:
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record | RECORDS[name]))
    with pytest.raises(StorageError, match=r"run\.json: not the record of a run: ") as caught:
        SavedRun.read(folder)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b"9" * 5000, b" " * 2_000_000]
)
def test_a_record_that_is_none(folder: Path, content: bytes) -> None:
    (folder / "run.json").write_bytes(content)
    with pytest.raises(StorageError, match=r"run\.json: "):
        SavedRun.read(folder)


def test_one_damaged_run_does_not_hide_the_others(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / "damaged")
    (folder.parent / "damaged" / "run.json").write_text("{")
    (folder.parent / "not-a-run").mkdir()
    (folder.parent / "a-file").write_text("")
    (folder.parent / "elsewhere").symlink_to(folder)
    runs, (error,) = list_runs(folder.parent)
    assert [run.path for run in runs] == [folder]
    assert "damaged/run.json" in str(error)
    result = call_command("runs", f"--runs-dir={folder.parent}")
    assert folder.name in result.stdout
    assert result.stderr.startswith("mnist-tui: warning: ")


def test_a_run_whose_record_was_removed_is_not_said_to_have_had_none(folder: Path) -> None:
    dated = folder.rename(folder.parent / "20261121-120000-x")
    (dated / "run.json").unlink()
    _, (error,) = list_runs(dated.parent)
    assert str(error) == (
        f"{dated.name}: no record: run.json is missing, weights are in best.npz; remove it with"
        f" `runs rm {dated.name}`"
    )


def test_a_run_that_was_removed_meanwhile_is_named_by_its_folder(folder: Path) -> None:
    run = SavedRun.read(folder)
    shutil.rmtree(folder)
    for read in (
        lambda: SavedRun.read(folder),
        lambda: list(run.events()),
        lambda: delete_run(folder),
    ):
        with pytest.raises(StorageError) as refused:
            read()
        assert str(refused.value) == f"{folder}: there is no such folder"


def test_the_last_run_is_never_silently_the_one_before(folder: Path) -> None:
    newer = folder.parent / "99991231-235959-newer"
    shutil.copytree(folder, newer)
    assert find_run(folder.parent, "last").path in (folder, newer)
    (newer / "run.json").write_text('{"schema": 2}')
    with pytest.raises(StorageError, match=r"newer/run\.json: .* schema 2, not 1; name the run "):
        find_run(folder.parent, "last")
    shutil.rmtree(folder)
    with pytest.raises(StorageError, match="schema 2"):
        find_run(newer.parent, "last")
    shutil.rmtree(newer)
    with pytest.raises(StorageError, match="no saved runs"):
        find_run(newer.parent, "last")


def test_a_record_that_is_a_pipe_is_not_waited_for(folder: Path) -> None:
    (folder / "run.json").unlink()
    os.mkfifo(folder / "run.json")
    runs, (error,) = list_runs(folder.parent)
    assert (runs, str(error)) == ([], f"{folder / 'run.json'}: not a regular file")


def test_nobody_waits_for_the_other_end_of_a_pipe(kept: Path, root: Path) -> None:
    """All commands in one process, which would not end."""
    commands = []
    for number, name in enumerate(("metrics.jsonl", "last.npz", "best.npz", "lock")):
        folder = root / f"run{number}"
        shutil.copytree(kept, folder)
        (folder / name).unlink()
        os.mkfifo(folder / name)
        assert is_locked(folder) is False
        output = f"--output={root / 'model.npz'}"
        commands += [
            [*words, folder.name, f"--runs-dir={root}"]
            for words in (["runs", "show"], ["export", output], ["--headless", "--resume"])
        ]
    script = f"from tui.__main__ import main\nfor words in {commands!r}: main(words)\nprint('end')"
    words = [sys.executable, "-c", script]
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.stdout.endswith("end\n"), done.stderr


def test_nothing_is_written_through_links(folder: Path, tiny: Dataset) -> None:
    outside = folder.parent.parent / "outside"
    outside.write_text("precious")
    for name in ("lock", "metrics.jsonl"):
        (folder / name).unlink()
        (folder / name).symlink_to(outside)
        with pytest.raises(StorageError, match=name):
            RunSource.resumed(SavedRun.read(folder)).open()
        (folder / name).unlink()
        (folder / name).touch()
    assert outside.read_text() == "precious"


def test_removing_takes_only_what_is_a_runs(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(StorageError, match="cannot remove: Directory not empty"):
        delete_run(folder)
    assert os.listdir(folder) == ["notes.txt"]


def test_names_that_lead_elsewhere(folder: Path) -> None:
    for name in ("..", "../..", "/", "", "x/../.."):
        with pytest.raises(StorageError):
            find_run(folder.parent, name)
    assert find_run(folder.parent, folder.name[:5]).path == folder


def test_a_new_run_never_writes_over_another(root: Path, make_trainer: MakeTrainer) -> None:
    folder, _ = record_run(make_trainer(), root)
    before = (folder / "run.json").read_bytes()
    for _ in range(3):
        record_run(make_trainer(), root)
    assert (folder / "run.json").read_bytes() == before
    writer = RunWriter.reopen(folder)
    with pytest.raises(StorageError, match="is being written by process"):
        RunWriter.reopen(folder)
    writer.close()
