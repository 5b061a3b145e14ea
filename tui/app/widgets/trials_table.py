"""The table of a sweep's trials. Only the visible rows are drawn."""

from __future__ import annotations

from collections.abc import Sequence

from nn.options import format_value
from tui.app.state.sweep_view import TrialRow
from tui.app.widgets.columns import Column, fitting
from tui.app.widgets.cursor_table import CursorTable
from tui.formatting import number, percent

FIELD_WIDTH = 16
"""Cells of a varied field at most."""


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


class TrialsTable(CursorTable[TrialRow]):
    """A row for each trial; one has the cursor, `>`, and the best has a star."""

    _fields: Sequence[str] = ()
    _best: int | None = None
    _columns: Sequence[Column[TrialRow]] = ()

    def show(
        self, rows: Sequence[TrialRow], fields: Sequence[str], best: int | None, *, empty: str
    ) -> None:
        """Show these trials, or the text `empty` where there are none."""
        self._fields, self._best = fields, best
        # Before it was moved, the cursor stays with the best trial, whichever that is.
        self.show_rows(rows, empty, keep_first=True)

    def _key(self, row: TrialRow) -> int:
        return row.number

    def _mark(self, row: TrialRow) -> str:
        return "*" if row.number == self._best else " "

    def _prepare(self, width: int) -> str:
        self._columns = columns_of(self._fields, width)
        return " ".join(column.heading for column in self._columns)

    def _text(self, row: TrialRow) -> str:
        text = " ".join(column.cell(row) for column in self._columns)
        return text.replace(" ±", "+-").replace("±", "+-") if self.terminal.ascii_only else text
