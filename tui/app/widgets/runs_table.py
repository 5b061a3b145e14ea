"""The table of saved runs. Only the visible rows are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from nn.events import Evaluation
from tui.app.state.catalogue import Entry
from tui.app.widgets.columns import Column, fitting, total_width
from tui.app.widgets.cursor_table import CursorTable
from tui.app.widgets.legend import shorten
from tui.formatting import clock, number, percent
from tui.recording.folder import display_name

NAME_WIDTH = 29
"""Cells that a run's name has at least where more than two columns stand beside it."""
SHORT_NAME_WIDTH = 16
"""Cells that it has at least where only the last two columns stand beside it."""


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


class RunsTable(CursorTable[Entry]):
    """A row for each run; one has the cursor, `>`, and some have a mark."""

    _marks: Mapping[Path, str] = {}
    _columns: Sequence[Column[Entry]] = ()
    _name_width = 0
    _label_first = False
    """Whether the names are too long, so that each is shown with its label first."""

    def show(self, entries: Sequence[Entry], marks: Mapping[Path, str], *, empty: str) -> None:
        """Show these runs, or the text `empty` where there are none."""
        self._marks = marks
        self.show_rows(entries, empty)

    def _key(self, row: Entry) -> Path:
        return row.run.path

    def _mark(self, row: Entry) -> str:
        return self._marks.get(row.run.path, " ")

    def _prepare(self, width: int) -> str:
        longest = max((len(entry.name) for entry in self._rows), default=0)
        self._columns, self._name_width = fitting_columns(
            width + self.MARGIN, max(longest, SHORT_NAME_WIDTH)
        )
        self._label_first = longest > self._name_width
        titles = " ".join(column.heading for column in self._columns)
        return f"{'run':<{self._name_width}} {titles}"

    def _text(self, row: Entry) -> str:
        width = self._name_width
        name = label_first(row.name, width) if self._label_first else row.name
        cells = " ".join(column.cell(row) for column in self._columns)
        return f"{shorten(name, width):<{width}} {cells}"


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
