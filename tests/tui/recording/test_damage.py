"""Damaged, foreign and hostile files: one clear line, and the rest is still readable."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import NNError, StorageError
from nn.storage.checkpoint import Checkpoint, load_model
from nn.storage.lock import is_locked
from nn.storage.metrics import MetricsReader
from nn.storage.model_file import read_model, write_model
from nn.storage.run_lookup import find_run
from nn.storage.run_writer import RunWriter, delete_run
from nn.storage.runs import SavedRun, list_runs
from nn.training.trainer import Trainer
from tests.support.commands import call_command, environment, refused
from tests.support.npz import array_bytes, npy, rewrite
from tests.support.recorded import MakeTrainer, go_on, record_run, same
from tui.recording.source import RunSource


@pytest.fixture(scope="module")
def kept(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run left in its third epoch."""
    root = tmp_path_factory.mktemp("kept")
    config = TrainConfig(hidden=(8,), batch_size=40, epochs=4, optimizer="momentum")
    folder, _ = record_run(Trainer(config, tiny, step_interval=0), root, events=10)
    return folder


@pytest.fixture
def folder(kept: Path, root: Path) -> Path:
    """A copy of it that may be damaged."""
    copy = root / kept.name
    shutil.copytree(kept, copy)
    return copy


def refuses(folder: Path, dataset: Dataset, said: str | None) -> None:
    """Resuming is refused with these words, changes no byte, and allocates next to nothing."""
    before = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file() and p.name != "lock"}
    tracemalloc.start()
    try:
        with pytest.raises(NNError, match=said) as caught:
            go_on(folder, dataset)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert len(str(caught.value).splitlines()) == 1
    after = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file() and p.name != "lock"}
    assert after == before
    assert not is_locked(folder)


def test_a_torn_last_line(folder: Path, kept: Path, tiny: Dataset) -> None:
    """Killed while it wrote: the torn line is not seen, and the resumed run is the whole one."""
    with (folder / "metrics.jsonl").open("a") as stream:
        stream.write('{"event": "epoch", "epoch": 3, "st')
    assert list(SavedRun.read(folder).events()) == list(SavedRun.read(kept).events())
    go_on(folder, tiny)
    go_on(kept_copy := shutil.copytree(kept, folder.parent / "other"), tiny)
    same(folder, kept_copy)


def test_what_came_after_the_checkpoint_is_done_again(
    folder: Path,
    kept: Path,
    tiny: Dataset,
) -> None:
    """Killed between the metrics of an epoch and its checkpoint: no epoch is there twice."""
    with (folder / "metrics.jsonl").open("a") as stream:
        stream.write(json.dumps({"event": "rate_changed", "step": 7, "factor": 3.0}) + "\n")
    go_on(folder, tiny)
    go_on(kept_copy := shutil.copytree(kept, folder.parent / "other"), tiny)
    same(folder, kept_copy)


def test_what_a_killed_process_was_writing_is_removed(folder: Path, tiny: Dataset) -> None:
    (folder / ".last.npz.x7f2").write_bytes(b"half")
    (folder / "notes.txt").write_text("mine")
    go_on(folder, tiny)
    assert not (folder / ".last.npz.x7f2").exists()
    assert (folder / "notes.txt").read_text() == "mine"


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2000])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def replace_by_model(path: Path) -> None:
    write_model(path, Checkpoint.load(path).predictor())


def replace_by_pickle(path: Path) -> None:
    path.write_bytes(b"\x80\x04cos\nsystem\n(S'touch /tmp/owned'\ntR.")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut_short, "last.npz: damaged, or not an .npz file"),
        (flip_a_bit, "last.npz: damaged"),
        (make_empty, "last.npz: damaged, or not an .npz file"),
        (replace_by_model, "last.npz: not a checkpoint"),
        (replace_by_pickle, "last.npz: damaged, or not an .npz file"),
        (Path.unlink, "last.npz: No such file or directory"),
    ],
)
def test_a_damaged_checkpoint(
    folder: Path,
    tiny: Dataset,
    damage: Callable[[Path], None],
    said: str,
) -> None:
    """It is refused; the metrics and the best model are still there."""
    damage(folder / "last.npz")
    refuses(folder, tiny, said)
    run = SavedRun.read(folder)
    assert load_model(run, "best").score(tiny.test) == run.record.best.test  # type: ignore[union-attr]
    assert len(list(run.events())) == 4


def texts(**values: object) -> dict[str, bytes | None]:
    return {f"{name}.npy": array_bytes(np.array(value)) for name, value in values.items()}


CONFIG = TrainConfig(hidden=(8,), batch_size=40, epochs=4, optimizer="momentum").to_dict()
VECTOR = np.zeros(784 * 8 + 8 + 90, np.float32)
HOSTILE: dict[str, dict[str, bytes | None]] = {
    "another version": texts(checkpoint="mnist-tui checkpoint 3"),
    "another network": texts(config=json.dumps(CONFIG | {"hidden": [9]})),
    "a network beyond memory": texts(config=json.dumps(CONFIG | {"hidden": [65_536] * 100})),
    "another optimizer": texts(config=json.dumps(CONFIG | {"optimizer": "adam"})),
    "other data": texts(data_sha256="f" * 64),
    "a configuration that is none": texts(config="[]"),
    "deeply nested": texts(values="[" * 100_000),
    "values that are none": texts(values="[]"),
    "values left out": texts(values="{}"),
    "a number of 5,000 digits": texts(values=f'{{"step": {"9" * 5000}}}'),
    "metrics of another size": texts(metrics_bytes=10**15),
    "metrics cut inside a line": texts(metrics_bytes=100),
    "metrics of negative size": texts(metrics_bytes=-1),
    "metrics of no size": texts(metrics_bytes="x"),
    "no weights": {"layer1.weight.npy": None},
    "no optimizer state": {"optimizer.velocity.npy": None},
    "weights too short": {"layer2.weight.npy": array_bytes(VECTOR[:79].reshape(79, 1))},
    "optimizer state too short": {"optimizer.velocity.npy": array_bytes(VECTOR[:-1])},
    "weights of another type": {
        "layer1.bias.npy": array_bytes(VECTOR[:8].astype(np.float64)),
    },
    "objects": {"layer1.weight.npy": array_bytes(np.array([{"a": 1}], object))},
    "a terabyte promised": {
        "layer1.weight.npy": npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (2**38,)}\n"),
        "optimizer.velocity.npy": npy(
            b"{'descr': '<f4', 'fortran_order': False, 'shape': (274877906944,)}\n"
        ),
    },
    "a path": {
        "../../outside.npy": array_bytes(VECTOR),
        "/tmp/outside.npy": array_bytes(VECTOR[:9]),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_checkpoint(kept: Path, folder: Path, tiny: Dataset, name: str) -> None:
    rewrite(kept / "last.npz", folder / "last.npz", HOSTILE[name])
    refuses(folder, tiny, None)
    assert not Path("/tmp/outside.npy").exists()


def test_another_version_is_named(kept: Path, folder: Path) -> None:
    path = folder / "last.npz"
    rewrite(kept / "last.npz", path, HOSTILE["another version"])
    with pytest.raises(
        StorageError, match="checkpoint 2' expected, found 'mnist-tui checkpoint 3'"
    ):
        Checkpoint.load(path)
    rewrite(kept / "last.npz", path, texts(format="\x1b[31m" * 100))
    with pytest.raises(StorageError, match="not a model file") as caught:
        read_model(path)
    assert str(caught.value).isprintable()


def test_a_zip_bomb(folder: Path, tiny: Dataset) -> None:
    with zipfile.ZipFile(folder / "last.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("format.npy", bytes(50_000_000))
    refuses(folder, tiny, "declares 50,000,000 bytes, more than the file has")


@settings(suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_damage_is_noticed_or_harmless(kept: Path, folder: Path, data: st.DataObject) -> None:
    content = bytearray((kept / "last.npz").read_bytes())
    places = st.integers(0, len(content) - 1) | st.integers(len(content) - 3000, len(content) - 1)
    for place in data.draw(st.lists(places, max_size=3)):
        content[place] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(places) :]
    (folder / "last.npz").write_bytes(content)
    try:
        read = Checkpoint.load(folder / "last.npz")
    except StorageError:
        return
    expected = Checkpoint.load(kept / "last.npz")
    assert (read.config, read.state.values) == (expected.config, expected.state.values)
    for name, array in expected.state.arrays.items():
        np.testing.assert_array_equal(read.state.arrays[name], array)


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


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("hello", "line 2: not JSON"),
        ("{}", "line 2: not the record of an event"),
        ('{"event": "epoch"}', "line 2: EpochCompleted: epoch is missing"),
        ('{"event": "rate_changed", "step": "x", "factor": 1}', "line 2: RateChanged.step: "),
        ('{"event": "run_started", "schema": 7}', "line 2: records of schema 7, this reads 1"),
        ("[" * 100_000, "line 2: not JSON"),
        (" " * 2_000_000, "line 2 is endless"),
    ],
)
def test_a_damaged_line(folder: Path, tiny: Dataset, line: str, said: str) -> None:
    path = folder / "metrics.jsonl"
    first, _, *rest = path.read_text().splitlines(keepends=True)
    path.write_text("".join([first, line + "\n", *rest]))
    with pytest.raises(StorageError, match=rf"metrics\.jsonl: {said}"):
        MetricsReader(folder).poll()
    refuses(folder, tiny, r"metrics\.jsonl: ")


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


def test_a_damaged_checkpoint_has_a_remedy(
    kept: Path, folder: Path, tiny: Dataset, root: Path
) -> None:
    """The best one is of the same kind; where that is damaged too, the run can be repeated."""
    (folder / "last.npz").write_bytes(b"")
    with pytest.raises(StorageError, match=r"last\.npz: .*; copy best\.npz over it to go on"):
        go_on(folder, tiny)
    shutil.copy(folder / "best.npz", folder / "last.npz")
    go_on(folder, tiny)
    whole, _ = record_run(Trainer(SavedRun.read(kept).record.config, tiny, step_interval=0), root)
    same(whole, folder)
    shutil.copytree(kept, root / "both")
    for name in ("last.npz", "best.npz"):
        (root / "both" / name).write_bytes(b"")
    with pytest.raises(StorageError, match=r"; to train it anew: mnist-tui --headless "):
        go_on(root / "both", tiny)


def test_a_best_model_that_is_missing(folder: Path) -> None:
    (folder / "best.npz").unlink()
    with pytest.raises(StorageError, match=r"has no best model: best\.npz is missing"):
        load_model(SavedRun.read(folder), "best")
    assert load_model(SavedRun.read(folder), "last")


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


def test_damage_is_told_on_the_command_line(folder: Path) -> None:
    flip_a_bit(folder / "last.npz")
    (folder / "best.npz").write_bytes(b"x")
    at = f"--runs-dir={folder.parent}"
    assert "last.npz: damaged" in refused(call_command("--headless", "--resume", at))
    assert "best.npz: damaged" in refused(call_command("export", at))
    with pytest.raises(StorageError):
        read_model(folder / "best.npz")
