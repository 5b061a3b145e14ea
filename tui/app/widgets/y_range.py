"""The part of the values that a chart shows: not an early spike that presses the rest together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tui.app.widgets.series import Floats

EARLY = 0.25
"""The share of the positions, from the left, in which values may be left out."""
GAIN = 3.0
"""Values are left out if the rest then has at least so many times as much room."""
MARGIN = 0.3
"""What is shown beyond the rest, as a share of its range, so that the way there is seen."""
_STEADY = 0.02  # least range of the rest as a share of all, so that a flat end is not magnified
_NOISE = (0.05, 0.95)  # quantiles of a faint series that are in sight

Points = tuple[Floats, Floats]


def interesting_range(lines: Sequence[Points], faint: Sequence[Points]) -> tuple[float, float]:
    """The least and the greatest value to show; both finite. There must be a point.

    Args:
        lines: Finite positions and values of each curve.
        faint: The same of curves that are but a background, such as the loss of single batches:
            their noise does not widen the range.
    """
    every = [points for points in (*lines, *faint) if len(points[0])]
    left = min(float(xs.min()) for xs, _ in every)
    right = max(float(xs.max()) for xs, _ in every)
    start = left + EARLY * (right - left)
    whole = _bounds(lines, left, 0.0, 1.0) or _bounds(faint, left, *_NOISE)
    assert whole is not None
    late = _bounds(lines, start, 0.0, 1.0) or _bounds(faint, start, *_NOISE) or whole
    # Of a run that has just begun, the newest value is early beside earlier runs, but matters most.
    newest = [float(ys[-1]) for _, ys in lines if len(ys)]
    late = min([late[0], *newest]), max([late[1], *newest])
    if noise := _bounds(faint, start, *_NOISE):
        late = min(late[0], noise[0]), max(late[1], noise[1])
    whole = min(whole[0], late[0]), max(whole[1], late[1])
    # Halves, because the difference of the largest numbers is too large to be one.
    size = max(late[1] / 2 - late[0] / 2, _STEADY * (whole[1] / 2 - whole[0] / 2))
    if whole[1] / 2 - whole[0] / 2 < GAIN * size:
        return whole
    margin = 2 * MARGIN * size
    return max(whole[0], late[0] - margin), min(whole[1], late[1] + margin)


def _bounds(
    lines: Sequence[Points], start: float, low: float, high: float
) -> tuple[float, float] | None:
    """Two quantiles of each curve from a position on, the widest of all; None without a value."""
    late = [ys[xs >= start] for xs, ys in lines]
    late = [ys for ys in late if len(ys)]
    if not late:
        return None
    if (low, high) == (0.0, 1.0):
        return min(float(ys.min()) for ys in late), max(float(ys.max()) for ys in late)
    bounds = [np.quantile(ys, (low, high)) for ys in late]
    return min(float(each[0]) for each in bounds), max(float(each[1]) for each in bounds)
