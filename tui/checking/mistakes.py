"""The catalogue of mistakes, and those in the update of the parameters."""

from __future__ import annotations

from types import SimpleNamespace

from nn.arrays import Array
from tui.checking.backward_mistakes import BACKWARD
from tui.checking.forward_mistakes import FORWARD, LOSSES
from tui.checking.mistake import Mistake
from tui.checking.reference import PARAMETERS, Step


def _descent(sign: float = -1.0, *, over: str = "") -> dict[str, Step]:
    def step(name: str) -> Step:
        def update(v: SimpleNamespace) -> Array:
            divisor = v.n if over else 1
            new: Array = getattr(v, name) + sign * v.rate * getattr(v, f"d{name}") / divisor
            return new

        return update

    return {f"new {name}": step(name) for name in PARAMETERS}


def _unchanged(*names: str) -> dict[str, Step]:
    return {f"new {name}": (lambda v, name=name: getattr(v, name)) for name in names}  # type: ignore[misc]


UPDATES = (
    Mistake(
        "update in the wrong direction",
        "The update adds the gradient: it climbs the loss in place of descending.",
        "W <- W - rate dW",
        _descent(+1.0),
    ),
    Mistake(
        "update divided by the batch",
        "The update divides the gradients by the number of images once more.",
        "W <- W - rate dW, where dW is a mean already",
        _descent(over="n"),
    ),
    Mistake(
        "biases not updated",
        "The update changes the weights only; the biases stay as they are.",
        "b <- b - rate db",
        _unchanged("b1", "b2"),
    ),
    Mistake(
        "hidden layer not updated",
        "The update changes the output layer only: W1 and b1 stay as they are.",
        "W1 <- W1 - rate dW1, b1 <- b1 - rate db1",
        _unchanged("W1", "b1"),
    ),
    Mistake(
        "output layer not updated",
        "The update changes the hidden layer only: W2 and b2 stay as they are.",
        "W2 <- W2 - rate dW2, b2 <- b2 - rate db2",
        _unchanged("W2", "b2"),
    ),
    Mistake(
        "nothing updated",
        "The update leaves every parameter as it is: it may change a copy, or a local name.",
        "params[name] -= rate * grads[name], in place",
        _unchanged(*PARAMETERS),
    ),
)

CATALOGUE: tuple[Mistake, ...] = FORWARD + LOSSES + BACKWARD + UPDATES
