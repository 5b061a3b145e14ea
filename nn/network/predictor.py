"""A network with its preprocessing, for prediction only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nn.arrays import Array, Buffer
from nn.config import TrainConfig
from nn.data.dataset import PIXELS, Split
from nn.data.preprocessing import Preprocessor
from nn.events import LayerSummary, Score
from nn.network.losses import LOSSES, target_rows
from nn.network.model import MLP, build_model

BLOCK = 1000  # images: one large matrix product each, whose inputs and outputs stay in the cache


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Of n images, one a row: `probabilities`, (n, 10); the class `predicted`, uint8 (n,); the loss as trained on.

    The prediction is that of the largest output, which the probabilities may not tell where several are 1.
    """

    probabilities: Array
    predicted: Array
    losses: Array


class Predictor:
    """Runs a network forward over any number of images, in blocks, with its own working memory.

    It reads `model.parameters` when called; `snapshot` makes a predictor with a copy of them.
    """

    def __init__(self, config: TrainConfig, model: MLP, preprocessor: Preprocessor) -> None:
        self.config, self.model, self.preprocessor = config, model, preprocessor
        self._loss = LOSSES[config.loss]()
        self._targets = target_rows(
            model.sizes[-1], smoothing=config.label_smoothing, dtype=config.dtype
        )
        self._inputs, self._batch_targets = Buffer(), Buffer()

    def snapshot(self) -> Predictor:
        """A predictor that later training does not change."""
        return self.of(self.config, self.model.parameters, self.preprocessor)

    @np.errstate(over="ignore")  # of sigmoids that are 0
    def outputs(self, images: Array) -> Array:
        """The network's outputs, (n, 10), for uint8 images (n, 784); overwritten by the next call."""
        inputs = self._inputs.rows(len(images), PIXELS, self.config.dtype)
        return self.model.forward(self.preprocessor.transform(images, inputs))

    def probabilities(self, images: Array) -> Array:
        """What the network says of each class, (n, 10) from 0 to 1, for uint8 images (n, 784).

        Softmax or sigmoid of the logits for the cross-entropies, which train exactly that; for
        squared errors the outputs themselves, clipped, or divided by their sum.
        """
        blocks = [self._loss.probabilities(self.outputs(block)) for block in _blocks(images)]
        return (
            np.concatenate(blocks)
            if blocks
            else np.empty((0, self.model.sizes[-1]), self.config.dtype)
        )

    def score(self, split: Split) -> Score:
        """Mean loss, as trained on, and accuracy over a split."""
        loss, correct = self.totals(split)
        return Score(loss / len(split), correct / len(split))

    def totals(self, split: Split) -> tuple[float, int]:
        """The sum of all images' losses, and how many are recognized."""
        loss, correct = 0.0, 0
        for images, labels in zip(_blocks(split.images), _blocks(split.labels), strict=True):
            outputs = self.outputs(images)
            targets = self._batch_targets.rows(len(labels), outputs.shape[1], outputs.dtype)
            np.take(self._targets, labels, 0, targets, "clip")
            loss += self._loss.forward(outputs, targets) * len(labels)
            correct += int(np.count_nonzero(outputs.argmax(axis=1) == labels))
        return loss, correct

    def predict(self, split: Split) -> Predictions:
        """What the network says of every image, and how wrong that is."""
        parts = []
        for images, labels in zip(_blocks(split.images), _blocks(split.labels), strict=True):
            outputs = self.outputs(images)
            losses = self._loss.per_image(outputs, self._targets[labels])
            parts.append(
                (self._loss.probabilities(outputs), outputs.argmax(axis=1).astype(np.uint8), losses)
            )
        return Predictions(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def summary(self) -> tuple[LayerSummary, ...]:
        """The layer table."""
        return self.model.summary()

    @classmethod
    def of(cls, config: TrainConfig, parameters: Array, preprocessor: Preprocessor) -> Predictor:
        """With a copy of these parameters."""
        model = build_model(config, rng=np.random.default_rng(0))  # prediction draws nothing
        model.parameters[...] = parameters
        return cls(config, model, preprocessor)


def _blocks(rows: Array) -> list[Array]:
    return [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
