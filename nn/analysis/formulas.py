"""The formulas of activations, losses and update rules as texts, with values for one element.

`nn.network` computes whole batches. A reader of one element also wants the formula in words and the
numbers that go into it, which stand here; tests compare the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nn.arrays import Array


class ActivationFormula(NamedTuple):
    """z = f(a) and its slope, which is a function of z; `{}` in a text stands for the number.

    `value` and `worked` take a, `slope_value` and `slope_worked` take z. `meaning` and
    `slope_meaning` say in plain words what f and its slope do.
    """

    formula: str
    value: Callable[[float], float]
    worked: str
    meaning: str
    slope: str
    slope_value: Callable[[float], float]
    slope_worked: str
    slope_meaning: str


def _sigmoid(a: float) -> float:
    return (1 + math.tanh(a / 2)) / 2


ACTIVATION_FORMULAS: dict[str, ActivationFormula] = {
    "sigmoid": ActivationFormula(
        "1 / (1 + exp(-a))",
        _sigmoid,
        "1 / (1 + exp(-({})))",
        "The sigmoid turns every sum into a number from 0 to 1.",
        "z (1 - z)",
        lambda z: z * (1 - z),
        "{0} (1 - {0})",
        "Times the slope of the sigmoid, z (1 - z), which is never above 1/4.",
    ),
    "tanh": ActivationFormula(
        "tanh(a)",
        math.tanh,
        "tanh({})",
        "Tanh turns every sum into a number from -1 to 1.",
        "(1 - z^2)",
        lambda z: 1 - z * z,
        "(1 - {}^2)",
        "Times the slope of tanh, 1 - z^2, which is never above 1.",
    ),
    "relu": ActivationFormula(
        "max(a, 0)",
        lambda a: max(a, 0.0),
        "max({}, 0)",
        "ReLU keeps a sum that is above 0 and turns every other into 0.",
        "(1 if z > 0 else 0)",
        lambda z: float(z > 0),
        "(1 if {} > 0 else 0)",
        "Times the slope of ReLU: 1 where its output is above 0, and 0 elsewhere.",
    ),
    "identity": ActivationFormula(
        "a",
        lambda a: a,
        "{}",
        "The identity leaves every sum as it is.",
        "1",
        lambda z: 1.0,
        "1",
        "The slope of the identity is 1, so the gradient stays as it is.",
    ),
}


class LossFormula(NamedTuple):
    """How predictions y, the loss, and its gradient at the outputs follow from the outputs o.

    In the texts `{o}`, `{y}` and `{t}` stand for the names of the arrays. `y_worked(o, j)` and
    `gradient_worked(o, y, t, j, n)` give the numbers of element j of an image as text and their
    result, `image_loss(y, t)` those of the loss of one image; o, y and t are the rows of that
    image, and n is the number of images.
    """

    y: str
    y_worked: Callable[[Array, int], tuple[str, float]]
    y_meaning: str
    loss: str
    image_loss: Callable[[Array, Array], tuple[str, float]]
    loss_meaning: str
    gradient: str
    gradient_worked: Callable[[Array, Array, Array, int, int], tuple[str, float]]


def _softmax(o: Array, j: int) -> tuple[str, float]:
    highest = o.max()
    total = float(np.exp(o - highest).sum())
    shifted = float(o[j] - highest)
    return f"exp({shifted:.4g}) / {total:.4g}", math.exp(shifted) / total


def _sigmoid_of(o: Array, j: int) -> tuple[str, float]:
    return f"1 / (1 + exp(-({o[j]:.4g})))", _sigmoid(float(o[j]))


def _as_it_is(o: Array, j: int) -> tuple[str, float]:
    return f"{o[j]:.4g}", float(o[j])


def _normalized(o: Array, j: int) -> tuple[str, float]:
    return f"{o[j]:.4g} / {o.sum():.4g}", float(o[j] / o.sum())


def _minus_t_log(t: Array, p: Array) -> float:
    """-sum t log p, in which a target of 0 counts nothing, whatever p is."""
    with np.errstate(divide="ignore"):
        return -float((t[t > 0] * np.log(p[t > 0])).sum())


def _cross_entropy(y: Array, t: Array) -> tuple[str, float]:
    one_hot = np.count_nonzero(t) == 1
    text = f"-log {y[t.argmax()]:.4g}" if one_hot else "-sum t log y"
    return text, _minus_t_log(t, y)


def _binary_cross_entropy(y: Array, t: Array) -> tuple[str, float]:
    value = _minus_t_log(t, y) + _minus_t_log(1 - t, 1 - y)
    return "-sum (t log y + (1 - t) log(1 - y))", value


def _squared_error(y: Array, t: Array) -> tuple[str, float]:
    return "sum (y - t)^2", float(np.square(y - t).sum())


def _difference(o: Array, y: Array, t: Array, j: int, n: int) -> tuple[str, float]:
    return f"({y[j]:.4g} - {t[j]:.4g}) / {n}", float(y[j] - t[j]) / n


def _twice_the_difference(o: Array, y: Array, t: Array, j: int, n: int) -> tuple[str, float]:
    return f"2 ({y[j]:.4g} - {t[j]:.4g}) / {n}", 2 * float(y[j] - t[j]) / n


def _normalized_gradient(o: Array, y: Array, t: Array, j: int, n: int) -> tuple[str, float]:
    error, total = y - t, o.sum()
    mean = float((error * y).sum())
    text = f"2 ({error[j]:.4g} - {mean:.4g}) / ({n} * {total:.4g})"
    return text, float(2 * (error[j] - mean) / (n * total))


LOSS_FORMULAS: dict[str, LossFormula] = {
    "cross-entropy": LossFormula(
        "softmax({o}) = exp({o} - m) / sum exp({o} - m), m = max {o}",
        _softmax,
        "Softmax turns the sums of an image into probabilities, one a class, which add up to 1.",
        "mean over the images of -sum t log y",
        _cross_entropy,
        "The less probable the right class, the higher the loss; at a probability of 1 it is 0.",
        "({y} - {t}) / n",
        _difference,
    ),
    "binary-cross-entropy": LossFormula(
        "sigmoid({o})",
        _sigmoid_of,
        "A sigmoid turns the sum of each class into a probability of its own.",
        "mean over the images of -sum (t log y + (1 - t) log(1 - y))",
        _binary_cross_entropy,
        "The loss is low where the right class is near 1 and every other class near 0.",
        "({y} - {t}) / n",
        _difference,
    ),
    "squared-error": LossFormula(
        "{o}",
        _as_it_is,
        "The outputs are compared with the targets as they are.",
        "mean over the images of sum (y - t)^2",
        _squared_error,
        "The further the outputs are from the targets, the higher the loss.",
        "2 ({y} - {t}) / n",
        _twice_the_difference,
    ),
    "squared-error-normalized": LossFormula(
        "{o} / sum {o}",
        _normalized,
        "The outputs of an image are divided by their sum, so that they add up to 1.",
        "mean over the images of sum (y - t)^2",
        _squared_error,
        "The further the shares are from the targets, the higher the loss.",
        "2 (e - sum e y) / (n sum {o}), e = {y} - {t}",
        _normalized_gradient,
    ),
}

UPDATE_FORMULAS: dict[str, str] = {
    "sgd": "{w} - r g",
    "momentum": "{w} - r v, v = m v + g",
    "nesterov": "{w} - r (g + m v), v = m v + g",
    "adam": "{w} - r m^ / (sqrt(v^) + e), m^ and v^ running means of g and g^2",
    "adamw": "{w} - r d {w} - r m^ / (sqrt(v^) + e), m^ and v^ running means of g and g^2",
}
"""The new value of a weight w with its gradient g; r is the learning rate."""

INPUT_MEANINGS: dict[str, str] = {
    "unit": "An image is {} numbers, one a pixel, from 0 for paper to 1 for ink.",
    "standardize": "An image is {} numbers: pixels less their mean, divided by their deviation.",
    "minmax": "An image is {} numbers from 0 to 1, from the least to the most of each pixel.",
    "edges": "An image is {} numbers, eight pictures of where, and how strongly, it gets brighter"
    " in one direction.",
}
"""What the inputs are, by the preprocessing; `{}` stands for their number."""
