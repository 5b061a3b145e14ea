"""What computes a run: the seam between the trainer, and how the arithmetic is carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split
from nn.data.preprocessing import Preprocessor, fed_dataset, has_bright_paper
from nn.events import Score
from nn.network.layers import Matmul
from nn.network.model import MLP, build_model
from nn.network.predictor import Predictor
from nn.training.averaging import WeightAverage
from nn.training.optimizers import make_optimizer
from nn.training.plan import splits_of
from nn.training.step import TrainingStep


class Engine(Protocol):
    """A network that can be trained step by step, and scored."""

    @property
    def model(self) -> MLP:
        """The network; its parameters may be changed between two steps."""

    @property
    def predictor(self) -> Predictor:
        """What is evaluated and kept, with the preprocessing that the engine was given.

        Its network is `model`, or with `average_decay` another one, of the averaged weights.
        """

    @property
    def optimizer_state(self) -> Mapping[str, Array]:
        """The optimizer's vectors by name; their values may be changed between two steps."""

    def begin(self) -> None:
        """Make ready for steps, up to the next `settle`, in the thread that calls for them."""

    def step(self, index: Array, step: int, learning_rate: float) -> float:
        """Update on the training images `index`, after `step` updates; returns their loss before.

        A loss that is not finite updates nothing. The vectors may still be changing until `settle`.
        """

    def expect(self, index: Array, step: int) -> None:
        """Tell which images the step after the one that is called for next will have.

        What does not depend on that step's update may be computed meanwhile.
        """

    def settle(self) -> None:
        """Wait until the last update is complete."""

    def score(self, name: str, *, raw: bool = False) -> Score:
        """Mean loss, as trained on, and accuracy over the split of this name.

        They are those of `predictor`, or if `raw` of `model`.
        """

    def gradient_norms(self) -> tuple[float, ...]:
        """L2 norm of each layer's gradient in the last step, as it was before clipping."""

    def take_warping_seconds(self) -> float:
        """The time since the last call that steps have spent on warps, or waited for them."""

    def close(self) -> None:
        """Release what the engine holds besides memory; no step is possible afterwards."""


class EngineFactory(Protocol):
    """What `Trainer` makes its engine with: an engine's class, or a function that returns one."""

    def __call__(
        self, config: TrainConfig, splits: Mapping[str, Split], preprocessor: Preprocessor
    ) -> Engine:
        """An engine that trains on `splits["train"]`, and scores any of the splits.

        The splits hold images as they are fed to the network, so `preprocessor` only scales them.
        """


class OneProcess:
    """The engine that needs nothing but NumPy; `matmul` computes the large products of the network.

    With it, the training loop is `for index in batches: loss = engine.step(index, step, rate)`.
    """

    def __init__(
        self,
        config: TrainConfig,
        splits: Mapping[str, Split],
        preprocessor: Preprocessor,
        *,
        matmul: Matmul = np.matmul,
        inputs_ahead: bool = False,
    ) -> None:
        """`inputs_ahead`: where that takes time, a thread of its own computes the next inputs."""
        self.model = model = build_model(config, splits["train"].spec, matmul=matmul)
        raw = Predictor(config, model, preprocessor, splits["train"].spec)
        average, self.predictor = None, raw
        if config.average_decay:
            self.predictor = raw.snapshot()
            evaluated = self.predictor.model.parameters
            average = WeightAverage(config.average_decay, model.parameters, evaluated)
        self._raw = raw
        optimizer = make_optimizer(
            config, model.parameters[model.trained], model.gradients[model.trained]
        )
        self.optimizer_state = optimizer.state
        self._splits = splits
        self._step = TrainingStep(
            config,
            splits["train"],
            preprocessor,
            model,
            optimizer,
            average=average,
            ahead=inputs_ahead,
        )
        self.step, self.expect = self._step.run, self._step.inputs.expect
        self.gradient_norms = self._step.gradient_norms
        self.take_warping_seconds = self._step.take_warping_seconds

    def begin(self) -> None:
        """Nothing has to be made ready."""

    def settle(self) -> None:
        """Nothing is left to wait for."""

    def score(self, name: str, *, raw: bool = False) -> Score:
        """Mean loss, as trained on, and accuracy over the split of this name."""
        return (self._raw if raw else self.predictor).score(self._splits[name])

    def close(self) -> None:
        """End the thread that computes inputs ahead, where there is one."""
        self._step.inputs.close()


class Fed(NamedTuple):
    """The images of a run as they are fed to the network, and what makes inputs of them.

    `scaling` takes such images, `preprocessor` any others.
    """

    splits: Mapping[str, Split]
    scaling: Preprocessor
    preprocessor: Preprocessor

    @classmethod
    def of(cls, config: TrainConfig, dataset: Dataset, splits: Mapping[str, Split]) -> Fed:
        """Deskew where that is configured, which takes a second; `splits` are as they are.

        What the paper is like is decided by the training images, for all.
        """
        train, fed = splits["train"], splits
        if config.deskew:
            bright = has_bright_paper(train.images)
            fed = splits_of(config, fed_dataset(config, dataset, bright))
        preprocessor = Preprocessor.of(config, train, fed["train"])
        return cls(fed, replace(preprocessor, deskews=None), preprocessor)
