"""Digits that touch, cut apart.

Connected ink may be one digit or several. Where it looks like more than one, candidate cuts are the
seams from its top to its bottom that cross least ink, one through each of several columns. What
lies between two of them may be a digit. Of all ways to cut, the one is taken with the highest

    sum over pieces of log P(the piece is one whole digit) + log P(its class) - price for each cut

Two networks give the probabilities: one that tells whole digits from parts and from several in one
(`tui.models.wholeness`), and the one that recognizes digits.

Source: R. Casey and E. Lecolinet, "A survey of methods and strategies in character segmentation",
IEEE TPAMI 18 (7), 1996, section 4: segmentation by recognition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from tui.images.boxes import Box
from tui.images.components import Levels
from tui.images.field import FAINT, Pixels, field_of_ink, thickened
from tui.images.reading import Digit, Reading

Network = Callable[[npt.NDArray[np.uint8]], npt.NDArray[Any]]
"""From images (n, 784) to the probabilities of the classes, (n, classes)."""
Seams = npt.NDArray[np.intp]

WHOLE = 1  # the class of whole digits
_HEIGHT = 60  # pixels of the ink when it is cut
_NARROW = 0.75  # width over height below which ink is one digit
_FULL = 0.7  # share of its box that no digits fill, but a dash does
_SURE = 0.2  # probability above which a digit is taken to be whole, and is not cut
_PRICE = 1.0  # by how much each cut must raise the sum, since single digits are more common
_STEP, _REACH = 0.06, 0.1  # shares of the height: between two seams, and how far a seam may bend
_BEND = 0.03  # ink that a step to the side counts as
_LEAST = 1e-6  # probability
_WIDTHS = (0.1, 1.5)  # shares of the height that a piece may have
_LEAST_HEIGHT = 0.5  # share of the height


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What lies between two of the seams, by their numbers; the box is in the reduced ink."""

    start: int
    stop: int
    ink: Levels
    box: Box

    def field(self) -> Pixels:
        """The piece as the networks take it."""
        return field_of_ink(thickened(self.ink))


def split_touching(reading: Reading, recognize: Network, wholeness: Network) -> Reading:
    """The reading with each digit in its place, where several touch and were taken for one.

    It states how surely each one is a whole digit. Digits of text grids are left as they are.
    """
    whole = wholeness(np.stack([digit.field for digit in reading.digits]))[:, WHOLE]
    digits: list[Digit] = []
    for digit, probability in zip(reading.digits, whole.tolist(), strict=True):
        if digit.ink is None:
            digits.append(digit)
            continue
        looked_at = replace(digit, wholeness=probability)
        digits += _split(looked_at, digit.ink, recognize, wholeness) or [looked_at]
    return replace(reading, digits=digits)


def _split(digit: Digit, ink: Levels, recognize: Network, wholeness: Network) -> list[Digit]:
    """The digits in one piece of ink, from left to right; none where it is one digit."""
    if ink.shape[1] < _NARROW * ink.shape[0] or digit.wholeness >= _SURE:
        return []
    if ink.mean() > _FULL:
        return []
    small = reduced_ink(ink)
    edges = seams(small)
    pieces = list(pieces_between(small, edges))
    if not pieces:
        return []
    fields = np.stack([piece.field() for piece in pieces])
    whole, known = wholeness(fields)[:, WHOLE], recognize(fields).max(axis=1)
    scores = np.log(np.maximum(whole, _LEAST)) + np.log(np.maximum(known, _LEAST))
    chosen = _best(pieces, scores.tolist(), len(edges))
    if len(chosen) < 2:
        return []
    box, scale = digit.box, digit.box.height / _HEIGHT
    return [
        Digit(
            fields[number],
            pieces[number].box.scaled(scale).moved(box.top, box.left).within(box),
            wholeness=float(whole[number]),
        )
        for number in chosen
    ]


def reduced_ink(ink: Levels) -> Levels:
    """Ink of the height at which it is cut."""
    width = max(1, round(ink.shape[1] * _HEIGHT / ink.shape[0]))
    image = Image.fromarray(ink.astype(np.float32))
    return np.asarray(image.resize((width, _HEIGHT), Image.Resampling.BOX), np.float32)


def seams(ink: Levels) -> Seams:
    """The left edge, paths of least ink from top to bottom, and the right edge, in order.

    Each is the first column that is right of it, for every row: (seams, rows). The path through a
    column minimizes the sum of the ink that it crosses and of its steps to the side, by dynamic
    programming over the rows.
    """
    height, width = ink.shape
    middles = np.arange(_STEP * height, width - _STEP * height, _STEP * height)
    outside = np.abs(np.arange(width) - middles[:, None]) > _REACH * height
    barred = np.where(outside, np.float32(np.inf), np.float32(0))  # (seams, columns)
    cost = barred
    steps = np.zeros((height, *barred.shape), np.int8)
    for row in range(height):
        padded = np.pad(cost, ((0, 0), (1, 1)), constant_values=np.inf)
        ways = np.stack([padded[:, :-2] + _BEND, padded[:, 1:-1], padded[:, 2:] + _BEND])
        steps[row] = ways.argmin(axis=0) - 1
        cost = ways.min(axis=0) + ink[row] + barred
    numbers, at = np.arange(len(middles)), cost.argmin(axis=1)
    paths = np.zeros((len(middles), height), np.intp)
    for row in range(height - 1, -1, -1):
        paths[:, row] = at
        at = at + steps[row, numbers, at]
    paths = np.unique(paths, axis=0)
    paths = paths[np.argsort(paths.mean(axis=1), kind="stable")]
    return np.concatenate([[np.zeros(height, np.intp)], paths, [np.full(height, width)]])


def pieces_between(ink: Levels, edges: Seams) -> Iterator[Piece]:
    """What lies between any two seams, where it has a size that a digit may have."""
    for start in range(len(edges) - 1):
        for stop in range(start + 1, len(edges)):
            inside = between(edges, start, stop, ink.shape[1])
            share = np.where(inside, ink, 0)
            there = share > FAINT
            rows, columns = (np.flatnonzero(there.any(axis=axis)) for axis in (1, 0))
            if len(rows) == 0:
                continue
            box = Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)
            narrowest, widest = (width * _HEIGHT for width in _WIDTHS)
            if box.height >= _LEAST_HEIGHT * _HEIGHT and narrowest <= box.width <= widest:
                yield Piece(start, stop, share[box.rows, box.columns], box)


def between(edges: Seams, start: int, stop: int, width: int) -> npt.NDArray[np.bool_]:
    """The pixels between two seams."""
    columns = np.arange(width)
    inside: npt.NDArray[np.bool_] = (columns >= edges[start][:, None]) & (
        columns < edges[stop][:, None]
    )
    return inside


def _best(pieces: list[Piece], scores: list[float], count: int) -> list[int]:
    """The numbers of the pieces that cover all ink, of those with the highest sum of scores."""
    best: list[tuple[float, list[int]]] = [(-np.inf, []) for _ in range(count)]
    best[0] = (0.0, [])
    for number, piece in enumerate(pieces):  # in the order of where they start
        total = best[piece.start][0] + scores[number] - (_PRICE if piece.start else 0)
        if total > best[piece.stop][0]:
            best[piece.stop] = (total, [*best[piece.start][1], number])
    return best[-1][1]
