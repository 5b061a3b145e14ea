"""Formats that a package reads: HDF5 and Keras with h5py, ONNX with onnx.

Both formats can refer to other files. Such references are not followed, so that a file from a
stranger reaches nothing but itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nn.config import ActivationName
from nn.errors import StorageError
from tui.models.contents import Contents, same_activation
from tui.models.hdf5 import hdf5_arrays
from tui.models.metadata import exported_network

_LINEAR = ("Gemm", "MatMul")
_ONNX_ACTIVATIONS = ("Relu", "Sigmoid", "Tanh")
# What an ONNX graph of a multilayer perceptron may contain besides: pixels prepared in front,
# biases, and probabilities at the end.
_ONNX_OTHERS = {
    "Add", "Cast", "Clip", "Constant", "Div", "Dropout", "Flatten", "Identity", "LogSoftmax", "Mul",
    "ReduceSum", "Reshape", "Softmax", "Sub", "Transpose",
}  # fmt: skip
_ONNX_ONLY_AT_THE_END = ("Clip", "LogSoftmax", "Softmax")


def read_hdf5(path: Path, content: bytes, settings: str = "") -> Contents:
    """The numeric datasets of an HDF5 file; `settings` is the JSON that Keras writes beside it."""
    arrays, own_settings = hdf5_arrays(path, content)
    return Contents(arrays, _keras_activation(path, settings or own_settings))


def _keras_activation(path: Path, settings: str) -> ActivationName | None:
    """The activation of the hidden layers; None where the settings do not name it."""
    try:
        names = list(_keras_activations(json.loads(settings)["config"]["layers"]))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError):
        return None
    return same_activation(path, names[:-1])


def _keras_activations(layers: Any) -> Iterator[str]:
    """The activation of each dense layer, be it part of the layer or a layer of its own."""
    found: list[str] = []
    for layer in layers:
        kind, config = str(layer["class_name"]), layer["config"]
        if kind == "Dense":
            found.append(_name(config.get("activation") or "linear"))
        elif kind == "Activation" and found:
            found[-1] = _name(config["activation"])
        elif kind in ("ReLU", "LeakyReLU", "PReLU", "ELU") and found:
            found[-1] = kind
    yield from found


def _name(activation: Any) -> str:
    """The name of an activation, which may be an object in the settings."""
    if isinstance(activation, dict):
        activation = activation.get("class_name")
    return str(activation)[:40]


def read_onnx(path: Path, content: bytes) -> Contents:
    """The constants of a graph of linear layers, and their activation."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load_model_from_string(content)
    graph = model.graph
    operators = [str(node.op_type) for node in graph.node]  # bytes where it is no UTF-8
    known = {*_LINEAR, *_ONNX_ACTIVATIONS, *_ONNX_OTHERS}
    if unknown := sorted(set(operators) - known):
        raise StorageError(
            f"{path}: has the operators {', '.join(unknown)[:100]}; only multilayer perceptrons"
            " can be opened"
        )
    linear = [place for place, operator in enumerate(operators) if operator in _LINEAR]
    if not linear:
        raise StorageError(
            f"{path}: has no linear layer; only multilayer perceptrons can be opened"
        )
    inside = operators[linear[0] : linear[-1]]
    if wrong := [operator for operator in inside if operator in _ONNX_ONLY_AT_THE_END]:
        raise StorageError(f"{path}: has the operator {wrong[0]} between its layers")
    if any(each.data_location == onnx.TensorProto.EXTERNAL for each in graph.initializer):
        raise StorageError(
            f"{path}: its weights are in a second file; export it once more with"
            " torch.onnx.export(..., external_data=False)"
        )
    arrays = {str(each.name): numpy_helper.to_array(each) for each in graph.initializer}
    hidden = [operator for operator in inside if operator in _ONNX_ACTIVATIONS]
    if not hidden and len(linear) > 1:
        hidden = ["identity"]
    about = {str(each.key): str(each.value) for each in model.metadata_props}
    network = exported_network(path, about, arrays)
    return Contents(arrays, same_activation(path, hidden), network)
