"""Lesson 3: activations and their derivatives."""

from __future__ import annotations

import numpy as np

from nn.arrays import Array
from nn.network.layers import ACTIVATIONS
from tui.lessons.figures import Chart, Curve, Figure, Lines
from tui.lessons.lesson import Answer, Knob, Lesson, Solution, State, Verdict, experiment, nearest
from tui.recording.experiment import Experiment

REACH = 6
LIMITS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, 6.0)}


def value_and_slope(name: str, x: Array) -> tuple[Array, Array]:
    """The activation at each of `x` (n,), and its derivative by the layer's `backward`."""
    layer = ACTIVATIONS[name]()
    values = layer.forward(x[None]).copy()
    return values[0], layer.backward(np.ones_like(values)).copy()[0]


class Activations(Lesson):
    number, name, title = 3, "activations", "Activations and their slopes"
    idea = "What an activation passes back when learning is its slope, and the slope may vanish."
    knobs = (
        Knob("x", tuple(i / 2 for i in range(-2 * REACH, 2 * REACH + 1)), 0.0),
        Knob("function", tuple(LIMITS), "sigmoid"),
    )
    question = "How steep is the sigmoid at most?"
    choices = ("1/4", "1/2", "1")
    task = "Find an x where a curve still rises, but with a slope below 0.01."
    hints = (
        "Look where the curve named slope is close to zero.",
        "Go far to either side on the sigmoid. ReLU is no help: its slope is exactly 0 or 1.",
    )
    revealing = True
    train = "The field activation chooses the function of the hidden layers."
    code = """\
import numpy as np
from nn.network.layers import Sigmoid
layer = Sigmoid()
print(layer.forward(np.array([[-2.0, 0.0, 2.0]])))
print(layer.backward(np.ones((1, 3))))"""

    def text(self) -> str:
        return """\
Without an activation, layers in a row would be no more than one layer. Three are common:
  sigmoid  1 / (1 + exp(-x))
  tanh     2 sigmoid(2x) - 1
  ReLU     max(0, x)

When a network learns, corrections go back through it, the gradients. Each activation multiplies \
them by its slope, the derivative:
  sigmoid  y (1 - y)
  tanh     1 - y^2
  ReLU     1 if x > 0, else 0

Here y is the value."""

    def explanation(self) -> str:
        _, slope = value_and_slope("sigmoid", np.array([5.0]))
        return f"""\
Far from 0 the sigmoid and tanh are flat, or saturated. At x = 5 the sigmoid \
passes back {float(slope[0]):.2%} of the gradient: the layers before it hardly learn."""

    def figures(self, state: State) -> list[Figure]:
        name, x = state["function"], float(state["x"])
        xs = np.linspace(-REACH, REACH, 97)
        values, slopes = value_and_slope(name, xs)
        (value,), (slope,) = value_and_slope(name, np.array([x]))
        curves = (Curve("value", xs, values), Curve("slope", xs, slopes))
        return [
            Chart(name, curves, "x", y_range=LIMITS[name], cursor=x),
            Lines((f"x {x:g}   value {value:.5f}   slope {slope:.5f}",)),
        ]

    def experiments(self, state: State) -> tuple[Experiment, ...]:
        return (experiment(None, activation=state["function"]),)

    def answer(self) -> Answer:
        _, slopes = value_and_slope("sigmoid", np.linspace(-REACH, REACH, 1201))
        steepest = float(slopes.max())
        choice = nearest(steepest, (0.25, 0.5, 1.0))
        return Answer(choice, f"The slope is {steepest:.4g} at x = 0 and less elsewhere.")

    def check(self, state: State) -> Verdict:
        _, (slope,) = value_and_slope(state["function"], np.array([float(state["x"])]))
        measured = f"the slope of {state['function']} at {state['x']:g} is {slope:.5f}."
        return Verdict(bool(0 < slope < 0.01), measured)

    def solution(self) -> Solution:
        _, (slope,) = value_and_slope("sigmoid", np.array([5.0]))
        return Solution(
            f"x = 5 on the sigmoid, where the slope is {slope:.5f}. That of tanh is below 0.01 from"
            " x = 3 on.",
            {"x": 5.0},
        )
