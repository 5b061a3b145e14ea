"""The contenders of `compare_peers`: each trains the same network on the same data, an epoch at a time.

Run as a program, this is one contender in a process of its own, told by lines on standard input what to do
and answering with lines of JSON, so that contenders can take turns without sharing threads or memory.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from nn.config import TrainConfig
from nn.data import Dataset, load_dataset
from nn.events import EpochCompleted, Event
from nn.model import build_model
from nn.trainer import Trainer

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Task:
    """What all train: hidden widths, activation, batch, optimizer ("momentum" or "adam"), images."""

    hidden: tuple[int, ...]
    activation: str
    batch_size: int
    optimizer: str
    limit: int
    epochs: int

    @property
    def learning_rate(self) -> float:
        """Rates at which every net here learns."""
        return 0.001 if self.optimizer == "adam" else 0.05

    @property
    def sizes(self) -> tuple[int, ...]:
        """Widths of all layers, inputs and outputs included."""
        return (784, *self.hidden, 10)

    @property
    def config(self) -> TrainConfig:
        """The task as our own configuration."""
        return TrainConfig(
            hidden=self.hidden,
            activation=self.activation,  # type: ignore[arg-type]
            init="he-normal" if self.activation == "relu" else "glorot-uniform",
            batch_size=self.batch_size,
            optimizer=self.optimizer,  # type: ignore[arg-type]
            learning_rate=self.learning_rate,
            schedule="constant",
            epochs=self.epochs,
            limit=self.limit,
        )


class Contender(Protocol):
    """Trains an epoch at a time."""

    def epoch(self) -> float:
        """One pass over the training images; returns the seconds it took, evaluation apart."""

    def accuracy(self) -> float:
        """On the test images."""


class Ours:
    """The trainer as the product runs it: its events, shuffling, and metrics."""

    def __init__(self, task: Task, data: Dataset) -> None:
        self._events: Iterator[Event] = Trainer(task.config, data).events()
        self._images = task.limit or len(data.train)
        self._accuracy = 0.0

    def epoch(self) -> float:
        for event in self._events:
            if isinstance(event, EpochCompleted):
                assert event.evaluation is not None
                self._accuracy = event.evaluation.test.accuracy
                return self._images / event.samples_per_second
        raise AssertionError("the run is over")

    def accuracy(self) -> float:
        return self._accuracy


class Floor:
    """Only the matrix products of an epoch, through np.matmul into arrays that are there already."""

    def __init__(self, task: Task, data: Dataset) -> None:
        model = build_model(task.config, rng=np.random.default_rng(0))
        rng = np.random.default_rng(0)
        self._layers = []
        for layer in model.linears:
            x, grad_output = (
                rng.random((task.batch_size, width), np.float32)
                for width in (layer.in_features, layer.out_features)
            )
            self._layers.append(
                (layer, x, grad_output, np.empty_like(x), np.empty_like(grad_output))
            )
        self._steps = -(-(task.limit or len(data.train)) // task.batch_size)

    def epoch(self) -> float:
        began = time.perf_counter()
        for _ in range(self._steps):
            for layer, x, _, _, out in self._layers:
                np.matmul(x, layer.weight, out)
            for number in range(len(self._layers) - 1, -1, -1):
                layer, x, grad_output, grad_input, _ = self._layers[number]
                np.matmul(x.T, grad_output, layer.grad_weight)
                if number:
                    np.matmul(grad_output, layer.weight.T, grad_input)
        return time.perf_counter() - began

    def accuracy(self) -> float:
        return float("nan")


class PyTorch:
    """Eager mode, hand-written for speed: tensors in memory, batches by index, the fastest of its flags."""

    def __init__(self, task: Task, data: Dataset) -> None:
        import torch

        self._torch, self._task = torch, task
        torch.manual_seed(0)
        images, labels = (
            data.train.images[: task.limit or None],
            data.train.labels[: task.limit or None],
        )
        self._x = torch.from_numpy(images.astype(np.float32) / 255)
        self._labels = torch.from_numpy(labels.astype(np.int64))
        self._test = torch.from_numpy(data.test.images.astype(np.float32) / 255)
        self._test_labels = torch.from_numpy(data.test.labels.astype(np.int64))
        trials = {}
        for flags in ({}, {"foreach": True}, {"fused": True}):
            self._build(flags)
            self._run(self._x[: 30 * task.batch_size])
            trials[str(flags)] = self._run(self._x[: 60 * task.batch_size]), flags
        self._build(min(trials.values(), key=lambda trial: trial[0])[1])

    def _build(self, flags: dict[str, bool]) -> None:
        torch, task = self._torch, self._task
        layers: list[Any] = []
        for fan_in, fan_out in zip(task.sizes[:-1], task.sizes[1:], strict=True):
            linear = torch.nn.Linear(fan_in, fan_out)
            if task.activation == "relu":
                torch.nn.init.kaiming_normal_(linear.weight)
            else:
                torch.nn.init.xavier_uniform_(linear.weight)
            torch.nn.init.zeros_(linear.bias)
            layers += [linear, torch.nn.ReLU() if task.activation == "relu" else torch.nn.Sigmoid()]
        self._model = torch.nn.Sequential(*layers[:-1])
        parameters = self._model.parameters()
        if task.optimizer == "adam":
            self._optimizer = torch.optim.Adam(parameters, lr=task.learning_rate, **flags)
        else:
            self._optimizer = torch.optim.SGD(
                parameters, lr=task.learning_rate, momentum=0.9, **flags
            )

    def _run(self, images: Any) -> float:
        began = time.perf_counter()
        model, optimizer, x, labels = self._model, self._optimizer, self._x, self._labels
        cross_entropy = self._torch.nn.functional.cross_entropy
        order = self._torch.randperm(len(images))
        for index in order.split(self._task.batch_size):
            loss = cross_entropy(model(x[index]), labels[index])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        return time.perf_counter() - began

    def epoch(self) -> float:
        return self._run(self._x)

    def accuracy(self) -> float:
        with self._torch.no_grad():
            predicted = self._model(self._test).argmax(1)
        return float((predicted == self._test_labels).float().mean())


class ScikitLearn:
    """MLPClassifier, one `partial_fit` an epoch."""

    def __init__(self, task: Task, data: Dataset) -> None:
        from sklearn.neural_network import MLPClassifier

        self._model = MLPClassifier(
            task.hidden,
            activation="relu" if task.activation == "relu" else "logistic",
            solver="adam" if task.optimizer == "adam" else "sgd",
            alpha=0.0,
            batch_size=task.batch_size,
            learning_rate_init=task.learning_rate,
            momentum=0.9,
            nesterovs_momentum=False,
            random_state=0,
        )
        self._x = data.train.images[: task.limit or None].astype(np.float32) / 255
        self._labels = data.train.labels[: task.limit or None]
        self._test = data.test

    def epoch(self) -> float:
        began = time.perf_counter()
        self._model.partial_fit(self._x, self._labels, classes=np.arange(10))
        return time.perf_counter() - began

    def accuracy(self) -> float:
        x = self._test.images.astype(np.float32) / 255
        return float(np.mean(self._model.predict(x) == self._test.labels))


class ByHand:
    """The loop of the study notes: float64, one-hot labels, dictionaries of arrays, a new array each time."""

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


CONTENDERS: dict[str, Any] = {
    "ours": Ours,
    "floor": Floor,
    "pytorch": PyTorch,
    "scikit-learn": ScikitLearn,
    "by hand": ByHand,
}


def main() -> None:
    """Answer each line of standard input: "epoch" with seconds, "end" with accuracy and memory."""
    contender: Contender = CONTENDERS[sys.argv[1]](
        Task(**{**json.loads(sys.argv[2]), "hidden": tuple(json.loads(sys.argv[2])["hidden"])}),
        load_dataset(),
    )
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        if line.strip() == "epoch":
            print(json.dumps(contender.epoch()), flush=True)
        else:
            megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                json.dumps({"accuracy": contender.accuracy(), "megabytes": megabytes}), flush=True
            )
            return


if __name__ == "__main__":
    main()
