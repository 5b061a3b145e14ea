"""A trained network with its preprocessing: what predicts, frozen, and what a model file holds.

A model file is a NumPy `.npz` without pickle:

    format                 "mnist-tui model 1"
    config                 the configuration as a JSON object
    layer1.weight, layer1.bias, layer2.weight, ...    (in_features, out_features) and (out_features,)
    preprocessing.scale, preprocessing.shift          inputs are pixels * scale + shift; no shift means 0
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.config import TrainConfig
from nn.data import CLASSES, PIXELS, Array, Preprocessor, Split
from nn.errors import CheckpointError, ConfigError
from nn.events import LayerSummary, Score
from nn.layers import Scratch
from nn.losses import LOSSES, target_rows
from nn.model import MLP, build_model
from nn.npz import read_npz, write_npz

FORMAT = "mnist-tui model 1"
BLOCK = 1000  # images: one large matrix product each, whose inputs and outputs stay in the cache
MAX_MODEL_BYTES = 4 * 2**30


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
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
        self._inputs, self._batch_targets = Scratch(), Scratch()

    def snapshot(self) -> Predictor:
        """A predictor that later training does not change."""
        model = untrained(self.config)
        model.parameters[...] = self.model.parameters
        return Predictor(self.config, model, self.preprocessor)

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
        loss, correct = 0.0, 0
        for images, labels in zip(_blocks(split.images), _blocks(split.labels), strict=True):
            outputs = self.outputs(images)
            targets = self._batch_targets.rows(len(labels), outputs.shape[1], outputs.dtype)
            np.take(self._targets, labels, 0, targets, "clip")
            loss += self._loss.forward(outputs, targets) * len(labels)
            correct += int(np.count_nonzero(outputs.argmax(axis=1) == labels))
        return Score(loss / len(split), correct / len(split))

    def judge(self, split: Split) -> Judgement:
        """What the network says of every image, and how wrong that is."""
        parts = []
        for images, labels in zip(_blocks(split.images), _blocks(split.labels), strict=True):
            outputs = self.outputs(images)
            losses = self._loss.of_each(outputs, self._targets[labels])
            parts.append(
                (self._loss.probabilities(outputs), outputs.argmax(axis=1).astype(np.uint8), losses)
            )
        return Judgement(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def summary(self) -> tuple[LayerSummary, ...]:
        """The layer table."""
        return self.model.summary()

    def save(self, path: Path) -> None:
        """Write a model file, atomically; raises `CheckpointError`."""
        about = {"format": FORMAT, "config": json.dumps(self.config.to_dict())}
        write_npz(path, {name: np.array(text) for name, text in about.items()} | self.arrays())

    def arrays(self) -> dict[str, Array]:
        """Weights, biases and preprocessing, under the names they have in a model file."""
        arrays = {"preprocessing.scale": self.preprocessor.scale}
        if self.preprocessor.shift is not None:
            arrays["preprocessing.shift"] = self.preprocessor.shift
        for number, layer in enumerate(self.model.linears, 1):
            arrays[f"layer{number}.weight"], arrays[f"layer{number}.bias"] = (
                layer.weight,
                layer.bias,
            )
        return arrays

    @classmethod
    def load(cls, path: Path) -> Predictor:
        """Read a model file; raises `CheckpointError` for anything that `save` did not write."""
        arrays = read_npz(path, max_bytes=MAX_MODEL_BYTES)
        if str(arrays.get("format")) != FORMAT:
            raise CheckpointError(f"{path}: not a model file ({FORMAT!r} expected)")
        try:
            config = TrainConfig.layered(json.loads(str(arrays["config"])))
            stored = sum(array.size for array in arrays.values())
            if (needed := parameter_count(config)) > stored:  # before allocating that much
                raise ValueError(f"{needed:,} parameters configured, {stored:,} numbers stored")
            model = untrained(config)
            for number, layer in enumerate(model.linears, 1):
                for part in (layer.weight, layer.bias):
                    name = f"layer{number}.{'weight' if part is layer.weight else 'bias'}"
                    part[...] = _checked(arrays[name], part.shape, config.dtype, name)
            scale, shift = arrays["preprocessing.scale"], arrays.get("preprocessing.shift")
            shape = (PIXELS,) if scale.ndim else ()
            preprocessor = Preprocessor(
                _checked(scale, shape, config.dtype, "preprocessing.scale"),
                None
                if shift is None
                else _checked(shift, shape, config.dtype, "preprocessing.shift"),
            )
        except (
            ConfigError,
            KeyError,
            TypeError,
            AttributeError,
            ValueError,
            RecursionError,
        ) as error:
            raise CheckpointError(f"{path}: damaged model file: {error}") from error
        return cls(config, model, preprocessor)


def untrained(config: TrainConfig) -> MLP:
    """A network with room for the parameters."""
    return build_model(config, rng=np.random.default_rng(0))  # prediction draws nothing from it


def parameter_count(config: TrainConfig) -> int:
    """Of the network a configuration describes, without building it."""
    sizes = (PIXELS, *config.hidden, CLASSES)
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in itertools.pairwise(sizes))


def _blocks(rows: Array) -> list[Array]:
    return [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]


def _checked(array: Array, shape: tuple[int, ...], dtype: str, name: str) -> Array:
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f"{name} is {array.dtype} {array.shape}, expected {dtype} {shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds values that are not finite")
    return array
