"""A model as ONNX, which other runtimes execute; needs the package `onnx`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from nn.network.layers import ACTIVATIONS, Identity
from nn.network.predictor import Predictor
from nn.storage.files import write_atomically

OPSET = 17
_OPERATORS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}


def write_onnx(path: Path, predictor: Predictor) -> None:
    """Write a graph from `images`, pixels from 0 to 255 as (n, 784), to `outputs` and `probabilities`, (n, 10).

    Both inputs and outputs have the floating-point type the network was trained in. Raises
    `ImportError` without the package, `StorageError` where the file cannot be written.
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

    value = apply("Mul", value, constant("scale", preprocessor.scale), result="scaled")
    if preprocessor.shift is not None:
        value = apply("Add", value, constant("shift", preprocessor.shift), result="shifted")
    linears = predictor.model.linears
    for number, layer in enumerate(linears, 1):
        last = number == len(linears)
        name = f"layer{number}"
        weight, bias = (
            constant(f"{name}.weight", layer.weight),
            constant(f"{name}.bias", layer.bias),
        )
        value = apply("Gemm", value, weight, bias, result=f"{name}.linear")
        activation = config.output_activation if last else config.activation
        if ACTIVATIONS[activation] is not Identity:
            value = apply(_OPERATORS[activation], value, result=f"{name}.{activation}")
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
    shapes = {"images": 784, "outputs": 10, "probabilities": 10}
    infos = {
        name: helper.make_tensor_value_info(name, kind, ["n", width])
        for name, width in shapes.items()
    }
    graph = helper.make_graph(
        nodes,
        "mnist-tui",
        [infos["images"]],
        [infos["outputs"], infos["probabilities"]],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 8  # the oldest that has this operator set: newer ones gain nothing
    onnx.checker.check_model(model)
    write_atomically(path, lambda stream: stream.write(model.SerializeToString()))
