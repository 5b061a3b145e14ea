"""The drawing board: a picture, a cursor with a brush, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from nn.spec import MNIST

Pixels = npt.NDArray[np.uint8]
Tool = Literal["brush", "eraser"]

INK = 255
BRUSHES = (1, 2, 3)  # pixels a side
MAX_UNDO = 500  # key presses, and the bytes of a picture for each
MOST_ROWS, MOST_COLUMNS = 36, 48  # of a board; larger images are drawn in coarser pixels


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    pixels: Pixels
    row: int
    column: int


class Board:
    """The picture and what draws on it.

    `pixels` is replaced as a whole, never changed, so that any moment of it may be kept. With the
    pen down (`down`) every move of the cursor draws, or erases with the eraser. Each method that
    changes the picture can be undone by itself.
    """

    def __init__(self, shape: tuple[int, int] = MNIST.shape) -> None:
        """A board for images of this height and width."""
        self.shape = rows, columns = shape
        self._coarse = max(-(-rows // MOST_ROWS), -(-columns // MOST_COLUMNS))
        rows, columns = -(-rows // self._coarse), -(-columns // self._coarse)
        self.pixels: Pixels = np.zeros((rows, columns), np.uint8)
        self.row, self.column = rows // 2, columns // 2
        self.down = False
        self.tool: Tool = "brush"
        self.brush = 2
        self._past: list[_Moment] = []
        self._stroke_remembered = False

    @property
    def image(self) -> Pixels:
        """The picture in the size of the images that it is for."""
        rows, columns = self.shape
        return self.pixels.repeat(self._coarse, 0).repeat(self._coarse, 1)[:rows, :columns]

    @property
    def blank(self) -> bool:
        """Whether there is nothing on it."""
        return not self.pixels.any()

    def move(self, right: int, below: int) -> None:
        """Move the cursor as far as the edge, leaving a trace where the pen is down."""
        row, column = self.row, self.column
        to = self._inside(row + below, column + right)
        if self.down:
            self.line(*to)
        self.row, self.column = to

    def toggle_pen(self) -> None:
        """Put the pen down, which leaves a dot, or lift it."""
        self.down = not self.down
        if self.down:
            self.dot()

    def dot(self) -> None:
        """Draw or erase at the cursor."""
        self.line(self.row, self.column)

    def line(
        self, row: int, column: int, *, tool: Tool | None = None, continued: bool = False
    ) -> None:
        """Draw or erase from the cursor to a pixel, and leave the cursor there.

        Lines that are `continued` are undone together with the first one of their stroke.
        """
        row, column = self._inside(row, column)
        ink = INK if (tool or self.tool) == "brush" else 0
        pixels = self.pixels.copy()
        down, right = row - self.row, column - self.column
        steps = max(abs(down), abs(right), 1)
        for step in range(steps + 1):
            share = step / steps
            pixels[
                self._footprint(self.row + round(down * share), self.column + round(right * share))
            ] = ink
        self._replace(pixels, continued=continued)
        self.row, self.column = row, column

    def place(self, row: int, column: int) -> None:
        """Put the cursor on a pixel without drawing."""
        self.row, self.column = self._inside(row, column)

    def shift(self, right: int, below: int) -> None:
        """Move the picture; what leaves it at an edge is gone."""
        shifted = np.zeros_like(self.pixels)
        rows, columns = shifted.shape
        shifted[_part(below, rows), _part(right, columns)] = self.pixels[
            _part(-below, rows), _part(-right, columns)
        ]
        self._replace(shifted)

    def clear(self) -> None:
        """Take everything off."""
        self._replace(np.zeros_like(self.pixels))

    def load(self, image: npt.NDArray[Any]) -> None:
        """Show the pixels of an image, uint8."""
        whole = np.array(image, np.uint8).reshape(self.shape)
        self._replace(whole[:: self._coarse, :: self._coarse].copy())

    def toggle_eraser(self) -> None:
        """Take the eraser for the brush, or the brush again."""
        self.tool = "eraser" if self.tool == "brush" else "brush"

    def change_brush(self, step: int) -> None:
        """Take the next larger (1) or smaller (-1) brush, if there is one."""
        at = BRUSHES.index(self.brush) + step
        self.brush = BRUSHES[min(max(at, 0), len(BRUSHES) - 1)]

    def undo(self) -> bool:
        """Go back to before the last change, cursor and all; False where there was none."""
        if not self._past:
            return False
        before = self._past.pop()
        self.pixels, self.row, self.column = before.pixels, before.row, before.column
        self._stroke_remembered = False
        return True

    def _inside(self, row: int, column: int) -> tuple[int, int]:
        rows, columns = self.pixels.shape
        return min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)

    def _footprint(self, row: int, column: int) -> tuple[slice, slice]:
        """The pixels under the brush, whose middle, or upper left of the middle, is this one."""
        before, after = (self.brush - 1) // 2, self.brush // 2 + 1
        return (
            slice(max(0, row - before), row + after),
            slice(max(0, column - before), column + after),
        )

    def _replace(self, pixels: Pixels, *, continued: bool = False) -> None:
        if not continued:
            self._stroke_remembered = False
        if (pixels == self.pixels).all():
            return
        if not self._stroke_remembered:
            self._past.append(_Moment(self.pixels, self.row, self.column))
            del self._past[:-MAX_UNDO]
            self._stroke_remembered = True
        self.pixels = pixels


def _part(shift: int, size: int) -> slice:
    """Where the picture ends up along one side after a shift."""
    return slice(max(0, shift), max(0, size + min(0, shift)))
