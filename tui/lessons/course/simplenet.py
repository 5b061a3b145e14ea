"""Lesson 8: a network of one layer by hand."""

from __future__ import annotations

import numpy as np

from nn.analysis.numerical import numerical_gradient
from nn.arrays import Array
from nn.network.losses import CrossEntropy
from nn.network.model import MLP
from tui.lessons.figures import Chart, Curve, Figure, Lines
from tui.lessons.lesson import Answer, Knob, Lesson, Solution, State, Verdict

WEIGHTS = np.array(
    [
        [0.71338084, -0.94925867, 0.32417468],
        [-0.58673328, -0.36919303, 1.15482563],
    ]
)
X, TARGET = np.array([[0.6, 0.9]]), np.array([[0.0, 0.0, 1.0]])
PLACES = {"w11": (0, 0), "w12": (0, 1), "w13": (0, 2), "w21": (1, 0), "w22": (1, 1), "w23": (1, 2)}


def loss_at(weights: Array) -> float:
    """The loss of the one image, with these weights (2, 3)."""
    return CrossEntropy().forward(X @ weights, TARGET)


def nudged(state: State) -> Array:
    """The weights of the notes, one of them changed."""
    weights = WEIGHTS.copy()
    weights[PLACES[state["weight"]]] += float(state["change"])
    return weights


def backpropagated(weights: Array) -> tuple[Array, Array, float, Array]:
    """Logits, probabilities, loss, and the gradient of the weights by `MLP.backward`."""
    model, loss = MLP((2, 3), dtype=np.float64), CrossEntropy()
    model.linears[0].weight[...] = weights
    logits = model.forward(X).copy()
    value = loss.forward(logits, TARGET)
    model.backward(loss.backward())
    gradient = model.linears[0].grad_weight.copy()
    return logits[0], loss.probabilities(logits)[0], value, gradient


def _row(values: Array) -> str:
    return " ".join(f"{each:9.5f}" for each in values)


class SimpleNet(Lesson):
    number, name, title = 8, "simplenet", "A network by hand"
    idea = "The gradient has one number for each weight: how the loss moves when the weight does."
    knobs = (
        Knob("change", tuple(round(i / 5, 1) for i in range(-10, 11)), 0.0),
        Knob("weight", tuple(PLACES), "w11"),
    )
    question = "Class 3 is right. Which way does gradient descent move the weights into class 3?"
    choices = ("up", "down", "not at all")
    task = "Change one weight until the loss is below 0.2."
    hints = (
        "Look for the weight with the largest gradient, and move it against its sign.",
        "A negative gradient means: raise the weight. The largest one is that of w23.",
    )
    revealing = True
    train = "No hidden layer at all is this network with 784 inputs and ten classes."
    fields = (("hidden", ()),)
    code = """\
import numpy as np; from nn.network.losses import CrossEntropy
W = np.array([[0.71338084, -0.94925867, 0.32417468],
              [-0.58673328, -0.36919303, 1.15482563]])
loss, x, t = CrossEntropy(), np.array([[0.6, 0.9]]), np.eye(3)[[2]]
print(loss.forward(x @ W, t), x.T @ loss.backward())"""

    def text(self) -> str:
        logits, p, loss, _ = backpropagated(WEIGHTS)
        return f"""\
Two inputs, x = (0.6, 0.9), three classes, weights W of 2 x 3 and no bias:
  logits = x W
  p = softmax(logits)
  loss = -log p3 (class 3 is right)

Here the logits are {logits[0]:.4f}, {logits[1]:.4f} and {logits[2]:.4f}, p3 is {p[2]:.4f} and \
the loss {loss:.6f}.

The gradient can be had in two ways. By the definition: nudge each weight by 1e-4 up and down and \
see the loss move. By calculus:
  dL/dW = x^T (p - t)

where t is (0, 0, 1) and x^T is x as a column: the gradient of each weight is its input times \
p - t of its class."""

    def explanation(self) -> str:
        gradient = backpropagated(WEIGHTS)[3]
        largest = float(np.abs(gradient - numerical_gradient(loss_at, WEIGHTS)).max())
        return f"""\
The two gradients differ by {largest:.0e} at most. The first computes the loss twice for \
every weight; the second takes as long as two or three losses, however many weights there are. \
That is why networks learn by backpropagation."""

    def figures(self, state: State) -> list[Figure]:
        weights, place = nudged(state), PLACES[state["weight"]]
        logits, p, loss, gradient = backpropagated(weights)
        by_numbers = numerical_gradient(loss_at, weights)
        changes = np.linspace(-2, 2, 41)
        curve = []
        for change in changes:
            moved = WEIGHTS.copy()
            moved[place] += change
            curve.append(loss_at(moved))
        lines = (
            f"logits    {_row(logits)}",
            f"p         {_row(p)}",
            f"loss      {loss:9.5f}",
            f"W         {_row(weights[0])}",
            f"          {_row(weights[1])}",
            f"numerical {_row(by_numbers[0])}",
            f"          {_row(by_numbers[1])}",
            f"analytic  {_row(gradient[0])}",
            f"          {_row(gradient[1])}",
        )
        chart = Chart(
            "loss",
            (Curve("", changes, curve),),
            f"change of {state['weight']}",
            cursor=float(state["change"]),
        )
        return [Lines(lines), chart]

    def answer(self) -> Answer:
        gradient = backpropagated(WEIGHTS)[3][:, 2]
        choice = 0 if (gradient < 0).all() else 1 if (gradient > 0).all() else 2
        reason = (
            f"Their gradients are {gradient[0]:.4f} and {gradient[1]:.4f}, and descent goes the"
        )
        return Answer(choice, f"{reason} other way.")

    def check(self, state: State) -> Verdict:
        loss = loss_at(nudged(state))
        return Verdict(loss < 0.2, f"{state['weight']} {state['change']:+g}, loss {loss:.5f}.")

    def solution(self) -> Solution:
        loss = loss_at(nudged({"weight": "w23", "change": 1.0}))
        return Solution(
            f"w23 raised by 1 gives a loss of {loss:.4f}: its input, 0.9, is the larger of the two,"
            " so it has the strongest gradient of the column.",
            {"weight": "w23", "change": 1.0},
        )
