"""The points of a line on a grid of dots: clipped to the plot, without gaps, solid or dashed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tui.app.widgets.series import Floats

DASHES: tuple[tuple[int, ...], ...] = (
    (),
    (5, 3),
    (2, 2),
    (6, 2, 1, 2),
    (9, 3),
    (1, 3),
)
"""Dots drawn and left out in turn, for each style of a series; nothing for a solid line."""


def trace(
    xs: Floats, ys: Floats, columns: int, rows: int, dash: Sequence[int] = ()
) -> tuple[Floats, Floats]:
    """The dots of the line through points of the unit square, a NaN being a gap.

    What is outside of the square is left out, and so are the parts of a segment that leave it.

    Args:
        xs: Positions across, in the order in which they are joined.
        ys: Positions upwards, as many.
        columns: Steps of the grid across, from 0 to 1.
        rows: Steps of the grid upwards.
        dash: Dots drawn and left out in turn along the line; empty for all drawn.
    """
    known = np.isfinite(xs) & np.isfinite(ys)
    alone = _alone(known) & (xs >= 0) & (xs <= 1) & (ys >= 0) & (ys <= 1)
    joined = np.flatnonzero(known[:-1] & known[1:])
    x, dx = xs[joined], np.diff(xs)[joined]
    y, dy = ys[joined], np.diff(ys)[joined]
    enter, leave = np.zeros(len(joined)), np.ones(len(joined))
    for start, change in ((x, dx), (y, dy)):
        first, last = _inside(start, change)
        enter, leave = np.maximum(enter, first), np.minimum(leave, last)
    seen = enter <= leave
    x, dx, y, dy, enter, leave = (part[seen] for part in (x, dx, y, dy, enter, leave))
    length = (leave - enter) * np.maximum(abs(dx) * columns, abs(dy) * rows)
    counts = np.ceil(length - 1e-9).astype(np.int64) + 1  # both ends of each segment
    segment = np.repeat(np.arange(len(counts)), counts)
    step = np.arange(len(segment)) - np.repeat(np.cumsum(counts) - counts, counts)
    along = enter[segment] + (leave - enter)[segment] * step / np.maximum(counts - 1, 1)[segment]
    across, up = x[segment] + along * dx[segment], y[segment] + along * dy[segment]
    if dash:
        pattern = np.repeat(np.arange(len(dash)) % 2 == 0, dash)
        # Segments share their ends, which must not count twice.
        place = np.cumsum(step > 0)
        drawn = pattern[place % len(pattern)]
        across, up = across[drawn], up[drawn]
    return np.concatenate([across, xs[alone]]), np.concatenate([up, ys[alone]])


def _alone(known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which points have a gap at both sides."""
    padded = np.pad(known, 1)
    return np.asarray(known & ~padded[:-2] & ~padded[2:])


def _inside(start: Floats, change: Floats) -> tuple[Floats, Floats]:
    """The part of each segment, from 0 to 1, in which the coordinate is within 0..1."""
    flat = change == 0
    slope = np.where(flat, 1.0, change)
    ends = np.sort(np.stack([(0.0 - start) / slope, (1.0 - start) / slope]), axis=0)
    outside = flat & ((start < 0) | (start > 1))
    first = np.where(flat, np.where(outside, 2.0, 0.0), ends[0])
    last = np.where(flat, np.where(outside, -1.0, 1.0), ends[1])
    return first, last
