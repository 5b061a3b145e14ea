"""What is compared for speed: contenders train the same network on the same data by the epoch.

As a program this is one contender in a process of its own, so that contenders can take turns
without sharing threads or memory. Each line of standard input is a question in JSON, answered by a
line of JSON: a task to begin, "epoch" for the seconds of one more epoch, "end" for accuracy and
peak memory.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from nn.analysis.matrix_products import MatrixProducts
from nn.config import ActivationName, TrainConfig
from nn.data.dataset import Dataset
from nn.events import EpochCompleted
from tui.images.datasets import load_dataset
from tui.system.sharing import make_trainer

Optimizer = Literal["momentum", "adam"]
OPTIMIZERS: tuple[Optimizer, ...] = ("momentum", "adam")


@dataclass(frozen=True)
class Task:
    """What all contenders train; `limit` is the number of images in an epoch, 0 for all."""

    hidden: tuple[int, ...]
    activation: ActivationName
    batch_size: int
    optimizer: Optimizer = "momentum"
    limit: int = 0
    epochs: int = 1000

    @property
    def sizes(self) -> tuple[int, ...]:
        """Widths of all layers, inputs and outputs included."""
        return (784, *self.hidden, 10)

    @property
    def learning_rate(self) -> float:
        """A rate at which every network here learns."""
        return 0.001 if self.optimizer == "adam" else 0.05

    @property
    def config(self) -> TrainConfig:
        """The task as our own configuration."""
        return TrainConfig(
            hidden=self.hidden,
            activation=self.activation,
            init="he-normal" if self.activation == "relu" else "glorot-uniform",
            batch_size=self.batch_size,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            schedule="constant",
            epochs=self.epochs,
            eval_epochs=self.epochs,
            limit=self.limit,
        )


NETS = {
    "784-50-10": Task((50,), "sigmoid", 100),
    "784-64-16-10": Task((64, 16), "sigmoid", 128),
    "784-128-10": Task((128,), "relu", 128),
    "784-800-10": Task((800,), "relu", 128),
    "784-1024-1024-10": Task((1024, 1024), "relu", 128),
}


class Contender(Protocol):
    """Trains an epoch at a time."""

    def epoch(self) -> float:
        """One pass over the training images; returns the seconds it took, evaluation apart."""

    def accuracy(self) -> float:
        """On the test images."""


class Ours:
    """The trainer as it always runs: its events, shuffling and metrics."""

    def __init__(self, task: Task, data: Dataset) -> None:
        self._test = data.test
        self._trainer = make_trainer(task.config, data)
        self._events = self._trainer.events()

    def epoch(self) -> float:
        for event in self._events:
            if isinstance(event, EpochCompleted):
                return len(self._trainer.train) / event.samples_per_second
        raise AssertionError("the run is over")

    def accuracy(self) -> float:
        self._trainer.close()  # the memory of its processes counts only when they have ended
        return self._trainer.predictor.score(self._test).accuracy


class Floor:
    """Nothing but the matrix products."""

    def __init__(self, task: Task, data: Dataset) -> None:
        self._products = MatrixProducts(task.config)
        self._steps = -(-(task.limit or len(data.train)) // task.batch_size)

    def epoch(self) -> float:
        began = time.perf_counter()
        for _ in range(self._steps):
            self._products.step()
        return time.perf_counter() - began

    def accuracy(self) -> float:
        return float("nan")


class PyTorch:
    """Eager mode, written for speed: tensors in memory, batches by index, the fastest flags."""

    FLAGS: tuple[dict[str, bool], ...] = ({}, {"foreach": True}, {"fused": True})

    def __init__(self, task: Task, data: Dataset) -> None:
        import torch

        self._torch, self._task = torch, task
        torch.manual_seed(0)
        train = data.train[: task.limit or None]
        self._x = torch.from_numpy(train.images.astype(np.float32) / 255)
        self._labels = torch.from_numpy(train.labels.astype(np.int64))
        self._test = data.test
        trials = {}
        for flags in self.FLAGS:
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
        x = self._torch.from_numpy(self._test.images.astype(np.float32) / 255)
        with self._torch.no_grad():
            predicted = self._model(x).argmax(1).numpy()
        return float(np.mean(predicted == self._test.labels))


class ScikitLearn:
    """scikit-learn's MLPClassifier, one `partial_fit` an epoch."""

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
        train = data.train[: task.limit or None]
        self._x, self._labels = train.images.astype(np.float32) / 255, train.labels
        self._test = data.test

    def epoch(self) -> float:
        began = time.perf_counter()
        self._model.partial_fit(self._x, self._labels, classes=np.arange(10))
        return time.perf_counter() - began

    def accuracy(self) -> float:
        x = self._test.images.astype(np.float32) / 255
        return float(np.mean(self._model.predict(x) == self._test.labels))


Factory = Callable[[Task, Dataset], Contender]
CONTENDERS: dict[str, Factory] = {
    "ours": Ours,
    "floor": Floor,
    "pytorch": PyTorch,
    "sklearn": ScikitLearn,
}
PEERS = {"pytorch": "torch", "sklearn": "sklearn"}  # the module that each needs


def serve(contenders: Mapping[str, Factory]) -> None:
    """Answer as the contender that the command line names, until standard input ends."""
    # Ctrl-C reaches every process of the terminal; the one that measures ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    factory, data = contenders[sys.argv[1]], load_dataset()
    contender: Contender | None = None
    for line in sys.stdin:
        question = json.loads(line)
        answer: object = None
        if isinstance(question, dict):
            contender = None  # free its memory before the next one takes some
            contender = factory(Task(**question | {"hidden": tuple(question["hidden"])}), data)
        elif contender is not None and question == "epoch":
            answer = contender.epoch()
        elif contender is not None:
            answer = {"accuracy": contender.accuracy(), "megabytes": peak_megabytes()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def peak_megabytes() -> float | None:
    """The most memory that this process and a process it has waited for had; None on Windows.

    What the two share counts twice.
    """
    try:
        import resource
    except ImportError:
        return None
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = sum(resource.getrusage(kind).ru_maxrss for kind in kinds)
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


if __name__ == "__main__":
    serve(CONTENDERS)
