"""Which connected pieces of ink are one digit, and in which order the digits are read."""

from __future__ import annotations

import numpy as np

from tui.images.boxes import Box
from tui.images.components import Components, Mask, connected_components

_WIDEST = 1.5  # width over height of a digit
_RING = 0.25  # of its radius that a ring drawn around a digit is wide, or differs from an ellipse
_WRITTEN = 0.4  # least height of a digit over that of the ring around it
_BESIDE = 0.3  # least share of the height at which neighbours in a line stand beside each other


def digit_groups(components: Components, faint: Mask) -> list[Mask]:
    """Components that belong to one digit, for each digit in reading order.

    `faint` is all ink, also what is too faint to be taken for ink by itself: a hairline that is
    lost in places joins its pieces there.
    """
    heights = components.bottom - components.top
    widths = components.right - components.left
    sizes = np.maximum(heights, widths)
    usable = ~_frames(components)
    if not usable.any():
        return []
    largest = components.areas[usable].max()
    usable &= components.areas >= 0.03 * largest
    # The size of the writing is that of its largest piece, of which digits that touch are wider.
    writing = np.minimum(sizes, _WIDEST * heights)[usable].max()
    seeds = np.flatnonzero(usable & (sizes >= 0.5 * writing) & (components.areas >= 0.1 * largest))
    groups = [np.arange(len(components)) == seed for seed in seeds]
    boxes = [box_of(components, group) for group in groups]
    lines = _faint_lines(components, groups, faint)
    while pair := _broken(boxes, lines, writing):
        i, j = pair
        groups[i] = groups[i] | groups.pop(j)
        boxes[i] = boxes[i].joined(boxes.pop(j))
        lines[i] = lines[i] | lines.pop(j)
    for piece in np.flatnonzero(usable).tolist():
        if any(group[piece] for group in groups):
            continue
        box = box_of(components, np.arange(len(components)) == piece)
        distances = [_distance(box, other) for other in boxes]
        nearest = int(np.argmin(distances))
        if distances[nearest] <= 0.2 * writing:
            groups[nearest][piece] = True
            boxes[nearest] = boxes[nearest].joined(box)
    tallest = max(box.height for box in boxes)
    return [groups[i] for i in _reading_order(boxes) if not _is_dash(boxes[i], tallest)]


def _is_dash(box: Box, tallest: int) -> bool:
    """Whether a piece beside taller ones is a line between digits, as in dates."""
    return box.height < 0.35 * tallest and box.width > _WIDEST * box.height


def _frames(components: Components) -> Mask:
    """Which components are frames: rectangles and rings that run around another component.

    A rectangle is close to its own bounding box. A ring is close to the ellipse in that box, and
    what it runs around is large: a 0 may be such a ring too, with a dot of ink in it.
    """
    heights = components.bottom - components.top
    found = np.zeros(len(components), np.bool_)
    for n in range(len(components)):
        top, left = components.top[n], components.left[n]
        bottom, right = components.bottom[n], components.right[n]
        inside = (
            (components.top > top)
            & (components.left > left)
            & (components.bottom < bottom)
            & (components.right < right)
            & (components.areas > 0.02 * components.areas[n])
        )
        if not inside.any():
            continue
        part = components.labels[top:bottom, left:right] == n + 1
        depth = max(1, round(0.08 * min(part.shape)))
        core = part[depth:-depth, depth:-depth].sum()
        found[n] = core < 0.1 * components.areas[n]
        if heights[inside].max() >= _WRITTEN * heights[n]:
            found[n] |= _is_ring(part)
    return found


def _is_ring(part: Mask) -> bool:
    """Whether ink is close to the whole ellipse that touches the four sides of its box."""
    rows, columns = np.nonzero(part)
    down, across = (2 * rows + 1) / part.shape[0] - 1, (2 * columns + 1) / part.shape[1] - 1
    near = np.hypot(down, across) > 1 - _RING
    directions = np.arctan2(down[near], across[near])
    covered = np.histogram(directions, 36, (-np.pi, np.pi))[0] > 0
    return bool(near.mean() > 0.9 and covered.mean() > 0.9)


def box_of(components: Components, group: Mask) -> Box:
    """The box around the components of a group."""
    return Box(
        int(components.top[group].min()),
        int(components.left[group].min()),
        int(components.bottom[group].max()),
        int(components.right[group].max()),
    )


def _faint_lines(components: Components, groups: list[Mask], faint: Mask) -> list[frozenset[int]]:
    """The numbers of the connected components of faint ink that each group touches."""
    if len(groups) < 2:
        return [frozenset()] * len(groups)
    labels = connected_components(faint).labels
    touched = (np.unique(labels[components.mask(group)]).tolist() for group in groups)
    return [frozenset(numbers) - {0} for numbers in touched]


def _broken(
    boxes: list[Box], lines: list[frozenset[int]], writing: float
) -> tuple[int, int] | None:
    """Two groups that are pieces of one broken digit."""
    for i in range(len(boxes)):
        for j in range(i + 1, len(boxes)):
            if _same_digit(boxes[i], boxes[j], writing, connected=bool(lines[i] & lines[j])):
                return i, j
    return None


def _same_digit(a: Box, b: Box, writing: float, *, connected: bool) -> bool:
    """Whether two pieces are of one broken digit: close, and not two digits side by side."""
    across = min(a.right, b.right) - max(a.left, b.left)
    overlap = across / min(a.width, b.width)
    tall = min(a.height, b.height) >= 0.75 * max(a.height, b.height)
    flat = min(a.height / a.width, b.height / b.width) < 0.5  # as no digit is
    joined = a.joined(b)
    if joined.height > 1.6 * writing:
        return False
    if overlap >= 0.5 or (flat and overlap > 0):
        return _distance(a, b) <= 0.15 * writing
    if connected and joined.width <= 1.05 * joined.height:
        return _distance(a, b) <= 0.12 * writing
    return not tall and _distance(a, b) <= 0.08 * writing


def _distance(a: Box, b: Box) -> float:
    down = max(0, max(a.top, b.top) - min(a.bottom, b.bottom))
    across = max(0, max(a.left, b.left) - min(a.right, b.right))
    return float(np.hypot(down, across))


def _reading_order(boxes: list[Box]) -> list[int]:
    """Numbers of the boxes, line by line and from left to right.

    A line may be uneven or slope: each box need only stand beside its left neighbour in the line.
    """
    lines: list[list[int]] = []
    for i in sorted(range(len(boxes)), key=lambda i: boxes[i].left):
        beside = [_beside(boxes[line[-1]], boxes[i]) for line in lines]
        if beside and max(beside) >= _BESIDE:
            lines[int(np.argmax(beside))].append(i)
        else:
            lines.append([i])
    lines.sort(key=lambda line: min(boxes[i].top for i in line))
    return [i for line in lines for i in line]


def _beside(a: Box, b: Box) -> float:
    """The share of the lower box's height at which the other one stands beside it."""
    return (min(a.bottom, b.bottom) - max(a.top, b.top)) / min(a.height, b.height)
