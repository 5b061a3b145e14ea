"""The table of a sweep's trials. Only the visible rows are drawn."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from nn.config import format_value
from tui.app.state.sweep_view import TrialRow
from tui.app.widgets.columns import Column, fitting
from tui.app.widgets.strips import StripWidget, printable, text_strip
from tui.formatting import number, percent

FIELD_WIDTH = 16
"""Cells of a varied field at most."""
WHEEL = 3
"""Rows that one notch of the mouse wheel moves the cursor by."""


def accuracy_text(row: TrialRow, width: int = 13) -> str:
    """The validation accuracy, with its spread over the seeds where there is room for it."""
    mean, spread = row.accuracy
    if mean is None:
        return ""
    if mean == float("-inf"):
        return "diverged"
    text = percent(mean)
    whole = f"{text} ±{100 * spread:.2f}" if spread is not None else text
    return whole if len(whole) <= width else text


def _loss(row: TrialRow, width: int) -> str:
    mean, _ = row.loss
    return "" if mean is None or mean == float("inf") else number(mean, width, ".4f")


def _epochs(row: TrialRow, width: int) -> str:
    """The epochs done and those of the budget; a budget in steps has none."""
    text = f"{row.epoch:.3g}/{row.epochs}" if row.epochs else f"{row.epoch:.3g}"
    return text if len(text) <= width else number(row.epoch, width)


def _field(name: str) -> Column[TrialRow]:
    def text(row: TrialRow, width: int) -> str:
        value = row.setting[name]
        return number(value, width) if isinstance(value, float) else format_value(value)

    return Column(name, min(max(len(name), 9), FIELD_WIDTH), 2, text, words=True)


def columns_of(fields: Sequence[str], width: int) -> list[Column[TrialRow]]:
    """The columns that fit; of the varied fields, the last are left out first."""
    varied = [_field(name) for name in fields]
    fixed: list[Column[TrialRow]] = [
        Column("trial", 5, 0, lambda row, _: str(row.number)),
        Column("state", 8, 1, lambda row, _: row.state, words=True),
        Column("accuracy", 13, 0, accuracy_text),
        Column("epochs", 7, 3, _epochs),
        Column("rung", 4, 5, lambda row, _: f"{row.rung}/{row.rungs}"),
        Column("loss", 7, 9, _loss),
    ]
    ranked = [
        Column(each.title, each.width, 2 * place + 2 + 5 * (place > 3), each.text, each.words)
        for place, each in enumerate(varied)
    ]
    return fitting([*fixed, *ranked], width)


class TrialsTable(StripWidget):
    """A row for each trial; one has the cursor, `>`, and the best has a star."""

    class Chosen(Message):
        """The row with the cursor was clicked."""

    _rows: Sequence[TrialRow] = ()
    _fields: Sequence[str] = ()
    _best: int | None = None
    _empty = ""
    _at = _top = 0

    @property
    def current(self) -> TrialRow | None:
        """The trial with the cursor."""
        return self._rows[self._at] if self._rows else None

    @property
    def page(self) -> int:
        """The number of visible rows."""
        return max(1, self.size.height - 1)

    def show(
        self, rows: Sequence[TrialRow], fields: Sequence[str], best: int | None, *, empty: str
    ) -> None:
        """Show these trials, or the text `empty` where there are none.

        The cursor stays on its trial as long as that is among them; in the first row, where it is
        before it was moved, it stays with the row.
        """
        number = self.current.number if self.current and self._at else None
        self._rows, self._fields, self._best, self._empty = rows, fields, best, empty
        at = next((i for i, row in enumerate(rows) if row.number == number), None)
        self.move_to(self._at if at is None else at)

    def move_to(self, row: int) -> None:
        """Put the cursor on a row, or on the nearest there is."""
        self._at = min(max(row, 0), max(len(self._rows) - 1, 0))
        self.redraw()

    def move(self, rows: int) -> None:
        """Move the cursor."""
        self.move_to(self._at + rows)

    def _lay_out(self) -> list[Strip]:
        width = self.size.width
        self._top = min(max(self._top, self._at - self.page + 1), self._at)
        self._top = max(0, min(self._top, len(self._rows) - self.page))
        columns = columns_of(self._fields, width - 3)
        head = "   " + " ".join(column.heading for column in columns)
        lines = [text_strip(head, width, Style(bold=True, underline=True))]
        shown = range(self._top, min(self._top + self.page, len(self._rows)))
        lines += [self._line(at, columns) for at in shown]
        if not self._rows:
            lines.append(text_strip(f"   {self._empty}", width))
        return lines[: self.size.height]

    def _line(self, at: int, columns: Sequence[Column[TrialRow]]) -> Strip:
        row, here = self._rows[at], at == self._at
        mark = "*" if row.number == self._best else " "
        cells = " ".join(column.cell(row) for column in columns)
        text = f"{'>' if here else ' '}{mark} {cells}"
        if self.terminal.ascii_only:
            text = text.replace(" ±", "+-").replace("±", "+-")
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
        if event.y == 0 or row >= len(self._rows):
            return
        if row == self._at:
            self.post_message(self.Chosen())
        self.move_to(row)
