"""The table of epochs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip

from nn.events import EpochCompleted, Evaluation, Score, StepCompleted
from tui.app.widgets.strips import StripWidget, text_strip
from tui.formatting import duration

Row: TypeAlias = StepCompleted | EpochCompleted
SPLITS = {"trn": "train", "val": "validation", "tst": "test"}


@dataclass(frozen=True)
class Column:
    """`rank` says how early a column is left out where there is no room: the highest first."""

    title: str
    width: int
    rank: int
    text: Callable[[Row], str]


def _columns() -> list[Column]:
    def score(row: Row, split: str) -> Score | None:
        return getattr(row.evaluation, split) if row.evaluation else None

    def loss(split: str) -> Callable[[Row], str]:
        return lambda row: f"{s.loss:.4f}" if (s := score(row, split)) else ""

    def accuracy(split: str) -> Callable[[Row], str]:
        return lambda row: f"{s.accuracy:.2%}" if (s := score(row, split)) else ""

    ranks = {"train": (2, 6), "validation": (1, 4), "test": (0, 3)}
    return [
        Column("epoch", 5, 0, _epoch),
        Column("loss", 7, 8, _batch_loss),
        *(Column(f"{s} loss", 8, ranks[split][1], loss(split)) for s, split in SPLITS.items()),
        *(Column(f"{s} acc", 7, ranks[split][0], accuracy(split)) for s, split in SPLITS.items()),
        Column("rate", 8, 5, lambda row: f"{row.learning_rate:.3g}"),
        Column("time", 6, 7, lambda row: duration(row.seconds, whole=True)),
    ]


def _epoch(row: Row) -> str:
    if isinstance(row, EpochCompleted):
        return str(row.epoch)
    return f"{row.evaluation.epoch:.4g}" if row.evaluation else ""


def _batch_loss(row: Row) -> str:
    return f"{row.train_loss if isinstance(row, EpochCompleted) else row.loss:.4f}"


class EpochTable(StripWidget, can_focus=True):
    """A row for each epoch and each evaluation, the newest below; `*` marks the best.

    It follows the newest row until it is scrolled up, and again when it is scrolled to the end. Columns that
    do not fit are left out, those without any value too.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll(-1)", "Row up", id="table.up", show=False),
        Binding("down", "scroll(1)", "Row down", id="table.down", show=False),
        Binding("pageup", "scroll(-10)", "Ten rows up", id="table.page-up", show=False),
        Binding("pagedown", "scroll(10)", "Ten rows down", id="table.page-down", show=False),
        Binding("home", "scroll(-1000000)", "First row", id="table.first", show=False),
        Binding("end", "scroll(1000000)", "Last row", id="table.last", show=False),
    ]

    _rows: Sequence[Row] = ()
    _best: Evaluation | None = None
    _above: int | None = None  # rows above the first shown; None: follow the newest

    def show(self, rows: Sequence[Row], best: Evaluation | None) -> None:
        """Show these rows."""
        self._rows, self._best = rows, best
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        width, room = self.size.width, max(0, self.size.height - 1)
        last = max(0, len(self._rows) - room)
        above = last if self._above is None else min(self._above, last)
        columns = fitting(self._rows, width)
        titles = " ".join(f"{column.title:>{column.width}}" for column in columns)
        head = Style(bold=True, underline=True, reverse=self.has_focus)
        lines = [text_strip(f" {titles}", width, head)]
        lines += [self._line(row, columns) for row in self._rows[above : above + room]]
        if not self._rows:
            lines.append(text_strip(" no epoch yet", width))
        return lines[: self.size.height]

    def _line(self, row: Row, columns: Sequence[Column]) -> Strip:
        best = row.evaluation is not None and row.evaluation is self._best
        cells = " ".join(f"{column.text(row):>{column.width}}" for column in columns)
        return text_strip(f"{'*' if best else ' '}{cells}", self.size.width, Style(bold=best))

    def action_scroll(self, by: int) -> None:
        """Move the rows shown; at the end, follow the newest again."""
        last = max(0, len(self._rows) - max(0, self.size.height - 1))
        above = max(0, (last if self._above is None else min(self._above, last)) + by)
        self._above = above if above < last else None
        self.redraw()

    def on_focus(self, _event: events.Focus) -> None:
        """Show that the keys scroll here."""
        self.redraw()

    def on_blur(self, _event: events.Blur) -> None:
        """Show that the keys go elsewhere."""
        self.redraw()


def fitting(rows: Sequence[Row], width: int) -> list[Column]:
    """The columns that have a value in the last rows, as many as fit."""
    columns = [c for c in _columns() if not rows or any(c.text(row) for row in rows[-10:])]
    while columns and 1 + sum(column.width + 1 for column in columns) > width + 1:
        columns.remove(max(columns, key=lambda column: column.rank))
    return columns
