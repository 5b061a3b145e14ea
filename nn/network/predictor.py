"""A network with its preprocessing, for prediction only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nn.arrays import Array, Buffer
from nn.config import TrainConfig
from nn.data.dataset import PIXELS, Split
from nn.data.preprocessing import Preprocessor
from nn.events import Score
from nn.network.losses import LOSSES, target_rows
from nn.network.model import MLP, build_model

BLOCK = 1000  # images at a time, whose inputs and outputs stay in the cache


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """The predictions for n images: `probabilities` (n, 10), `predicted` uint8 (n,), `losses` (n,).

    `predicted` is the class of the largest output. Where several probabilities are rounded or
    clipped to 1, it cannot be told from them. A loss is that of one image, as trained on.
    """

    probabilities: Array
    predicted: Array
    losses: Array


class Predictor:
    """Preprocesses any number of images and runs a network forward over them, in blocks.

    Every call uses the present `model.parameters`; `snapshot` makes a predictor with a copy of
    them.
    """

    def __init__(self, config: TrainConfig, model: MLP, preprocessor: Preprocessor) -> None:
        self.config, self.model, self.preprocessor = config, model, preprocessor
        self._loss = LOSSES[config.loss]()
        self._targets = target_rows(
            model.sizes[-1], smoothing=config.label_smoothing, dtype=config.dtype
        )
        self._inputs, self._batch_targets = Buffer(), Buffer()

    def snapshot(self) -> Predictor:
        """A predictor with a copy of the parameters, which later training does not change."""
        return self.of(self.config, self.model.parameters, self.preprocessor)

    @np.errstate(over="ignore")  # where a sigmoid is 0, its exponential overflows
    def outputs(self, images: Array) -> Array:
        """The network's outputs (n, 10) for uint8 images (n, 784), valid until the next call."""
        inputs = self._inputs.rows(len(images), PIXELS, self.config.dtype)
        return self.model.forward(self.preprocessor.transform(images, inputs))

    def probabilities(self, images: Array) -> Array:
        """Numbers from 0 to 1 for each class, (n, 10), for uint8 images (n, 784).

        They are the `probabilities` of the loss that the network was trained with: softmax or
        sigmoid of the logits for the cross-entropies, the outputs clipped or divided by their sum
        for the squared errors.
        """
        blocks = [self._loss.probabilities(self.outputs(block)) for block in _blocks(images)]
        return (
            np.concatenate(blocks)
            if blocks
            else np.empty((0, self.model.sizes[-1]), self.config.dtype)
        )

    def score(self, split: Split) -> Score:
        """The mean loss, as trained on, and the accuracy over a split."""
        loss, correct = self.totals(split)
        return Score(loss / len(split), correct / len(split))

    def totals(self, split: Split) -> tuple[float, int]:
        """The sum of the losses of a split's images, and the number of right predictions."""
        loss, correct = 0.0, 0
        for images, labels in zip(_blocks(split.images), _blocks(split.labels), strict=True):
            outputs = self.outputs(images)
            targets = self._batch_targets.rows(len(labels), outputs.shape[1], outputs.dtype)
            np.take(self._targets, labels, 0, targets, "clip")
            loss += self._loss.forward(outputs, targets) * len(labels)
            correct += int(np.count_nonzero(outputs.argmax(axis=1) == labels))
        return loss, correct

    def predict(self, split: Split) -> Predictions:
        """The prediction for each image of a split, with its loss."""
        parts = []
        for images, labels in zip(_blocks(split.images), _blocks(split.labels), strict=True):
            outputs = self.outputs(images)
            losses = self._loss.per_image(outputs, self._targets[labels])
            parts.append(
                (self._loss.probabilities(outputs), outputs.argmax(axis=1).astype(np.uint8), losses)
            )
        return Predictions(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    @classmethod
    def of(cls, config: TrainConfig, parameters: Array, preprocessor: Preprocessor) -> Predictor:
        """A predictor with a copy of these parameters, the flat vector of an `MLP`."""
        model = build_model(config)
        model.parameters[...] = parameters
        return cls(config, model, preprocessor)


def _blocks(rows: Array) -> list[Array]:
    return [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
