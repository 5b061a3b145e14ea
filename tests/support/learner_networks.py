"""Networks as learners write them, and correct variations of one, each of replaced lines."""

from __future__ import annotations

from dataclasses import dataclass

NETWORK = """\
import numpy as np


def activation(a):
    return 1 / (1 + np.exp(-a))


def derivative(a, z):
    return z * (1 - z)


def softmax(a):
    a = a - a.max(axis=1, keepdims=True)
    return np.exp(a) / np.exp(a).sum(axis=1, keepdims=True)


class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size, weight_init_std=0.01):
        self.params = {
            "W1": weight_init_std * np.random.randn(input_size, hidden_size),
            "b1": np.zeros(hidden_size),
            "W2": weight_init_std * np.random.randn(hidden_size, output_size),
            "b2": np.zeros(output_size),
        }

    def predict(self, x):
        p = self.params
        a1 = x @ p["W1"] + p["b1"]
        z1 = activation(a1)
        a2 = z1 @ p["W2"] + p["b2"]
        y = softmax(a2)
        return y

    def loss(self, x, t):
        y = self.predict(x)
        n = len(x)
        return -np.sum(t * np.log(y + 1e-7)) / n

    def gradient(self, x, t):
        p = self.params
        n = len(x)
        grads = {}
        a1 = x @ p["W1"] + p["b1"]
        z1 = activation(a1)
        a2 = z1 @ p["W2"] + p["b2"]
        y = softmax(a2)
        dy = (y - t) / n
        grads["W2"] = z1.T @ dy
        grads["b2"] = dy.sum(axis=0)
        dz1 = dy @ p["W2"].T
        da1 = dz1 * derivative(a1, z1)
        grads["W1"] = x.T @ da1
        grads["b1"] = da1.sum(axis=0)
        return grads

    def update(self, grads, rate):
        for name in self.params:
            self.params[name] -= rate * grads[name]
"""
NO_UPDATE = NETWORK[: NETWORK.index("    def update")]
RELU = {
    "return 1 / (1 + np.exp(-a))": "return np.maximum(a, 0)",
    "return z * (1 - z)": "return (a > 0) * 1.0",
}
TANH = {"return 1 / (1 + np.exp(-a))": "return np.tanh(a)", "return z * (1 - z)": "return 1 - z**2"}


@dataclass(frozen=True)
class Mutation:
    """Lines of the network that are replaced, and the name of the mistake that this makes."""

    mistake: str
    lines: dict[str, str]
    base: str = NETWORK

    @property
    def source(self) -> str:
        """The text of the file."""
        text = self.base
        for old, new in self.lines.items():
            assert old in text, old
            text = text.replace(old, new)
        return text


def changed(lines: dict[str, str], base: str = NETWORK) -> str:
    """The network with these lines replaced."""
    return Mutation("", lines, base).source


RELU_NETWORK, TANH_NETWORK = changed(RELU), changed(TANH)
A1 = 'a1 = x @ p["W1"] + p["b1"]'
A2 = 'a2 = z1 @ p["W2"] + p["b2"]'
DY, DW2, DB2, DB1 = "dy = (y - t) / n", "z1.T @ dy", "dy.sum(axis=0)", "da1.sum(axis=0)"
DA1, DW1, DZ1 = "da1 = dz1 * derivative(a1, z1)", "x.T @ da1", 'dz1 = dy @ p["W2"].T'
UPDATE = "self.params[name] -= rate * grads[name]"
LOSS = "return -np.sum(t * np.log(y + 1e-7)) / n"
SQUARES = "sum(np.sum(self.params[k] ** 2) for k in ('W1', 'W2'))"

FUNCTIONS = """\
import numpy as np


def forward(params, x):
    h = np.tanh(x.dot(params["W1"]) + params["b1"])
    logits = h.dot(params["W2"]) + params["b2"]
    e = np.exp(logits)
    return e / e.sum(1)[:, None]


def gradient(params, x, t):
    h = np.tanh(x.dot(params["W1"]) + params["b1"])
    delta = (forward(params, x) - t) / x.shape[0]
    back = delta.dot(params["W2"].T) * (1 - h * h)
    return {
        "dW1": x.T.dot(back),
        "db1": back.sum(0),
        "dW2": h.T.dot(delta),
        "db2": delta.sum(0),
    }
"""
LAYERS = """\
import numpy as np


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout):
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return np.dot(dout, self.W.T)


class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class SoftmaxWithLoss:
    def forward(self, x, t):
        self.t = t
        x = x - np.max(x, axis=-1, keepdims=True)
        self.y = np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)
        return -np.sum(t * np.log(self.y + 1e-7)) / len(x)

    def backward(self, dout=1):
        return (self.y - self.t) / len(self.t)
"""
COLUMNS = '''\
import numpy as np


class Network:
    """Images are columns: W1 has the shape (hidden, inputs)."""

    def __init__(self, n_inputs=784, n_hidden=30, n_outputs=10):
        self.W1 = np.random.randn(n_hidden, n_inputs) * 0.01
        self.b1 = np.zeros((n_hidden, 1))
        self.W2 = np.random.randn(n_outputs, n_hidden) * 0.01
        self.b2 = np.zeros((n_outputs, 1))

    def forward(self, X):
        self.Z1 = self.W1 @ X + self.b1
        self.A1 = np.maximum(0, self.Z1)
        self.Z2 = self.W2 @ self.A1 + self.b2
        e = np.exp(self.Z2 - self.Z2.max(axis=0))
        self.A2 = e / e.sum(axis=0)
        return self.A2

    def backward(self, X, Y):
        self.forward(X)
        m = X.shape[1]
        dZ2 = self.A2 - Y
        dW2 = dZ2 @ self.A1.T / m
        db2 = np.sum(dZ2, axis=1, keepdims=True) / m
        dZ1 = self.W2.T @ dZ2 * (self.Z1 > 0)
        dW1 = dZ1 @ X.T / m
        db1 = np.sum(dZ1, axis=1, keepdims=True) / m
        return dW1, db1, dW2, db2
'''
SQUARED = {
    "return z * (1 - z)": "return z * (1 - z)",
    "y = softmax(a2)": "y = activation(a2)",
    LOSS: "return np.sum((y - t) ** 2) / n",
    DY: "dy = 2 * (y - t) * y * (1 - y) / n",
}

CORRECT = {
    "the study notes' class": NETWORK,
    "relu": RELU_NETWORK,
    "tanh": TANH_NETWORK,
    "without an update": NO_UPDATE,
    "an update that makes new arrays": changed(
        {UPDATE: "self.params[name] = self.params[name] - rate * grads[name]"}
    ),
    "functions": FUNCTIONS,
    "layer classes": LAYERS,
    "images as columns": COLUMNS,
    "squared error": changed(SQUARED),
    "logits from predict": changed(
        {
            "y = softmax(a2)\n        return y": "return a2",
            "y = self.predict(x)": "y = softmax(self.predict(x))",
        }
    ),
    "labels as numbers": changed(
        {
            LOSS: "return -np.mean(np.log(y[np.arange(n), t] + 1e-7))",
            DY: "dy = y.copy()\n        dy[np.arange(n), t] -= 1\n        dy /= n",
        }
    ),
    "t - y, added": changed(
        {DY: "dy = (t - y) / n", UPDATE: "self.params[name] += rate * grads[name]"}
    ),
    "sums, divided in the update": changed(
        {DY: "dy = y - t", UPDATE: "self.params[name] -= rate * grads[name] / 23"}
    ),
    "float32": changed(
        {
            "np.random.randn(input_size, hidden_size),": (
                "np.random.randn(input_size, hidden_size).astype(np.float32),"
            )
        }
    ),
    "without subtraction in the softmax": changed(
        {"    a = a - a.max(axis=1, keepdims=True)\n": ""}
    ),
    "another hidden size": changed(
        {
            "def __init__(self, input_size, hidden_size, output_size,": (
                "def __init__(self, input_size=784, hidden_size=37, output_size=10,"
            )
        }
    ),
    "an L2 penalty": changed(
        {
            LOSS: f"{LOSS} + 0.005 * {SQUARES}",
            DW2: f"{DW2} + 0.01 * p['W2']",
            DW1: f"{DW1} + 0.01 * p['W1']",
        }
    ),
    "weight decay in the update": changed(
        {UPDATE: f"{UPDATE} + rate * 0.01 * self.params[name] * (name[0] == 'W')"}
    ),
    "binary cross-entropy": changed(
        {
            "y = softmax(a2)": "y = activation(a2)",
            LOSS: "return -np.sum(t * np.log(y + 1e-9) + (1 - t) * np.log(1 - y + 1e-9)) / n",
        }
    ),
}
