"""The table of saved runs, of which only the rows that are seen are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from nn.events import Evaluation
from tui.app.state.catalogue import Entry
from tui.app.widgets.legend import shorten
from tui.app.widgets.strips import StripWidget, printable, text_strip
from tui.formatting import duration, percent
from tui.recording.folder import display_name

NAME_WIDTH, SHORT_NAME_WIDTH = 29, 16  # at least, and beside the last two columns
WHEEL = 3  # rows


@dataclass(frozen=True)
class Column:
    """`rank` says how early a column is left out where there is no room: the highest first."""

    title: str
    width: int
    rank: int
    text: Callable[[Entry], str]


def _accuracy(evaluation: Evaluation | None) -> str:
    return percent(evaluation.test.accuracy if evaluation else None)


def _epochs(entry: Entry) -> str:
    record = entry.run.record
    total = record.total_steps / record.steps_per_epoch
    return f"{round(record.epoch, 1):g}/{round(total, 1):g}"


def _loss(entry: Entry) -> str:
    return f"{entry.final.test.loss:.4f}" if entry.final else ""


def _when(entry: Entry) -> str:
    return f"{entry.started:%Y-%m-%d %H:%M}" if entry.started else ""


COLUMNS = (
    Column("status", 11, 2, lambda entry: entry.status),
    Column("epochs", 9, 3, _epochs),
    Column("best", 7, 1, lambda entry: _accuracy(entry.best)),
    Column("final", 7, 4, lambda entry: _accuracy(entry.final)),
    Column("loss", 7, 5, _loss),
    Column("time", 8, 6, lambda entry: duration(entry.run.record.seconds, whole=True)),
    Column("recipe", 20, 8, lambda entry: shorten(entry.run.record.recipe or "", 20)),
    Column("started", 16, 7, _when),
)


class RunsTable(StripWidget):
    """A row for each run; one has the cursor, `>`, and some have a mark."""

    class Chosen(Message):
        """The row with the cursor was clicked."""

    _entries: Sequence[Entry] = ()
    _marks: Mapping[Path, str] = {}
    _empty = ""
    _at = _top = 0
    _turned = False  # whether there is no room for all of each name

    @property
    def current(self) -> Entry | None:
        """The run with the cursor."""
        return self._entries[self._at] if self._entries else None

    @property
    def page(self) -> int:
        """How many rows are seen."""
        return max(1, self.size.height - 1)

    def show(self, entries: Sequence[Entry], marks: Mapping[Path, str], *, empty: str) -> None:
        """Show these runs, or `empty` where there are none; the cursor stays on its run if that is among them."""
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
        columns, name_width = fitting(width, max(longest, SHORT_NAME_WIDTH))
        titles = " ".join(_aligned(column, column.title) for column in columns)
        head = text_strip(
            f"   {'run':<{name_width}} {titles}", width, Style(bold=True, underline=True)
        )
        rows = range(self._top, min(self._top + self.page, len(self._entries)))
        self._turned = longest > name_width
        lines = [head, *(self._line(row, columns, name_width) for row in rows)]
        if not self._entries:
            lines.append(text_strip(f"   {self._empty}", width))
        return lines[: self.size.height]

    def _line(self, row: int, columns: Sequence[Column], name_width: int) -> Strip:
        entry, here = self._entries[row], row == self._at
        name = label_first(entry.name, name_width) if self._turned else entry.name
        cells = " ".join(_aligned(column, column.text(entry)) for column in columns)
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


def _aligned(column: Column, text: str) -> str:
    words = column.title in ("status", "recipe")
    return f"{text:<{column.width}}" if words else f"{text:>{column.width}}"


def label_first(name: str, width: int) -> str:
    """A run's name, most telling first, cut to so many columns: the label, so that the time still tells it from others."""
    label, _, time = display_name(name).rpartition(" ")
    if not label:
        return shorten(name, width)
    if width < NAME_WIDTH:
        time = time[4:]  # the year can be spared
    return f"{shorten(label, max(2, width - len(time) - 1))} {time}"


def fitting(width: int, longest: int) -> tuple[list[Column], int]:
    """The columns that fit beside the name, and the room for that, which is no more than the longest takes."""
    columns = list(COLUMNS)

    def room() -> int:
        return width - 4 - sum(column.width + 1 for column in columns) + bool(columns)

    while columns and room() < (NAME_WIDTH if len(columns) > 2 else SHORT_NAME_WIDTH):
        columns.remove(max(columns, key=lambda column: column.rank))
    return columns, max(1, min(room(), longest))
