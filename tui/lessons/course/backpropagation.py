"""Lesson 9: backpropagation, a guided walk."""

from __future__ import annotations

import textwrap
from functools import cache

import numpy as np

from nn.analysis.nudge import Nudge
from nn.analysis.step_arrays import Pass
from nn.analysis.walk import DEFAULT_FIELDS, DEFAULT_IMAGES, Walk
from nn.config import TrainConfig
from nn.network.model import layer_sizes, parameter_count
from tui.images.datasets import load_dataset
from tui.lessons.figures import Figure, Lines
from tui.lessons.lesson import Answer, Knob, Lesson, Setting, Solution, State, Verdict
from tui.lessons.stops import END, HIDDEN, RATE, STOPS, labels_of, stage_of
from tui.lessons.tour import Place, Tour

STEPS = 20
CONFIG = TrainConfig.layered(DEFAULT_FIELDS, {"hidden": (HIDDEN,), "learning_rate": RATE})
NOTES = TrainConfig.layered(DEFAULT_FIELDS)  # a larger network
PARAMETERS = parameter_count(layer_sizes(NOTES))
SIZES = "-".join(map(str, layer_sizes(NOTES)))
PARTS = "x a1 z1 a2 y loss dy dW2 db2 dz1 da1 dW1 db1".split()  # noqa: SIM905
UNIT, CLASS = 3, 5
"""The weight whose derivative is also found by nudging it."""


@cache
def walk() -> Walk:
    """The first five training images through a small network."""
    return Walk.of(CONFIG, load_dataset().train)


@cache
def after(steps: int) -> tuple[Pass, Nudge]:
    """The arrays after so many steps, and one weight nudged there."""
    return walk().go(steps), walk().nudge(f"W{len(CONFIG.hidden) + 1}", (UNIT, CLASS))


class Backpropagation(Lesson):
    number, name, title = 9, "backpropagation", "Backpropagation"
    idea = "One pass back through the network gives the gradient of every weight at once."
    knobs = (
        Knob("part", tuple(PARTS), "x"),
        Knob("steps", tuple(range(STEPS + 1)), 0),
    )
    question = (
        f"A network {SIZES} has {PARAMETERS:,} weights and biases. How often would"
        " central differences compute the loss for one gradient?"
    )
    choices = (f"{PARAMETERS:,} times", f"{2 * PARAMETERS:,} times", f"{DEFAULT_IMAGES} times")
    task = "Press w and walk through the steps until all five images are recognized."
    hints = (
        "The walk asks and leads; its last stop takes steps, and w comes back to here.",
        "Here the knob named steps takes them as well: watch the last line of the picture.",
    )
    train = "There, s takes one step; the screen Walk, key 9, walks with any network."
    recipe = "two-layer-net"
    fields = (
        *(("limit", DEFAULT_IMAGES), ("batch_size", DEFAULT_IMAGES), ("sampling", "shuffle")),
        *(("hidden", (HIDDEN,)), ("learning_rate", RATE), ("init_std", 0.1)),
    )
    code = """\
import numpy as np; from nn.network.losses import CrossEntropy
from nn.network.model import MLP; x, t = np.ones((5, 784)), np.eye(10)[:5]
model = MLP((784, 50, 10), activation="sigmoid", dtype="float64")
loss = CrossEntropy(); loss.forward(model.forward(x), t)
model.backward(loss.backward()); print(model.gradient_norms())"""

    def text(self) -> str:
        taken, _ = after(0)
        labels = ", ".join(map(str, labels_of(taken)))
        return f"""\
Five training images (labels {labels}) go at once through a small network: \
{" - ".join(map(str, layer_sizes(CONFIG)))}, sigmoid. Forwards:
  a1 = x W1 + b1
  z1 = s(a1)
  a2 = z1 W2 + b2
  y = softmax(a2)

and the loss is the mean of -log y of the right class. A step then changes every weight against \
its gradient, with a rate of {RATE}:
  W <- W - {RATE} dW"""

    def explanation(self) -> str:
        taken, nudge = after(0)
        n = len(labels_of(taken))
        return f"""\
The chain rule goes through the same parts backwards. dy is how the loss moves with each a2:
  dy = (y - t) / {n}

The loss is a mean over the images, hence the {n}. Every other part follows from \
the one after it: dW2 from dy and z1, dz1 from dy and W2, da1 from dz1 and the slope of the \
sigmoid, dW1 from da1 and x. All of it takes about twice as long as the way forwards.

For one weight, from unit {UNIT} to class {CLASS}, this gives {nudge.analytical:.8f}; nudging it \
by {nudge.h:g} up and down gives {nudge.numerical:.8f}.

In the application, w takes this step apart on the screen Walk: it asks you before it shows, and \
comes back here."""

    def figures(self, state: State) -> list[Figure]:
        step = int(state["steps"])
        taken, nudge = after(step)
        stage, labels = stage_of(taken, state["part"]), labels_of(taken)
        table = np.atleast_2d(stage.array)
        # The middle of an image, since its margin is black.
        at, down = (290 if size == 784 else 0 for size in reversed(table.shape))
        rows = [" ".join(f"{v:7.4f}" for v in row[at : at + 5]) for row in table[down : down + 5]]
        shape = " x ".join(map(str, stage.array.shape)) or "one number"
        note = f"{shape}; here from {f'row {down}' if down else f'column {at}'} on"
        y = taken.probabilities
        guesses = y.argmax(axis=1).tolist()
        return [
            Lines(
                (
                    *textwrap.wrap(stage.formula, 40, subsequent_indent="  ")[:2],
                    note if at or down else shape,
                    *rows,
                    *[""] * (6 - len(rows)),
                    "label       " + "".join(f"{label:>5}" for label in labels),
                    "y of label  " + "".join(f"{y[i, t]:>5.2f}" for i, t in enumerate(labels)),
                    "recognized  " + "".join(f"{guess:>5}" for guess in guesses),
                    f"dW2[{UNIT},{CLASS}] {nudge.analytical:.8f}",
                    f"  by nudging {nudge.numerical:.8f}",
                    f"step {step}: {_right(taken)} of {len(labels)} right, loss {taken.loss:.4f}",
                )
            )
        ]

    def answer(self) -> Answer:
        choice = self.choices.index(f"{2 * PARAMETERS:,} times")
        return Answer(choice, "Up and down for each of them. Backpropagation goes back once.")

    def check(self, state: State) -> Verdict:
        taken, _ = after(int(state["steps"]))
        right, count = _right(taken), len(labels_of(taken))
        measured = f"{right} of {count} right after {state['steps']} steps, loss {taken.loss:.4f}."
        return Verdict(right == count, measured)

    def solution(self) -> Solution:
        steps = next(n for n in range(STEPS + 1) if self.check({"steps": n}).passed)
        return Solution(
            f"{steps} steps are enough: the gradient of five images points where all five get"
            " better. It says little about other images.",
            {"steps": steps},
        )

    def tour(self) -> Tour:
        return Tour(CONFIG, load_dataset, STOPS, END, _settings)


def _right(taken: Pass) -> int:
    return int((taken.probabilities.argmax(axis=1) == labels_of(taken)).sum())


def _settings(place: Place) -> dict[str, Setting]:
    """Where the knobs stand for a place of the walk."""
    steps: dict[str, Setting] = {"steps": min(place.step, STEPS)}
    return steps | ({"part": place.stage} if place.stage in PARTS else {})
