"""Mistakes in the gradients, from dy back to dW1 and db1."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from nn.arrays import Array
from tui.checking.mistake import Mistake
from tui.checking.reference import sigmoid


def _w2_first(v: SimpleNamespace) -> Array:
    """The gradient of z1 where W2 has been updated already."""
    grad: Array = v.dy @ (v.W2 - v.rate * v.dW2).T
    return grad


BACKWARD = (
    Mistake(
        "gradient not averaged",
        "The gradients are sums over the batch, exactly n times too large: that acts like a"
        " learning rate n times as high.",
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
        "bias gradients of one image",
        "The gradients of the biases are those of the first image, in place of the sum over all.",
        "db2 = np.sum(dy, axis=0), and db1 = np.sum(da1, axis=0)",
        {"db2": lambda v: v.dy[0], "db1": lambda v: v.da1[0]},
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
