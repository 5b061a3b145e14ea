"""Lesson 1: the data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from nn.arrays import Array
from nn.data.preprocessing import PREPROCESSING
from nn.network.losses import target_rows
from tui.images.datasets import load_dataset
from tui.lessons.figures import Digits, Figure, Histogram, Lines
from tui.lessons.lesson import Answer, Knob, Lesson, Solution, State, Verdict, experiment, nearest
from tui.recording.experiment import Experiment

DRAWS, GRID = 10, 16
SCALINGS = {"/255": "unit", "min-max": "minmax", "standardized": "standardize"}
BINS = 32
_BLOCK = 5_000  # images


@dataclass(frozen=True, eq=False)
class Facts:
    """What the lesson needs of MNIST, so that the images themselves need not be kept.

    `images` and `labels` are ten times sixteen random training digits; `counts` (784, 256) is how
    often each pixel has each byte in the training set; `values` has, by the name of a scaling, what
    each byte becomes at each pixel, in the same shape.
    """

    train: int
    test: int
    images: Array
    labels: Array
    counts: Array
    values: dict[str, Array]


@cache
def facts() -> Facts:
    """What the pictures show, computed once."""
    data = load_dataset()
    images, labels = data.train.images, data.train.labels
    counts = _counts(images)
    chosen = np.random.default_rng(0).integers(len(labels), size=(DRAWS, GRID))
    values = {"none": np.broadcast_to(np.arange(256.0), counts.shape)}
    for name, kind in SCALINGS.items():
        scale, shift = PREPROCESSING[kind](images)
        added = np.zeros(1) if shift is None else shift
        values[name] = np.reshape(scale, (-1, 1)) * values["none"] + np.reshape(added, (-1, 1))
    digits = images[chosen].reshape(DRAWS, GRID, 28, 28)
    return Facts(len(labels), len(data.test), digits, labels[chosen], counts, values)


def _counts(images: Array) -> Array:
    """How many images (n, pixels) have each byte at each pixel, (pixels, 256)."""
    counts = np.zeros((images.shape[1], 256), np.int64)
    for start in range(0, len(images), _BLOCK):  # all columns at once would be a second MNIST
        columns = np.ascontiguousarray(images[start : start + _BLOCK].T)
        counts += [np.bincount(column, minlength=256) for column in columns]
    return counts


def moments(scaling: str) -> tuple[float, float]:
    """The mean and the standard deviation of all inputs of the training set under a scaling."""
    counts, values = facts().counts, facts().values[scaling]
    mean = float((counts * values).sum() / counts.sum())
    deviation = math.sqrt((counts * (values - mean) ** 2).sum() / counts.sum())
    return round(mean, 9) + 0.0, round(deviation, 9)


def histogram(scaling: str) -> tuple[Array, Array]:
    """Counts and edges of all inputs of the training set under a scaling."""
    counts, values = facts().counts, facts().values[scaling]
    used = values[counts > 0]
    limits = float(used.min()), float(used.max())
    return np.histogram(values, BINS, range=limits, weights=counts)


class Data(Lesson):
    number, name, title = 1, "data", "The data"
    idea = "An image becomes 784 small numbers, and a label becomes a row of ten with a single 1."
    knobs = (
        Knob("show", ("digits", "histogram", "one-hot"), "digits"),
        Knob("scaling", ("none", *SCALINGS), "none"),
        Knob("draw", tuple(range(1, DRAWS + 1)), 1),
    )
    question = "Which share of all pixels of the training images is completely black?"
    choices = ("one in five", "half", "four in five")
    task = "Choose the scaling that gives all inputs a mean of 0 and a standard deviation of 1."
    hints = (
        "Move the knob named scaling, and watch the mean below the picture.",
        "Two scalings keep every input from 0 to 1; only the third one subtracts the mean.",
    )
    train = "The field preprocessing chooses the scaling."
    code = """\
from nn.data.dataset import load_dataset
from nn.data.preprocessing import Preprocessor
images = load_dataset().train.images
inputs = Preprocessor.fit("standardize", images).transform(images)
print(inputs.mean(), inputs.std())"""

    def text(self) -> str:
        known = facts()
        black = int((known.counts[:, 1:].sum(axis=1) == 0).sum())
        white = int(np.flatnonzero(known.counts.sum(axis=0)).max())
        return f"""\
There are {known.train:,} images to train on and {known.test:,} to test with. Each has \
28 x 28 = {len(known.counts)} pixels from 0 (black) to {white} \
(white), and a label from 0 to 9. The digits here are drawn at random; another draw shows others.

A network learns best from small numbers:
  /255          x / 255
  min-max       (x - min) / range
  standardized  (x - mean) / std

The range is max - min. Min-max is done pixel by pixel; {black} pixels are black in \
every image and become 0. Standardizing here uses one mean and one standard deviation for \
all pixels together. Show the histogram to see what each of the three does.

A label becomes a row of ten numbers, one-hot: 1 at its class, 0 elsewhere. The network is to \
put out this row."""

    def explanation(self) -> str:
        values = facts().values["standardized"][0]
        return f"""\
Most of an image is background. Standardized, a black pixel is {values[0]:.4f} and a white one \
{values[-1]:.4f}: most of the inputs are no longer 0. That matters, because a weight is changed in \
proportion to its input, and so learns nothing from an image where its input is 0."""

    def figures(self, state: State) -> list[Figure]:
        images, labels = (part[int(state["draw"]) - 1] for part in (facts().images, facts().labels))
        mean, deviation = moments(state["scaling"])
        last = Lines((f"mean {mean:.4f}   standard deviation {deviation:.4f}",))
        if state["show"] == "digits":
            return [Digits(images, tuple(map(str, labels)), 4), last]
        if state["show"] == "histogram":
            return [Histogram("all training images", *histogram(state["scaling"]), "input"), last]
        rows = target_rows(10)[labels].astype(int)
        head = "label   0 1 2 3 4 5 6 7 8 9"
        lines = [f"{y:>5}   {' '.join(map(str, row))}" for y, row in zip(labels, rows, strict=True)]
        return [Lines((head, *lines[:12]))]

    def experiments(self, state: State) -> tuple[Experiment, ...]:
        return (experiment(None, preprocessing=SCALINGS.get(state["scaling"], "unit")),)

    def answer(self) -> Answer:
        counts = facts().counts
        share = float(counts[:, 0].sum() / counts.sum())
        choice = nearest(share, (0.2, 0.5, 0.8))
        return Answer(choice, f"{share:.1%} of the pixels are 0.")

    def check(self, state: State) -> Verdict:
        mean, deviation = moments(state["scaling"])
        done = abs(mean) < 0.001 and abs(deviation - 1) < 0.001
        return Verdict(done, f"mean {mean:.4f}, standard deviation {deviation:.4f}.")

    def solution(self) -> Solution:
        return Solution(
            "scaling standardized: the mean is subtracted, then all is divided by the standard"
            " deviation, so the mean becomes 0 and the deviation 1.",
            {"scaling": "standardized"},
        )
