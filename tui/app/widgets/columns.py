"""Columns of a table: which of them fit into a width, and the cells of a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from tui.app.widgets.text import shorten

Row = TypeVar("Row")


class Column(NamedTuple, Generic[Row]):
    """One column of a table whose rows are objects of any kind.

    Attributes:
        title: The heading.
        width: Cells.
        rank: The column of the highest rank is the first to be left out where the width is small;
            columns of the same rank are left out together.
        text: The text of a row for a cell of this width. A text of words may be longer, and is
            then shortened with a sign; a number must fit (`tui.formatting.number`).
        words: Whether the texts are words, which are aligned to the left.
    """

    title: str
    width: int
    rank: int
    text: Callable[[Row, int], str]
    words: bool = False

    @property
    def heading(self) -> str:
        """The title, as wide as the column."""
        return self._aligned(self.title)

    def cell(self, row: Row) -> str:
        """The text of a row, as wide as the column."""
        return self._aligned(self.text(row, self.width))

    def _aligned(self, text: str) -> str:
        text = shorten(text, self.width)
        return text.ljust(self.width) if self.words else text.rjust(self.width)


def total_width(columns: Sequence[Column[Row]], gap: int = 1) -> int:
    """Cells of a row, with `gap` blanks between two columns."""
    return sum(column.width + gap for column in columns) - gap if columns else 0


def fitting(columns: Iterable[Column[Row]], width: int, gap: int = 1) -> list[Column[Row]]:
    """The columns that fit into `width` cells after those of the highest ranks are left out."""
    shown = list(columns)
    while shown and total_width(shown, gap) > width:
        highest = max(column.rank for column in shown)
        shown = [column for column in shown if column.rank != highest]
    return shown
