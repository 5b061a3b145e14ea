"""The contenders of `mnist-tui bench`, usual PyTorch code, and the loop of the study notes."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from nn.data.dataset import Dataset
from tui.cli.bench.contenders import CONTENDERS, PyTorch, Task, serve

Array = npt.NDArray[Any]


class ByHand:
    """The loop of the study notes: float64, one-hot labels, dictionaries of new arrays."""

    def __init__(self, task: Task, data: Dataset) -> None:
        self._task = task
        self._rng = rng = np.random.default_rng(0)
        self._x = data.train.images[: task.limit or None] / 255.0
        self._t = np.eye(10)[data.train.labels[: task.limit or None]]
        self._test = data.test
        self._depth = len(task.sizes) - 1
        self._w: dict[str, Array] = {}
        for i, (fan_in, fan_out) in enumerate(zip(task.sizes[:-1], task.sizes[1:], strict=True), 1):
            spread = np.sqrt(2 / (fan_in if task.activation == "relu" else fan_in + fan_out))
            self._w[f"W{i}"] = spread * rng.standard_normal((fan_in, fan_out))
            self._w[f"b{i}"] = np.zeros(fan_out)
        self._m = {name: np.zeros_like(w) for name, w in self._w.items()}
        self._v = {name: np.zeros_like(w) for name, w in self._w.items()}
        self._updates = 0

    def _forward(self, x: Array) -> list[Array]:
        outputs = [x]
        for i in range(1, self._depth + 1):
            a = outputs[-1] @ self._w[f"W{i}"] + self._w[f"b{i}"]
            if i < self._depth:
                a = np.maximum(a, 0) if self._task.activation == "relu" else 1 / (1 + np.exp(-a))
            outputs.append(a)
        return outputs

    def _gradient(self, x: Array, t: Array) -> dict[str, Array]:
        outputs, gradient = self._forward(x), {}
        exponentials = np.exp(outputs[-1] - outputs[-1].max(axis=1, keepdims=True))
        delta = (exponentials / exponentials.sum(axis=1, keepdims=True) - t) / len(x)
        for i in range(self._depth, 0, -1):
            h = outputs[i - 1]
            gradient[f"W{i}"], gradient[f"b{i}"] = h.T @ delta, delta.sum(axis=0)
            if i > 1:
                slope = h > 0 if self._task.activation == "relu" else h * (1 - h)
                delta = delta @ self._w[f"W{i}"].T * slope
        return gradient

    def epoch(self) -> float:
        began = time.perf_counter()
        batch, rate = self._task.batch_size, self._task.learning_rate
        order = self._rng.permutation(len(self._x))
        for start in range(0, len(order), batch):
            index = order[start : start + batch]
            self._updates += 1
            for name, g in self._gradient(self._x[index], self._t[index]).items():
                if self._task.optimizer == "adam":
                    self._m[name] = 0.9 * self._m[name] + 0.1 * g
                    self._v[name] = 0.999 * self._v[name] + 0.001 * g**2
                    m = self._m[name] / (1 - 0.9**self._updates)
                    v = self._v[name] / (1 - 0.999**self._updates)
                    self._w[name] -= rate * m / (np.sqrt(v) + 1e-8)
                else:
                    self._m[name] = 0.9 * self._m[name] + g
                    self._w[name] -= rate * self._m[name]
        return time.perf_counter() - began

    def accuracy(self) -> float:
        outputs = self._forward(self._test.images / 255.0)[-1]
        return float(np.mean(outputs.argmax(axis=1) == self._test.labels))


class PyTorchDefaults(PyTorch):
    """Without the optimizer's `fused` flag, which few programs set."""

    FLAGS = ({},)


if __name__ == "__main__":
    serve(CONTENDERS | {"by hand": ByHand, "pytorch plain": PyTorchDefaults})
