"""Widgets that show digits: one as large as fits, or a page of small ones to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui.app.widgets.colors import role_style
from tui.app.widgets.raster import Image, fitting, image_strips
from tui.app.widgets.signed import weight_strips
from tui.app.widgets.strips import PLAIN, StripWidget, printable, text_strip
from tui.system.terminal import DRAWING_MODES, FULL, DrawingMode, Terminal

_GAP, _WIDEST_GAP = 1, 3
"""Least and greatest number of empty cells between two columns of a sheet."""


class _ImageWidget(StripWidget):
    """Base of both widgets: draws an image in one of the modes, again when the mode changes.

    Args:
        terminal: With ASCII only, its characters draw whatever the mode; half blocks in shades need
            exact colours, else they are black and white.
        mode: How an image is drawn.
    """

    mode: reactive[DrawingMode] = reactive[DrawingMode]("ascii", repaint=False, init=False)
    """How images are drawn where the terminal can draw them like that."""

    def __init__(
        self,
        terminal: Terminal = FULL,
        *,
        mode: DrawingMode = "ascii",
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(terminal, id=id, classes=classes)
        self.set_reactive(_ImageWidget.mode, mode)

    def _image(self, image: Image, width: int, height: int) -> list[Strip]:
        mode = self.terminal.drawable(self.mode)
        return image_strips(image, width, height, mode, self.terminal.colors)

    def validate_mode(self, mode: DrawingMode) -> DrawingMode:
        """Refuse a mode that does not exist."""
        if mode not in DRAWING_MODES:
            raise ValueError(f"mode is {mode!r}, it must be one of {', '.join(DRAWING_MODES)}")
        return mode

    def watch_mode(self) -> None:
        """Draw in the new mode."""
        self.redraw()


class DigitView(_ImageWidget):
    """One image, as large as fits with square pixels, in the middle."""

    _shown: Image | None = None
    _signed = False

    def set_image(self, image: Image | None, *, signed: bool = False) -> None:
        """Show an image, or nothing.

        Args:
            image: (rows, columns), uint8 with 0..255 or floats with 0..1; any reals if `signed`.
            signed: Whether values are around zero, as weights are, and drawn by their signs.
        """
        self._shown, self._signed = image, signed
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        if self._shown is None:
            return []
        width, height = picture_size(self._shown.shape, *self.size)
        if not height or not width:
            return []
        if self._signed:
            shaded = self.mode != "ascii"
            strips = weight_strips(self._shown, width, height, self.terminal, shaded=shaded)
        else:
            strips = self._image(self._shown, width, height)
        margin = Strip([Segment(" " * ((self.size.width - width) // 2), PLAIN)])
        above = [Strip([])] * ((self.size.height - height) // 2)
        return [*above, *(Strip.join([margin, strip]) for strip in strips)]


def picture_size(shape: tuple[int, int], width: int, height: int) -> tuple[int, int]:
    """The cells (wide, high) of the largest picture of square pixels in a space."""
    rows, columns = shape
    high = min(width * rows // (2 * columns), height)
    return round(2 * high * columns / rows), high


class ContactSheet(_ImageWidget):
    """A page of small images with a caption under each, one of them selected.

    The selected caption starts with '>' and is reversed; that of a mistake has a '!' and a colour.
    A click selects an item and posts `Selected`; keys are handled by the screen.
    """

    captioned: ClassVar[bool] = True
    """Whether there is a line below each image, which also marks the selected one."""
    tile_width = 14
    """Cells of an image."""
    tile_height = 7
    """Lines of an image, without its caption."""

    selected = reactive(0, repaint=False, init=False)
    """Index of the selected item; its page is the one shown."""

    class Selected(Message):
        """An item was chosen with the mouse; `index` is what `set_items` was told of it.

        What is shown may be other items when the message arrives.
        """

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    _images: Sequence[Image] = ()
    _captions: Sequence[str] = ()
    _wrong: Sequence[bool] = ()
    _indices: Sequence[int] | None = None

    def set_items(
        self,
        images: Sequence[Image],
        captions: Sequence[str],
        wrong: Sequence[bool],
        indices: Sequence[int] | None = None,
    ) -> None:
        """Show these items; the selection keeps its index as long as there are enough items.

        Args:
            images: Each as for `DigitView`; an array of shape (items, rows, columns) is possible.
            captions: One line for each.
            wrong: Which of them are mistakes.
            indices: What `Selected` names each by; None for its place among these.
        """
        if not len(images) == len(captions) == len(wrong):
            raise ValueError(
                f"{len(images)} images, {len(captions)} captions and {len(wrong)} flags"
                " must be equally many"
            )
        self._images, self._captions, self._wrong = images, captions, wrong
        self._indices = indices
        self.set_reactive(ContactSheet.selected, self.validate_selected(self.selected))
        self.redraw()

    @property
    def columns(self) -> int:
        """Items side by side, at least one."""
        return max(1, (self.size.width + _GAP) // (self.tile_width + _GAP))

    @property
    def rows(self) -> int:
        """Lines of items, at least one."""
        return max(1, self.size.height // (self.tile_height + self.captioned))

    @property
    def page_size(self) -> int:
        """Items on a page, at least one."""
        return self.columns * self.rows

    @property
    def gap(self) -> tuple[int, int]:
        """Empty cells between two columns and empty lines between two rows, as far as there are."""
        columns, rows = self.columns, self.rows
        across = self.size.width - columns * self.tile_width
        down = self.size.height - rows * (self.tile_height + self.captioned)
        return (
            min(_WIDEST_GAP, max(_GAP, across // max(1, columns - 1))),
            min(_GAP, down // max(1, rows - 1)),
        )

    def validate_selected(self, index: int) -> int:
        """Keep the selection on an item."""
        return max(0, min(index, len(self._images) - 1))

    def watch_selected(self) -> None:
        """Show the selection, and its page."""
        self.redraw()

    def move(self, right: int, down: int) -> None:
        """Move the selection by columns and lines, unless there is no item at that place."""
        target = self.selected + right + down * self.columns
        if 0 <= target < len(self._images):
            self.selected = target

    def turn(self, pages: int) -> None:
        """Move the selection by pages, to the first or the last item at the ends."""
        self.selected += pages * self.page_size

    def on_click(self, event: events.Click) -> None:
        """Select and choose the item under the pointer."""
        offset = event.get_content_offset(self)
        across, down = self.gap
        if offset is None or offset.x % (self.tile_width + across) >= self.tile_width:
            return
        column = offset.x // (self.tile_width + across)
        row = offset.y // (self.tile_height + self.captioned + down)
        index = self._first + row * self.columns + column
        if column < self.columns and index < min(self._first + self.page_size, len(self._images)):
            self.selected = index
            named = index if self._indices is None else self._indices[index]
            self.post_message(self.Selected(named))

    @property
    def _first(self) -> int:
        """Index of the first item of the page."""
        return self.selected // self.page_size * self.page_size

    def _lay_out(self) -> list[Strip]:
        end = min(self._first + self.page_size, len(self._images))
        lines: list[Strip] = []
        for start in range(self._first, end, self.columns):
            lines += [Strip([])] * (self.gap[1] if lines else 0)
            tiles = [self._tile(i) for i in range(start, min(start + self.columns, end))]
            lines += (self._side_by_side(parts) for parts in zip(*tiles, strict=True))
        return lines

    def _tile(self, index: int) -> list[Strip]:
        """The image and its caption."""
        chosen = index == self.selected
        wrong = bool(self._wrong[index])
        flags = (">" if chosen else " ") + ("!" if wrong else " ")
        caption = printable(flags + self._captions[index], ascii_only=self.terminal.ascii_only)
        style = role_style("wrong" if wrong else "muted", self.terminal.colors)
        style += Style(reverse=chosen, bold=wrong or chosen)
        image = self._images[index]
        width, height = fitting(image, self.tile_width, self.tile_height)
        strips = self._image(image, width, height)
        if (width, height) != (self.tile_width, self.tile_height):
            margin = Strip([Segment(" " * ((self.tile_width - width) // 2), PLAIN)])
            strips = [
                Strip.join([margin, strip]).adjust_cell_length(self.tile_width, PLAIN)
                for strip in strips
            ]
            blank = Strip([Segment(" " * self.tile_width, PLAIN)])
            strips += [blank] * (self.tile_height - height)
        return [*strips, *([text_strip(caption, self.tile_width, style)] if self.captioned else [])]

    def _side_by_side(self, parts: Sequence[Strip]) -> Strip:
        gap = Strip([Segment(" " * self.gap[0], PLAIN)])
        return Strip.join([piece for part in parts for piece in (part, gap)][:-1])
