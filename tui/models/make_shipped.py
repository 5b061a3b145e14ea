"""Training the network that is part of the package: `python -m tui.models.make_shipped FILE`.

The digits of MNIST and digits drawn in the forms of other countries, each warped as other hands
would write it, brought into MNIST's form again, and drawn in other pens, train a network of two
hidden layers, whose weights are rounded to half precision. README.md has the figures and the
file's hash.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from nn.config import TrainConfig
from nn.data.augmentation import Augmentation
from nn.data.dataset import Dataset, Split, load_dataset
from nn.events import EpochCompleted
from nn.network.predictor import Predictor
from nn.spec import MNIST
from nn.storage.model_file import model_arrays
from nn.storage.npz import write_npz
from nn.training.trainer import Trainer
from tui.images.field import Pixels, field_of_ink
from tui.models.drawing import drawn_digits
from tui.models.pens import in_other_pens

VARIANTS = 6  # of each image; each epoch goes through all of them
DRAWN = 1600  # drawings of each digit in every variant
HANDS = TrainConfig(
    augment_rotation=12.0,
    augment_shear=0.25,
    augment_scale=0.15,
    elastic_alpha=18.0,
    elastic_sigma=5.0,
)
_BLOCK = 2000  # images warped at once, few enough to stay in the cache
CONFIG = TrainConfig(
    hidden=(512, 256),
    learning_rate=0.003,
    batch_size=256,
    epochs=5,
    eval_train=False,
    # The sums of one thread do not depend on how many cores there are.
    threads=1,
    processes=1,
)


def training_images(digits: Split, *, variants: int, drawn: int, seed: int) -> Split:
    """Variants of the digits, and of as many new drawings for each variant."""
    parts = []
    for variant in range(variants):
        rng = np.random.default_rng((seed, variant))
        drawings = drawn_digits(drawn, rng=rng)
        images = in_other_hands(np.concatenate([digits.images, drawings.images]), rng=rng)
        images = in_other_pens(images, rng=rng)
        parts.append(Split(images, np.concatenate([digits.labels, drawings.labels])))
    return Split(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def in_other_hands(images: Pixels, *, rng: np.random.Generator) -> Pixels:
    """Each image (n, 784) warped at random, in MNIST's form; none may be empty."""
    augmentation = Augmentation(HANDS, MNIST.shape)
    result = np.empty_like(images)
    for start in range(0, len(images), _BLOCK):
        block = slice(start, start + _BLOCK)
        shares = augmentation.warped(images[block], rng=rng) / 255
        result[block] = [field_of_ink(share.reshape(MNIST.shape)) for share in shares]
    return result


def train_shipped(
    dataset: Dataset, config: TrainConfig = CONFIG, *, variants: int = VARIANTS, drawn: int = DRAWN
) -> Predictor:
    """Train the network of the package; a line on standard error follows each epoch."""
    images = training_images(dataset.train, variants=variants, drawn=drawn, seed=config.seed)
    varied_digits = Dataset(images, dataset.test, f"{dataset.name} in other hands", dataset.sha256)
    trainer = Trainer(config, varied_digits)
    for event in trainer.events():
        if isinstance(event, EpochCompleted) and event.evaluation is not None:
            test = event.evaluation.test
            sys.stderr.write(f"epoch {event.epoch}: {test.accuracy:.2%} of MNIST's test digits\n")
    return trainer.predictor


def write_shipped(path: Path, predictor: Predictor) -> None:
    """Write the model file, its weights in half precision: half the bytes, the same answers."""
    config = replace(predictor.config, threads=0, processes=0)
    parameters, preprocessor = predictor.model.parameters, predictor.preprocessor
    arrays = model_arrays(config, parameters, preprocessor, predictor.spec)
    # Only what differs from the defaults, so that the bytes stay the same when a field is added.
    arrays["config"] = np.array(json.dumps(config.to_dict(base=TrainConfig())))
    half = {
        name: array.astype(np.float16) if name.startswith("layer") else array
        for name, array in arrays.items()
    }
    write_npz(path, half)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tui.models.make_shipped FILE")
    write_shipped(Path(sys.argv[1]), train_shipped(load_dataset()))


if __name__ == "__main__":
    main()
