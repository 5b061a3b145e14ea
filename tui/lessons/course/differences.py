"""Lesson 6: numerical differentiation."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from nn.analysis.numerical import central_difference, forward_difference
from nn.arrays import Array
from nn.network.layers import Sigmoid
from tui.lessons.figures import Chart, Curve, Figure, Lines
from tui.lessons.lesson import Answer, Knob, Lesson, Solution, State, Verdict

EXPONENTS = tuple(range(-14, 1))
STEPS = tuple(10.0**k for k in EXPONENTS)


def parabola(x: float) -> float:
    """The function of the study notes."""
    return 0.01 * x**2 + 0.1 * x


def sigmoid(x: float) -> float:
    """The sigmoid of one number."""
    return float(Sigmoid().forward(np.array([[x]]))[0, 0])


def slope(function: str, x: float) -> float:
    """The exact derivative."""
    if function == "parabola":
        return 0.02 * x + 0.1
    layer = Sigmoid()
    layer.forward(np.array([[x]]))
    return float(layer.backward(np.ones((1, 1)))[0, 0])


FUNCTIONS: dict[str, Callable[[float], float]] = {"parabola": parabola, "sigmoid": sigmoid}


def errors(function: str, x: float, h: float) -> tuple[float, float]:
    """How far the forward and the central difference are from the derivative."""
    f, exact = FUNCTIONS[function], slope(function, x)
    return abs(forward_difference(f, x, h) - exact), abs(central_difference(f, x, h) - exact)


class Differences(Lesson):
    number, name, title = 6, "differences", "Derivatives by numbers"
    idea = "A derivative can be computed as the slope over a small step, with a small error."
    knobs = (
        Knob("h", STEPS, 1e-4),
        Knob("x", tuple(float(i) for i in range(11)), 5.0),
        Knob("show", ("tangent", "error"), "tangent"),
        Knob("function", tuple(FUNCTIONS), "parabola"),
    )
    question = "h shrinks from 1 to 1e-14. How does the error of the forward difference move?"
    choices = ("it shrinks all along", "it shrinks, then grows", "it grows all along")
    task = "Bring the error of the forward difference on the parabola below 1e-7."
    hints = (
        "Show the error. Both axes count powers of ten.",
        "The error shrinks like h until it turns. Try an h of 1e-6 or 1e-7.",
    )
    train = "mnist-tui gradcheck compares every layer with central differences; Train uses none."
    fields = ()
    code = """\
from nn.analysis.numerical import central_difference, forward_difference
def f(x): return 0.01 * x**2 + 0.1 * x
print(forward_difference(f, 5), forward_difference(f, 10))
print(central_difference(f, 5), central_difference(f, 10))"""

    def text(self) -> str:
        forward, central = forward_difference(parabola, 5), central_difference(parabola, 5)
        return f"""\
The derivative is the slope of the tangent. On a computer it is a difference over a small step h:
  forward  (f(x+h) - f(x)) / h
  central  (f(x+h) - f(x-h)) / 2h

For f(x) = 0.01 x^2 + 0.1 x at 5 with h = 1e-4 they are
  {forward!r}
  {central!r}

and the truth is {slope("parabola", 5):g}."""

    def explanation(self) -> str:
        return """\
The forward difference is wrong in proportion to h, the \
central one to h^2. Of a parabola the central one is even exact, but for rounding.

Numbers have about 16 digits. With a tiny h, f(x+h) and f(x) agree in nearly all of them, and \
what is left of their difference is rounding, which is then divided by h. So the error \
turns and grows."""

    def figures(self, state: State) -> list[Figure]:
        name, x, h = state["function"], float(state["x"]), float(state["h"])
        f, exact = FUNCTIONS[name], slope(name, x)
        forward, central = forward_difference(f, x, h), central_difference(f, x, h)
        lines = Lines(
            (
                f"forward {forward:.16f}",
                f"central {central:.16f}",
                f"exact   {exact:.16f}",
            )
        )
        return [
            self._error(name, x, h) if state["show"] == "error" else _tangent(name, x, h),
            lines,
        ]

    def _error(self, name: str, x: float, h: float) -> Figure:
        found = np.array([errors(name, x, each) for each in STEPS])
        found[found == 0] = math.nan
        return Chart(
            "error",
            (
                Curve("forward", EXPONENTS, found[:, 0]),
                Curve("central", EXPONENTS, found[:, 1]),
            ),
            "log10 of h (no point: exact)",
            y_log=True,
            cursor=math.log10(h),
        )

    def answer(self) -> Answer:
        found = [errors("parabola", 5, h)[0] for h in reversed(STEPS)]
        best = int(np.argmin(found))
        choice = 0 if best == len(found) - 1 else 2 if best == 0 else 1
        return Answer(
            choice,
            f"On the parabola at 5 it is {found[0]:.0e} for h = 1, {found[best]:.0e} for h ="
            f" {STEPS[-1 - best]:.0e}, and {found[-1]:.0e} for h = {STEPS[0]:.0e}.",
        )

    def check(self, state: State) -> Verdict:
        forward, central = errors("parabola", float(state["x"]), float(state["h"]))
        measured = f"with h = {state['h']:.0e} the error is {forward:.1e} (central {central:.1e})."
        return Verdict(forward < 1e-7, measured)

    def solution(self) -> Solution:
        forward, _ = errors("parabola", 5, 1e-6)
        return Solution(
            f"h = 1e-6 on the parabola at 5: the error is {forward:.1e}. With central differences"
            " 1e-4 is already good, which is why the textbooks take it.",
            {"h": 1e-6, "show": "error"},
        )


def tangent(name: str, x: float, h: float, xs: Array) -> Array:
    """The line through f(x) with the slope that the forward difference finds, at each of `xs`."""
    f = FUNCTIONS[name]
    line: Array = f(x) + forward_difference(f, x, h) * (xs - x)
    return line


def _tangent(name: str, x: float, h: float) -> Figure:
    left, right = (0.0, 20.0) if name == "parabola" else (-6.0, 12.0)
    xs = np.linspace(left, right, 61)
    values = np.array([FUNCTIONS[name](float(each)) for each in xs])
    line = tangent(name, x, h, xs)
    low, high = float(values.min()), float(values.max())
    line[(line < low) | (line > high)] = math.nan
    return Chart(
        "f(x)",
        (Curve("f", xs, values), Curve("tangent at x", xs, line)),
        "x",
        y_range=(low, high),
        cursor=x,
    )
