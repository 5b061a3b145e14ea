"""The mistakes that networks written by hand have, each as the formula that it puts in the place of
a right one.

A mistake is recognized by its numbers: the reference is evaluated with the wrong formula, and the
mistake is named where that gives what the learner's code gave. Nothing is read out of the learner's
source text.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from nn.arrays import Array
from tui.checking.reference import (
    PARAMETERS,
    Model,
    Step,
    Steps,
    sigmoid,
    softmax,
)


@dataclass(frozen=True)
class Mistake:
    """A named mistake: what is wrong in one sentence, the right formula, and the steps as they are
    computed instead.
    """

    name: str
    sentence: str
    formula: str
    replaced: Steps
    activations: tuple[str, ...] = ("sigmoid", "relu", "tanh")

    def applies_to(self, model: Model) -> bool:
        """Whether a network of this kind can have the mistake."""
        return model.activation in self.activations

    @property
    def step(self) -> str:
        """The first step that is wrong."""
        return next(iter(self.replaced))


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


def _w2_first(v: SimpleNamespace) -> Array:
    """The gradient of z1 where W2 has been updated already."""
    grad: Array = v.dy @ (v.W2 - v.rate * v.dW2).T
    return grad


FORWARD = (
    Mistake(
        "inputs scaled twice",
        "The pixels are divided by 255 although they already lie between 0 and 1.",
        "a1 = x W1 + b1, with x from 0 to 1",
        {"a1": lambda v: v.x / 255 @ v.W1 + v.b1, "dW1": lambda v: (v.x / 255).T @ v.da1},
    ),
    Mistake(
        "bias of the hidden layer missing",
        "The forward pass leaves out b1.",
        "a1 = x W1 + b1",
        {"a1": lambda v: v.x @ v.W1},
    ),
    Mistake(
        "bias of the output layer missing",
        "The forward pass leaves out b2.",
        "a2 = z1 W2 + b2",
        {"a2": lambda v: v.z1 @ v.W2},
    ),
    Mistake(
        "hidden activation missing",
        "The hidden layer has no activation, so that two layers compute no more than one.",
        "z1 = s(a1)",
        {"z1": lambda v: v.a1},
    ),
    Mistake(
        "activation before the softmax",
        "The activation of the hidden layer is applied to the output layer too, before the"
        " softmax.",
        "y = softmax(a2), directly of a2 = z1 W2 + b2",
        {"y": lambda v: softmax(v.activation.function(v.a2))},
    ),
    Mistake(
        "softmax along the wrong axis",
        "The softmax sums over the images of the batch in place of the classes of each image.",
        "y = exp(a2) / sum of exp(a2) over the classes: axis=1, keepdims=True",
        {"y": lambda v: softmax(v.a2, axis=0)},
    ),
    Mistake(
        "softmax over the whole batch",
        "The softmax divides by the sum over all images and classes, so that the probabilities of"
        " one image"
        " do not add up to 1.",
        "y = exp(a2) / sum of exp(a2) over the classes: axis=1, keepdims=True",
        {"y": lambda v: softmax(v.a2, axis=None)},
    ),
    Mistake(
        "softmax twice",
        "The softmax is applied to probabilities: once in the network and once more in the loss.",
        "y = softmax(a2), once",
        {"y": lambda v: softmax(softmax(v.a2))},
    ),
    Mistake(
        "softmax without exponentials",
        "The outputs are divided by their sum without taking exponentials first.",
        "y = exp(a2) / sum of exp(a2)",
        {"y": lambda v: v.a2 / v.a2.sum(axis=1, keepdims=True)},
    ),
)

LOSSES = (
    Mistake(
        "loss not averaged",
        "The loss is the sum over the batch, not its mean, so that it grows with the batch.",
        "loss = -1/n sum t log y",
        {"loss": lambda v: -np.sum(v.t * np.log(v.y))},
    ),
    Mistake(
        "loss averaged over the classes too",
        "The loss is divided by the number of classes besides the number of images (np.mean over"
        " all elements).",
        "loss = -1/n sum t log y: divide by the number of images only",
        {"loss": lambda v: -np.mean(v.t * np.log(v.y))},
    ),
    Mistake(
        "loss with the wrong sign",
        "The loss lacks its minus sign: it is negative, and falls where it should rise.",
        "loss = -1/n sum t log y",
        {"loss": lambda v: np.sum(v.t * np.log(v.y)) / v.n},
    ),
    Mistake(
        "logarithm to base 10",
        "The loss takes the logarithm to base 10; its gradient y - t belongs to the natural one.",
        "loss = -1/n sum t log y, with np.log",
        {"loss": lambda v: -np.sum(v.t * np.log10(v.y)) / v.n},
    ),
    Mistake(
        "logarithm to base 2",
        "The loss takes the logarithm to base 2; its gradient y - t belongs to the natural one.",
        "loss = -1/n sum t log y, with np.log",
        {"loss": lambda v: -np.sum(v.t * np.log2(v.y)) / v.n},
    ),
    Mistake(
        "targets left out of the loss",
        "The loss adds up the logarithms of all classes, not that of the right class only.",
        "loss = -1/n sum t log y",
        {"loss": lambda v: -np.sum(np.log(v.y)) / v.n},
    ),
)

BACKWARD = (
    Mistake(
        "gradient not averaged",
        "The gradients are sums over the batch: they are exactly n times too large, like the"
        " learning rate then.",
        "dy = (y - t) / n",
        {"dy": lambda v: v.y - v.t},
    ),
    Mistake(
        "gradient averaged twice",
        "The gradients are divided by the number of images twice, in dy and again in dW and db.",
        "dW2 = z1^T dy and db2 = sum of dy, where dy = (y - t) / n has been divided already",
        {"dy": lambda v: (v.y - v.t) / v.n**2},
    ),
    Mistake(
        "weight gradients averaged twice",
        "The gradients of the weights are divided by the number of images a second time.",
        "dW2 = z1^T dy, where dy = (y - t) / n has been divided already",
        {
            "dW2": lambda v: v.z1.T @ v.dy / v.n,
            "dW1": lambda v: v.x.T @ v.da1 / v.n,
        },
    ),
    Mistake(
        "gradient divided by the classes",
        "The gradient is divided by the number of classes in place of the number of images.",
        "dy = (y - t) / n, n being the number of images",
        {"dy": lambda v: (v.y - v.t) / v.t.shape[1]},
    ),
    Mistake(
        "gradient with the wrong sign",
        "The gradient has the opposite sign, t - y: each update makes the loss larger.",
        "dy = (y - t) / n",
        {"dy": lambda v: (v.t - v.y) / v.n},
    ),
    Mistake(
        "softmax differentiated a second time",
        "dy is multiplied by y (1 - y), the derivative of a sigmoid; y - t already contains that"
        " of the softmax.",
        "dy = (y - t) / n",
        {"dy": lambda v: (v.y - v.t) * v.y * (1 - v.y) / v.n},
    ),
    Mistake(
        "gradient of the squared error",
        "dy has the factor 2 of a squared error; that of the cross-entropy has none.",
        "dy = (y - t) / n",
        {"dy": lambda v: 2 * (v.y - v.t) / v.n},
    ),
    Mistake(
        "targets left out of the gradient",
        "dy lacks the targets.",
        "dy = (y - t) / n",
        {"dy": lambda v: v.y / v.n},
    ),
    Mistake(
        "gradient of W2 from before the activation",
        "The gradient of W2 is formed with a1, the inputs of the activation, in place of its"
        " outputs z1.",
        "dW2 = z1^T dy",
        {"dW2": lambda v: v.a1.T @ v.dy},
    ),
    Mistake(
        "gradients of the weights transposed",
        "The factors of the gradients of the weights are exchanged, which transposes them.",
        "dW2 = z1^T dy of the shape of W2, dW1 = x^T da1 of the shape of W1",
        {"dW2": lambda v: v.dy.T @ v.z1, "dW1": lambda v: v.da1.T @ v.x},
    ),
    Mistake(
        "bias gradients not summed",
        "The gradients of the biases are not summed over the batch.",
        "db2 = np.sum(dy, axis=0), of the shape of b2, and db1 = np.sum(da1, axis=0)",
        {"db2": lambda v: v.dy, "db1": lambda v: v.da1},
    ),
    Mistake(
        "bias gradients summed along the wrong axis",
        "The gradients of the biases are summed over the units of each image, not over the images.",
        "db2 = np.sum(dy, axis=0), and db1 = np.sum(da1, axis=0)",
        {"db2": lambda v: v.dy.sum(axis=1), "db1": lambda v: v.da1.sum(axis=1)},
    ),
    Mistake(
        "bias gradients summed to one number",
        "The gradients of the biases are summed over images and units alike, to a single number.",
        "db2 = np.sum(dy, axis=0), and db1 = np.sum(da1, axis=0)",
        {"db2": lambda v: v.dy.sum(), "db1": lambda v: v.da1.sum()},
    ),
    Mistake(
        "bias gradients averaged twice",
        "The gradients of the biases are means over the batch, although dy has been divided by n"
        " already.",
        "db2 = np.sum(dy, axis=0), where dy = (y - t) / n",
        {"db2": lambda v: v.dy.mean(axis=0), "db1": lambda v: v.da1.mean(axis=0)},
    ),
    Mistake(
        "W2 updated before it is used",
        "W2 is updated before the gradient is passed on through it to the hidden layer.",
        "dz1 = dy W2^T, with the W2 of the forward pass; update all parameters at the end",
        {"dz1": _w2_first},
    ),
    Mistake(
        "derivative of the activation missing",
        "The gradient passes the hidden layer without the derivative of its activation.",
        "da1 = dz1 s'(a1), for a sigmoid dz1 z1 (1 - z1)",
        {"da1": lambda v: v.dz1},
    ),
    Mistake(
        "derivative of the sigmoid applied to its output",
        "The derivative is taken of z1, which has been through the sigmoid already: s(z1) (1 -"
        " s(z1)).",
        "da1 = dz1 z1 (1 - z1), with z1 = s(a1)",
        {"da1": lambda v: v.dz1 * sigmoid(v.z1) * (1 - sigmoid(v.z1))},
        ("sigmoid",),
    ),
    Mistake(
        "derivative of the sigmoid without the sigmoid",
        "The derivative is formed with the inputs of the sigmoid, a1 (1 - a1), in place of its"
        " outputs.",
        "da1 = dz1 z1 (1 - z1), with z1 = s(a1)",
        {"da1": lambda v: v.dz1 * v.a1 * (1 - v.a1)},
        ("sigmoid",),
    ),
    Mistake(
        "derivative of the sigmoid incomplete",
        "The derivative of the sigmoid is 1 - z1, without the factor z1.",
        "da1 = dz1 z1 (1 - z1)",
        {"da1": lambda v: v.dz1 * (1 - v.z1)},
        ("sigmoid",),
    ),
    Mistake(
        "activation in place of its derivative",
        "The gradient is multiplied by the output of the activation, not by its derivative.",
        "da1 = dz1 s'(a1)",
        {"da1": lambda v: v.dz1 * v.z1},
    ),
    Mistake(
        "derivative of ReLU reversed",
        "The gradient passes where the inputs of ReLU are negative, and is stopped where they are"
        " positive.",
        "da1 = dz1 where a1 > 0, else 0",
        {"da1": lambda v: v.dz1 * (v.a1 <= 0)},
        ("relu",),
    ),
    Mistake(
        "ReLU judged by the gradient",
        "The gradient is stopped where it is negative itself, not where the inputs of ReLU were.",
        "da1 = dz1 where a1 > 0, else 0",
        {"da1": lambda v: v.dz1 * (v.dz1 > 0)},
        ("relu",),
    ),
    Mistake(
        "derivative of tanh applied to its output",
        "The derivative is taken of z1, which has been through tanh already: 1 - tanh(z1)^2.",
        "da1 = dz1 (1 - z1^2), with z1 = tanh(a1)",
        {"da1": lambda v: v.dz1 * (1 - np.tanh(v.z1) ** 2)},
        ("tanh",),
    ),
    Mistake(
        "derivative of tanh without the square",
        "The derivative of tanh is computed as 1 - z1, without the square.",
        "da1 = dz1 (1 - z1^2)",
        {"da1": lambda v: v.dz1 * (1 - v.z1)},
        ("tanh",),
    ),
    Mistake(
        "derivative of the sigmoid for another activation",
        "The derivative is that of a sigmoid, z1 (1 - z1), although the hidden layer has another"
        " activation.",
        "da1 = dz1 s'(a1), of the same s as in the forward pass",
        {"da1": lambda v: v.dz1 * v.z1 * (1 - v.z1)},
        ("relu", "tanh"),
    ),
    Mistake(
        "bias gradient of the hidden layer before the derivative",
        "db1 is formed with dz1, before the derivative of the activation.",
        "db1 = np.sum(da1, axis=0)",
        {"db1": lambda v: v.dz1.sum(axis=0)},
    ),
    Mistake(
        "gradient of W1 before the derivative",
        "dW1 is formed with dz1, before the derivative of the activation.",
        "dW1 = x^T da1",
        {"dW1": lambda v: v.x.T @ v.dz1},
    ),
)

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
