"""The figures that need no run: activations, derivatives, and gradient descent on a surface."""

from __future__ import annotations

import numpy as np

from nn.analysis.numerical import STEP, forward_difference
from tui.figures.picture import Picture
from tui.lessons.course.activations import LIMITS, value_and_slope
from tui.lessons.course.descent import REACHES, STARTS, contours, downhill, heights, path, value
from tui.lessons.course.differences import parabola, tangent
from tui.lessons.figures import Arrows, Chart, Curve, Surface

RATE, STEPS = 0.1, 100
TOUCHED = (5.0, 10.0)  # where the notes draw a tangent
BOWL = "f(x0, x1) = x0^2 + x1^2"


def activations() -> Picture:
    """Sigmoid, tanh and ReLU, each with its derivative."""
    xs = np.linspace(-6, 6, 601)
    panels = []
    for name in LIMITS:
        values, slopes = value_and_slope(name, xs)
        title = "ReLU" if name == "relu" else name
        # Below the least and above the greatest value, so that a flat part is not on the frame.
        limits = (values.min() - 0.1, values.max() + 0.1)
        curves = (Curve("value", xs, values), Curve("derivative", xs, slopes))
        panels.append(Chart(title, curves, "x", y_range=limits))
    return Picture("activations", "Activation functions and their derivatives", tuple(panels))


def tangents() -> Picture:
    """The parabola of the notes with its tangents, whose slopes are forward differences."""
    xs = np.linspace(0, 20, 101)
    curves = [Curve("f(x)", xs, [parabola(x) for x in xs])]
    curves += [Curve(f"tangent at {x:g}", xs, tangent("parabola", x, STEP, xs)) for x in TOUCHED]
    slopes = " and ".join(f"{forward_difference(parabola, x):.6f} at {x:g}" for x in TOUCHED)
    chart = Chart("", tuple(curves), "x", "f(x)")
    return Picture("tangent", f"f(x) = 0.01 x^2 + 0.1 x, slope {slopes}", (chart,))


def surface() -> Picture:
    """The bowl over the plane, as a surface."""
    x, y = (np.linspace(-reach, reach, 25) for reach in REACHES["bowl"])
    heights = value("bowl", np.stack(np.meshgrid(x, y), axis=-1))
    return Picture("surface", BOWL, (Surface("", x, y, heights, "x0", "x1", "f(x0, x1)"),))


def contour() -> Picture:
    """Contours of the bowl, and the direction downhill."""
    title = f"{BOWL}: contours, and arrows against the gradient"
    return Picture("contour", title, (_plane(arrows=downhill("bowl")),))


def descent() -> Picture:
    """The path of gradient descent over the contours of the bowl."""
    points = path("bowl", "SGD", RATE, STEPS)
    name = f"rate {RATE:g}, {STEPS} steps"
    steps = Curve(name, points[:, 0], points[:, 1], "o", dotted=True)
    x0, x1 = STARTS["bowl"]
    title = f"Gradient descent on {BOWL} from ({x0:g}, {x1:g})"
    return Picture("path", title, (_plane(steps),))


def _plane(*curves: Curve, arrows: Arrows | None = None) -> Chart:
    """The plane under the bowl with its contours."""
    across, up = REACHES["bowl"]
    levels = ", ".join(f"{height:g}" for height in heights("bowl"))
    return Chart(
        f"contours at f = {levels}",
        (*contours("bowl"), *curves),
        "x0",
        "x1",
        arrows=arrows,
        plane=True,
        x_range=(-across, across),
        y_range=(-up, up),
    )
