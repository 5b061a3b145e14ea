"""Damaged, foreign and hostile checkpoints and metrics: one clear line, and nothing is changed."""

from __future__ import annotations

import json
import shutil
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

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
from nn.storage.runs import SavedRun
from nn.training.trainer import Trainer
from tests.support.commands import call_command, refused
from tests.support.npz import array_bytes, npy, rewrite
from tests.support.recorded import go_on, record_run, same


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


def test_a_list_of_members_that_hides_one(kept: Path, folder: Path, tiny: Dataset) -> None:
    """The length of a comment covers the rest of the list, of which nothing else tells."""
    content = bytearray((kept / "last.npz").read_bytes())
    before_last = content.rindex(b"PK\1\2", 0, content.rindex(b"PK\1\2"))
    last = content.rindex(b"PK\1\2")
    end = content.rindex(b"PK\5\6")
    content[before_last + 32 : before_last + 34] = (end - last).to_bytes(2, "little")
    (folder / "last.npz").write_bytes(content)
    refuses(folder, tiny, r"last\.npz: damaged.*lists \d+ arrays, and says that it has \d+")


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


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("hello", "line 2: not JSON"),
        ("{}", "line 2: not the record of an event"),
        ('{"event": ["step"]}', "line 2: not the record of an event"),
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
    missing = r"has no best model: best\.npz is missing"
    with pytest.raises(StorageError, match=rf"{missing}; its last weights are there"):
        load_model(SavedRun.read(folder), "best")
    assert load_model(SavedRun.read(folder), "last")
    (folder / "last.npz").unlink()
    with pytest.raises(StorageError, match=rf"{missing}; to train it anew: mnist-tui --headless "):
        load_model(SavedRun.read(folder), "best")


def test_last_weights_that_are_missing(folder: Path) -> None:
    for path in folder.glob("final.npz"):
        path.unlink()
    (folder / "last.npz").unlink()
    missing = r"has no last weights: last\.npz is missing"
    with pytest.raises(StorageError, match=rf"{missing}; its best weights are there"):
        load_model(SavedRun.read(folder), "last")
    (folder / "best.npz").unlink()
    with pytest.raises(StorageError, match=rf"{missing}; to train it anew: mnist-tui --headless "):
        load_model(SavedRun.read(folder), "last")


def test_damage_is_told_on_the_command_line(folder: Path) -> None:
    flip_a_bit(folder / "last.npz")
    (folder / "best.npz").write_bytes(b"x")
    at = f"--runs-dir={folder.parent}"
    assert "last.npz: damaged" in refused(call_command("--headless", "--resume", at))
    assert "best.npz: damaged" in refused(call_command("export", at))
    with pytest.raises(StorageError):
        read_model(folder / "best.npz")
