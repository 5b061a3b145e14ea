"""A table with a cursor on one of its rows. Only the visible rows are drawn."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Generic, TypeVar

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from tui.app.widgets.strips import StripWidget, printable, text_strip

Row = TypeVar("Row")
WHEEL = 3
"""Rows that one notch of the mouse wheel moves the cursor by."""


class CursorTable(StripWidget, Generic[Row]):
    """Rows below a heading; one has the cursor, `>`, and some have a mark.

    A subclass has the heading and the text of a row, both without the cells of cursor and mark.
    """

    MARGIN = 3
    """Cells in front of a row: the cursor, the mark, and a blank."""

    class Chosen(Message):
        """The row with the cursor was clicked."""

    _rows: Sequence[Row] = ()
    _empty = ""
    _at = _top = 0

    def _key(self, row: Row) -> object:
        """What a row is recognized by when other rows are shown."""
        raise NotImplementedError

    def _prepare(self, width: int) -> str:
        """Lay the columns out in `width` cells; returns the heading."""
        raise NotImplementedError

    def _text(self, row: Row) -> str:
        """A row, as the columns were laid out."""
        raise NotImplementedError

    def _mark(self, row: Row) -> str:
        """The character beside the cursor."""
        return " "

    @property
    def current(self) -> Row | None:
        """The row with the cursor."""
        return self._rows[self._at] if self._rows else None

    @property
    def count(self) -> int:
        """The number of rows."""
        return len(self._rows)

    @property
    def page(self) -> int:
        """The number of visible rows."""
        return max(1, self.size.height - 1)

    def show_rows(self, rows: Sequence[Row], empty: str, *, keep_first: bool = False) -> None:
        """Show these rows, or the text `empty` where there are none.

        The cursor stays on its row as long as that is among them; with `keep_first`, a cursor in
        the first place stays there, whichever row that becomes.
        """
        current, self._rows, self._empty = self.current, rows, empty
        at = None
        if current is not None and not (keep_first and self._at == 0):
            key = self._key(current)
            at = next((i for i, row in enumerate(rows) if self._key(row) == key), None)
        self.move_to(self._at if at is None else at)

    def move_to(self, place: int) -> None:
        """Put the cursor on the row in a place, or on the nearest there is."""
        self._at = min(max(place, 0), max(len(self._rows) - 1, 0))
        self.redraw()

    def move(self, rows: int) -> None:
        """Move the cursor."""
        self.move_to(self._at + rows)

    def _lay_out(self) -> list[Strip]:
        width = self.size.width
        self._top = min(max(self._top, self._at - self.page + 1), self._at)
        self._top = max(0, min(self._top, len(self._rows) - self.page))
        heading = f"{'':<{self.MARGIN}}{self._prepare(width - self.MARGIN)}"
        lines = [text_strip(heading, width, Style(bold=True, underline=True))]
        visible = range(self._top, min(self._top + self.page, len(self._rows)))
        lines += [self._line(place) for place in visible]
        if not self._rows:
            indent = " " * self.MARGIN
            told = textwrap.wrap(
                self._empty,
                max(width, self.MARGIN + 1),
                initial_indent=indent,
                subsequent_indent=indent,
            )
            lines += [text_strip(line, width) for line in told]
        return lines[: self.size.height]

    def _line(self, place: int) -> Strip:
        row, here = self._rows[place], place == self._at
        text = f"{'>' if here else ' '}{self._mark(row)} {self._text(row)}"
        text = printable(text, ascii_only=self.terminal.ascii_only)
        return text_strip(text, self.size.width, Style(reverse=here, bold=here))

    def on_mouse_scroll_down(self, _event: events.MouseScrollDown) -> None:
        """The wheel."""
        self.move(WHEEL)

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        """The wheel."""
        self.move(-WHEEL)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on a row; on the row that has it already, choose it."""
        place = self._top + event.y - 1
        if event.y == 0 or place >= len(self._rows):
            return
        if place == self._at:
            self.post_message(self.Chosen())
        self.move_to(place)
