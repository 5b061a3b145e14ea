"""Predicting, and model files: what is saved is what is loaded, and nothing else is."""

from __future__ import annotations

import dataclasses
import json
import os
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nn.config import FIELDS, REQUIRED_OUTPUT, TrainConfig
from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.network.predictor import Predictor
from nn.storage.model_file import read_model, write_model
from nn.training.trainer import Trainer
from tests.support.npz import array_bytes, npy, rewrite
from tests.support.strategies import values_of

CONFIG = TrainConfig(hidden=(8,), epochs=1, batch_size=50)


def train(dataset: Dataset, **changes: Any) -> Predictor:
    trainer = Trainer(dataclasses.replace(CONFIG, **changes), dataset)
    list(trainer.events())
    return trainer.predictor


@pytest.fixture(scope="module")
def saved(small: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "model.npz"
    write_model(path, train(small, preprocessing="minmax"))
    return path


CONFIGS: list[dict[str, Any]] = [
    {},
    {"hidden": (), "dtype": "float64"},
    {"hidden": (7, 6, 5), "preprocessing": "standardize", "dropout": 0.2},
    {"preprocessing": "minmax", "activation": "tanh", "loss": "binary-cross-entropy"},
    {"loss": "squared-error", "output_activation": "sigmoid"},
    {"loss": "squared-error-normalized", "output_activation": "sigmoid"},
]


@pytest.mark.parametrize("changes", CONFIGS, ids=str)
def test_saved_and_loaded_predicts_the_same(
    small: Dataset, tmp_path: Path, changes: dict[str, Any]
) -> None:
    predictor = train(small, **changes)
    write_model(tmp_path / "model.npz", predictor)
    loaded = read_model(tmp_path / "model.npz")
    images = small.test.images
    np.testing.assert_array_equal(loaded.probabilities(images), predictor.probabilities(images))
    assert loaded.score(small.test) == predictor.score(small.test)
    assert loaded.config == predictor.config
    assert loaded.model.summary() == predictor.model.summary()


@pytest.mark.parametrize("changes", CONFIGS, ids=str)
def test_probabilities_are_probabilities(small: Dataset, changes: dict[str, Any]) -> None:
    predictor = train(small, **changes)
    probabilities = predictor.probabilities(small.test.images)
    assert probabilities.shape == (200, 10)
    assert probabilities.dtype == predictor.config.dtype
    assert np.all((probabilities >= 0) & (probabilities <= 1))
    if predictor.config.loss in ("cross-entropy", "squared-error-normalized"):
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    accuracy = np.mean(probabilities.argmax(axis=1) == small.test.labels)
    assert accuracy == predictor.score(small.test).accuracy


@pytest.mark.parametrize("changes", [*CONFIGS, {"label_smoothing": 0.1}], ids=str)
def test_judging_each_image_adds_up_to_the_score(small: Dataset, changes: dict[str, Any]) -> None:
    predictor = train(small, **changes)
    judged = predictor.predict(small.test)
    score = predictor.score(small.test)
    assert judged.losses.mean() == pytest.approx(score.loss, rel=1e-5)
    assert np.mean(judged.predicted == small.test.labels) == score.accuracy
    np.testing.assert_array_equal(judged.probabilities, predictor.probabilities(small.test.images))


def test_an_image_is_predicted_alike_in_any_company(small: Dataset) -> None:
    predictor = train(small, dtype="float64")
    many = np.tile(small.test.images, (12, 1))[:2345]
    together = predictor.probabilities(many)
    alone = np.concatenate([predictor.probabilities(many[i : i + 1]) for i in (0, 999, 2344)])
    np.testing.assert_allclose(together[[0, 999, 2344]], alone, rtol=1e-12)
    assert predictor.probabilities(many[:0]).shape == (0, 10)


# Every field that shapes the network or what it sees, those to come included.
SHAPING = [name for name, option in FIELDS.items() if option.group in ("Network", "Loss")]
SHAPING += ["preprocessing", "deskew", "dtype"]


@st.composite
def networks(draw: st.DrawFn) -> TrainConfig:
    """A configuration of any network, small."""
    fields = {name: draw(values_of(name)) for name in SHAPING}
    fields |= {"hidden": draw(st.lists(st.integers(1, 9), max_size=3)), "init_std": 0.1}
    if required := REQUIRED_OUTPUT.get(fields["loss"]):
        fields["output_activation"] = required[0]
    return TrainConfig.layered({"steps": 2, "eval_steps": 2, "batch_size": 50}, fields)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(networks())
def test_nothing_that_a_network_learns_is_lost_on_the_way(
    small: Dataset, tmp_path: Path, config: TrainConfig
) -> None:
    """A layer with parameters or statistics that copies and files leave out fails here."""
    trainer = Trainer(config, small)
    list(trainer.events())
    predictor, path = trainer.predictor, tmp_path / "model.npz"
    snapshot = predictor.snapshot()
    write_model(path, predictor)
    expected = predictor.predict(small.test)
    for copy in (snapshot, read_model(path)):
        found = copy.predict(small.test)
        np.testing.assert_array_equal(found.probabilities, expected.probabilities)
        np.testing.assert_array_equal(found.predicted, expected.predicted)
        np.testing.assert_array_equal(found.losses, expected.losses)
    assert snapshot.model.parameters is not predictor.model.parameters


def test_a_snapshot_is_frozen(small: Dataset) -> None:
    predictor = train(small)
    snapshot = predictor.snapshot()
    before = snapshot.probabilities(small.test.images)
    np.testing.assert_array_equal(before, predictor.probabilities(small.test.images))
    predictor.model.parameters[...] = 0
    np.testing.assert_array_equal(before, snapshot.probabilities(small.test.images))


def test_a_model_file_holds_no_pickle(saved: Path) -> None:
    with np.load(saved, allow_pickle=False) as arrays:
        assert str(arrays["format"]) == "mnist-tui model 1"
        assert json.loads(str(arrays["config"]))["hidden"] == [8]
        assert arrays["layer1.weight"].shape == (784, 8)
        assert all(not array.dtype.hasobject for array in arrays.values())


def test_saving_replaces_and_leaves_nothing_behind(small: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    write_model(path, train(small))
    write_model(path, train(small, hidden=()))
    assert read_model(path).config.hidden == ()
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.npz"]


def test_saving_where_one_cannot_is_an_error(
    small: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor, path = train(small), tmp_path / "model.npz"
    with pytest.raises(StorageError, match="there is no folder"):
        write_model(tmp_path / "absent" / "model.npz", predictor)
    path.write_text("precious")

    def disk_full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(StorageError, match="No space left"):
        write_model(path, predictor)
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [
        ("model.npz", "precious")
    ]


def config_bytes(**changes: Any) -> bytes:
    return array_bytes(np.array(json.dumps(CONFIG.to_dict() | changes)))


WEIGHT = np.zeros((784, 8), np.float32)
HOSTILE: dict[str, dict[str, bytes | None]] = {
    "no format": {"format.npy": None},
    "another format": {"format.npy": array_bytes(np.array("mnist-tui model 2"))},
    "no configuration": {"config.npy": None},
    "configuration of another shape": {"config.npy": config_bytes(hidden=(9,))},
    "a network beyond memory": {"config.npy": config_bytes(hidden=(65_536,) * 100)},
    "unknown field": {"config.npy": config_bytes(colour="red")},
    "value out of range": {"config.npy": config_bytes(epochs=-1)},
    "configuration not JSON": {"config.npy": array_bytes(np.array("{"))},
    "configuration a list": {"config.npy": array_bytes(np.array("[1, 2]"))},
    "configuration a number": {"config.npy": array_bytes(np.array(7))},
    "configuration an empty text": {"config.npy": array_bytes(np.array('""'))},
    "deeply nested JSON": {"config.npy": array_bytes(np.array("[" * 100_000))},
    "no weight": {"layer1.weight.npy": None},
    "no preprocessing": {"preprocessing.scale.npy": None},
    "preprocessing of another shape": {"preprocessing.scale.npy": array_bytes(np.ones(3, "f4"))},
    "weight of another shape": {"layer1.weight.npy": array_bytes(WEIGHT[:-1])},
    "weight of another type": {"layer1.weight.npy": array_bytes(WEIGHT.astype(np.float64))},
    "weight in Fortran order": {"layer1.weight.npy": array_bytes(np.asfortranarray(WEIGHT))},
    "weight not finite": {"layer1.weight.npy": array_bytes(WEIGHT + np.float32(np.nan))},
    "pickled object": {"layer1.weight.npy": array_bytes(np.array([{"a": 1}], object))},
    "a terabyte promised": {
        "layer1.bias.npy": npy(
            b"{'descr': '<f4', 'fortran_order': False, 'shape': (274877906944,)}\n"
        )
    },
    "arithmetic in place of a shape": {
        "layer1.bias.npy": npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (2**3,)}\n")
    },
    "a later format of arrays": {"layer1.bias.npy": b"\x93NUMPY\x02\x00" + bytes(40)},
    "a member that says it is longer": {"layer1.bias.npy": array_bytes(np.zeros(8, "f4"))[:-1]},
    "negative shape": {
        "layer1.bias.npy": npy(
            b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1, -8)}\n", bytes(32)
        )
    },
    "header that is code": {"layer1.bias.npy": npy(b"__import__('os').abort()\n")},
    "header that never ends": {"layer1.bias.npy": npy(b"(" * 9000)},
    "header of no type": {
        "layer1.bias.npy": npy(b"{'descr': (), 'fortran_order': False, 'shape': (8,)}\n")
    },
    "not an array": {"layer1.bias.npy": b"hello"},
    "empty member": {"layer1.bias.npy": b""},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(saved: Path, tmp_path: Path, name: str) -> None:
    """With one line that names the file, and without allocating what they promise."""
    path = rewrite(saved, tmp_path / "hostile.npz", HOSTILE[name])
    tracemalloc.start()
    try:
        with pytest.raises(StorageError) as caught:
            read_model(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert str(caught.value).startswith(f"{path}: ")


def test_a_zip_bomb_is_not_unpacked(saved: Path, tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("format.npy", bytes(50_000_000))
    monkeypatch.setattr("nn.storage.model_file.MAX_BYTES", 10_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(StorageError, match="more than the 10,000,000 bytes"):
            read_model(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_compressed_bomb_below_the_limit_is_not_unpacked(tmp_path: Path) -> None:
    """What this program writes is not compressed, so a member larger than its file is refused."""
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("format.npy", bytes(50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(StorageError, match="more than the file has"):
            read_model(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("content", [b"", b"PK", b"hello", b"PK\x05\x06" + bytes(18)])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=str(path)):
        read_model(path)


def test_absent_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.npz", tmp_path):
        with pytest.raises(StorageError, match=str(path)):
            read_model(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage_is_noticed_or_harmless(
    saved: Path, tmp_path: Path, data: st.DataObject
) -> None:
    """Bytes changed in the headers, the directory or the data, or the end cut off."""
    stored = bytearray(saved.read_bytes())
    ends = st.integers(0, 3000) | st.integers(len(stored) - 3000, len(stored) - 1)
    for position in data.draw(st.lists(ends | st.integers(0, len(stored) - 1), max_size=3)):
        stored[position] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del stored[data.draw(ends) :]
    path = tmp_path / "damaged.npz"
    path.write_bytes(stored)
    try:
        parameters = read_model(path).model.parameters
    except StorageError:
        return
    np.testing.assert_array_equal(parameters, read_model(saved).model.parameters)
