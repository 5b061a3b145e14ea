"""A network as the `state_dict` of a `torch.nn.Sequential`, and back.

Its layers alternate: a `Linear` at 0, 2, 4 and so on, whose weight is (out_features, in_features),
and its activation after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np

from nn.arrays import Array
from nn.config import ActivationName
from nn.data.preprocessing import unit
from nn.network.predictor import Predictor
from tui.models.metadata import about

INPUTS = "pixels / 255"
"""As torchvision's `ToTensor` gives them."""
_MODULES: dict[ActivationName, str] = {
    "relu": "ReLU()",
    "sigmoid": "Sigmoid()",
    "tanh": "Tanh()",
    "identity": "Identity()",
}


def torch_state(predictor: Predictor) -> tuple[dict[str, Array], dict[str, str]]:
    """The `state_dict` of a network that takes pixels from 0 to 1, and the metadata about it."""
    network = _of_unit_pixels(predictor)
    arrays = {}
    for number, layer in enumerate(network.model.linears):
        arrays[f"{2 * number}.weight"] = np.ascontiguousarray(layer.weight.T)
        arrays[f"{2 * number}.bias"] = layer.bias
    module = {"format": "pt", "module": _module(network), "inputs": INPUTS}
    return arrays, about(network) | module


def from_torch_state(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The same arrays by the names that a model file has."""
    scale, _ = unit(np.empty(0))
    found = {"preprocessing.scale": scale}
    for name, array in arrays.items():
        place, _, part = name.partition(".")
        if place.isdecimal() and part in ("weight", "bias"):
            found[f"layer{int(place) // 2 + 1}.{part}"] = array.T
    return found


def _of_unit_pixels(predictor: Predictor) -> Predictor:
    """The same predictions by a network whose first layer has taken up scale and shift.

    One that is fed edges in place of pixels takes them from 0 to 1.
    """
    scale, _ = unit(np.empty(0))
    old = predictor.preprocessor
    if old.finds_edges:
        return predictor  # whose inputs are from 0 to 1 already
    preprocessor = replace(old, scale=scale.astype(predictor.config.dtype), shift=None)
    config = replace(predictor.config, preprocessing="unit")
    network = Predictor.of(config, predictor.model.parameters, preprocessor, predictor.spec)
    first = network.model.linears[0]
    if old.shift is not None:
        first.bias += np.broadcast_to(old.shift, len(first.weight)) @ first.weight
    first.weight *= np.reshape(old.scale / scale, (-1, 1))
    return network


def _module(predictor: Predictor) -> str:
    """The module in Python."""
    sizes, config = predictor.model.sizes, predictor.config
    layers = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [f"Linear({fan_in}, {fan_out})", _MODULES[config.activation]]
    layers[-1:] = (
        [] if config.output_activation == "identity" else [_MODULES[config.output_activation]]
    )
    return f"torch.nn.Sequential({', '.join(layers)})"
