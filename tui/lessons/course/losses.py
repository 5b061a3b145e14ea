"""Lesson 5: losses."""

from __future__ import annotations

import numpy as np

from nn.arrays import Array
from nn.network.layers import Sigmoid
from nn.network.losses import BinaryCrossEntropy, CrossEntropy, SquaredError, target_rows
from tui.lessons.figures import Chart, Curve, Figure, Lines
from tui.lessons.lesson import Answer, Knob, Lesson, Solution, State, Verdict

OUTPUTS = np.array([0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0])
LABEL = 2
TINY = 1e-7
"""What the study notes add inside the logarithm, so that it is finite."""


def outputs(p: float) -> Array:
    """The outputs of the notes with `p` for the label and the others in proportion."""
    y: Array = OUTPUTS * (1 - p) / (1 - OUTPUTS[LABEL])
    y[LABEL] = p
    return y


def losses(y: Array) -> tuple[float, float]:
    """Half the squared error of the outputs `y` (10,), and their cross-entropy with 1e-7 inside.

    `CrossEntropy` takes logits; logarithms of the probabilities are such logits. Its softmax
    divides by the sum of y + 1e-7, which the notes do not do, so that is taken back.
    """
    target = target_rows(10, dtype="float64")[[LABEL]]
    half = SquaredError().forward(y[None], target) / 2
    entropy = CrossEntropy().forward(np.log(y + TINY)[None], target) - np.log1p(y.size * TINY)
    return half, float(entropy)


def slopes(a: Array) -> tuple[Array, Array, Array]:
    """s(a), and dL/da of half squared error and of cross-entropy, where the target is 1."""
    column, target = a[:, None], np.ones((len(a), 1))
    sigmoid, squared, entropy = Sigmoid(), SquaredError(), BinaryCrossEntropy()
    y = sigmoid.forward(column).copy()
    squared.forward(y, target)
    through = sigmoid.backward(squared.backward()).copy() / 2
    entropy.forward(column, target)
    scale = len(a)  # both gradients are of a mean over the batch
    return y[:, 0], scale * through[:, 0], scale * entropy.backward()[:, 0]


class Losses(Lesson):
    number, name, title = 5, "losses", "Losses"
    idea = "The loss is one number for how wrong the outputs are; its gradient is what teaches."
    knobs = (
        Knob("show", ("losses", "gradients"), "losses"),
        Knob("p", (0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99), 0.6),
        Knob("a", tuple(i / 2 for i in range(-12, 13)), 0.0),
    )
    question = "A sigmoid puts out almost 0 where 1 is right. Which loss gives it the larger push?"
    choices = ("squared error", "cross-entropy", "both alike")
    task = (
        "Move a until the sigmoid is wrong by more than 0.95, while the gradient of squared"
        " error is smaller than 0.05."
    )
    hints = (
        "Show the gradients. The target is 1, so the output has to be below 0.05.",
        "The output s(a) is below 0.05 for an a of about -3 and less.",
    )
    train = "The field loss chooses it; with squared error the output is a sigmoid."
    fields = (("loss", "squared-error"), ("output_activation", "sigmoid"))
    code = """\
import numpy as np
from nn.network.losses import SquaredError
y = np.array([[0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0]])
print(SquaredError().forward(y, np.eye(10)[[2]]) / 2)
print(-np.log(y[0, 2] + 1e-7))"""

    def text(self) -> str:
        half, entropy = losses(OUTPUTS)
        return f"""\
The ten outputs y are compared with the one-hot row t:
  half squared   sum (y - t)^2 / 2
  cross-entropy  -sum t log y

Where class 2 is right and gets {OUTPUTS[LABEL]}, they are {half:.4f} and {entropy:.4f}. \
Cross-entropy sees only the probability of the right class. It grows without end as that goes to \
0; half the squared error of probabilities never passes 1."""

    def explanation(self) -> str:
        y, squared, crossed = (float(part[0]) for part in slopes(np.array([-6.0])))
        return f"""\
The push is the gradient. For one sigmoid y = s(a) whose target is 1:
  half squared   (y - 1) y (1 - y)
  cross-entropy  y - 1

The slope of the sigmoid, y (1 - y), cancels out of the second only. At a = -6, y is {y:.4f}, as \
wrong as can be, yet the first is {squared:.4f} and the second {crossed:.4f}."""

    def figures(self, state: State) -> list[Figure]:
        if state["show"] == "losses":
            return self._losses(float(state["p"]))
        a = float(state["a"])
        xs = np.linspace(-6, 6, 97)
        _, squared, crossed = slopes(xs)
        here = [float(part[0]) for part in slopes(np.array([a]))]
        curves = (Curve("squared error", xs, squared), Curve("cross-ent.", xs, crossed))
        return [
            Chart("dL/da", curves, "a, where the target is 1", cursor=a),
            Lines(
                (
                    f"a {a:g}   output {here[0]:.4f}",
                    f"dL/da  squared error {here[1]:.4f}",
                    f"       cross-entropy {here[2]:.4f}",
                )
            ),
        ]

    def _losses(self, p: float) -> list[Figure]:
        y = outputs(p)
        ps = np.linspace(0.01, 0.99, 50)
        halves, entropies = np.transpose([losses(outputs(float(each))) for each in ps])
        half, entropy = losses(y)
        curves = (Curve("half squared", ps, halves), Curve("cross-ent.", ps, entropies))
        return [
            Lines(
                (
                    "the ten outputs y",
                    *(" ".join(f"{v:.4f}" for v in row) for row in y.reshape(2, 5)),
                )
            ),
            Chart("", curves, "p of class 2", cursor=p),
            Lines((f"half squared {half:.4f}   cross-entropy {entropy:.4f}",)),
        ]

    def answer(self) -> Answer:
        y, squared, crossed = (abs(float(part[0])) for part in slopes(np.array([-6.0])))
        choice = 0 if squared > 2 * crossed else 1 if crossed > 2 * squared else 2
        return Answer(choice, f"At an output of {y:.4f} it is {crossed:.4f} against {squared:.4f}.")

    def check(self, state: State) -> Verdict:
        y, squared, _ = (float(part[0]) for part in slopes(np.array([float(state["a"])])))
        measured = f"wrong by {1 - y:.4f}, gradient of squared error {squared:.4f}."
        return Verdict(1 - y > 0.95 and abs(squared) < 0.05, measured)

    def solution(self) -> Solution:
        y, squared, crossed = (float(part[0]) for part in slopes(np.array([-4.0])))
        return Solution(
            f"a = -4: the output is {y:.4f}, the gradient of squared error {squared:.4f}, that of"
            f" cross-entropy {crossed:.4f}.",
            {"show": "gradients", "a": -4.0},
        )
