"""Contenders that train a whole recipe and are scored after each epoch: ours, and peers'.

As a program this is one contender in a process of its own. Its arguments are the name of the
contender and the configuration in JSON. The first line of its output has the seconds before the
first step, {"before": ...}, in which images are deskewed, processes start and networks are made;
each further line is a `Point`. Reading the data and importing the library count nowhere.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Protocol

import numpy as np

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.events import EpochCompleted
from nn.training.engine import Fed
from nn.training.plan import splits_of
from tui.images.datasets import load_dataset
from tui.system.sharing import make_trainer


@dataclass(frozen=True, slots=True)
class Point:
    """The test accuracy after so many epochs, and the seconds of training up to there.

    Evaluations are not among the seconds; warping images at random is.
    """

    epoch: int
    seconds: float
    accuracy: float


class RecipeContender(Protocol):
    """One training run, ready for its first step when it has been made."""

    def points(self) -> Iterator[Point]:
        """Train, and score each epoch."""


class Ours:
    """The trainer as it always runs."""

    def __init__(self, config: TrainConfig, data: Dataset) -> None:
        config = replace(config, eval_train=False, eval_epochs=1, eval_steps=0)
        self._trainer = make_trainer(config, data)

    def points(self) -> Iterator[Point]:
        """The events of the run that end an epoch."""
        seconds = 0.0
        for event in self._trainer.events():
            if isinstance(event, EpochCompleted) and event.evaluation:
                seconds += len(self._trainer.train) / event.samples_per_second
                yield Point(event.epoch, seconds, event.evaluation.test.accuracy)
        self._trainer.close()


class ScikitLearn:
    """scikit-learn's MLPClassifier of the same layers, activation and batch, on the same images.

    It has neither augmentation nor a rate that changes with each step, so that the rate of the
    recipe, which is the peak of a schedule, is not for it: it has its own.
    """

    def __init__(self, config: TrainConfig, data: Dataset) -> None:
        from sklearn.neural_network import MLPClassifier

        self._config = config
        fed = Fed.of(config, data, splits_of(config, data))
        train, test = fed.splits["train"], fed.splits["test"]
        self._x, self._labels = fed.scaling.transform(train.images), train.labels
        self._test_x, self._test_labels = fed.scaling.transform(test.images), test.labels
        adam = config.optimizer in ("adam", "adamw")
        self._model = MLPClassifier(
            config.hidden,
            activation={"sigmoid": "logistic"}.get(config.activation, config.activation),
            solver="adam" if adam else "sgd",
            alpha=config.weight_decay,
            batch_size=config.batch_size,
            **({} if adam else {"learning_rate_init": 0.1, "momentum": config.momentum}),
            random_state=config.seed,
        )

    def points(self) -> Iterator[Point]:
        """One `partial_fit` an epoch."""
        seconds = 0.0
        for epoch in range(1, self._config.epochs + 1):
            began = time.perf_counter()
            self._model.partial_fit(self._x, self._labels, classes=np.arange(10))
            seconds += time.perf_counter() - began
            right = self._model.predict(self._test_x) == self._test_labels
            yield Point(epoch, seconds, float(np.mean(right)))


def _pytorch(config: TrainConfig, data: Dataset) -> RecipeContender:
    from tui.cli.bench.torch_recipe import TorchRecipe

    return TorchRecipe(config, data)


# What of a configuration `TorchRecipe` follows; the rest must have its default value.
_IN_PYTORCH = {
    *(
        "limit",
        "preprocessing",
        "deskew",
        "hidden",
        "activation",
        "dropout",
        "batch_norm",
        "noise",
        "init",
    ),
    *("label_smoothing", "optimizer", "learning_rate", "momentum", "beta1", "beta2", "eps"),
    *("weight_decay", "clip_norm", "max_norm", "average_decay", "schedule", "batch_size", "epochs"),
    *("final_learning_rate", "warmup_steps", "decay_every", "decay_factor", "seed"),
    *("augment_shift", "augment_rotation", "augment_scale", "augment_shear"),
    *("elastic_alpha", "elastic_sigma", "eval_train", "eval_epochs", "threads", "processes"),
}


def obstacle(contender: str, config: TrainConfig) -> str | None:
    """Why a contender cannot train a configuration, None if it can."""
    if contender == "pytorch":
        unknown = sorted(set(config.to_dict(base=TrainConfig())) - _IN_PYTORCH)
        if config.init == "normal":
            unknown.append("init=normal")
        if config.preprocessing not in ("unit", "edges"):
            unknown.append(f"preprocessing={config.preprocessing}")
        if unknown:
            return f"for which these are not written: {', '.join(unknown)}"
    if contender == "sklearn" and config.loss != "cross-entropy":
        return f"which has no loss={config.loss}"
    return None


CONTENDERS: dict[str, Callable[[TrainConfig, Dataset], RecipeContender]] = {
    "ours": Ours,
    "pytorch": _pytorch,
    "sklearn": ScikitLearn,
}


def main() -> None:
    """Train as the contender that the command line names."""
    # Ctrl-C reaches every process of the terminal; the one that measures ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    name, text = sys.argv[1:]
    config, data = TrainConfig(**json.loads(text)), load_dataset()
    if name == "pytorch":
        import torch  # noqa: F401 - so that its import is not among the seconds
    if name == "sklearn":
        import sklearn.neural_network  # noqa: F401
    began = time.perf_counter()
    contender = CONTENDERS[name](config, data)
    _write({"before": time.perf_counter() - began})
    for point in contender.points():
        _write(asdict(point))


def _write(line: dict[str, float]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
