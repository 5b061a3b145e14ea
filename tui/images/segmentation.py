"""Digits found in a picture: paper told from ink, ink from lines and frames, one digit from another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from tui.images.components import (
    Components,
    Levels,
    Mask,
    closing,
    connected_components,
    dilation,
    windowed,
)
from tui.images.field import FAINT, LEAST_CONTRAST

WORKING = 200  # pixels a side at which digits are looked for
_STROKE = 0.4  # share of the picture's side; ink is narrower than this, shadows and desks are wider
_WEAK = 0.35  # share above which it is, where connected with pixels that surely are
_STRONG = 0.45  # share of the strongest ink above which a pixel surely is ink


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels; `bottom` and `right` are exclusive."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def rows(self) -> slice:
        return slice(self.top, self.bottom)

    @property
    def columns(self) -> slice:
        return slice(self.left, self.right)

    def scaled(self, factor: float) -> Box:
        """The same box in a picture that is `factor` times as large."""
        return Box(
            *(round(edge * factor) for edge in (self.top, self.left, self.bottom, self.right))
        )

    def moved(self, down: int, right: int) -> Box:
        """The box so many pixels further down and to the right."""
        return Box(self.top + down, self.left + right, self.bottom + down, self.right + right)

    @property
    def area(self) -> int:
        return self.height * self.width

    def shared_with(self, other: Box) -> int:
        """The number of pixels that lie in both."""
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        width = min(self.right, other.right) - max(self.left, other.left)
        return max(0, height) * max(0, width)

    def joined(self, other: Box) -> Box:
        return Box(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """What is written in a picture, with either sign: dark on bright (1) or bright on dark (-1).

    `paper` are the levels that the paper would have without ink, times `sign`; `mask` is where the
    ink surely is; `digits` has one mask for each digit.
    """

    sign: int
    paper: Levels
    mask: Mask
    digits: list[Mask]
    boxes: list[Box]
    score: float


def whole_box(boxes: list[Box]) -> Box:
    """The box around all of them."""
    return Box(
        min(box.top for box in boxes),
        min(box.left for box in boxes),
        max(box.bottom for box in boxes),
        max(box.right for box in boxes),
    )


def reduced(levels: Levels, side: int) -> Levels:
    """Levels averaged over squares, so that the longer side has at most `side` pixels."""
    factor = -(-max(levels.shape) // side)
    if factor == 1:
        return levels
    return np.asarray(Image.fromarray(levels).reduce(factor), np.float32)


def resized(levels: Levels, shape: tuple[int, int]) -> Levels:
    image = Image.fromarray(levels).resize(shape[::-1], Image.Resampling.BILINEAR)
    return np.asarray(image, np.float32)


def noise_level(levels: Levels) -> float:
    """Standard deviation of the pixels' noise, from the median second difference along the rows."""
    if min(levels.shape) < 3:
        return 0.0
    second = levels[:, :-2] - 2 * levels[:, 1:-1] + levels[:, 2:]
    return float(np.percentile(np.abs(second), 50)) / 0.6745 / 6**0.5


def smoothed(levels: Levels, times: int) -> Levels:
    """Levels under the binomial filter 1 2 1 along both axes, repeated."""
    for _ in range(times):
        for axis in (0, 1):
            padded = np.pad(levels, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], "edge")
            along = np.moveaxis(padded, axis, 0)
            summed = (along[:-2] + 2 * along[1:-1] + along[2:]) / 4
            levels = np.asarray(np.moveaxis(summed, 0, axis), np.float32)
    return np.ascontiguousarray(levels)


def find_ink(levels: Levels) -> Ink | None:
    """What is written at the working size, or None on a blank picture."""
    found = [ink for sign in (1, -1) if (ink := _ink(levels, sign)) is not None]
    if not found:
        return None
    if len(found) == 2 and found[0].score > found[1].score:
        found.reverse()
    if len(found) == 2 and _is_card(found[1], found[0]):
        found.reverse()
    return found[-1]


def _ink(levels: Levels, sign: int) -> Ink | None:
    values = levels * np.float32(sign)
    paper = closing(values, round(_STROKE * max(levels.shape)) | 1)
    depth = paper - values
    strongest = float(depth.max())
    noise = noise_level(levels)
    if strongest < max(LEAST_CONTRAST, 5 * noise):
        return None
    faint = depth > max(_WEAK * strongest, 2.5 * noise)
    pieces = connected_components(faint)
    strong = depth > _STRONG * strongest
    certain = np.bincount(pieces.labels[strong & faint] - 1, minlength=len(pieces)) > 0
    mask = pieces.mask(certain)
    paper, depth, mask = _grown(values, paper, depth, mask)
    mask = without_lines(mask)
    components = connected_components(dilation(mask, 3))
    if len(components) == 0:
        return None
    groups = digit_groups(components, depth)
    if not groups:
        return None
    digits = [components.mask(group) & mask for group in groups]
    boxes = [_box(components, group) for group in groups]
    union = np.any(digits, axis=0)
    level = float(np.percentile(depth[union], 50))
    whole = whole_box(boxes)
    edges = np.concatenate([union[0], union[-1], union[:, 0], union[:, -1]])
    sharpness = _sharpness(values, union) / level
    score = (
        level * max(whole.height, whole.width) * (1 - float(edges.mean())) ** 2 * (0.02 + sharpness)
    )
    as_dark = values < values[union].mean() + 0.3 * level
    elsewhere = float((as_dark & ~dilation(union, 3)).sum()) / float(union.sum())
    score /= 1 + elsewhere
    return Ink(sign, paper, mask, digits, boxes, score)


def _grown(values: Levels, paper: Levels, depth: Levels, mask: Mask) -> tuple[Levels, Levels, Mask]:
    """Ink continued along the picture's edges, where it was taken for paper.

    A stroke that lies along an edge, as in a picture cropped tightly, is as dark as the ink that
    it is connected with. A shadow or a desk is not.
    """
    ink, ground = (float(np.percentile(part[mask], 50)) for part in (values, paper))
    dark = (values < ink + 0.2 * (ground - ink)) | mask
    if (dark == mask).all():
        return paper, depth, mask
    components = connected_components(dark)
    known = np.bincount(components.labels[mask] - 1, minlength=len(components))
    kept = components.mask((known > 0) & (components.areas <= 6 * known))
    new = kept & ~mask
    sides = [float(side.mean()) for side in (kept[0], kept[-1], kept[:, 0], kept[:, -1])]
    full = sum(share > 0.95 for share in sides)
    touched = sum(bool(side.any()) for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    if full >= 3 or (full and not touched):
        return paper, depth, mask
    if new.any():
        paper = np.where(new, np.maximum(paper, np.float32(ground)), paper)
        depth = paper - values
        mask = mask | new
    return paper, depth, mask


def without_lines(mask: Mask) -> Mask:
    """The mask without the lines of ruled paper: straight, thin, and from one edge to the other."""
    for transposed in (False, True):
        found = _without_rows(mask.T if transposed else mask)
        mask = found.T if transposed else found
    return mask


def _without_rows(mask: Mask) -> Mask:
    height, width = mask.shape
    thin = max(2, round(0.025 * max(mask.shape)))
    covered = mask[:, : width // 8].any(axis=1) & mask[:, -(width // 8 or 1) :].any(axis=1)
    if width < 30 or not (mask[:, 0].any() or mask[:, -1].any() or covered.any()):
        return mask
    columns = np.arange(width)
    kept = mask.copy()
    # Vertical extent of the run of ink that each pixel belongs to.
    extent = _run_lengths(mask)
    candidates = mask & (extent <= thin)
    for slope in np.linspace(-0.12, 0.12, 13):
        shift = np.rint(slope * (columns - width / 2)).astype(int)
        rows = np.arange(height)[:, None] + shift
        inside = (rows >= 0) & (rows < height)
        sheared = mask[rows.clip(0, height - 1), columns] & inside
        share = sheared.sum(axis=1) / np.maximum(inside.sum(axis=1), width // 2)
        for line in np.flatnonzero(share > 0.85).tolist():
            if candidates[rows[line].clip(0, height - 1), columns].mean() < 0.25:
                continue
            for row in range(line - thin, line + thin + 1):
                at = (row + shift).clip(0, height - 1)
                gone = candidates[at, columns] & (at == row + shift)
                kept[at[gone], columns[gone]] = False
    return kept


def _run_lengths(mask: Mask) -> np.ndarray:
    """For each pixel of the mask, the length of the vertical run that it belongs to."""
    height, width = mask.shape
    flat = np.pad(mask.T, ((0, 0), (1, 1))).ravel().astype(np.int8)
    changes = np.diff(flat, prepend=np.int8(0))
    starts, stops = np.flatnonzero(changes == 1), np.flatnonzero(changes == -1)
    lengths = np.zeros(flat.size, np.intp)
    lengths[starts] = stops - starts
    later = stops[stops < flat.size]
    lengths[later] -= (stops - starts)[: len(later)]
    return np.cumsum(lengths).reshape(width, height + 2)[:, 1:-1].T


def digit_groups(components: Components, depth: Levels) -> list[Mask]:
    """Components that belong to one digit, for each digit in reading order."""
    heights = components.bottom - components.top
    widths = components.right - components.left
    sizes = np.maximum(heights, widths)
    usable = ~_frames(components)
    if not usable.any():
        return []
    largest = components.areas[usable].max()
    usable &= components.areas >= 0.03 * largest
    # The size of the writing is that of its largest piece.
    writing = sizes[usable].max()
    seeds = np.flatnonzero(usable & (sizes >= 0.5 * writing) & (components.areas >= 0.1 * largest))
    groups = [np.arange(len(components)) == seed for seed in seeds]
    boxes = [_box(components, group) for group in groups]
    # Pieces of a broken digit lie one above the other.
    merged = True
    while merged:
        merged = False
        for i in range(len(groups)):
            for j in range(i + 1, len(groups)):
                if _same_digit(boxes[i], boxes[j], writing):
                    groups[i] = groups[i] | groups.pop(j)
                    boxes[i] = boxes[i].joined(boxes.pop(j))
                    merged = True
                    break
            if merged:
                break
    for piece in np.flatnonzero(usable).tolist():
        if any(group[piece] for group in groups):
            continue
        box = _box(components, np.arange(len(components)) == piece)
        distances = [_distance(box, other) for other in boxes]
        nearest = int(np.argmin(distances))
        if distances[nearest] <= 0.2 * writing:
            groups[nearest][piece] = True
            boxes[nearest] = boxes[nearest].joined(box)
    return [groups[i] for i in _reading_order(boxes)]


def _frames(components: Components) -> Mask:
    """Which components are frames: they run around another one, close to their own bounding box."""
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
    return found


def _box(components: Components, group: Mask) -> Box:
    return Box(
        int(components.top[group].min()),
        int(components.left[group].min()),
        int(components.bottom[group].max()),
        int(components.right[group].max()),
    )


def _same_digit(a: Box, b: Box, writing: float) -> bool:
    """Whether two pieces are of one broken digit: close, and not two digits side by side."""
    across = min(a.right, b.right) - max(a.left, b.left)
    overlap = across / min(a.width, b.width)
    tall = min(a.height, b.height) >= 0.75 * max(a.height, b.height)
    joined = a.joined(b)
    if joined.height > 1.6 * writing:
        return False
    if overlap >= 0.5:
        return _distance(a, b) <= 0.15 * writing
    return not tall and _distance(a, b) <= 0.08 * writing


def _distance(a: Box, b: Box) -> float:
    down = max(0, max(a.top, b.top) - min(a.bottom, b.bottom))
    across = max(0, max(a.left, b.left) - min(a.right, b.right))
    return float(np.hypot(down, across))


def _reading_order(boxes: list[Box]) -> list[int]:
    """Numbers of the boxes, line by line and from left to right."""
    remaining = sorted(range(len(boxes)), key=lambda i: boxes[i].top)
    order: list[int] = []
    while remaining:
        first = boxes[remaining[0]]
        line = [i for i in remaining if (boxes[i].top + boxes[i].bottom) / 2 < first.bottom]
        order += sorted(line, key=lambda i: boxes[i].left)
        remaining = [i for i in remaining if i not in line]
    return order


def _sharpness(values: Levels, mask: Mask) -> float:
    """By how many levels the picture rises at the outline of the mask, where it rises little."""
    outline = mask & ~(windowed(mask.astype(np.float32), 3, np.minimum, 1) > 0)
    rise = windowed(values, 3, np.maximum, -np.inf) - windowed(values, 3, np.minimum, np.inf)
    return float(np.percentile(rise[outline], 25)) if outline.any() else 0.0


def _is_card(card: Ink, ink: Ink) -> bool:
    """Whether what was taken for ink is paper: it fills a large rectangle together with other ink."""
    part, written = np.any(card.digits, axis=0), np.any(ink.digits, axis=0)
    around, inside = whole_box(card.boxes), whole_box(ink.boxes)
    if (
        around.height * around.width < 0.12 * part.size
        or part.sum() < 0.5 * around.height * around.width
    ):
        return False
    if inside.height < 0.2 * around.height or inside.shared_with(around) < 0.9 * inside.area:
        return False
    filled = part | written
    return float(filled.sum()) > 0.88 * _least_rectangle(filled)


def _least_rectangle(mask: Mask) -> float:
    """The area of the smallest rectangle, however it is turned, around a mask."""
    rows, columns = np.nonzero(mask & ~(windowed(mask.astype(np.float32), 3, np.minimum, 0) > 0))
    angles = np.deg2rad(np.arange(0, 90, 3))[:, None]
    along = columns * np.cos(angles) + rows * np.sin(angles)
    across = rows * np.cos(angles) - columns * np.sin(angles)
    return float(((np.ptp(along, axis=1) + 1) * (np.ptp(across, axis=1) + 1)).min())


def ink_of_digit(levels: Levels, ink: Ink, digit: Mask, box: Box) -> tuple[Levels, Box]:
    """Shares of ink from 0 to 1 of one digit at the picture's own size, and its box there."""
    height, width = levels.shape
    down, across = height / ink.mask.shape[0], width / ink.mask.shape[1]
    margin = 2
    coarse = Box(
        max(0, box.top - margin),
        max(0, box.left - margin),
        min(ink.mask.shape[0], box.bottom + margin),
        min(ink.mask.shape[1], box.right + margin),
    )
    part = (slice(coarse.top, coarse.bottom), slice(coarse.left, coarse.right))
    fine = Box(
        round(coarse.top * down),
        round(coarse.left * across),
        min(height, round(coarse.bottom * down)),
        min(width, round(coarse.right * across)),
    )
    shape = (fine.height, fine.width)
    values = levels[fine.top : fine.bottom, fine.left : fine.right] * np.float32(ink.sign)
    paper = resized(np.ascontiguousarray(ink.paper[part]), shape)
    near = dilation(digit[part], 3)
    allowed = np.asarray(
        Image.fromarray(near).resize(shape[::-1], Image.Resampling.NEAREST), np.bool_
    )
    depth = np.where(allowed, paper - values, 0)
    strongest = float(np.percentile(depth[depth > 0.5 * depth.max()], 75))
    share = np.clip(depth / strongest, 0, 1).astype(np.float32)
    rows, columns = (np.flatnonzero((share > FAINT).any(axis=axis)) for axis in (1, 0))
    exact = Box(
        fine.top + int(rows[0]),
        fine.left + int(columns[0]),
        fine.top + int(rows[-1]) + 1,
        fine.left + int(columns[-1]) + 1,
    )
    return share[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], exact
