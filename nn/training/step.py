"""One training step of mini-batch gradient descent, as textbooks have it."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np

from nn.arrays import Array, Buffer
from nn.config import TrainConfig
from nn.data.dataset import Split
from nn.data.preprocessing import Preprocessor
from nn.network.losses import LOSSES, target_rows
from nn.network.model import MLP
from nn.network.noise import NoiseTable
from nn.training.averaging import WeightAverage
from nn.training.batch_inputs import BatchInputs, InputsAhead
from nn.training.max_norm import limit_norms
from nn.training.optimizers import Optimizer, clip_factor
from nn.training.randomness import Stream, stream


class TrainingStep:
    """Gathers a batch, computes the gradient of its loss, clips it, and updates the parameters.

    With B the images of the batch: L = 1/|B| sum_{i in B} loss(model(x_i), t_i), g = dL/dw, scaled
    down to the L2 norm `config.clip_norm` where that is set, then the optimizer's update with g.
    """

    # Each process that computes a share of a batch has a rank, and dropout masks of its own.
    rank = 0

    def __init__(
        self,
        config: TrainConfig,
        train: Split,
        preprocessor: Preprocessor,
        model: MLP,
        optimizer: Optimizer,
        *,
        average: WeightAverage | None = None,
        ahead: bool = False,
    ) -> None:
        """With `ahead`, the inputs of the next batch are computed on a thread of their own."""
        self.model, self.optimizer = model, optimizer
        self._loss = LOSSES[config.loss]()
        self._seed, self._clip_norm, self._clip_factor = config.seed, config.clip_norm, 1.0
        self._max_norm, self._average = config.max_norm, average
        self._warps, self._warping_seconds = config.augments, 0.0
        inputs = InputsAhead if ahead and config.computes_inputs else BatchInputs
        self.inputs = inputs(config, train, preprocessor)
        self._labels = train.labels.astype(np.intp)  # np.take converts any other type on each call
        # Column c is the target of class c. The losses compute on columns, one for each image.
        self._targets = target_rows(
            model.sizes[-1], smoothing=config.label_smoothing, dtype=config.dtype
        ).T
        self._noise = noise_table(config, model.sizes)
        self._batch_labels, self._batch_targets = Buffer(), Buffer()

    def run(self, index: Array, step: int, learning_rate: float) -> float:
        """Update on the training images `index`, after `step` updates; returns their loss before.

        A loss that is not finite updates nothing. NumPy warns of the overflow, unless the caller
        switches that off.
        """
        loss = self.compute_gradient(index, step)
        if math.isfinite(loss):
            if self._clip_norm:
                self._clip_factor = clip_factor(math.sqrt(self.squared_norm()), self._clip_norm)
                if self._clip_factor < 1:
                    self.optimizer.gradients *= self._clip_factor
            self.optimizer.updates = step
            self.optimizer.step(learning_rate)
            if self._max_norm:
                self.limit_norms(self._max_norm)
            self.update_statistics()
            if self._average and self._average.is_due(step + 1):
                self.update_average(self._average, step + 1)
        return loss

    def limit_norms(self, limit: float) -> None:
        """Bound the weights into each hidden unit."""
        for linear in self.model.linears[:-1]:
            limit_norms(linear.weight, limit)

    def update_statistics(self) -> None:
        """Take the batch into the running statistics of batch normalization."""
        for norm in self.model.norms:
            norm.update_statistics()

    def update_average(self, average: WeightAverage, updates: int) -> None:
        """Take the weights after so many updates into their average."""
        average.update(updates)

    def compute_gradient(self, index: Array, step: int) -> float:
        """Forward and backward over the images `index`; returns their mean loss."""
        loss = self.forward(index, step)
        self.model.backward(self._loss.backward())
        return loss

    def forward(
        self, index: Array, step: int, *, first: int = 0, batch_size: int | None = None
    ) -> float:
        """The mean loss of the images `index`, with this step's warps, noise and dropout masks.

        The images are those from place `first` on of a batch of `batch_size`, or a whole batch.
        """
        n, dtype = len(index), self.model.parameters.dtype
        batch_size = batch_size or n
        began = time.perf_counter() if self._warps else 0.0
        x = self.inputs.of(index, step, first=first, batch_size=batch_size)
        if self._warps:
            self._warping_seconds += time.perf_counter() - began
        (labels,) = self._batch_labels.rows(1, n, np.intp)
        self._labels.take(index, 0, labels, "clip")
        targets = self._batch_targets.rows(len(self._targets), n, dtype)
        self._targets.take(labels, 1, targets, "clip")
        # A stream depends on the step alone, so that a resumed run needs no random state.
        if self._noise:
            rng = stream(self._seed, Stream.NOISE, step)
            for noise in self.model.noises:
                noise.draw(self._noise, batch_size, rng=rng, first=first)
        if self.model.dropouts:
            rng = stream(self._seed, Stream.DROPOUT, step, self.rank)
            for layer in self.model.dropouts:
                layer.rng = rng
        return self._loss.forward(self.model.forward(x, training=True), targets.T)

    def squared_norm(self) -> float:
        """The square of the gradient's L2 norm; infinite where it overflows."""
        return float(np.vdot(self.optimizer.gradients, self.optimizer.gradients))

    def take_warping_seconds(self) -> float:
        """The time since the last call that steps have spent on warps, or waited for them."""
        seconds, self._warping_seconds = self._warping_seconds, 0.0
        return seconds

    def gradient_norms(self) -> tuple[float, ...]:
        """L2 norm of each layer's gradient in the last step, as it was before clipping."""
        factor = self._clip_factor
        # The factor is 0 where the norm overflowed: nothing is left of the gradients then.
        return tuple(norm / factor if factor else math.inf for norm in self.model.gradient_norms())


def noise_table(config: TrainConfig, sizes: Sequence[int]) -> NoiseTable | None:
    """The noise of a run whose layers have these sizes, None where it has none."""
    if not config.noise:
        return None
    rng = stream(config.seed, Stream.NOISE)
    return NoiseTable(config.noise, max(sizes[:-1]), config.dtype, rng=rng)
