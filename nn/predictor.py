"""A trained network with its preprocessing: what predicts, frozen, and what a model file holds.

A model file is a NumPy `.npz` without pickle:

    format                 "mnist-tui model 1"
    config                 the configuration as a JSON object
    layer1.weight, layer1.bias, layer2.weight, ...    (in_features, out_features) and (out_features,)
    preprocessing.scale, preprocessing.shift          inputs are pixels * scale + shift; no shift means 0
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.config import TrainConfig
from nn.data import PIXELS, Array, Preprocessor, Split
from nn.errors import CheckpointError, ConfigError
from nn.events import LayerSummary, Score
from nn.layers import Scratch
from nn.losses import LOSSES, target_rows
from nn.model import MLP, build_model, layer_sizes, layer_views, parameter_count
from nn.npz import read_npz, write_npz

FORMAT = "mnist-tui model 1"
BLOCK = 1000  # images: one large matrix product each, whose inputs and outputs stay in the cache
MAX_BYTES = 32 * 2**30

# What reading the content of a damaged file may raise.
DAMAGE = (ConfigError, KeyError, TypeError, AttributeError, ValueError, RecursionError)


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
        write_npz(path, model_file(self.config, self.model.parameters, self.preprocessor))

    def arrays(self) -> dict[str, Array]:
        """Weights, biases and preprocessing, under the names they have in a model file."""
        return named_arrays(self.model.sizes, self.model.parameters, self.preprocessor)

    @classmethod
    def load(cls, path: Path) -> Predictor:
        """Read a model file, or the model in a checkpoint; raises `CheckpointError` for anything else."""
        arrays = read_npz(path, max_bytes=MAX_BYTES)
        if (found := str(arrays.get("format", ""))) != FORMAT:
            raise CheckpointError(
                f"{path}: not a model file ({FORMAT!r} expected, found {found[:60]!r})"
            )
        try:
            config, parameters, preprocessor = take_model(arrays)
            for array in (parameters, preprocessor.scale, preprocessor.shift):
                if array is not None and not np.isfinite(array).all():
                    raise ValueError("holds values that are not finite")
        except DAMAGE as error:
            raise CheckpointError(f"{path}: damaged model file: {error}") from error
        return cls.of(config, parameters, preprocessor)

    @classmethod
    def of(cls, config: TrainConfig, parameters: Array, preprocessor: Preprocessor) -> Predictor:
        """With a copy of these parameters."""
        model = build_model(config, rng=np.random.default_rng(0))  # prediction draws nothing
        model.parameters[...] = parameters
        return cls(config, model, preprocessor)


def named_arrays(
    sizes: Sequence[int], parameters: Array, preprocessor: Preprocessor
) -> dict[str, Array]:
    """A network's flat vector as weights and biases by name, with the preprocessing."""
    arrays = {"preprocessing.scale": preprocessor.scale}
    if preprocessor.shift is not None:
        arrays["preprocessing.shift"] = preprocessor.shift
    for number, (weight, bias) in enumerate(layer_views(sizes, parameters), 1):
        arrays[f"layer{number}.weight"], arrays[f"layer{number}.bias"] = weight, bias
    return arrays


def model_file(
    config: TrainConfig, parameters: Array, preprocessor: Preprocessor
) -> dict[str, Array]:
    """What a model file holds."""
    about = {"format": np.array(FORMAT), "config": np.array(json.dumps(config.to_dict()))}
    return about | named_arrays(layer_sizes(config), parameters, preprocessor)


def take_model(arrays: dict[str, Array]) -> tuple[TrainConfig, Array, Preprocessor]:
    """Remove from `arrays` what a model file holds, and return it; raises one of `DAMAGE`."""
    del arrays["format"]
    config = TrainConfig.layered(json.loads(str(arrays.pop("config"))))
    sizes = layer_sizes(config)
    stored = sum(array.size for array in arrays.values())
    if (needed := parameter_count(sizes)) > stored:  # before allocating that much
        raise ValueError(f"{needed:,} parameters configured, {stored:,} numbers stored")
    parameters = np.empty(needed, config.dtype)
    scale, shift = arrays["preprocessing.scale"], arrays.get("preprocessing.shift")
    pixels = np.empty(PIXELS if scale.ndim else (), config.dtype)
    preprocessor = Preprocessor(pixels, None if shift is None else np.empty_like(pixels))
    for name, array in named_arrays(sizes, parameters, preprocessor).items():
        found = arrays.pop(name)
        if found.shape != array.shape or found.dtype != array.dtype:
            raise ValueError(
                f"{name} is {found.dtype} {found.shape}, expected {array.dtype} {array.shape}"
            )
        array[...] = found
    return config, parameters, preprocessor


def _blocks(rows: Array) -> list[Array]:
    return [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
