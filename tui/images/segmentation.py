"""Digits found in a picture: paper apart from ink, and ink apart from lines and frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from tui.images.boxes import Box, whole_box
from tui.images.components import (
    Levels,
    Mask,
    closing,
    connected_components,
    dilation,
    windowed,
)
from tui.images.field import FAINT, LEAST_CONTRAST
from tui.images.grouping import box_of, digit_groups
from tui.images.lines import without_lines

WORKING = 200  # pixels a side at which digits are looked for
_STROKE = 0.4  # share of the picture's side; ink is narrower than this, shadows and desks are wider
_RIM = 0.08  # share of the side that a blurred stroke's outline and its neighbours reach
_EDGE = 3  # pixels along the edges of the picture
_STRAIGHT = 0.3  # share of a row or column above which hairlines in it are a line
_CONNECTED = 0.5  # least share of the hairlines in a picture that belong to its ink
# How many times as steep as paper elsewhere the outline of ink is, at the median of both. Grain and
# creases taken for ink mostly have 1 to 1.7, strokes that stand out by four times the grain 1.8.
_STEEPER = 1.75
_NEAR = 5  # pixels a side of the window around ink that is no paper elsewhere
# Shares of the strongest ink: above the first, a pixel surely is ink; above the second, where it is
# connected with one that surely is; above the third, the same where strokes are about a pixel wide,
# of which the average over a square makes less ink; above the fourth, it may join two pieces.
_STRONG, _WEAK, _HAIRLINE, _FAINT = 0.45, 0.35, 0.2, 0.15


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
    if len(found) == 2 and _is_card(levels, found[1], found[0]):
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
    mask = _connected_ink(depth, max(_WEAK * strongest, 2.5 * noise))
    paper, depth, mask = _grown(values, paper, depth, mask)
    ruled, mask = mask, without_lines(mask)
    if (mask == ruled).all():  # the rests of lines are thin too
        mask = _with_hairlines(mask, depth > max(_HAIRLINE * strongest, 4 * noise))
    components = connected_components(dilation(mask, 3))
    if len(components) == 0:
        return None
    groups = digit_groups(components, depth > max(_FAINT * strongest, 4 * noise))
    if not groups:
        return None
    digits = [components.mask(group) & mask for group in groups]
    boxes = [box_of(components, group) for group in groups]
    union = np.any(digits, axis=0)
    steepness = _steepness(values)
    outline = steepness[_outline(union)]
    if _is_of_paper(outline, steepness[~dilation(mask | ruled, _NEAR)]):
        return None
    level = float(np.percentile(depth[union], 50))
    whole = whole_box(boxes)
    edges = np.concatenate([union[0], union[-1], union[:, 0], union[:, -1]])
    sharpness = float(np.percentile(outline, 25)) / level if outline.size else 0.0
    score = (
        level * max(whole.height, whole.width) * (1 - float(edges.mean())) ** 2 * (0.02 + sharpness)
    )
    as_dark = values < values[union].mean() + 0.3 * level
    elsewhere = float((as_dark & ~dilation(union, 3)).sum()) / float(union.sum())
    score /= 1 + elsewhere
    return Ink(sign, paper, mask, digits, boxes, score)


def _connected_ink(depth: Levels, least: float) -> Mask:
    """Pixels with at least so much ink that are connected with one that surely is ink."""
    return _connected_with(depth > least, depth > _STRONG * depth.max())


def _connected_with(mask: Mask, certain: Mask) -> Mask:
    """The connected components of a mask that hold a certain pixel."""
    pieces = connected_components(mask)
    return pieces.mask(np.bincount(pieces.labels[certain & mask] - 1, minlength=len(pieces)) > 0)


def _with_hairlines(mask: Mask, faint: Mask) -> Mask:
    """The mask with those parts of faint ink that are about a pixel wide.

    They hold no square of 3x3 pixels, as a blurred outline does. Those that are straight or reach
    the picture's edge are lines of paper and frames; where most are not connected with the ink,
    they are the grain of wood.
    """
    thin = faint & ~_opened(faint) & ~mask
    if not thin.any() or max(thin.mean(axis=0).max(), thin.mean(axis=1).max()) > _STRAIGHT:
        return mask
    longer = _connected_with(mask | thin, mask)
    added = longer & ~mask
    inner = added[_EDGE:-_EDGE, _EDGE:-_EDGE]
    belongs = inner.sum() == added.sum() >= _CONNECTED * thin.sum()
    return longer if belongs else mask


def _opened(mask: Mask) -> Mask:
    """The squares of 3x3 pixels within a mask."""
    inner = windowed(mask.astype(np.float32), 3, np.minimum, 0)
    return windowed(inner, 3, np.maximum, 0) > 0


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
        # The rims of a stroke, which are less dark, were taken for paper with it.
        near = dilation(new, round(_RIM * max(values.shape)) | 1)
        paper = np.where(near, np.maximum(paper, np.float32(ground)), paper)
        depth = paper - values
        mask = mask | new
    return paper, depth, mask


def _is_of_paper(outline: Levels, elsewhere: Levels) -> bool:
    """Whether the outline of ink, by its steepness, is hardly steeper than paper elsewhere.

    What was taken for ink and is grain of any size, or a crease, does not stand out from the rest.
    """
    if not outline.size or not elsewhere.size:
        return False
    return bool(np.median(outline) < _STEEPER * np.median(elsewhere))


def _steepness(values: Levels) -> Levels:
    """By how many levels the picture rises around each pixel, in a square of 3x3."""
    rise = windowed(values, 3, np.maximum, -np.inf) - windowed(values, 3, np.minimum, np.inf)
    return np.asarray(rise, np.float32)


def _outline(mask: Mask) -> Mask:
    """The pixels of a mask beside others that are not of it."""
    outline: Mask = mask & ~(windowed(mask.astype(np.float32), 3, np.minimum, 1) > 0)
    return outline


def _is_card(levels: Levels, card: Ink, ink: Ink) -> bool:
    """Whether what was taken for ink is paper: it fills a rectangle or a ring with other ink.

    The paper in a ring is that around the ring; what is around a bold 0 is as its inside.
    """
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
    if float(filled.sum()) > 0.88 * _least_rectangle(filled):
        return True
    beyond = np.ones_like(part)
    beyond[around.rows, around.columns] = False
    if not beyond.any():
        return False
    outer, inner, pen = (float(np.median(levels[mask])) for mask in (beyond, part, written))
    ring = abs(outer - inner) < abs(outer - pen)
    return ring and _likeness_to_ellipse(filled[around.rows, around.columns]) > 0.9


def _likeness_to_ellipse(part: Mask) -> float:
    """What a mask shares with the ellipse that touches the four sides, over what either has."""
    down, across = (np.linspace(-1, 1, length) for length in part.shape)
    ellipse = np.hypot(down[:, None], across) <= 1
    return float((part & ellipse).sum() / (part | ellipse).sum())


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
