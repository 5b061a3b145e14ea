"""A model as ONNX, which other runtimes execute; needs the package `onnx`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_never

import numpy as np

from nn.errors import StorageError
from nn.network.layers import Dropout, Identity, Layer, Linear, ReLU, Sigmoid, Tanh
from nn.network.noise import Noise
from nn.network.predictor import Predictor
from nn.storage.files import write_atomically
from tui.models.metadata import about

OPSET = 17
_OPERATORS: dict[type[Layer], str] = {Sigmoid: "Sigmoid", Tanh: "Tanh", ReLU: "Relu"}
_WITHOUT_EFFECT = (Identity, Dropout, Noise)  # outside training


def write_onnx(path: Path, predictor: Predictor) -> None:
    """Write a graph from `images` to `outputs` and `probabilities`, (n, classes).

    `images` are pixels from 0 to 255, (n, pixels); the network of a run with `deskew` expects
    images that are deskewed, which the documentation of the input and the metadata "pixels" state.
    The metadata are those of `tui.models.metadata`. Images, outputs and probabilities have the
    floating-point type that the network was trained in. Raises `ImportError` without the package,
    `StorageError` for a layer that has no ONNX form here and where the file cannot be written.
    """
    import onnx
    from onnx import helper, numpy_helper

    config, preprocessor = predictor.config, predictor.preprocessor
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(config.dtype))
    constants: list[Any] = []
    nodes: list[Any] = []
    value = "images"

    def constant(name: str, array: Any) -> str:
        constants.append(numpy_helper.from_array(np.asarray(array, config.dtype), name))
        return name

    def apply(operator: str, *inputs: str, result: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(operator, inputs, [result], **attributes))
        return result

    value = apply(
        "Mul", value, constant("preprocessing.scale", preprocessor.scale), result="scaled"
    )
    if preprocessor.shift is not None:
        value = apply(
            "Add", value, constant("preprocessing.shift", preprocessor.shift), result="shifted"
        )
    name = ""
    for layer in predictor.model.layers:
        known = type(layer)  # a class derived from a known one may compute something else
        if isinstance(layer, Linear) and known is Linear:
            name = f"layer{predictor.model.linears.index(layer) + 1}"
            weight = constant(f"{name}.weight", layer.weight)
            bias = constant(f"{name}.bias", layer.bias)
            value = apply("Gemm", value, weight, bias, result=f"{name}.linear")
        elif known in _OPERATORS:
            value = apply(_OPERATORS[known], value, result=f"{name}.{known.__name__.lower()}")
        elif known not in _WITHOUT_EFFECT:
            raise StorageError(
                f"{path}: a layer of class {known.__name__} cannot be written as ONNX;"
                " choose another --format"
            )
    value = apply("Identity", value, result="outputs")
    match config.loss:
        case "cross-entropy":
            apply("Softmax", value, result="probabilities", axis=1)
        case "binary-cross-entropy":
            apply("Sigmoid", value, result="probabilities")
        case "squared-error":
            bounds = constant("zero", 0), constant("one", 1)
            apply("Clip", value, *bounds, result="probabilities")
        case "squared-error-normalized":
            constants.append(numpy_helper.from_array(np.array([1]), "axes"))
            total = apply("ReduceSum", value, "axes", result="total", keepdims=1)
            apply("Div", value, total, result="probabilities")
        case _:
            assert_never(config.loss)
    inputs, outputs = predictor.model.sizes[0], predictor.model.sizes[-1]
    shapes = {"images": inputs, "outputs": outputs, "probabilities": outputs}
    infos = {
        name: helper.make_tensor_value_info(name, kind, ["n", width])
        for name, width in shapes.items()
    }
    infos["images"].doc_string = preprocessor.expected_pixels
    graph = helper.make_graph(
        nodes,
        "mnist-tui",
        [infos["images"]],
        [infos["outputs"], infos["probabilities"]],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    helper.set_model_props(model, about(predictor))
    model.ir_version = 8  # the oldest that has this operator set: newer ones gain nothing
    onnx.checker.check_model(model)
    write_atomically(path, lambda stream: stream.write(model.SerializeToString()))
