"""Connected components of a mask, and grey morphology, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Levels = npt.NDArray[np.float32]
Labels = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Components:
    """The connected components of a mask, numbered from 0.

    `labels` has the mask's shape and holds a component's number plus 1, or 0 outside of all. The
    others have one value a component: the number of pixels, and the bounding box, whose `bottom`
    and `right` are exclusive.
    """

    labels: Labels
    areas: Labels
    top: Labels
    left: Labels
    bottom: Labels
    right: Labels

    def __len__(self) -> int:
        return len(self.areas)

    def mask(self, chosen: Mask) -> Mask:
        """The pixels of the chosen components, given as one truth value a component."""
        found: Mask = np.concatenate([[False], chosen])[self.labels]
        return found


def connected_components(mask: Mask) -> Components:
    """Components of pixels that touch, also at corners.

    The mask is cut into horizontal runs. Runs of neighbouring rows that touch are the edges of a
    graph, whose components follow from repeatedly giving each run the least number among its
    neighbours and its neighbours' representatives.
    """
    height, width = mask.shape
    stride = width + 2  # one empty column on each side, so that no run goes on in the next row
    padded = np.zeros((height, stride), np.int8)
    padded[:, 1:-1] = mask
    changes = np.diff(padded.ravel(), prepend=np.int8(0))
    starts, stops = np.flatnonzero(changes == 1), np.flatnonzero(changes == -1)
    first = np.searchsorted(stops, starts + stride, "left")
    last = np.searchsorted(starts, stops + stride, "right")
    touching = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(starts)), touching)
    offset = np.arange(len(upper)) - np.repeat(np.cumsum(touching) - touching, touching)
    lower = np.repeat(first, touching) + offset
    roots = _roots(len(starts), upper, lower)
    _, numbers = np.unique(roots, return_inverse=True)

    count = int(numbers.max(initial=-1)) + 1
    rows, begin = np.divmod(starts, stride)
    begin, end = begin - 1, stops % stride - 1
    areas = np.bincount(numbers, end - begin, count).astype(np.intp)
    top, left = np.full(count, height), np.full(count, width)
    bottom, right = np.zeros(count, np.intp), np.zeros(count, np.intp)
    np.minimum.at(top, numbers, rows)
    np.minimum.at(left, numbers, begin)
    np.maximum.at(bottom, numbers, rows + 1)
    np.maximum.at(right, numbers, end)
    flat = np.zeros(height * stride + 1, np.intp)
    flat[starts] = numbers + 1
    flat[stops] -= numbers + 1
    labels = np.cumsum(flat[:-1]).reshape(height, stride)[:, 1:-1]
    return Components(labels, areas, top, left, bottom, right)


def _roots(count: int, upper: Labels, lower: Labels) -> Labels:
    """The least node of each node's component in a graph with these edges."""
    root = np.arange(count)
    while True:
        a, b = root[upper], root[lower]
        apart = a != b
        if not apart.any():
            return root
        a, b = a[apart], b[apart]
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while (further := root[root]).tobytes() != root.tobytes():
            root = further


def windowed(levels: Levels, size: int, function: np.ufunc, empty: float) -> Levels:
    """The maximum or minimum over a square window around each pixel.

    `function` is `np.maximum` or `np.minimum`; what lies outside of the picture counts as `empty`.
    Windows of doubling size are combined, so that the cost grows with the logarithm of the size.
    """
    before = size // 2
    for axis in (0, 1):
        margin = [(0, 0), (0, 0)]
        margin[axis] = (before, size - 1 - before)
        padded = np.pad(levels, margin, constant_values=empty)
        length = padded.shape[axis]
        reach = 1
        padded = np.moveaxis(padded, axis, 0)
        while reach < size:
            step = min(reach, size - reach)
            padded = function(padded[: length - step], padded[step:length])
            length -= step
            reach += step
        levels = np.moveaxis(padded, 0, axis)
    return np.ascontiguousarray(levels)


def closing(levels: Levels, size: int) -> Levels:
    """Levels with every dark part filled in that is narrower than the odd `size`.

    The window may reach over the picture's edges. A dark part that lies along an edge is therefore
    not filled, be it a frame, a desk or a shadow.
    """
    around = np.pad(levels, size, constant_values=-np.inf)
    highest = windowed(around, size, np.maximum, -np.inf)
    lowest = windowed(highest, size, np.minimum, np.inf)
    return lowest[size:-size, size:-size]


def dilation(mask: Mask, size: int) -> Mask:
    """All pixels within a square window around those of the mask."""
    grown: Mask = windowed(mask.astype(np.float32), size, np.maximum, 0) > 0
    return grown
