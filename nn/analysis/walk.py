"""A few training steps on a few images, forwards and backwards, each of them taken apart.

The whole batch is in every step and the learning rate stays the same, so that nothing but the
weights changes. By default the network is that of K. Saitoh, "Deep Learning from Scratch", 2016,
chapter 5: 784-50-10, sigmoid, softmax and cross-entropy, with weights from N(0, 0.1^2), biases of
0 and plain gradient descent at a rate of 0.1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nn.analysis.nudge import LossAlong, Nudge
from nn.analysis.numerical import STEP
from nn.analysis.stage import Index
from nn.analysis.step_arrays import Pass, take_apart
from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Split
from nn.data.preprocessing import Preprocessor
from nn.network.losses import LOSSES, target_rows
from nn.network.model import build_model, initialize_model
from nn.network.predictor import Predictor
from nn.options import Value
from nn.training.optimizers import make_optimizer
from nn.training.randomness import Stream, stream
from nn.training.step import noise_table

DEFAULT_FIELDS: Mapping[str, Value] = {
    "hidden": (50,),
    "activation": "sigmoid",
    "init": "normal",
    "init_std": 0.1,
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "schedule": "constant",
    "dtype": "float64",
}
"""The default network of a walk, as a layer for `TrainConfig.layered`."""

FIELDS = (
    *("data_dir", "preprocessing", "deskew", "dtype"),
    *(
        "hidden",
        "activation",
        "output_activation",
        "dropout",
        "batch_norm",
        "noise",
        "init",
        "init_std",
        "init_bias",
    ),
    *("loss", "label_smoothing"),
    *("optimizer", "learning_rate", "momentum", "beta1", "beta2", "eps", "eps_placement"),
    *("weight_decay", "clip_norm", "max_norm", "average_decay", "seed"),
)
"""The fields of a configuration that a walk depends on; all others have no effect on it."""

DEFAULT_IMAGES = 5  # the first of the training set
JUDGED_IMAGES = 100  # the first of the test set, whose accuracy is printed

_KEPT_BYTES = 64_000_000  # of earlier states; those that are not kept are computed again


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """What a step depends on: parameters, their average or None, vectors of the optimizer."""

    parameters: Array
    average: Array | None
    slots: dict[str, Array]


class Walk:
    """The steps of a network on a batch, of which one at a time is looked at.

    `go` moves to any step; `here` is that step taken apart, with the weights after `step` updates.
    `losses` and `probabilities` are those of every step reached so far, from step 0 on; with
    dropout and with noise, the losses have those of their steps, and the probabilities have none;
    with batch normalization, the losses have the statistics of the batch and the probabilities the
    running ones. With an average of the weights, the probabilities are still those of the weights
    themselves. Only the fields in `FIELDS` have an effect.
    """

    def __init__(self, config: TrainConfig, batch: Split, preprocessor: Preprocessor) -> None:
        self.config, self.batch = config, batch
        self._preprocessor = preprocessor
        self._model = build_model(config, batch.spec)
        initialize_model(self._model, config, rng=stream(config.seed, Stream.INITIALIZATION))
        self._loss = LOSSES[config.loss]()
        trained = self._model.trained
        self._optimizer = make_optimizer(
            config, self._model.parameters[trained], self._model.gradients[trained]
        )
        self._average = None
        if config.average_decay:
            self._average = build_model(config, batch.spec)
            self._average.parameters[...] = self._model.parameters
        self._noise = noise_table(config, self._model.sizes)
        rows = target_rows(
            self._model.sizes[-1], smoothing=config.label_smoothing, dtype=config.dtype
        )
        self._targets = rows[batch.labels]
        self._states: dict[int, _State] = {0: self._state()}
        self.losses: list[float] = []
        self.probabilities: list[Array] = []
        self.step = 0
        self.here = self._compute(0)

    @classmethod
    def of(cls, config: TrainConfig, train: Split, index: Array | None = None) -> Walk:
        """A walk on the training images `index`, or the first ones."""
        preprocessor = Preprocessor.of(config, train)
        chosen = np.arange(min(DEFAULT_IMAGES, len(train))) if index is None else index
        return cls(config, train[chosen], preprocessor)

    @property
    def targets(self) -> Array:
        """The targets (n, classes) of the batch."""
        return self._targets

    @property
    def drops(self) -> bool:
        """Whether units are dropped in each step."""
        return bool(self._model.dropouts)

    @property
    def adds_noise(self) -> bool:
        """Whether each step adds noise."""
        return bool(self._model.noises)

    @property
    def normalizes(self) -> bool:
        """Whether each step normalizes the hidden layers over the batch."""
        return bool(self._model.norms)

    @property
    def diverged(self) -> bool:
        """Whether the loss of this step is not finite, so that no step follows."""
        return not math.isfinite(self.here.loss)

    def go(self, step: int) -> Pass:
        """Look at another step, at most at the one where the loss is no longer finite."""
        step = max(step, 0)
        if step == self.step:
            return self.here
        start = max(kept for kept in self._states if kept <= step)
        for at in range(start, step + 1):
            self.here, self.step = self._compute(at), at
            if self.diverged:
                break
        return self.here

    @np.errstate(all="ignore")
    def accuracy(self, split: Split) -> float:
        """The share of a split that is classified rightly by the weights of this step."""
        predicted = self._predictor().predict(split).predicted
        return float((predicted == split.labels).mean())

    def along(self, parameter: str, index: Index) -> LossAlong:
        """The loss as a function of one parameter, such as "W2" or "b1", from here on."""
        v, parameters = self.here.values, self._states[self.step].parameters
        masks = [v[f"m{layer}"] for layer, _ in enumerate(self._model.dropouts, 1)]
        noise = [v[f"e{layer}"] for layer, _ in enumerate(self._model.noises)]
        return LossAlong(
            self.config, parameters, v["x"], self._targets, parameter, index, masks, noise
        )

    def nudge(self, parameter: str, index: Index, h: float = STEP) -> Nudge:
        """Change one parameter by `h` up and down, beside its derivative by backpropagation."""
        analytical = float(self.here.values[f"d{parameter}"][index])
        return self.along(parameter, index).nudge(analytical, h)

    def errors(self, count: int, *, rng: np.random.Generator) -> dict[str, float]:
        """The largest error of backpropagation for each array of parameters, by its name.

        It is the largest |numerical - analytical| of `count` elements, drawn with `rng`.
        """
        found = {}
        for name in self.here.gradient_norms:
            shape = self.here.values[name].shape
            chosen = rng.integers(np.prod(shape), size=count)
            indices = zip(*(part.tolist() for part in np.unravel_index(chosen, shape)), strict=True)
            nudges = (self.nudge(name, index) for index in indices)
            found[name] = max(abs(nudge.numerical - nudge.analytical) for nudge in nudges)
        return found

    def _predictor(self) -> Predictor:
        parameters = self._states[self.step].parameters
        return Predictor.of(self.config, parameters, self._preprocessor, self.batch.spec)

    def _state(self) -> _State:
        slots = {name: vector.copy() for name, vector in self._optimizer.state.items()}
        average = self._average.parameters.copy() if self._average else None
        return _State(self._model.parameters.copy(), average, slots)

    @np.errstate(all="ignore")  # a walk that diverges is shown as it is, without warnings
    def _compute(self, step: int) -> Pass:
        """Take apart the step that follows `step` updates, and keep the state after it."""
        state = self._states[step]
        self._model.parameters[...] = state.parameters
        if self._average and state.average is not None:
            self._average.parameters[...] = state.average
        for name, vector in state.slots.items():
            self._optimizer.state[name][...] = vector
        self._optimizer.updates = step
        taken = take_apart(
            self.config,
            self._preprocessor,
            self._model,
            self._loss,
            self._optimizer,
            self.batch.images,
            self._targets,
            self._noise,
            self._average,
        )
        if step == len(self.losses):
            self.losses.append(taken.loss)
            self.probabilities.append(taken.probabilities)
        if math.isfinite(taken.loss):
            self._keep(step + 1)
        return taken

    def _keep(self, step: int) -> None:
        """Keep the present state as that after `step` updates, perhaps in place of another one.

        The first state stays, and that before this step, which is the one that is looked at.
        """
        self._states[step] = self._state()
        vectors = 1 + (self._average is not None) + len(self._optimizer.slots)
        most = max(4, _KEPT_BYTES // (vectors * self._model.parameters.nbytes))
        if len(self._states) > most:
            others = self._states.keys() - {0, step - 1, step}
            del self._states[max(others, key=lambda kept: abs(kept - step))]
