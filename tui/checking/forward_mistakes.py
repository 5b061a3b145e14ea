"""Mistakes between the inputs and the loss."""

from __future__ import annotations

import numpy as np

from tui.checking.mistake import Mistake
from tui.checking.reference import Step, softmax, softmax_less


def _softmaxes(over: int | None) -> tuple[Step, ...]:
    """Softmaxes whose sum is taken along another axis than 1.

    They differ in what is subtracted from the outputs first: the largest one along that axis, of
    each image, or of each class.
    """
    return (
        lambda v: softmax(v.a2, over),
        *(
            lambda v, axis=axis: softmax_less(v.a2, v.a2.max(axis=axis, keepdims=True), over)
            for axis in (0, 1)
            if axis != over
        ),
    )


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
    *(
        Mistake(
            "softmax along the wrong axis",
            "The softmax sums over the images of the batch in place of the classes of each image.",
            "y = exp(a2) / sum of exp(a2) over the classes: axis=1, keepdims=True",
            {"y": step},
        )
        for step in _softmaxes(over=0)
    ),
    *(
        Mistake(
            "softmax over the whole batch",
            "The softmax divides by the sum over all images and classes, so that the probabilities"
            " of one image do not add up to 1.",
            "y = exp(a2) / sum of exp(a2) over the classes: axis=1, keepdims=True",
            {"y": step},
        )
        for step in _softmaxes(over=None)
    ),
    Mistake(
        "largest output taken over the images",
        "The softmax subtracts the largest output of each class over the batch, which changes the"
        " probabilities, in place of the largest output of each image.",
        "y = exp(a2 - max) / sum of exp(a2 - max), the maximum and the sum with axis=1,"
        " keepdims=True",
        {"y": lambda v: softmax_less(v.a2, v.a2.max(axis=0, keepdims=True))},
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
