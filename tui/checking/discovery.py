"""Finding a network in a module that a learner wrote, whatever the names and the order of
arguments.

Four shapes are known: a class with its parameters (`TwoLayerNet` of the study notes), layer classes
with `forward` and `backward`, plain functions `forward(params, x)` and `gradient(params, x, t)`,
and the template's, which are the same functions. Everything here runs in the learner's process.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from nn.arrays import Array
from tui.checking.names import (
    ACTIVATION,
    FORWARD,
    GRADIENT,
    LINEAR,
    LOSS,
    OUTPUT,
    UPDATE,
    first_of,
    gradient_kind,
    gradients_in,
    named,
)
from tui.checking.signatures import made, required, sizes, takes_sizes


class NotFoundError(Exception):
    """The module has no network of a known shape; the message says what was looked for."""


class Net:
    """A learner's network behind one interface; `columns` is whether images are columns."""

    columns = False
    parameters: dict[str, Array]

    def assign(self, values: Mapping[str, Array]) -> None:
        """Put these parameters in, in the shapes and the place that the code has for them."""
        for name, value in values.items():
            self.parameters[name][...] = value

    def turned(self, rows: Array) -> Array:
        """A copy of a batch as the code takes it, from one with an image a row."""
        return np.ascontiguousarray(rows.T) if self.columns and rows.ndim == 2 else rows.copy()

    def in_rows(self, outputs: Array) -> Array:
        """What the code returned for a batch, with an image a row."""
        return outputs.T if self.columns else outputs

    def of_reference(self, name: str, value: Array) -> Array:
        """A parameter, or its gradient, in the shape that the reference has for it."""
        if name[0] == "b":
            units = max(np.shape(self.parameters[name]), default=1)
            return value.ravel() if value.size == units else value
        return value.T if self.columns and value.ndim == 2 else value

    def forward(self, x: Array) -> Any:
        """The outputs for a batch."""
        raise NotImplementedError

    def loss(self, x: Array, t: Array) -> Any:
        """The loss of a batch, None where the code has no function for it."""
        return None

    def gradients(self, x: Array, t: Array) -> dict[str, Array]:
        """The gradient of each parameter, by the parameter's name."""
        raise NotImplementedError

    def update(self, gradients: Mapping[str, Array], rate: float) -> bool:
        """One update by the learner's own code; False where there is none."""
        return False


class FunctionNet(Net):
    """`forward(params, x)` and `gradient(params, x, t)`; `loss` and `update` are optional."""

    def __init__(self, module: ModuleType) -> None:
        self._forward, self._gradient = first_of(module, FORWARD), first_of(module, GRADIENT)
        self._loss, self._update = first_of(module, LOSS), first_of(module, UPDATE)
        if self._forward is None or self._gradient is None:
            raise NotFoundError
        init = first_of(module, ("init_params", "initialize_parameters", "init", "initialize"))
        initial = init(*sizes(init)) if init else None
        rng = np.random.default_rng(0)
        self.own = isinstance(initial, dict)
        self.parameters = (
            initial
            if isinstance(initial, dict)
            else {
                "W1": rng.normal(0, 0.1, (784, 50)),
                "b1": np.zeros(50),
                "W2": rng.normal(0, 0.1, (50, 10)),
                "b2": np.zeros(10),
            }
        )

    def forward(self, x: Array) -> Any:
        assert self._forward is not None
        try:
            return self._forward(self.parameters, x)
        except KeyError as error:
            if self.own or not error.args or error.args[0] in self.parameters:
                raise
            raise NotFoundError(
                f"its forward function takes params[{error.args[0]!r}], but params holds W1, b1, W2"
                " and b2, of two layers, since no init_params() returns another dictionary"
            ) from error

    def loss(self, x: Array, t: Array) -> Any:
        return None if self._loss is None else self._loss(self.parameters, x, t)

    def gradients(self, x: Array, t: Array) -> dict[str, Array]:
        assert self._gradient is not None
        return gradients_in(self._gradient(self.parameters, x, t), None)

    def update(self, gradients: Mapping[str, Array], rate: float) -> bool:
        if self._update is None:
            return False
        returned = self._update(self.parameters, dict(gradients), rate)
        if isinstance(returned, dict):
            self.parameters = returned
        return True


class ObjectNet(Net):
    """An object with its parameters in a dictionary `params`, or as attributes W1, b1, W2, b2."""

    own = True

    def __init__(self, network: Any) -> None:
        self.network = network
        self._forward, self._gradient = first_of(network, FORWARD), first_of(network, GRADIENT)
        self._loss, self._update = first_of(network, LOSS), first_of(network, UPDATE)
        if self._forward is None or self._gradient is None:
            raise NotFoundError
        self._place, self._keys = next(
            (
                (place, keys)
                for place in ("params", "parameters", "__dict__")
                if len(keys := _parameter_keys(getattr(network, place, None))) >= 4
            ),
            ("", {}),
        )
        if not self._keys:
            raise NotFoundError
        self._look_up()

    def _look_up(self) -> None:
        """Take the arrays that the object has now: an update may put new ones in their place."""
        holder = getattr(self.network, self._place)
        self.parameters = {name: np.asarray(holder[key]) for name, key in self._keys.items()}

    def forward(self, x: Array) -> Any:
        assert self._forward is not None
        return self._forward(x)

    def loss(self, x: Array, t: Array) -> Any:
        return None if self._loss is None else self._loss(x, t)

    def gradients(self, x: Array, t: Array) -> dict[str, Array]:
        assert self._gradient is not None
        needed = required(self._gradient)
        if needed >= 2:
            returned = self._gradient(x, t)
        else:
            if self._loss is not None:
                self._loss(x, t)
            else:
                self.forward(x)
            returned = self._gradient(*([t] if needed == 1 else []))
        return gradients_in(returned, self.network)

    def update(self, gradients: Mapping[str, Array], rate: float) -> bool:
        if self._update is None:
            return False
        given = [rate] if required(self._update) < 2 else [dict(gradients), rate]
        self._update(*given)
        self._look_up()
        return True


class LayerNet(Net):
    """Two linear layers, an activation and a loss layer, each with `forward` and `backward`."""

    own = False

    def __init__(self, module: ModuleType) -> None:
        classes = [
            each
            for each in _classes(module)
            if hasattr(each, "forward") and hasattr(each, "backward")
        ]
        kinds = [
            next((each for each in classes if pattern.search(each.__name__)), None)
            for pattern in (LINEAR, ACTIVATION, OUTPUT)
        ]
        linear, activation, output = kinds
        if linear is None or activation is None or output is None:
            raise NotFoundError
        rng = np.random.default_rng(0)
        self.parameters = {
            "W1": rng.normal(0, 0.1, (784, 50)),
            "b1": np.zeros(50),
            "W2": rng.normal(0, 0.1, (50, 10)),
            "b2": np.zeros(10),
        }
        p = self.parameters
        if takes_sizes(linear):
            self._linears = [linear(784, 50), linear(50, 10)]
            self.parameters = {}
            for number, layer in enumerate(self._linears, 1):
                found = [v for v in vars(layer).values() if isinstance(v, np.ndarray)]
                self.parameters[f"W{number}"] = next(
                    v for v in found if v.size > 500 or v.ndim == 2
                )
                self.parameters[f"b{number}"] = next(v for v in found if v.size in (10, 50))
        else:
            self._linears = [linear(p["W1"], p["b1"]), linear(p["W2"], p["b2"])]
        self._layers = [self._linears[0], activation(), self._linears[1]]
        self._output = output()

    def forward(self, x: Array) -> Any:
        for layer in self._layers:
            x = layer.forward(x)
        return x

    def loss(self, x: Array, t: Array) -> Any:
        return self._output.forward(self.forward(x), t)

    def gradients(self, x: Array, t: Array) -> dict[str, Array]:
        self.loss(x, t)
        grad = self._output.backward(*([1] if required(self._output.backward) else []))
        for layer in reversed(self._layers):
            grad = layer.backward(grad)
        return {
            f"{kind}{number}": np.asarray(value)
            for number, layer in enumerate(self._linears, 1)
            for name, value in vars(layer).items()
            if (kind := gradient_kind(name)) and isinstance(value, np.ndarray | float | np.generic)
        }


def find(module: ModuleType) -> Net:
    """The network of a module; raises `NotFoundError`."""
    problems = []
    for each in _classes(module):
        if (
            first_of(each, FORWARD)
            and first_of(each, GRADIENT)
            and not LINEAR.search(each.__name__)
        ):
            try:
                return ObjectNet(made(each))
            except NotFoundError:
                continue
            except TypeError as error:
                problems.append(f"{each.__name__} cannot be made: {error}")
    for kind in (FunctionNet, LayerNet):
        try:
            return kind(module)
        except NotFoundError:
            continue
    problems += [
        f"{each.__name__} is imported from {each.__module__}: check the file"
        f" {each.__module__.replace('.', '/')}.py, which defines it"
        for each in vars(module).values()
        if inspect.isclass(each)
        and each.__module__ != module.__name__
        and first_of(each, FORWARD)
        and first_of(each, GRADIENT)
    ][:1]
    raise NotFoundError("; ".join(problems))


def _classes(module: ModuleType) -> Iterator[type]:
    for value in vars(module).values():
        if inspect.isclass(value) and value.__module__ == module.__name__:
            yield value


def _parameter_keys(holder: Any) -> dict[str, Any]:
    """The key in a dictionary of each parameter, by the parameter's name."""
    if not isinstance(holder, dict):
        return {}
    return {name: key for key, value in holder.items() for name in named({key: value})}
