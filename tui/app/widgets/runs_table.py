"""The table of saved runs. Only the visible rows are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from nn.events import Evaluation
from tui.app.state.catalogue import Entry
from tui.app.widgets.columns import Column, fitting, total_width
from tui.app.widgets.legend import shorten
from tui.app.widgets.strips import StripWidget, printable, text_strip
from tui.formatting import clock, number, percent
from tui.recording.folder import display_name

NAME_WIDTH = 29
"""Cells that a run's name has at least where more than two columns stand beside it."""
SHORT_NAME_WIDTH = 16
"""Cells that it has at least where only the last two columns stand beside it."""
WHEEL = 3
"""Rows that one notch of the mouse wheel moves the cursor by."""


def _accuracy(evaluation: Evaluation | None) -> str:
    return percent(evaluation.test.accuracy) if evaluation else ""


def _epochs(entry: Entry, width: int) -> str:
    """The epochs done and those of the budget, each rounded where there is no room for both."""
    record = entry.run.record
    pair = [round(n, 1) for n in (record.epoch, record.total_steps / record.steps_per_epoch)]
    text = "/".join(f"{n:.10g}" for n in pair)
    return text if len(text) <= width else "/".join(number(n, (width - 1) // 2) for n in pair)


def _loss(entry: Entry, width: int) -> str:
    return number(entry.final.test.loss, width, ".4f") if entry.final else ""


def _started(entry: Entry, _width: int) -> str:
    return f"{entry.started:%Y-%m-%d %H:%M}" if entry.started else ""


COLUMNS: tuple[Column[Entry], ...] = (
    Column("status", 11, 2, lambda entry, _: entry.status, words=True),
    Column("epochs", 9, 3, _epochs),
    Column("best", 7, 1, lambda entry, _: _accuracy(entry.best)),
    Column("final", 7, 4, lambda entry, _: _accuracy(entry.final)),
    Column("loss", 7, 5, _loss),
    Column("time", 8, 6, lambda entry, width: clock(entry.run.record.seconds, width)),
    Column("recipe", 20, 8, lambda entry, _: entry.run.record.recipe or "", words=True),
    Column("started", 16, 7, _started),
)


class RunsTable(StripWidget):
    """A row for each run; one has the cursor, `>`, and some have a mark."""

    class Chosen(Message):
        """The row with the cursor was clicked."""

    _entries: Sequence[Entry] = ()
    _marks: Mapping[Path, str] = {}
    _empty = ""
    _at = _top = 0
    _label_first = False
    """Whether the names are too long, so that each is shown with its label first."""

    @property
    def current(self) -> Entry | None:
        """The run with the cursor."""
        return self._entries[self._at] if self._entries else None

    @property
    def page(self) -> int:
        """The number of visible rows."""
        return max(1, self.size.height - 1)

    def show(self, entries: Sequence[Entry], marks: Mapping[Path, str], *, empty: str) -> None:
        """Show these runs, or the text `empty` where there are none.

        The cursor stays on its run as long as that is among them.
        """
        path = self.current.run.path if self.current else None
        self._entries, self._marks, self._empty = entries, marks, empty
        at = next((i for i, entry in enumerate(entries) if entry.run.path == path), None)
        self.move_to(self._at if at is None else at)

    def move_to(self, row: int) -> None:
        """Put the cursor on a row, or on the nearest there is."""
        self._at = min(max(row, 0), max(len(self._entries) - 1, 0))
        self.redraw()

    def move(self, rows: int) -> None:
        """Move the cursor."""
        self.move_to(self._at + rows)

    def _lay_out(self) -> list[Strip]:
        width = self.size.width
        self._top = min(max(self._top, self._at - self.page + 1), self._at)
        self._top = max(0, min(self._top, len(self._entries) - self.page))
        longest = max((len(entry.name) for entry in self._entries), default=0)
        columns, name_width = fitting_columns(width, max(longest, SHORT_NAME_WIDTH))
        titles = " ".join(column.heading for column in columns)
        head = text_strip(
            f"   {'run':<{name_width}} {titles}", width, Style(bold=True, underline=True)
        )
        rows = range(self._top, min(self._top + self.page, len(self._entries)))
        self._label_first = longest > name_width
        lines = [head, *(self._line(row, columns, name_width) for row in rows)]
        if not self._entries:
            lines.append(text_strip(f"   {self._empty}", width))
        return lines[: self.size.height]

    def _line(self, row: int, columns: Sequence[Column[Entry]], name_width: int) -> Strip:
        entry, here = self._entries[row], row == self._at
        name = label_first(entry.name, name_width) if self._label_first else entry.name
        cells = " ".join(column.cell(entry) for column in columns)
        mark = self._marks.get(entry.run.path, " ")
        text = f"{'>' if here else ' '}{mark} {shorten(name, name_width):<{name_width}} {cells}"
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
        row = self._top + event.y - 1
        if event.y == 0 or row >= len(self._entries):
            return
        if row == self._at:
            self.post_message(self.Chosen())
        self.move_to(row)


def label_first(name: str, width: int) -> str:
    """A run's name in `width` cells, its label before its time.

    The label is shortened rather than the time, which distinguishes runs of the same label.
    """
    label, _, time = display_name(name).rpartition(" ")
    if not label:
        return shorten(name, width)
    if width < NAME_WIDTH:
        time = time[4:]  # The year is left out.
    return f"{shorten(label, max(2, width - len(time) - 1))} {time}"


def fitting_columns(width: int, longest: int) -> tuple[list[Column[Entry]], int]:
    """The columns that fit beside the name, and the cells for the name, `longest` at most."""
    room = width - 4  # without the cursor, the mark and the blanks around the name
    columns = fitting(COLUMNS, room - NAME_WIDTH)
    if len(columns) <= 2:
        two = sorted(COLUMNS, key=lambda column: column.rank)[:2]
        kept = [column for column in COLUMNS if column in two]
        columns = fitting(kept, room - SHORT_NAME_WIDTH)
    return columns, max(1, min(room - total_width(columns), longest))
