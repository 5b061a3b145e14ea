"""Rectangles of pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass


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
        """The same box in a picture that is `factor` times as large, of at least one pixel."""
        top, left = round(self.top * factor), round(self.left * factor)
        bottom, right = round(self.bottom * factor), round(self.right * factor)
        if factor < 1:  # whole pixels that hold all of the box
            top, left = math.floor(self.top * factor), math.floor(self.left * factor)
            bottom, right = math.ceil(self.bottom * factor), math.ceil(self.right * factor)
        return Box(top, left, bottom, right)

    def moved(self, down: int, right: int) -> Box:
        """The box so many pixels further down and to the right."""
        return Box(self.top + down, self.left + right, self.bottom + down, self.right + right)

    def within(self, other: Box) -> Box:
        """The part of the box that lies in another one, of at least one pixel."""
        top, left = min(self.top, other.bottom - 1), min(self.left, other.right - 1)
        bottom, right = min(self.bottom, other.bottom), min(self.right, other.right)
        return Box(top, left, max(bottom, top + 1), max(right, left + 1))

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


def whole_box(boxes: list[Box]) -> Box:
    """The box around all of them."""
    return Box(
        min(box.top for box in boxes),
        min(box.left for box in boxes),
        max(box.bottom for box in boxes),
        max(box.right for box in boxes),
    )
