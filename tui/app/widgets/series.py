"""What a chart shows, before any drawing: series of points and the scales that place them.

This module needs only NumPy, so all of it is tested without a terminal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tui.app.widgets.colors import ColorRole as ColorRole
from tui.app.widgets.colors import Role
from tui.formatting import tidy_exponent

Floats: TypeAlias = NDArray[np.float64]
Values: TypeAlias = Sequence[float] | NDArray[np.floating[Any]] | NDArray[np.integer[Any]]

LARGEST = 1e100
"""Larger magnitudes are clipped to this one, so that their differences and ratios stay finite."""
ROUNDING = 1e-6
"""Tolerance in steps when the steps to a value are counted, since steps are inexact in binary."""


@dataclass(frozen=True, eq=False)
class Series:
    """Named points joined by a line. The points are copied, so the caller may go on appending.

    Attributes:
        name: Written at the end of the line, or in the legend, and in the readout.
        xs: Positions, in the order in which they are joined.
        ys: Values, as many as `xs`. NaN and infinities are gaps.
        style: Index of the dashes and of the marker characters, which distinguish series without
            colour.
        role: Which colour of the palette draws it.
        glyph: The character that draws its points, or its line where lines are rows of
            characters; None leaves that to the style.
        scatter: Whether the points are not joined.
        detail: Words behind the name where there is room for those of all series, such as what is
            measured.
        tag: Stands before the name, such as the number of a run, and draws the series where lines
            are rows of characters.
    """

    name: str
    xs: Values
    ys: Values
    style: int = 0
    role: Role = "primary"
    glyph: str | None = None
    scatter: bool = False
    detail: str = ""
    tag: str = ""

    def __post_init__(self) -> None:
        xs, ys = (np.array(values, dtype=np.float64).ravel() for values in (self.xs, self.ys))
        if len(xs) != len(ys):
            raise ValueError(f"series {self.name!r}: {len(xs)} xs but {len(ys)} ys")
        object.__setattr__(self, "xs", xs)
        object.__setattr__(self, "ys", ys)

    @property
    def points(self) -> tuple[Floats, Floats]:
        """The positions and the values as arrays."""
        return np.asarray(self.xs), np.asarray(self.ys)

    @property
    def prefix(self) -> str:
        """What stands before the name in a readout."""
        return f"{self.tag}:" if self.tag else ""

    @property
    def faint(self) -> bool:
        """Whether the series is but a background of the others."""
        return self.role == "muted"

    def value_at(self, x: float) -> float:
        """The value last known at `x`: that of the nearest point not right of it, else NaN."""
        xs, ys = self.points
        past = np.flatnonzero(xs <= x)
        return float(ys[past[np.argmax(xs[past])]]) if len(past) else math.nan


def thin(xs: Values, ys: Values, columns: int) -> tuple[Floats, Floats]:
    """Keep about two points a column: the lowest and the highest of each.

    The first and the last point stay, the order stays, and a column without any finite value
    keeps one of its gaps, so that the line still breaks there. Points whose position is not
    finite cannot be placed and are dropped.
    """
    xs, ys = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    placed = np.isfinite(xs)
    xs, ys = xs[placed], ys[placed]
    if len(xs) <= 2 * max(columns, 1):
        return xs, ys
    left, right = xs.min() / 2, xs.max() / 2  # halves, so that the width cannot overflow
    fraction = (xs / 2 - left) / (right - left) if right > left else np.zeros_like(xs)
    bucket = np.minimum(fraction * columns, columns - 1).astype(np.int64)
    keep = np.zeros(len(xs), dtype=np.bool_)
    keep[[0, -1]] = True
    finite = np.flatnonzero(np.isfinite(ys))
    order = finite[np.lexsort((ys[finite], bucket[finite]))]  # by bucket, then by value
    edges = np.flatnonzero(np.diff(bucket[order]))
    if len(order):
        keep[order[np.concatenate(([0], edges + 1))]] = True
        keep[order[np.concatenate((edges, [-1]))]] = True
    gaps, first = np.unique(bucket, return_index=True)
    keep[first[~np.isin(gaps, bucket[finite])]] = True
    return xs[keep], ys[keep]


def smooth(ys: Values, weight: float) -> Floats:
    """Exponential moving average with bias correction, for display.

    m_t = weight m_{t-1} + (1 - weight) y_t with m_0 = 0, shown as m_t / (1 - weight^t), the
    correction of Kingma & Ba, "Adam" (2015), section 3. A gap stays a gap and does not count.

    Args:
        ys: The values.
        weight: 0 shows the values themselves; towards 1 the average reaches further back.
    """
    if not 0 <= weight < 1:
        raise ValueError(f"smoothing weight is {weight}, it must be at least 0 and below 1")
    values = np.array(ys, dtype=np.float64)
    if weight == 0:
        return values
    mean, correction = 0.0, 1.0
    for t in np.flatnonzero(np.isfinite(values)):
        mean = weight * mean + (1 - weight) * values[t]
        correction *= weight
        values[t] = mean / (1 - correction)
    return values


@dataclass(frozen=True)
class Scale:
    """Maps values to 0..1 along an axis, with ticks at round values.

    Attributes:
        low: The value at 0, in the transformed unit (log10 for a logarithmic scale).
        high: The value at 1, in the same unit.
        ticks: Tick positions in 0..1 with their labels.
        log: Whether equal ratios, not equal differences, take equal space.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def place(self, values: Values) -> Floats:
        """Positions along the axis; NaN where a value cannot be shown, as 0 on a log scale."""
        return (transform(values, self.log) - self.low) / (self.high - self.low)


def transform(values: Values, log: bool) -> Floats:
    """Clip the magnitude, take log10 if asked, and turn whatever is then not finite into NaN."""
    raw = np.asarray(values, dtype=np.float64)
    clipped = np.where(np.isfinite(raw), np.clip(raw, -LARGEST, LARGEST), np.nan)
    if not log:
        return clipped
    return np.asarray(np.log10(np.where(clipped > 0, np.maximum(clipped, 1 / LARGEST), np.nan)))


def linear_scale(low: float, high: float, count: int, *, whole: bool = False) -> Scale:
    """A scale over at least [low, high] with about `count` steps of 1, 2 or 5 x 10^k.

    The ends are rounded outwards to quarters of a step: they stay put while the data move a
    little, so a redraw changes few cells.

    Args:
        low: Smallest value to show.
        high: Largest value to show.
        count: How many steps there is room for.
        whole: The values are whole numbers, so are the ticks.
    """
    low, high = (min(max(v, -LARGEST), LARGEST) for v in (min(low, high), max(low, high)))
    magnitude = max(abs(low), abs(high))
    if high - low <= max(1e-6 * magnitude, 1 / LARGEST):  # constant, or nearly
        margin = 0.1 * magnitude if magnitude > 1 / LARGEST else 1.0
        margin = max(1.0, 1e-5 * magnitude) if whole else margin
        low, high = low if whole else low - margin, high + margin
    rough = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - ROUNDING))
    step = max(step, 1.0) if whole else step
    for unit in (step / 4, step):  # ends on ticks only if two would not be in sight otherwise
        bottom = math.floor(low / unit + ROUNDING) * unit
        top = math.ceil(high / unit - ROUNDING) * unit
        first, last = math.ceil(bottom / step - ROUNDING), math.floor(top / step + ROUNDING)
        if last > first:
            break
    last = max(last, first + 1)
    top = max(top, last * step)
    label = _labeller(step, max(abs(bottom), abs(top)))
    values = (i * step for i in range(first, last + 1))
    return Scale(bottom, top, tuple(((v - bottom) / (top - bottom), label(v)) for v in values))


def log_scale(low: float, high: float, count: int) -> Scale:
    """A logarithmic scale over at least [low, high], both positive, ending at 1, 2 or 5 x 10^k."""
    low, high = (min(max(v, 1 / LARGEST), LARGEST) for v in (min(low, high), max(low, high)))
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    round_values = [m * 10.0**k for k in decades for m in (1, 2, 5)]
    first = max(i for i, v in enumerate(round_values) if v <= low * (1 + 1e-9))
    last = min(i for i, v in enumerate(round_values) if v >= high * (1 - 1e-9))
    if first == last:
        first, last = first - 1, last + 1
    bottom, top = math.log10(round_values[first]), math.log10(round_values[last])
    shown = list(range(first, last + 1))
    if len(shown) > count + 1:  # whole decades only, and every n-th where even those are many
        shown = [i for i in shown if i % 3 == 0]
        shown = shown[:: max(1, math.ceil(len(shown) / (count + 1)))]
    places = [(math.log10(round_values[i]) - bottom) / (top - bottom) for i in shown]
    labels = [tidy_exponent(f"{round_values[i]:g}") for i in shown]
    return Scale(bottom, top, tuple(zip(places, labels, strict=True)), log=True)


def _labeller(step: float, largest: float) -> Callable[[float], str]:
    """Format ticks with just the digits that distinguish neighbours."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if largest >= 1e6 or decimals > 4:
        digits = max(0, math.floor(math.log10(largest)) - math.floor(math.log10(step) + 1e-9))
        return lambda value: tidy_exponent(f"{value:.{digits}e}") if value else "0"
    return lambda value: f"{value + 0.0:.{decimals}f}"
