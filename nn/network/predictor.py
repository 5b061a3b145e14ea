"""A network with its preprocessing, for prediction only."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nn.arrays import Array, Buffer
from nn.config import TrainConfig
from nn.data.dataset import Split
from nn.data.preprocessing import Preprocessor
from nn.events import Score
from nn.network.losses import LOSSES, target_rows
from nn.network.model import MLP, build_model, folded
from nn.spec import MNIST, DataSpec

BLOCK = 1000  # images at a time, whose inputs and outputs stay in the cache


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """The predictions for n images.

    `probabilities` are (n, classes), `predicted` uint8 (n,), and `losses` (n,). `predicted` is the
    class of the largest output. Where several probabilities are rounded or clipped to 1, they do
    not determine it. A loss is that of one image, as trained on.
    """

    probabilities: Array
    predicted: Array
    losses: Array


class Predictor:
    """Preprocesses any number of images and runs a network forward over them, in blocks.

    Every call uses the present `model.parameters`; `snapshot` makes a predictor with a copy of
    them. `spec` is that of the data which the network was trained on.
    """

    def __init__(
        self,
        config: TrainConfig,
        model: MLP,
        preprocessor: Preprocessor,
        spec: DataSpec = MNIST,
    ) -> None:
        self.config, self.model, self.preprocessor = config, model, preprocessor
        self.spec = spec
        self._loss = LOSSES[config.loss]()
        self._targets = target_rows(
            model.sizes[-1], smoothing=config.label_smoothing, dtype=config.dtype
        )
        self._inputs, self._batch_targets = Buffer(), Buffer()

    @property
    def members(self) -> tuple[Predictor, ...]:
        """The networks that answer, here this one alone (`nn.network.committee`)."""
        return (self,)

    @property
    def kind(self) -> str:
        """What answers, in words where it is more than one network and one look at each image."""
        return ""

    def on_data(self, data_dir: str) -> Predictor:
        """The same predictions; the configuration names these data as those of training."""
        config = replace(self.config, data_dir=data_dir)
        return Predictor(config, self.model, self.preprocessor, self.spec)

    def snapshot(self) -> Predictor:
        """A predictor with a copy of the parameters, which later training does not change."""
        return self.of(self.config, self.model.parameters, self.preprocessor, self.spec)

    def without_batch_norm(self) -> Predictor:
        """The same predictions by a network whose linear layers have taken up the normalization."""
        config = replace(self.config, batch_norm=False)
        return self.of(config, folded(self.model), self.preprocessor, self.spec)

    def outputs(self, images: Array) -> Array:
        """The network's outputs (n, classes) for uint8 images (n, pixels), valid until the next."""
        return self._outputs_of_fed(self.preprocessor.fed(images))

    def distribution_of_fed(self, images: Array) -> Array:
        """`probabilities` q of images that are what `Preprocessor.fed` returns, as q / sum_k q_k.

        Where all of them are 0, each is 1 / classes.
        """
        found = self._loss.probabilities(self._outputs_of_fed(images))
        if self._loss.sums_to_one:
            return found
        total, equal = found.sum(axis=1, keepdims=True), np.full_like(found, 1 / found.shape[1])
        divided: Array = np.divide(found, total, equal, where=total > 0)
        return divided

    @np.errstate(over="ignore")  # where a sigmoid is 0, its exponential overflows
    def _outputs_of_fed(self, images: Array) -> Array:
        inputs = self._inputs.rows(len(images), self.model.sizes[0], self.config.dtype)
        return self.model.forward(self.preprocessor.scaled(images, inputs))

    def probabilities(self, images: Array) -> Array:
        """Numbers from 0 to 1 for each class, (n, classes), for uint8 images (n, pixels).

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
    def of(
        cls,
        config: TrainConfig,
        parameters: Array,
        preprocessor: Preprocessor,
        spec: DataSpec = MNIST,
    ) -> Predictor:
        """A predictor with a copy of these parameters, the flat vector of an `MLP`."""
        model = build_model(config, spec)
        model.parameters[...] = parameters
        return cls(config, model, preprocessor, spec)


def _blocks(rows: Array) -> list[Array]:
    return [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
