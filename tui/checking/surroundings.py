"""What surrounds the passes of a learner's network: its data, its initial weights, its learning
rate, its errors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nn.arrays import Array
from nn.data.dataset import Dataset
from tui.checking.reference import LEARNING_RATE
from tui.checking.sandbox import MEMORY, Observation

# Standard deviation of a1 above which most hidden units are saturated; N(0, 1) weights give 9, and
# weights divided by sqrt(784 / 2), the largest of the usual initializations, less than 1.
_LARGE = 5.0
_GRADIENTS = {
    "W1": "x^T da1",
    "b1": "sum of da1 over the images",
    "W2": "z1^T dy",
    "b2": "sum of dy over the images",
}
_LEARNS, _STUCK = 0.5, 0.3  # test accuracies after a hundred steps


@dataclass(frozen=True)
class Finding:
    """A mistake outside the passes: where it was seen, its name, a sentence, and what is right."""

    where: str
    mistake: str
    sentence: str
    remedy: str


def check_data(arrays: Mapping[str, Array], dataset: Dataset) -> list[Finding]:
    """What is wrong with the training images and labels that the file loads."""
    if "data images" not in arrays:
        return []
    images, labels = np.asarray(arrays["data images"], float), arrays["data labels"]
    rows = images.reshape(len(images), -1)
    if rows.shape[1] != dataset.train.images.shape[1]:
        return [
            Finding(
                "data",
                "images of another shape",
                f"An image has {rows.shape[1]} numbers, not 784.",
                "x_train has the shape (60000, 784): one image a row",
            )
        ]
    found = []
    low, high = float(rows.min()), float(rows.max())
    if high > 50:
        found.append(
            Finding(
                "input range",
                "pixels not scaled",
                f"The pixels run from {low:g} to {high:g}: the sigmoids saturate at once.",
                "x = x / 255, so that pixels lie between 0 and 1",
            )
        )
    elif low >= 0 and high < 0.02:
        found.append(
            Finding(
                "input range",
                "pixels scaled twice",
                f"The pixels run from {low:g} to {high:g}: they were divided by 255 twice.",
                "x = x / 255, once",
            )
        )
    classes = labels.argmax(axis=1) if labels.ndim == 2 else labels.astype(int)
    return found + _check_labels(rows, classes, dataset)


def _check_labels(rows: Array, classes: Array, dataset: Dataset) -> list[Finding]:
    train = dataset.train
    known = {
        image.tobytes(): int(label) for image, label in zip(train.images, train.labels, strict=True)
    }
    found = _labels_of(rows, known)
    if not found:
        side = rows.reshape(len(rows), 28, 28).transpose(0, 2, 1).reshape(len(rows), -1)
        if _labels_of(side, known):
            return [
                Finding(
                    "data",
                    "images transposed",
                    "The images lie on their side: rows and columns are exchanged.",
                    "reshape(-1, 784) of rows as they are stored",
                )
            ]
        return []
    indices = list(found)
    true = np.array([found[i] for i in indices])
    given = classes[indices]
    if np.array_equal(true, given):
        return []
    shifts = np.unique(given - true)
    if len(shifts) == 1:
        return [
            Finding(
                "data",
                "labels off by one",
                f"Every label is {abs(int(shifts[0]))} too"
                f" {'large' if shifts[0] > 0 else 'small'}.",
                "labels from 0 to 9, the digit that is shown",
            )
        ]
    share = float(np.mean(true == given))
    return [
        Finding(
            "data",
            "labels shuffled apart from the images",
            f"Only {share:.0%} of the labels belong to their image: images and labels are in"
            " different orders.",
            "one permutation for both: p = rng.permutation(n); x, t = x[p], t[p]",
        )
    ]


def _labels_of(rows: Array, known: Mapping[bytes, int]) -> dict[int, int]:
    """The true label of every image that is one of MNIST's, whatever its linear scale."""
    found = {}
    for index, row in enumerate(rows):
        low, high = row.min(), row.max()
        if high > low:
            # The brightest pixel of most images is 255, and of every image between 250 and 255.
            for top in (255, 254, 253, 252):
                pixels = np.rint((row - low) / (high - low) * top).astype(np.uint8).tobytes()
                if pixels in known:
                    found[index] = known[pixels]
                    break
    return found if len(found) >= max(1, len(rows) // 2) else {}


def check_initial(arrays: Mapping[str, Array], x: Array) -> list[Finding]:
    """What is wrong with the weights that the network starts from."""
    weights = {
        name: arrays[f"initial {name}"] for name in ("W1", "W2") if f"initial {name}" in arrays
    }
    if len(weights) < 2:
        return []
    for name, weight in weights.items():
        if np.ptp(weight) == 0:
            value = float(weight.flat[0])
            return [
                Finding(
                    "initial weights",
                    "weights all the same",
                    f"Every element of {name} starts at {value:g}, so that all hidden units stay"
                    " the same.",
                    f"{name} = 0.01 * np.random.randn(...)",
                )
            ]
    first = weights["W1"] if weights["W1"].shape[0] == x.shape[1] else weights["W1"].T
    spread = float(np.std(x @ first)) if first.shape[0] == x.shape[1] else 0.0
    if spread > _LARGE:
        return [
            Finding(
                "initial weights",
                "weights too large",
                f"The hidden layer's inputs have a standard deviation of {spread:.0f} at first:"
                " its units saturate.",
                "W1 = 0.01 * np.random.randn(784, 50), or np.random.randn(784, 50) / np.sqrt(784)",
            )
        ]
    return []


def check_behaviour(observation: Observation) -> list[Finding]:
    """Side effects of the code, and the learning rate that it names."""
    facts = observation.facts
    found = []
    if changed := facts.get("changes"):
        found.append(
            Finding(
                "forward" if changed == "x" else "gradient",
                "arguments changed in place",
                f"The code changes {changed} in place, so that the next call starts from"
                " something else.",
                "x = x / 255 makes a new array, x /= 255 changes the caller's",
            )
        )
    if missing := facts.get("missing gradients"):
        several = len(missing) > 1
        found.append(
            Finding(
                "gradient",
                "gradients missing" if several else "gradient missing",
                f"The gradient{'s' if several else ''} of {' and '.join(missing)}"
                f" {'are' if several else 'is'} missing: the gradient function returns none of"
                " that name.",
                "; ".join(f"grads[{name!r}] = d{name} = {_GRADIENTS[name]}" for name in missing),
            )
        )
    if name := facts.get("accumulates"):
        found.append(
            Finding(
                "gradient",
                "gradients accumulate",
                f"A second call for the same batch returns another gradient of {name}.",
                "set gradients to zero, or assign them, at every call",
            )
        )
    rate, at_rate = facts.get("rate", 0.0), facts.get("accuracy at rate", 1.0)
    if rate > LEARNING_RATE and at_rate < _STUCK and facts.get("accuracy", 0.0) > _LEARNS:
        found.append(
            Finding(
                "training",
                "learning rate too high",
                f"With the file's rate of {rate:g} a hundred steps reach {at_rate:.0%} of the"
                " test digits,"
                f" with 0.1 {facts['accuracy']:.0%}.",
                "a tenth of the rate, until the loss falls",
            )
        )
    return found


# NumPy's message on an array (n, k) beside one of (n,).
_LOST_AXIS = re.compile(
    r"together with shapes (\(([0-9]+),[0-9]+\) \(\2,\)|\(([0-9]+),\) \(\3,[0-9]+\))"
)


def check_error(observation: Observation) -> Finding | None:
    """The exception that ended the code, in a sentence."""
    facts = observation.facts
    if "error" not in facts:
        return None
    line = (
        f" in line {facts['line']}: {facts['code']}"
        if facts.get("line") and facts.get("code")
        else ""
    )
    message = str(facts.get("message", ""))
    remedy = "run the file by itself to see where"
    if facts["error"] == "EOFError":
        remedy = (
            "nothing is typed in while a file is checked: put what asks for input under"
            ' `if __name__ == "__main__":`'
        )
    elif facts["error"] == "SystemExit":
        remedy = 'put what ends the program under `if __name__ == "__main__":`'
    elif facts["error"] == "MemoryError":
        remedy = f"the code may take {MEMORY // 2**30} GiB: make the arrays smaller"
    elif _LOST_AXIS.search(message):
        remedy = (
            "a sum or a maximum over the classes of each image lost its axis: give it"
            " keepdims=True, so that (n,) becomes (n, 1)"
        )
    elif any(words in message for words in ("matmul", "not aligned", "broadcast")):
        remedy = (
            "the shapes do not fit: compare them with x (n, 784), W1 (784, 50), dy (n, 10); one"
            " factor is"
            " transposed or in the wrong place"
        )
    what = f"{facts['error']}{line}" + (f": {message}" if message else "")
    return Finding(str(facts["stage"]), "exception", what, remedy)
