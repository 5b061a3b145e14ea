"""Digits drawn with a pen, in the forms that people in different countries were taught.

MNIST was written in one country: its ones have no flag or base, few of its sevens a bar. Here each
form is a list of strokes through a few points, which are moved at random before the pen of a random
width follows them. A pixel's ink is 1 within the pen and falls to 0 over one pixel at its outline:

    ink(p) = clip(width / 2 + 1/2 - distance(p, stroke), 0, 1)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nn.data.dataset import Split
from tui.images.field import Pixels

Point = tuple[float, float]  # across and down
Places = npt.NDArray[np.float64]  # those of many drawings, (drawings, places, 2)

SIDE = 28  # pixels a side of MNIST's images
_BOX = 20  # pixels a side into which the digit is fitted
_JITTER = 0.045  # standard deviation of the points, in shares of the digit's height
_WIDTHS = (0.4, 1.0)  # of the digit in shares of its height
_PENS = (1.4, 4.5)  # width of the pen in pixels
_BROAD = 8.0  # widest pen of a one, which no width makes illegible
_BLOCK = 500  # digits drawn at once


@dataclass(frozen=True, slots=True)
class Stroke:
    """A stroke through points (across, down), each from 0 to 1: a smooth curve, or straight."""

    points: tuple[Point, ...]
    smooth: bool


def _curve(*points: Point) -> Stroke:
    return Stroke(points, smooth=True)


def _lines(*points: Point) -> Stroke:
    return Stroke(points, smooth=False)


FORMS: tuple[tuple[tuple[Stroke, ...], ...], ...] = (
    (  # 0
        (_curve((0.5, 0), (0.12, 0.25), (0.1, 0.7), (0.5, 1), (0.9, 0.7), (0.88, 0.25), (0.5, 0)),),
        (
            _curve(
                (0.6, 0.02), (0.2, 0.2), (0.1, 0.65), (0.45, 1), (0.85, 0.75), (0.85, 0.25),
                (0.45, 0.03),
            ),
        ),
    ),
    (  # 1: plain, with a flag, with flag and base, with a short and with a long flag
        (_lines((0.5, 0), (0.5, 1)),),
        (_lines((0.22, 0.3), (0.55, 0), (0.55, 1)),),
        (_lines((0.22, 0.25), (0.55, 0), (0.55, 1)), _lines((0.25, 1), (0.85, 1))),
        (_lines((0.3, 0.15), (0.52, 0), (0.52, 1)),),
        (_lines((0.1, 0.45), (0.6, 0), (0.6, 1)),),
    ),
    (  # 2: with a straight base, and with a loop
        (
            _curve((0.1, 0.25), (0.35, 0), (0.75, 0.05), (0.85, 0.28), (0.55, 0.62), (0.08, 1)),
            _lines((0.08, 1), (0.9, 1)),
        ),
        (
            _curve(
                (0.15, 0.2), (0.45, 0), (0.8, 0.2), (0.6, 0.6), (0.3, 0.93), (0.1, 0.95),
                (0.2, 0.78), (0.5, 0.9), (0.9, 0.98),
            ),
        ),
    ),
    (  # 3: round, and with a flat top
        (
            _curve((0.1, 0.12), (0.45, 0), (0.85, 0.22), (0.65, 0.42), (0.38, 0.47)),
            _curve((0.38, 0.47), (0.75, 0.5), (0.9, 0.73), (0.55, 1), (0.08, 0.9)),
        ),
        (
            _lines((0.12, 0), (0.85, 0), (0.42, 0.4)),
            _curve((0.42, 0.4), (0.8, 0.48), (0.9, 0.75), (0.5, 1), (0.08, 0.9)),
        ),
    ),
    (  # 4: open, closed, with a short leg, and round
        (_lines((0.3, 0), (0.08, 0.6), (0.9, 0.6)), _lines((0.65, 0.25), (0.62, 1))),
        (_lines((0.65, 1), (0.65, 0), (0.05, 0.65), (0.92, 0.65)),),
        (_lines((0.4, 0), (0.05, 0.62), (0.92, 0.58)), _lines((0.6, 0.4), (0.58, 1))),
        (
            _curve((0.15, 0), (0.12, 0.4), (0.35, 0.55), (0.8, 0.48)),
            _lines((0.8, 0), (0.75, 1)),
        ),
    ),
    (  # 5: in one stroke, and with its roof added
        (
            _lines((0.85, 0), (0.2, 0), (0.15, 0.43)),
            _curve((0.15, 0.43), (0.5, 0.34), (0.88, 0.62), (0.6, 0.98), (0.08, 0.9)),
        ),
        (
            _lines((0.2, 0.02), (0.15, 0.4)),
            _curve((0.15, 0.4), (0.55, 0.38), (0.85, 0.68), (0.5, 1), (0.08, 0.92)),
            _lines((0.2, 0.03), (0.85, 0)),
        ),
    ),
    (  # 6: bent, and steep
        (
            _curve(
                (0.7, 0), (0.3, 0.25), (0.1, 0.65), (0.3, 0.98), (0.75, 0.95), (0.85, 0.7),
                (0.55, 0.52), (0.15, 0.68),
            ),
        ),
        (
            _curve(
                (0.45, 0), (0.2, 0.4), (0.15, 0.8), (0.5, 1), (0.8, 0.8), (0.6, 0.6), (0.2, 0.75)
            ),
        ),
    ),
    (  # 7: plain, with a bar, with a serif, and with a wave and a bar
        (_lines((0.05, 0.02), (0.9, 0), (0.4, 1)),),
        (_lines((0.05, 0.02), (0.9, 0), (0.4, 1)), _lines((0.25, 0.5), (0.85, 0.5))),
        (
            _curve((0.9, 0), (0.65, 0.35), (0.45, 1)),
            _lines((0.08, 0.18), (0.1, 0.02), (0.9, 0)),
        ),
        (
            _curve((0.05, 0.1), (0.35, 0), (0.6, 0.08), (0.9, 0)),
            _curve((0.9, 0), (0.6, 0.45), (0.42, 1)),
            _lines((0.25, 0.52), (0.8, 0.46)),
        ),
    ),
    (  # 8: from the middle, and from the top
        (
            _curve(
                (0.52, 0.47), (0.17, 0.25), (0.5, 0), (0.83, 0.22), (0.5, 0.47), (0.12, 0.75),
                (0.5, 1), (0.88, 0.75), (0.5, 0.46),
            ),
        ),
        (
            _curve(
                (0.8, 0.12), (0.45, 0), (0.2, 0.2), (0.45, 0.45), (0.8, 0.7), (0.5, 1),
                (0.15, 0.78), (0.5, 0.5), (0.78, 0.25), (0.78, 0.1),
            ),
        ),
    ),
    (  # 9: with a straight leg, with a bent one, and closed with a bent one
        (
            _curve((0.82, 0.25), (0.5, 0), (0.15, 0.25), (0.42, 0.5), (0.8, 0.3)),
            _lines((0.83, 0.05), (0.75, 1)),
        ),
        (
            _curve(
                (0.8, 0.22), (0.48, 0), (0.15, 0.25), (0.45, 0.5), (0.8, 0.25), (0.82, 0.6),
                (0.6, 0.95), (0.15, 0.92),
            ),
        ),
        (
            _curve((0.8, 0.1), (0.4, 0.02), (0.18, 0.3), (0.5, 0.48), (0.8, 0.15)),
            _curve((0.8, 0.12), (0.82, 0.6), (0.7, 0.9), (0.4, 1), (0.12, 0.9)),
        ),
    ),
)  # fmt: skip
"""The forms of each digit from 0 to 9."""


def drawn_digits(each: int, *, rng: np.random.Generator) -> Split:
    """At least `each` drawings of every digit, evenly many of each of its forms, not shuffled."""
    images, labels = [], []
    for digit, forms in enumerate(FORMS):
        pens = (_PENS[0], _BROAD if digit == 1 else _PENS[1])
        count = -(-each // len(forms))
        for form in forms:
            images += [
                _drawings(form, min(_BLOCK, count - start), pens, rng)
                for start in range(0, count, _BLOCK)
            ]
            labels.append(np.full(count, digit, np.uint8))
    return Split(np.concatenate(images), np.concatenate(labels))


def _drawings(
    form: tuple[Stroke, ...], count: int, pens: tuple[float, float], rng: np.random.Generator
) -> Pixels:
    """Images of one form, (count, 784), each in the middle of its field."""
    path = _path(form, count, rng)  # (count, places, 2)
    low, high = path.min(axis=1, keepdims=True), path.max(axis=1, keepdims=True)
    pen = rng.uniform(*pens, (count, 1, 1))
    scale = (_BOX - pen) / (high - low).max(axis=2, keepdims=True)
    fitted = ((path - (low + high) / 2) * scale + (SIDE - 1) / 2).astype(np.float32)
    column, row = np.arange(SIDE, dtype=np.float32), np.arange(SIDE, dtype=np.float32)[:, None]
    nearest = np.full((count, SIDE, SIDE), np.inf, np.float32)
    for place in range(fitted.shape[1]):
        x, y = fitted[:, place, 0, None, None], fitted[:, place, 1, None, None]
        np.minimum(nearest, (column - x) ** 2 + (row - y) ** 2, out=nearest)
    ink = np.clip(pen / 2 + 0.5 - np.sqrt(nearest), 0, 1)
    return np.rint(ink * 255).astype(np.uint8).reshape(count, -1)


def _path(form: tuple[Stroke, ...], count: int, rng: np.random.Generator) -> Places:
    """Places that the pen passes in so many drawings, the points moved at random."""
    moved: dict[Point, Places] = {}  # a point that two strokes share moves once
    for point in (point for stroke in form for point in stroke.points):
        if point not in moved:
            moved[point] = np.array(point) + rng.normal(0, _JITTER, (count, 2))
    passed = []
    for stroke in form:
        points = np.stack([moved[point] for point in stroke.points], axis=1)
        passed.append(_spline(points) if stroke.smooth else _straight(points))
    path = np.concatenate(passed, axis=1)
    path[:, :, 0] *= np.exp(rng.uniform(np.log(_WIDTHS[0]), np.log(_WIDTHS[1]), (count, 1)))
    return path


def _spline(points: Places, steps: int = 10) -> Places:
    """A Catmull-Rom spline through the points (count, points, 2)."""
    ends = [2 * points[:, :1] - points[:, 1:2], points, 2 * points[:, -1:] - points[:, -2:-1]]
    known = np.concatenate(ends, axis=1)
    t = np.linspace(0, 1, steps)[:, None]
    parts = []
    for start in range(points.shape[1] - 1):
        a, b, c, d = (known[:, start + offset, None] for offset in range(4))
        square, cube = 2 * a - 5 * b + 4 * c - d, 3 * b - a - 3 * c + d
        parts.append((2 * b + (c - a) * t + square * t**2 + cube * t**3) / 2)
    return np.concatenate(parts, axis=1)


def _straight(points: Places, steps: int = 24) -> Places:
    t = np.linspace(0, 1, steps)[:, None]
    parts = [
        points[:, start, None] * (1 - t) + points[:, start + 1, None] * t
        for start in range(points.shape[1] - 1)
    ]
    return np.concatenate(parts, axis=1)
