"""Exported models, read by the libraries they are meant for."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn.config import TrainConfig, choices
from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.network.layers import Layer, ReLU
from nn.network.predictor import Predictor
from nn.storage.model_file import weight_arrays
from nn.storage.safetensors import write_safetensors
from nn.training.trainer import Trainer
from tests.support.commands import call_command, refused, run_command
from tests.support.recorded import record_run
from tui.cli.onnx_model import write_onnx
from tui.models.opening import open_model
from tui.models.torch_state import torch_state


def trained(dataset: Dataset, **fields: Any) -> Predictor:
    small = {"hidden": (8, 6), "batch_size": 40, "epochs": 2}
    trainer = Trainer(TrainConfig.layered(small, fields), dataset)
    list(trainer.events())
    return trainer.predictor


@pytest.mark.slow
@pytest.mark.parametrize("dtype", choices("dtype"))
@pytest.mark.parametrize("preprocessing", choices("preprocessing"))
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"activation": "sigmoid", "loss": "binary-cross-entropy", "dropout": 0.2},
        {"activation": "tanh", "loss": "squared-error", "output_activation": "sigmoid"},
        {
            "activation": "identity",
            "loss": "squared-error-normalized",
            "output_activation": "sigmoid",
        },
        {"hidden": ()},
    ],
    ids=str,
)
def test_onnx_says_what_we_say(
    tiny: Dataset, tmp_path: Path, fields: dict[str, Any], preprocessing: str, dtype: str
) -> None:
    """onnxruntime's outputs and probabilities are ours."""
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    predictor = trained(tiny, preprocessing=preprocessing, dtype=dtype, **fields)
    path = tmp_path / "model.onnx"
    write_onnx(path, predictor)
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    images = tiny.test.images
    found = session.run(["outputs", "probabilities"], {"images": images.astype(dtype)})
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(found[0], predictor.outputs(images), tolerance, tolerance)
    np.testing.assert_allclose(found[1], predictor.probabilities(images), tolerance, tolerance)


def test_onnx_refuses_a_layer_that_it_does_not_know(tiny: Dataset, tmp_path: Path) -> None:
    """It was left out, and the graph computed something else without a word."""
    pytest.importorskip("onnx")

    class Softplus(ReLU):
        """Derived from a layer that is known."""

    for unknown in (Softplus(), Layer()):
        predictor = trained(tiny)
        predictor.model.layers[1] = unknown
        path = tmp_path / "model.onnx"
        with pytest.raises(StorageError, match=f"class {type(unknown).__name__} cannot be written"):
            write_onnx(path, predictor)
        assert not path.exists()


def test_onnx_names_the_classes_of_its_outputs(tiny: Dataset, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    predictor = trained(tiny)
    names = tuple(f"Größe {c}" for c in range(predictor.spec.classes))
    predictor.spec = replace(predictor.spec, names=names)
    write_onnx(tmp_path / "model.onnx", predictor)
    about = {each.key: each.value for each in onnx.load(tmp_path / "model.onnx").metadata_props}
    assert json.loads(about["classes"]) == list(names)
    assert about["size"] == predictor.spec.size


def exported(trainer: Trainer, root: Path, kind: str) -> Path:
    """The file of this kind that a run of the trainer is exported to."""
    if kind == "onnx":
        pytest.importorskip("onnx")
    record_run(trainer, root)
    path = root.parent / f"model.{kind}"
    done = call_command("export", f"--format={kind}", f"--runs-dir={root}", "-o", path)
    preprocessor, told = trainer.predictor.preprocessor, done.stderr.splitlines()[1:]
    assert bool(told) == bool(preprocessor.deskews or preprocessor.finds_edges)
    for line in told:
        assert line.startswith('it wants prepared pixels, as the entry "pixels" of the file\'s')
        assert line.endswith(f": {preprocessor.expected_pixels}")
    return path


@pytest.mark.parametrize(
    ("name", "kind", "remedy"),
    [
        ("m.onnx", "npz", "name it {0}/m.npz, or add --format onnx"),
        ("m.safetensors", "npz", "name it {0}/m.npz, or add --format safetensors"),
        ("m.npz", "torch", "name it {0}/m.safetensors, or add --format npz"),
        ("m.pt", "torch", "name it {0}/m.safetensors"),
        ("m.h5", "onnx", "name it {0}/m.onnx"),
    ],
)
def test_a_name_that_promises_another_format_is_refused(
    tiny: Dataset, root: Path, tmp_path: Path, name: str, kind: str, remedy: str
) -> None:
    record_run(Trainer(TrainConfig(hidden=(8,), batch_size=40, epochs=1), tiny), root)
    path = tmp_path / name
    done = call_command("export", f"--format={kind}", f"--runs-dir={root}", "-o", path)
    assert refused(done).endswith(f" files; {remedy.format(tmp_path)}")
    assert not path.exists()


@pytest.mark.parametrize(
    ("kind", "preprocessing", "deskew"),
    [  # every pair of two choices
        ("safetensors", "unit", True),
        ("safetensors", "edges", False),
        ("onnx", "unit", False),
        ("onnx", "edges", True),
    ],
)
def test_a_file_states_which_pixels_it_expects(
    mnist: Dataset, root: Path, kind: str, preprocessing: str, deskew: bool
) -> None:
    """And it is opened as a network that is given such pixels."""
    config = TrainConfig.layered(
        {"hidden": (16,), "limit": 3000, "epochs": 6},
        {"deskew": deskew, "preprocessing": preprocessing},
    )
    trainer = Trainer(config, mnist)
    path = exported(trainer, root, kind)
    written = path.read_bytes()
    assert (b"deskewed by nn.data.deskew.deskew(images, (28, 28), False)" in written) == deskew
    assert (b"nn.data.edges.edges(pixels, (28, 28))" in written) == (preprocessing == "edges")
    found = open_model(path, lambda: mnist).predictor
    assert (found.config.deskew, found.config.preprocessing) == (deskew, preprocessing)
    expected = trainer.predictor.score(mnist.test).accuracy
    assert found.score(mnist.test).accuracy == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("kind", ["safetensors", "onnx"])
def test_batch_normalization_is_folded_into_the_layers(
    mnist: Dataset, root: Path, kind: str
) -> None:
    """So that a file is a plain network, which any program reads."""
    trainer = Trainer(TrainConfig(hidden=(16,), limit=3000, epochs=4, batch_norm=True), mnist)
    path = exported(trainer, root, kind)
    found = open_model(path, lambda: mnist).predictor
    expected = trainer.predictor.predict(mnist.test[:1000]).predicted
    assert (found.predict(mnist.test[:1000]).predicted == expected).mean() > 0.98


@pytest.mark.slow
@pytest.mark.parametrize("dtype", choices("dtype"))
def test_safetensors_reads_what_we_write(tiny: Dataset, tmp_path: Path, dtype: str) -> None:
    library = pytest.importorskip("safetensors.numpy")
    predictor = trained(tiny, dtype=dtype, preprocessing="minmax")
    path = tmp_path / "model.safetensors"
    write_safetensors(path, weight_arrays(predictor), {"format": "np"})
    read = library.load_file(path)
    expected = weight_arrays(predictor)
    assert read.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(read[name], array)


def test_without_the_library_it_is_named(tiny: Dataset, root: Path, tmp_path: Path) -> None:
    config = TrainConfig(hidden=(8,), batch_size=40, epochs=1)
    record_run(Trainer(config, tiny), root)
    (tmp_path / "onnx.py").write_text("raise ImportError('not installed')\n")
    path = f"{tmp_path}:{Path(__file__).parents[3]}"
    arguments = ["export", "--format=onnx", f"--runs-dir={root}", "-o", tmp_path / "m.onnx"]
    said = refused(run_command(*arguments, env={"PYTHONPATH": path}))
    assert said == "ONNX needs the package onnx: pip install 'mnist-tui[onnx]'"


@pytest.mark.parametrize(
    "fields",
    [
        {"hidden": (7, 5), "activation": "tanh", "preprocessing": "standardize"},
        {
            "hidden": (6,),
            "loss": "squared-error",
            "output_activation": "sigmoid",
            "preprocessing": "minmax",
            "dtype": "float64",
        },
    ],
    ids=lambda fields: fields["preprocessing"],
)
def test_a_state_dict_of_pytorch(tiny: Dataset, tmp_path: Path, fields: dict[str, Any]) -> None:
    """The module that the file names, computed here, is the network, for pixels from 0 to 1."""
    predictor = trained(tiny, **fields)
    arrays, about = torch_state(predictor)
    functions = {
        "ReLU()": lambda x: np.maximum(x, 0),
        "Tanh()": np.tanh,
        "Sigmoid()": lambda x: 1 / (1 + np.exp(-x)),
    }
    module = re.fullmatch(r"torch\.nn\.Sequential\((.*)\)", about["module"])
    assert module is not None
    values = tiny.test.images / 255
    assert about["inputs"] == "pixels / 255"
    for place, layer in enumerate(re.findall(r"\w+\(.*?\)", module[1])):
        if layer.startswith("Linear"):
            weight = arrays[f"{place}.weight"]
            assert layer == f"Linear({weight.shape[1]}, {weight.shape[0]})"
            values = values @ weight.T + arrays[f"{place}.bias"]
        else:
            values = functions[layer](values)
    np.testing.assert_allclose(values, predictor.outputs(tiny.test.images), 1e-3, 1e-4)
    path = tmp_path / "model.safetensors"
    write_safetensors(path, arrays, about)
    found = open_model(path, lambda: tiny)
    assert found.remarks == ()
    np.testing.assert_allclose(
        found.predictor.probabilities(tiny.test.images),
        predictor.probabilities(tiny.test.images),
        atol=1e-4,
    )
