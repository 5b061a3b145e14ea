"""Lesson 10: mini-batches and epochs."""

from __future__ import annotations

from functools import cache

import numpy as np

from nn.arrays import Array
from nn.data.dataset import load_dataset
from nn.network.losses import CrossEntropy, target_rows
from nn.network.model import MLP
from nn.training.optimizers import SGD
from tui.lessons.figures import Chart, Curve, Figure, Lines
from tui.lessons.lesson import Answer, Knob, Lesson, Solution, State, Verdict

TRAIN, TEST, EPOCHS, RATE = 10_000, 2_000, 3, 0.1


@cache
def data() -> tuple[Array, Array, Array, Array]:
    """Part of MNIST, so that three epochs take a moment: inputs and labels to train and to test."""
    found = load_dataset()
    train, test = found.train[:TRAIN], found.test[:TEST]
    scale = np.float32(1 / 255)
    return train.images * scale, train.labels.copy(), test.images * scale, test.labels.copy()


def drawn(sampling: str, rng: np.random.Generator) -> Array:
    """The images of one epoch, in their order: each once, or each drawn from all of them."""
    indices: Array = (
        rng.permutation(TRAIN) if sampling == "shuffle" else rng.integers(TRAIN, size=TRAIN)
    )
    return indices


@cache
def run(size: int, sampling: str) -> tuple[Array, Array]:
    """The loss of every step, and the test accuracy before the first epoch and after each."""
    x, labels, test_x, test_labels = data()
    rng, model, loss = (
        np.random.default_rng(0),
        MLP((784, 50, 10), activation="sigmoid"),
        CrossEntropy(),
    )
    model.initialize("normal", std=0.01, rng=rng)
    optimizer, targets = SGD(model.parameters, model.gradients), target_rows(10)

    def accuracy() -> float:
        return float((model.forward(test_x).argmax(axis=1) == test_labels).mean())

    losses, accuracies = [], [accuracy()]
    for _ in range(EPOCHS):
        order = drawn(sampling, rng)
        for start in range(0, TRAIN, size):
            rows = order[start : start + size]
            outputs = model.forward(x[rows], training=True)
            losses.append(loss.forward(outputs, targets[labels[rows]]))
            model.backward(loss.backward())
            optimizer.step(RATE)
        accuracies.append(accuracy())
    return np.array(losses), np.array(accuracies)


def never_drawn() -> float:
    """The share of images that one epoch of drawing with replacement leaves out."""
    return 1 - len(np.unique(drawn("replacement", np.random.default_rng(0)))) / TRAIN


class Batches(Lesson):
    number, name, title = 10, "batches", "Mini-batch and epoch"
    idea = "A step looks at a few images only; an epoch is as many steps as use up all of them."
    knobs = (
        Knob("batch", (20, 50, 100, 200, 500, 1000), 200),
        Knob("show", ("steps", "epochs"), "steps"),
        Knob("sampling", ("shuffle", "replacement"), "shuffle"),
    )
    question = "Images are drawn with replacement. Which share is not drawn at all in an epoch?"
    choices = ("almost none", "one in ten", "more than a third")
    task = "Reach a test accuracy above 85% after the three epochs."
    hints = (
        "The images are the same in number, but the steps need not be.",
        "Smaller batches make more steps of the same three epochs.",
    )
    train = "The fields batch_size and sampling. Its charts count epochs, with the loss of batches."
    fields = (("hidden", (50,)), ("batch_size", 20), ("sampling", "replacement"))
    code = """\
from nn.config import TrainConfig
from nn.data.dataset import load_dataset
from nn.training.trainer import Trainer
config = TrainConfig(hidden=(50,), batch_size=600, sampling="replacement", epochs=1)
for event in Trainer(config, load_dataset()).events(): print(event)"""

    def text(self) -> str:
        return f"""\
The gradient of the loss over all images would be exact, but slow. A mini-batch is a few images \
drawn at random; its gradient points about the same way and costs a fraction.

An epoch is as many steps as use up all images once:
  steps = images / batch

Shuffled, each image comes once in an epoch. The textbook draws every batch anew from all images, \
with replacement.

Here the notes' network 784-50-10 learns from {TRAIN:,} images for {EPOCHS} epochs at a rate of \
{RATE}, and is tested on {TEST:,} others."""

    def explanation(self) -> str:
        losses, accuracies = run(200, "shuffle")
        jitter = {
            size: float(np.abs(np.diff(run(size, "shuffle")[0][-100:])).mean())
            for size in (20, 200)
        }
        return f"""\
There are two pictures of the same run. The loss of every step jitters, since every batch is \
another: in the last 100 steps it jumps by {jitter[20]:.2f} on average from one batch of 20 to the \
next, and by {jitter[200]:.2f} with 200. The accuracy of every epoch is measured on the same \
images, and is smoother.

With batches of 200 there are {len(losses)} steps, and the accuracy is {accuracies[-1]:.1%}."""

    def figures(self, state: State) -> list[Figure]:
        losses, accuracies = run(int(state["batch"]), state["sampling"])
        if state["show"] == "steps":
            steps = np.arange(1, len(losses) + 1)
            chart = Chart(
                "loss of each batch", (Curve("", steps, losses),), "step", y_range=(0, 2.5)
            )
        else:
            epochs = np.arange(len(accuracies))
            curve = Curve("", epochs, 100 * accuracies)
            chart = Chart("test accuracy, %", (curve,), "epoch", y_range=(0, 100))
        last = f"{len(losses)} steps, test accuracy {accuracies[-1]:.2%}"
        return [chart, Lines((last,))]

    def answer(self) -> Answer:
        share = never_drawn()
        choice = int(np.argmin([abs(share - guess) for guess in (0.0, 0.1, 0.37)]))
        return Answer(
            choice, f"{share:.1%} here; with many images it nears 1/e = {np.exp(-1):.1%}."
        )

    def check(self, state: State) -> Verdict:
        losses, accuracies = run(int(state["batch"]), state["sampling"])
        measured = f"{accuracies[-1]:.2%} after {len(losses)} steps."
        return Verdict(bool(accuracies[-1] > 0.85), measured)

    def solution(self) -> Solution:
        losses, accuracies = run(20, "shuffle")
        return Solution(
            f"A batch of 20 makes {len(losses)} steps and reaches {accuracies[-1]:.1%}. Smaller"
            " batches are noisier, and slower to compute per image.",
            {"batch": 20},
        )
