"""What goes into a learner's network: a batch to compare on, and the images of a hundred steps."""

from __future__ import annotations

import numpy as np

from nn.arrays import Array
from nn.data.dataset import Dataset
from tui.checking.reference import LEARNING_RATE, PARAMETERS, Model, Problem, evaluate

# A prime number of images: no other size of the network can be taken for it, nor a ratio of sizes
# for its inverse.
IMAGES = 23
STEPS, BATCH, TEST_IMAGES = 100, 100, 1000
MANY = 5  # updates, of which the last weights are compared as well as those of the first


def make_request(dataset: Dataset) -> dict[str, Array]:
    """The arrays that the learner's process is given, by name."""
    train, test = dataset.train, dataset.test
    return {
        "x": train.images[:IMAGES] / 255.0,
        "t": np.eye(10)[train.labels[:IMAGES]],
        "images": train.images[: STEPS * BATCH],
        "labels": train.labels[: STEPS * BATCH],
        "test images": test.images[:TEST_IMAGES],
        "test labels": test.labels[:TEST_IMAGES],
    }


def reference_arrays(dataset: Dataset, model: Model) -> dict[str, Array]:
    """The batch, weights, and every array of the reference, for comparison in any language."""
    request = make_request(dataset)
    rng = np.random.default_rng(1)
    shapes = {"W1": (784, 50), "b1": (50,), "W2": (50, 10), "b2": (10,)}
    parameters = {name: rng.normal(0, 0.1, shapes[name]) for name in PARAMETERS}
    arrays = evaluate(Problem(request["x"], request["t"], parameters, LEARNING_RATE), model)
    named = {name.replace(" ", "_"): array for name, array in arrays.items()}
    return {"x": request["x"], "t": request["t"], **parameters, **named}
