"""The confusion matrix as a table with a cursor."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from nn.analysis.metrics import f1, precision, recall
from nn.spec import MNIST, DataSpec
from tui.app.widgets.colors import role_style
from tui.app.widgets.confusion_cells import LEVELS, MARKS, cell_style, count_text, margin
from tui.app.widgets.layer_table import visible_range
from tui.app.widgets.strips import PLAIN, StripWidget, printable, text_strip

Array = npt.NDArray[Any]

METRICS = ("prec", "recall", "F1")
_METRIC_WIDTH = 7
_WIDEST, _HIGHEST = 9, 4
"""Largest size of a cell."""
_READABLE = 5
"""Cells for a mark and a count of four digits."""
_LEAST, _ALL = 4, 10
"""Cells of a column where not all are shown, and the classes up to which all always are."""
_LONGEST_NAME = 12


class ConfusionMatrix(StripWidget):
    """Counts, rows true and columns predicted, shaded and marked by their share of the true class.

    Of many classes those around the cursor are shown. `cursor` is a (label, predicted)
    pair, and the headings of its row and its column are reversed. Precision, recall and F1 of each
    class stand at the right where there is room. A click moves the cursor, or chooses the cell if
    it has the cursor.
    """

    class Moved(Message):
        """The mouse has moved the cursor."""

    class Chosen(Message):
        """The cell with the cursor was chosen with the mouse."""

    cursor = (0, 0)
    _counts: Array | None = None
    _spec = MNIST

    def set_counts(self, counts: Array | None, spec: DataSpec = MNIST) -> None:
        """Show these, (classes, classes), or nothing."""
        self._counts, self._spec = counts, spec
        last = spec.classes - 1
        self.cursor = min(self.cursor[0], last), min(self.cursor[1], last)
        self.redraw()

    @property
    def class_count(self) -> int:
        """The number of classes."""
        return self._spec.classes

    def move_to(self, label: int, predicted: int) -> None:
        """Set the cursor."""
        self.cursor = label, predicted
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor, or choose its cell."""
        offset = event.get_content_offset(self)
        if offset is None or self._counts is None:
            return
        row = (offset.y - self._top) // self._cell_height
        column = (offset.x - self._left + self._compact) // self._cell_width
        if row not in range(len(self._rows)) or column not in range(len(self._columns)):
            return
        label, predicted = self._rows[row], self._columns[column]
        if (label, predicted) == self.cursor:
            self.post_message(self.Chosen())
        else:
            self.move_to(label, predicted)
            self.post_message(self.Moved())

    @property
    def _rows(self) -> range:
        """The classes of the rows that are shown."""
        room = max(1, self.size.height - self._top)
        return visible_range(self.class_count, room, self.cursor[0])

    @property
    def _columns(self) -> range:
        """The classes of the columns that are shown."""
        return visible_range(self.class_count, self._column_count, self.cursor[1])

    @property
    def _column_count(self) -> int:
        n = self.class_count
        return n if n <= _ALL else max(1, min(n, (self.size.width - self._left) // _LEAST))

    @property
    def _readable_width(self) -> int:
        """Cells from which on the columns are legible, with words in front of the rows."""
        return self._heading + min(self.class_count, _ALL) * _READABLE

    @property
    def _has_metrics(self) -> bool:
        if self.class_count > _ALL:
            return False
        return self.size.width >= self._readable_width + len(METRICS) * _METRIC_WIDTH

    @property
    def _heading(self) -> int:
        """Cells of a row's heading in words."""
        if not self._spec.has_names:
            return 6 + (self.class_count > _ALL)
        numbers = len(str(self.class_count - 1))
        return numbers + 2 + min(_LONGEST_NAME, max(map(cell_len, self._spec.names)))

    @property
    def _in_words(self) -> bool:
        return self.size.width >= self._readable_width

    @property
    def _left(self) -> int:
        """Cells of the row headings."""
        if self._compact:
            return 1
        return self._heading if self._in_words else 2 + (self.class_count > _ALL)

    def _heading_of(self, label: int) -> str:
        if self._left != self._heading:
            return str(label)
        if not self._spec.has_names:
            return f"true {label}"
        name = printable(self._spec.names[label], ascii_only=self.terminal.ascii_only)
        return f"{label} {set_cell_size(name, self._left - 2 - len(str(label)))}"

    @property
    def _top(self) -> int:
        """Lines of the column headings."""
        return 2 if self.size.height >= 12 else 1

    @property
    def _cell_width(self) -> int:
        count = self._column_count
        if self._compact:
            return self.size.width // count
        metrics = len(METRICS) * _METRIC_WIDTH if self._has_metrics else 0
        return max(1, min(_WIDEST, (self.size.width - self._left - metrics) // count))

    @property
    def _compact(self) -> bool:
        """Whether columns are wider where a row's heading takes a cell of the first one."""
        width, n = self.size.width, self.class_count
        if n > _ALL:
            return False
        return 2 * n <= width < self._readable_width and width // n > (width - 2) // n

    @property
    def _widths(self) -> list[int]:
        """Cells of each column."""
        cell = self._cell_width
        return [cell - self._compact, *[cell] * (self._column_count - 1)]

    @property
    def _cell_height(self) -> int:
        return max(1, min(_HIGHEST, (self.size.height - self._top) // len(self._rows)))

    def _lay_out(self) -> list[Strip]:
        if (counts := self._counts) is None:
            return []
        width, left, cell = self.size.width, self._left, self._cell_width
        blank = " " * margin(cell)
        widths, shown = self._widths, self._columns
        heads = self._column_heads(cell - 1 - len(blank))
        bold = Style(bold=True)
        columns = [Segment(" " * left, PLAIN)]
        for c, wide in zip(shown, widths, strict=True):
            here = c == self.cursor[1]
            columns += [
                Segment(" " * (wide - cell_len(heads[c]) - len(blank) - here), PLAIN),
                Segment((" " if here else "") + heads[c], self._heading_style(here)),
                Segment(blank, PLAIN),
            ]
        names = "".join(name.rjust(_METRIC_WIDTH) for name in METRICS) if self._has_metrics else ""
        columns.append(Segment(names, bold))
        lines = [Strip(columns).adjust_cell_length(width, PLAIN).simplify()]
        if self._top == 2:
            lines.insert(
                0, text_strip(" " * left + self._title().rjust(cell - margin(cell) + 8), width)
            )
        totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
        levels = np.searchsorted(LEVELS, counts / totals, side="right")
        metrics = np.stack([precision(counts), recall(counts), f1(counts)], axis=1)
        for label in self._rows:
            row = counts[label].tolist()
            heading = self._heading_of(label)
            numbers = "".join(
                ("-" if np.isnan(m) else f"{m:.1%}").rjust(_METRIC_WIDTH) for m in metrics[label]
            )
            for line in range(self._cell_height):
                here = line == (self._cell_height - 1) // 2
                cells = [
                    Segment(
                        self._cell(label, c, row[c], cells_wide, int(levels[label, c]))
                        if here
                        else " " * cells_wide,
                        self._style(label, c, int(levels[label, c])),
                    )
                    for c, cells_wide in zip(shown, widths, strict=True)
                ]
                strip = Strip(
                    [
                        Segment(
                            set_cell_size(heading if here else "", left),
                            self._heading_style(here and label == self.cursor[0]),
                        ),
                        *cells,
                        Segment(numbers if here and self._has_metrics else ""),
                    ]
                )
                lines.append(strip.adjust_cell_length(width, PLAIN).simplify())
        return lines

    def _column_heads(self, room: int) -> list[str]:
        """The names of the classes, cut where they can still be told apart, or their numbers."""
        numbers = [str(c) for c in range(self.class_count)]
        if not self._spec.has_names or not self._in_words:
            return numbers
        names = [
            set_cell_size(printable(name, ascii_only=self.terminal.ascii_only), room).rstrip()
            for name in self._spec.names
        ]
        return names if len(set(names)) == len(names) else numbers

    def _title(self) -> str:
        shown, n = self._columns, self.class_count
        return "predicted" if len(shown) == n else f"predicted {shown[0]} to {shown[-1]} of {n}"

    def _cell(self, label: int, predicted: int, count: int, width: int, level: int) -> str:
        mark = MARKS[level] if label != predicted else ""
        mark = ">" if (label, predicted) == self.cursor else mark
        return count_text(count, width, mark)

    def _style(self, label: int, predicted: int, level: int) -> Style:
        if (label, predicted) == self.cursor:
            return Style(reverse=True, bold=True)
        return cell_style(level, right=label == predicted, terminal=self.terminal)

    def _heading_style(self, here: bool) -> Style:
        """That of the cursor's row or column, or of any other."""
        accent = role_style("accent", self.terminal.colors) if here else PLAIN
        return accent + Style(bold=True, reverse=here)
