"""The names that learners give to functions, layers and gradients, and what functions return.

Everything here runs in the learner's process.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from nn.arrays import Array

FORWARD = ("predict", "forward", "feedforward", "forward_pass", "forward_propagation", "__call__")
LOSS = ("loss", "cost", "compute_loss", "compute_cost", "criterion")
GRADIENT = (
    "gradient",
    "gradients",
    "backward",
    "backprop",
    "backpropagation",
    "grad",
    "backward_pass",
)
UPDATE = ("update", "update_params", "update_parameters", "apply_gradients", "sgd", "sgd_update")
LINEAR = re.compile(r"affine|linear|dense|fullyconnected|fc", re.I)
ACTIVATION = re.compile(r"sigmoid|relu|tanh", re.I)
OUTPUT = re.compile(r"softmax.*(loss|cross|entropy)|cross.?entropy|loss", re.I)
_PARAMETER = re.compile(
    r"(?:^|[^a-z])d?_?(?:grad_?)?(w|b|weight|bias|theta)s?_?(\d)(?:_?grad)?$", re.I
)


def parameter_name(name: str) -> str | None:
    """W1, b1, W2 or b2 for `W1`, `dW1`, `w_1`, `grad_b2`, `W1_grad` and the like."""
    found = _PARAMETER.search(name)
    return f"{'b' if found[1][0].lower() == 'b' else 'W'}{found[2]}" if found else None


def named(values: Mapping[str, Any]) -> dict[str, Array]:
    """The arrays of a mapping whose names are those of parameters or of their gradients."""
    return {
        key: np.asarray(value)
        for name, value in values.items()
        if isinstance(value, np.ndarray | float | np.generic)
        and (key := parameter_name(str(name))) is not None
    }


def first_of(holder: Any, names: tuple[str, ...]) -> Callable[..., Any] | None:
    """The first of these functions that a module or an object has."""
    for name in names:
        found = getattr(holder, name, None)
        if callable(found) and (name != "__call__" or "__call__" in vars(type(holder))):
            return found  # type: ignore[no-any-return]
    return None


def gradients_in(returned: Any, network: Any) -> dict[str, Array]:
    """The gradients among what a function returned, or else among the attributes of the network."""
    if isinstance(returned, dict):
        return named(returned)
    if isinstance(returned, tuple | list):
        if any(isinstance(each, dict) for each in returned):
            return named(next(each for each in returned if isinstance(each, dict)))
        arrays = [np.asarray(each) for each in returned if isinstance(each, np.ndarray)]
        if len(arrays) == 4:
            return _by_size(arrays)
    for name in ("grads", "gradients", "grad"):
        holder = getattr(network, name, None)
        if isinstance(holder, dict) and (found := named(holder)):
            return found
    if network is not None:
        gradients = {n: v for n, v in vars(network).items() if re.search(r"d|grad", n)}
        return named({n: v for n, v in gradients.items() if re.match(r"_?d[Wwb]|.*grad", n)})
    return {}


def _by_size(arrays: list[Array]) -> dict[str, Array]:
    """Four gradients in any order, told apart by their sizes: weights are larger than biases."""
    weights = sorted(arrays, key=lambda array: -array.size)
    first, second, *biases = weights
    biases.sort(key=lambda array: -array.size)
    return {"W1": first, "W2": second, "b1": biases[0], "b2": biases[1]}


def gradient_kind(name: str) -> str | None:
    found = re.fullmatch(r"_?(?:d|grad_?)_?(w|b)\w*|(w|b)\w*_grad", name, re.I)
    if not found:
        return None
    return "b" if (found[1] or found[2]).lower() == "b" else "W"


def outputs_in(returned: Any) -> Array:
    """The outputs among what a forward pass returned.

    They may be the returned array itself, an entry of a dictionary, or an array among several.
    """
    if isinstance(returned, dict):
        returned = next(
            (returned[k] for k in ("y", "a2", "A2", "probabilities", "output") if k in returned),
            list(returned.values())[-1],
        )
    if isinstance(returned, tuple | list):
        arrays = [each for each in returned if isinstance(each, np.ndarray)]
        tens = [each for each in arrays if 10 in each.shape]
        returned = (
            next((each for each in tens if np.allclose(each.sum(axis=1), 1)), None)
            if tens
            else None
        )
        if returned is None:
            returned = tens[-1] if tens else arrays[0]
    return np.asarray(returned, float)


def data_in(module: ModuleType) -> tuple[Array, Array] | None:
    """The training images and labels that a module loads, None where it loads none."""
    load = first_of(module, ("load_data", "load_mnist", "get_data", "load_dataset"))
    found: Any = None
    if load is not None:
        found = load()
    elif hasattr(module, "x_train") and hasattr(module, "t_train"):
        found = module.x_train, module.t_train
    elif hasattr(module, "x_train") and hasattr(module, "y_train"):
        found = module.x_train, module.y_train
    if not isinstance(found, tuple | list | np.ndarray):  # an object of another library's
        return None
    while isinstance(found, tuple | list) and isinstance(found[0], tuple | list):
        found = found[0]
    return np.asarray(found[0]), np.asarray(found[1])
