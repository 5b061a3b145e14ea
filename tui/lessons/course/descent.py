"""Lesson 7: gradient descent."""

from __future__ import annotations

import math

import numpy as np

from nn.arrays import Array
from nn.training.optimizers import SGD, Adam, Momentum, Nesterov, Optimizer
from tui.lessons.figures import Arrows, Chart, Curve, Figure, Lines
from tui.lessons.lesson import Answer, Knob, Lesson, Solution, State, Verdict, experiment
from tui.recording.experiment import Experiment

SURFACES = {"bowl": (1.0, 1.0), "valley": (1 / 20, 1.0)}
"""The factors of x0^2 and x1^2."""
STARTS = {"bowl": (-3.0, 4.0), "valley": (-7.0, 2.0)}
REACHES = {"bowl": (5.0, 5.0), "valley": (8.0, 3.0)}
METHODS = ("SGD", "momentum", "Nesterov", "Adam")
GLYPHS = dict(zip(METHODS, "SMNA", strict=True))


def value(surface: str, point: Array) -> Array:
    """f at a point or at points (n, 2)."""
    result: Array = (np.array(SURFACES[surface]) * point**2).sum(axis=-1)
    return result


def _rule(method: str, parameters: Array, gradients: Array) -> Optimizer:
    match method:
        case "momentum":
            return Momentum(parameters, gradients, momentum=0.9)
        case "Nesterov":
            return Nesterov(parameters, gradients, momentum=0.9)
        case "Adam":
            return Adam(parameters, gradients, beta1=0.9, beta2=0.999, eps=1e-8)
        case _:
            return SGD(parameters, gradients)


def path(surface: str, method: str, rate: float, steps: int) -> Array:
    """All points from the start on, (steps + 1, 2), by an optimizer of `nn`."""
    point, gradient = np.array(STARTS[surface]), np.zeros(2)
    rule, points = _rule(method, point, gradient), [point.copy()]
    for _ in range(steps):
        gradient[...] = 2 * np.array(SURFACES[surface]) * point
        rule.step(rate)
        points.append(point.copy())
    return np.array(points)


class Descent(Lesson):
    number, name, title = 7, "descent", "Gradient descent"
    idea = "Going against the gradient leads downhill, if the steps are not too long."
    knobs = (
        Knob("rate", (0.01, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 1.0, 1.05, 1.1), 0.1),
        Knob("surface", tuple(SURFACES), "bowl"),
        Knob("method", (*METHODS, "race"), "SGD"),
        Knob("steps", (1, 2, 5, 10, 20, 50, 100), 20),
    )
    question = "On the bowl x0^2 + x1^2, what does a rate of 1 do?"
    choices = ("it arrives in one step", "it jumps from side to side", "it flies off")
    task = "Make it diverge: it has to end higher than it started."
    hints = (
        "Longer steps: move the rate, and watch the end of the path.",
        "On the bowl each step multiplies the point by 1 - 2 rate. When is that below -1?",
    )
    train = "The fields optimizer, learning_rate and momentum do it to all weights."
    code = """\
from nn.analysis.numerical import gradient_descent
def f(x): return (x**2).sum()
path = gradient_descent(f, [-3.0, 4.0], learning_rate=0.1, steps=100)
print(path[:5], path[-1])
print(gradient_descent(f, [-3.0, 4.0], learning_rate=1.1, steps=20)[-1])"""

    def text(self) -> str:
        last = path("bowl", "SGD", 0.1, 100)[-1]
        return f"""\
The gradient of a function points where it rises most. Gradient descent goes the other way, again \
and again:
  x <- x - rate * gradient

The bowl is f = x0^2 + x1^2, and the path starts at (-3, 4); dots are contours of the bowl, arrows \
point downhill. With a rate of 0.1, 100 steps end at ({last[0]:.0e}, {last[1]:.0e})."""

    def explanation(self) -> str:
        ends = {m: float(value("valley", path("valley", m, 0.1, 50)[-1])) for m in METHODS}
        return f"""\
The valley is x0^2 / 20 + x1^2: steep across, nearly flat along. Plain gradient descent (SGD) \
creeps along it. Momentum keeps a velocity, Nesterov looks ahead along it, Adam gives each \
coordinate a rate of its own. After 50 steps of rate 0.1 the height f is
  SGD      {ends["SGD"]:8.4f}
  momentum {ends["momentum"]:8.4f}
  Nesterov {ends["Nesterov"]:8.4f}
  Adam     {ends["Adam"]:8.4f}

The method named race shows all four. Which one wins depends on the rate."""

    def figures(self, state: State) -> list[Figure]:
        surface, rate, steps = state["surface"], float(state["rate"]), int(state["steps"])
        methods = METHODS if state["method"] == "race" else (state["method"],)
        paths = {m: path(surface, m, rate, steps) for m in methods}
        across, up = REACHES[surface]
        curves = contours(surface)
        for method, points in paths.items():
            outside = (np.abs(points) > (across, up)).any(axis=1)
            ys = np.where(outside, math.nan, points[:, 1])
            curves.append(Curve(method, points[:, 0], ys, GLYPHS[method]))
        lines = [f"{f'step {steps}':<9}       x0       x1        f"]
        for method, points in paths.items():
            f = float(value(surface, points[-1]))
            lines.append(f"{method:<9}{points[-1, 0]:>9.2g}{points[-1, 1]:>9.2g}{f:>9.3g}")
        sides, height = (-across, across), (-up, up)
        chart = Chart(
            "",
            tuple(curves),
            "x0",
            arrows=downhill(surface),
            x_range=sides,
            y_range=height,
        )
        return [chart, Lines(tuple(lines))]

    def experiments(self, state: State) -> tuple[Experiment, ...]:
        rule = "sgd" if state["method"] == "race" else state["method"].lower()
        rate = float(state["rate"])
        return (experiment(None, optimizer=rule, learning_rate=rate, schedule="constant"),)

    def answer(self) -> Answer:
        points = path("bowl", "SGD", 1.0, 20)
        first, last = value("bowl", points[0]), value("bowl", points[-1])
        choice = 0 if value("bowl", points[1]) < 1e-9 else 2 if last > 2 * first else 1
        a, b = points[1]
        return Answer(
            choice,
            f"From (-3, 4) it goes to ({a:g}, {b:g}) and back: after 20 steps f is still {last:g}.",
        )

    def check(self, state: State) -> Verdict:
        method = "SGD" if state["method"] == "race" else state["method"]
        points = path(state["surface"], method, float(state["rate"]), int(state["steps"]))
        first, last = (float(value(state["surface"], points[i])) for i in (0, -1))
        return Verdict(last > first, f"{method} started at f = {first:g} and ended at {last:.4g}.")

    def solution(self) -> Solution:
        end = float(value("bowl", path("bowl", "SGD", 1.1, 20)[-1]))
        return Solution(
            "rate 1.1 with SGD on the bowl: every step multiplies the point by 1 - 2.2 = -1.2, and"
            f" after 20 steps f is {end:.0f}. A training loss that grows like this also means that"
            " the rate is too high.",
            {"rate": 1.1},
        )


def heights(surface: str) -> list[float]:
    """The heights of the contours."""
    (_, b), (_, up) = SURFACES[surface], REACHES[surface]
    return [share * b * up**2 for share in (0.04, 0.2, 0.5, 0.9)]


def contours(surface: str) -> list[Curve]:
    """Ellipses of equal height, as much of them as is in the picture."""
    (a, b), (across, _) = SURFACES[surface], REACHES[surface]
    angles = np.linspace(0, 2 * math.pi, 49)
    curves = []
    for height in heights(surface):
        x, y = np.sqrt(height / a) * np.cos(angles), np.sqrt(height / b) * np.sin(angles)
        y[np.abs(x) > across] = math.nan
        curves.append(Curve("", np.clip(x, -across, across), y, "."))
    return curves


def downhill(surface: str) -> Arrows:
    """The direction against the gradient at some points."""
    factors, (across, up) = np.array(SURFACES[surface]), REACHES[surface]
    grid = np.meshgrid(np.linspace(-0.8 * across, 0.8 * across, 5), np.linspace(-0.8, 0.8, 5) * up)
    points = np.stack([each.ravel() for each in grid], axis=-1)
    points = points[points.any(axis=1)]  # at the minimum there is no direction
    directions = -2 * factors * points
    return Arrows(points[:, 0], points[:, 1], directions[:, 0], directions[:, 1])
