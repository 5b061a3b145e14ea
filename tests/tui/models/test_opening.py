"""Networks of other programs are opened by their shapes; a refusal names the way out."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.network.predictor import Predictor
from nn.storage.model_file import weight_arrays, write_model
from nn.storage.safetensors import write_safetensors
from nn.training.trainer import Trainer
from tui.models.metadata import about
from tui.models.opening import Opened, open_model

Arrays = Mapping[str, Array]


@pytest.fixture(scope="module")
def trained(digits: Dataset) -> dict[str, Predictor]:
    """A network that learned something with each activation, by its name."""
    networks = {}
    for activation in ("sigmoid", "relu", "tanh"):
        config = TrainConfig.layered(
            {
                "hidden": (20, 12),
                "activation": activation,
                "epochs": 4,
                "learning_rate": 0.01,
            }
        )
        trainer = Trainer(config, digits)
        list(trainer.events())
        networks[activation] = trainer.predictor
    return networks


def weights(predictor: Predictor) -> list[tuple[Array, Array]]:
    return [(layer.weight, layer.bias) for layer in predictor.model.linears]


def notes(predictor: Predictor) -> Arrays:
    return {
        f"{name}{number}": array
        for number, layer in enumerate(weights(predictor), 1)
        for name, array in zip(("W", "b"), layer, strict=True)
    }


def torch_state(predictor: Predictor) -> Arrays:
    state = {}
    for number, (weight, bias) in enumerate(weights(predictor)):
        state |= {f"layers.{2 * number}.weight": weight.T.copy(), f"layers.{2 * number}.bias": bias}
    return state


def opened(path: Path, digits: Dataset, **options: object) -> Opened:
    return open_model(path, lambda: digits, **options)  # type: ignore[arg-type]


def same(opened: Opened, predictor: Predictor, digits: Dataset) -> None:
    images = digits.test.images[:200]
    np.testing.assert_allclose(
        opened.predictor.probabilities(images), predictor.probabilities(images), atol=1e-5
    )


def save_npz(path: Path, arrays: Arrays) -> None:
    np.savez(path, allow_pickle=False, **arrays)


def save_compressed(path: Path, arrays: Arrays) -> None:
    np.savez_compressed(path, allow_pickle=False, **arrays)


def save_list(path: Path, arrays: Arrays) -> None:
    """As `np.savez(path, *model.get_weights())` does."""
    np.savez(path, *arrays.values())


def save_safetensors(path: Path, arrays: Arrays) -> None:
    write_safetensors(
        path, {n: np.ascontiguousarray(a) for n, a in arrays.items()}, {"format": "pt"}
    )


@pytest.mark.parametrize("named", [notes, torch_state])
@pytest.mark.parametrize(
    ("activation", "save"),
    [
        ("sigmoid", save_npz),
        ("tanh", save_npz),
        ("relu", save_npz),
        ("relu", save_compressed),
        ("relu", save_list),
        ("relu", save_safetensors),
    ],
)
def test_weights_of_other_programs(
    activation: str,
    named: Callable[[Predictor], Arrays],
    save: Callable[[Path, Arrays], None],
    trained: dict[str, Predictor],
    tmp_path: Path,
    digits: Dataset,
) -> None:
    path = tmp_path / "model.npz"
    save(path, named(trained[activation]))
    found = opened(path, digits)
    same(found, trained[activation], digits)
    assert found.predictor.config.activation == activation
    assert f"{activation} and pixels from 0 to 1" in found.remarks[0]
    assert "both were guessed" in found.remarks[0]
    assert ("transposed" in " ".join(found.remarks)) == (named is torch_state)


def test_our_own_files_need_no_guess(
    trained: dict[str, Predictor], tmp_path: Path, digits: Dataset
) -> None:
    write_model(tmp_path / "model.npz", trained["relu"])
    found = opened(tmp_path / "model.npz", digits)
    assert found.remarks == ()
    same(found, trained["relu"], digits)


@pytest.mark.parametrize(
    ("scale", "shift", "words"),
    [
        (1 / 255 / 0.3081, -0.1307 / 0.3081, "standardized pixels"),
        (2 / 255, -1.0, "pixels from -1 to 1"),
        (1.0, 0.0, "pixels from 0 to 255"),
    ],
)
def test_the_preprocessing_is_guessed(
    scale: float,
    shift: float,
    words: str,
    trained: dict[str, Predictor],
    tmp_path: Path,
    mnist: Dataset,
) -> None:
    """The same network for other inputs: its first layer takes up the difference."""
    predictor = trained["relu"]
    (weight, bias), *_ = weights(predictor)
    first = weight * (1 / 255) / scale
    arrays = notes(predictor) | {"W1": first, "b1": bias - first.sum(axis=0) * shift}
    save_npz(tmp_path / "model.npz", arrays)
    found = opened(tmp_path / "model.npz", mnist)
    assert words in found.remarks[0]
    images = mnist.test.images[:200]
    np.testing.assert_allclose(
        found.predictor.probabilities(images), predictor.probabilities(images), atol=5e-3
    )
    standardized = words.startswith("standardized")
    assert found.predictor.config.preprocessing == ("standardize" if standardized else "unit")
    assert ("the first layer was scaled" in " ".join(found.remarks)) == (not standardized)


def test_the_activation_can_be_given(
    trained: dict[str, Predictor], tmp_path: Path, digits: Dataset
) -> None:
    save_npz(tmp_path / "model.npz", notes(trained["relu"]))
    assert (
        opened(tmp_path / "model.npz", digits, activation="tanh").predictor.config.activation
        == "tanh"
    )


def test_a_network_that_knows_other_things_is_told(tmp_path: Path, digits: Dataset) -> None:
    rng = np.random.default_rng(0)
    save_npz(tmp_path / "model.npz", {"W1": rng.normal(size=(784, 10)), "b1": np.zeros(10)})
    assert "trained on other data" in opened(tmp_path / "model.npz", digits).remarks[-1]


def test_keras_weights(trained: dict[str, Predictor], tmp_path: Path, digits: Dataset) -> None:
    h5py = pytest.importorskip("h5py", reason="the extra keras is not installed")
    path = tmp_path / "model.weights.h5"
    with h5py.File(path, "w") as file:
        for number, (weight, bias) in enumerate(weights(trained["relu"])):
            group = file.create_group(f"layers/dense{f'_{number}' if number else ''}/vars")
            group["0"], group["1"] = weight, bias
        file["optimizer/vars/0"] = np.arange(5)
    same(opened(path, digits), trained["relu"], digits)
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.write(path, "model.weights.h5")
        archive.writestr("config.json", "{}")
    same(opened(tmp_path / "model.keras", digits), trained["relu"], digits)


def dense(*activations: str) -> str:
    layers = [{"class_name": "Dense", "config": {"activation": name}} for name in activations]
    return json.dumps({"class_name": "Sequential", "config": {"layers": layers}})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (dense("tanh", "tanh", "softmax"), "tanh and"),
        (dense("linear", "linear", "softmax"), "identity and"),
        (dense("gelu", "gelu", "softmax"), "has the activation gelu"),
        (dense("relu", "tanh", "softmax"), "different activations (relu, tanh)"),
    ],
)
def test_keras_names_its_activation(
    settings: str, words: str, trained: dict[str, Predictor], tmp_path: Path, digits: Dataset
) -> None:
    h5py = pytest.importorskip("h5py", reason="the extra keras is not installed")
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = settings
        for name, array in notes(trained["relu"]).items():
            file[f"model_weights/{name}"] = array
    if words.endswith(" and"):
        remarks = opened(path, digits).remarks
        assert words in remarks[0]
        assert "the inputs were guessed" in remarks[0]
    else:
        with pytest.raises(StorageError, match=re.escape(words)):
            opened(path, digits)


def test_an_hdf5_file_reads_no_other_file(tmp_path: Path, digits: Dataset) -> None:
    h5py = pytest.importorskip("h5py", reason="the extra keras is not installed")
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(784 * 10 * 4))
    with h5py.File(tmp_path / "model.h5", "w") as file:
        file.create_dataset("W", (784, 10), "f4", external=str(secret))
    with pytest.raises(StorageError, match="no weight matrices"):
        opened(tmp_path / "model.h5", digits)


def test_onnx(trained: dict[str, Predictor], tmp_path: Path, digits: Dataset) -> None:
    onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
    from tui.cli.onnx_model import write_onnx

    write_onnx(tmp_path / "model.onnx", trained["sigmoid"])
    found = opened(tmp_path / "model.onnx", digits)
    same(found, trained["sigmoid"], digits)
    assert found.remarks == ()
    model = onnx.load(tmp_path / "model.onnx")
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "other.onnx")
    found = opened(tmp_path / "other.onnx", digits)
    same(found, trained["sigmoid"], digits)
    assert "the inputs were guessed" in found.remarks[0]


def test_onnx_names_that_are_no_text(
    trained: dict[str, Predictor], tmp_path: Path, digits: Dataset
) -> None:
    pytest.importorskip("onnx", reason="the extra onnx is not installed")
    from tui.cli.onnx_model import write_onnx

    path = tmp_path / "model.onnx"
    write_onnx(path, trained["sigmoid"])
    content = path.read_bytes()
    path.write_bytes(content.replace(b"layer1.weight", b"layer1.\xff\xfeight"))
    same(opened(path, digits), trained["sigmoid"], digits)


def test_an_onnx_file_reads_no_other_file(
    trained: dict[str, Predictor], tmp_path: Path, digits: Dataset
) -> None:
    onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
    from tui.cli.onnx_model import write_onnx

    path = tmp_path / "model.onnx"
    write_onnx(path, trained["sigmoid"])
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="data", size_threshold=0)
    with pytest.raises(StorageError, match="second file"):
        opened(path, digits)


def test_what_we_export_needs_no_guess(
    trained: dict[str, Predictor], tmp_path: Path, digits: Dataset
) -> None:
    predictor = trained["tanh"]
    path = tmp_path / "model.safetensors"
    write_safetensors(path, weight_arrays(predictor), about(predictor))
    found = opened(path, digits)
    same(found, predictor, digits)
    assert found.remarks == ()
    asked = opened(path, digits, activation="relu")
    assert asked.predictor.config.activation == "relu"


def test_metadata_that_do_not_fit_the_arrays_are_refused(
    trained: dict[str, Predictor], tmp_path: Path, digits: Dataset
) -> None:
    predictor, path = trained["tanh"], tmp_path / "model.safetensors"
    for changed in ({"size": "27x28"}, {"classes": '["a", 3]'}, {"centred": "1"}, {"size": "x"}):
        write_safetensors(path, weight_arrays(predictor), about(predictor) | changed)
        with pytest.raises(StorageError, match="damaged"):
            opened(path, digits)


def test_vectors_that_belong_to_no_layer_are_named(
    trained: dict[str, Predictor], tmp_path: Path, digits: Dataset
) -> None:
    save_npz(tmp_path / "model.npz", notes(trained["relu"]) | {"losses\x1b[2J": np.ones(5)})
    assert opened(tmp_path / "model.npz", digits).remarks[-1] == "not used: losses\\x1b[2J"
