"""The two-layer network of the study notes as a list of named steps, each one formula.

The steps are evaluated in order in one namespace, so that a mistake is a step that is replaced by
another formula (`tui.checking.mistakes`). With x of shape (n, in), targets t of shape (n, classes),
one-hot:

    a1 = x W1 + b1    z1 = s(a1)    a2 = z1 W2 + b2    y = softmax(a2)    loss = -1/n sum t log y
    dy = (y - t) / n    dW2 = z1^T dy    db2 = sum_n dy
    dz1 = dy W2^T    da1 = dz1 s'(a1)    dW1 = x^T da1    db1 = sum_n da1

Everything is float64. Source: K. Saitoh, "Deep Learning from Scratch", 2016, chapters 4 and 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from nn.arrays import Array

Step = Callable[[SimpleNamespace], Array]
Steps = Mapping[str, Step]

PARAMETERS = ("W1", "b1", "W2", "b2")
LEARNING_RATE = 0.1


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a)), computed so that no exponential overflows."""
    half: Array = 0.5 * (1 + np.tanh(0.5 * a))
    return half


def softmax(a: Array, axis: int | None = -1) -> Array:
    """exp(a) / sum exp(a) along an axis; the maximum is subtracted first against overflow."""
    return softmax_less(a, a.max(axis=axis, keepdims=True), axis)


def softmax_less(a: Array, subtracted: Array, axis: int | None = -1) -> Array:
    """exp(a - subtracted) / sum exp(a) along an axis. The quotient does not depend on what is
    subtracted only where that is the same for all elements of a sum.
    """
    exponentials = np.exp(a - subtracted)
    result: Array = exponentials / exponentials.sum(axis=axis, keepdims=True)
    return result


def cross_entropy(y: Array, t: Array) -> Array:
    """-1/n sum t log y, with 1e-12 inside the logarithm."""
    loss: Array = -np.sum(t * np.log(y + 1e-12)) / len(t)
    return loss


@dataclass(frozen=True)
class Activation:
    """A hidden activation: `function` of a, and `derivative` of (a, z) with z = function(a)."""

    function: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]


ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": Activation(sigmoid, lambda a, z: z * (1 - z)),
    "relu": Activation(lambda a: np.maximum(a, 0), lambda a, z: (a > 0).astype(a.dtype)),
    "tanh": Activation(np.tanh, lambda a, z: 1 - z**2),
}

# The output layer and its loss: what y, loss and dy are. The study notes use each of these.
HEADS: dict[str, Steps] = {
    "softmax and cross-entropy": {
        "y": lambda v: softmax(v.a2),
        "loss": lambda v: cross_entropy(v.y, v.t),
        "dy": lambda v: (v.y - v.t) / v.n,
    },
    "sigmoid and binary cross-entropy": {
        "y": lambda v: sigmoid(v.a2),
        "loss": lambda v: -np.sum(v.t * np.log(v.y) + (1 - v.t) * np.log(1 - v.y)) / v.n,
        "dy": lambda v: (v.y - v.t) / v.n,
    },
    "sigmoid and squared error": {
        "y": lambda v: sigmoid(v.a2),
        "loss": lambda v: np.sum((v.y - v.t) ** 2) / v.n,
        "dy": lambda v: 2 * (v.y - v.t) * v.y * (1 - v.y) / v.n,
    },
    "sigmoid and half squared error": {
        "y": lambda v: sigmoid(v.a2),
        "loss": lambda v: np.sum((v.y - v.t) ** 2) / 2 / v.n,
        "dy": lambda v: (v.y - v.t) * v.y * (1 - v.y) / v.n,
    },
}


@dataclass(frozen=True)
class Model:
    """What kind of network is compared: its hidden activation and its head, by name."""

    activation: str = "sigmoid"
    head: str = "softmax and cross-entropy"

    def __str__(self) -> str:
        return f"{self.activation} hidden layer, {self.head}"


MODELS = tuple(Model(activation, head) for head in HEADS for activation in ACTIVATIONS)


def steps_of(model: Model, replaced: Steps | None = None) -> dict[str, Step]:
    """The steps of a network in order; a mistake replaces some of them."""
    activation = ACTIVATIONS[model.activation]
    steps: dict[str, Step] = {
        "a1": lambda v: v.x @ v.W1 + v.b1,
        "z1": lambda v: activation.function(v.a1),
        "a2": lambda v: v.z1 @ v.W2 + v.b2,
        **HEADS[model.head],
        "dW2": lambda v: v.z1.T @ v.dy,
        "db2": lambda v: v.dy.sum(axis=0),
        "dz1": lambda v: v.dy @ v.W2.T,
        "da1": lambda v: v.dz1 * activation.derivative(v.a1, v.z1),
        "dW1": lambda v: v.x.T @ v.da1,
        "db1": lambda v: v.da1.sum(axis=0),
        **{f"new {name}": _updated(name) for name in PARAMETERS},
    }
    return {name: (replaced or {}).get(name, step) for name, step in steps.items()}


def _updated(name: str) -> Step:
    return lambda v: getattr(v, name) - v.rate * getattr(v, f"d{name}")


@dataclass(frozen=True)
class Problem:
    """The batch and the weights that go in: x (n, in), t one-hot (n, classes), and W1, b1, W2, b2
    by name.
    """

    x: Array
    t: Array
    parameters: Mapping[str, Array]
    rate: float = LEARNING_RATE


def evaluate(problem: Problem, model: Model, replaced: Steps | None = None) -> dict[str, Array]:
    """Every array of one forward and backward pass and one update, by the name of its step.

    A step that a mistake makes impossible, and all that follow, are left out.
    """
    arrays: dict[str, Array] = {}
    for _, so_far in evaluate_by_steps(problem, model, replaced):
        arrays = so_far
    return arrays


def evaluate_by_steps(
    problem: Problem, model: Model, replaced: Steps | None = None
) -> Iterator[tuple[str, dict[str, Array]]]:
    """The name of each step in turn, and the arrays up to it: a caller may have seen enough."""
    activation = ACTIVATIONS[model.activation]
    values = SimpleNamespace(
        x=problem.x,
        t=problem.t,
        n=len(problem.x),
        rate=problem.rate,
        activation=activation,
        **problem.parameters,
    )
    arrays: dict[str, Array] = {}
    for name, step in steps_of(model, replaced).items():
        try:
            with np.errstate(all="ignore"):
                arrays[name] = np.asarray(step(values))
        except ValueError:  # the shapes no longer fit
            return
        setattr(values, name, arrays[name])
        yield name, arrays
