"""Model files of other programs, in every format whose package is installed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np

from nn.network.predictor import Predictor
from nn.storage.model_file import weight_arrays
from nn.storage.safetensors import write_safetensors
from tui.cli.onnx_model import write_onnx
from tui.models.metadata import about


def write_foreign(folder: Path, predictor: Predictor) -> list[Path]:
    """One good file of each format in `folder`, with the weights of this network."""
    arrays = {}
    for number, layer in enumerate(predictor.model.linears, 1):
        arrays |= {f"W{number}": layer.weight, f"b{number}": layer.bias}
    paths = [folder / "foreign.npz", folder / "foreign.safetensors"]
    np.savez(paths[0], allow_pickle=False, **arrays)
    write_safetensors(paths[1], arrays, {"format": "pt"})
    paths.append(folder / "exported.safetensors")
    write_safetensors(paths[-1], weight_arrays(predictor), about(predictor))
    if importlib.util.find_spec("h5py"):
        paths.append(folder / "foreign.h5")
        _write_hdf5(paths[-1], arrays)
    if importlib.util.find_spec("onnx"):
        paths.append(folder / "foreign.onnx")
        write_onnx(paths[-1], predictor)
    return paths


def _write_hdf5(path: Path, arrays: dict[str, np.ndarray]) -> None:  # type: ignore[type-arg]
    import h5py

    layer = {"class_name": "Dense", "config": {"activation": "relu"}}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"config": {"layers": [layer, layer]}})
        for name, array in arrays.items():
            file[f"model_weights/{name}"] = array
