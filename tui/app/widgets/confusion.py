"""The confusion matrix as a table with a cursor."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from nn.analysis.metrics import f1, precision, recall
from tui.app.widgets.strips import PLAIN, StripWidget, text_strip
from tui.formatting import percent

Array = npt.NDArray[Any]

LEVELS = (0.005, 0.02, 0.1)
"""Shares of the true class; a confusion is marked from the first one on."""
MARKS = ("", ":", "*", "#")
"""What stands before a count below the first level, and from each level on."""
METRICS = ("prec", "recall", "F1")
_METRIC_WIDTH = 8
_WIDEST, _HIGHEST = 8, 3
"""Largest size of a cell."""
_READABLE = 5
"""Cells for a mark and a count of four digits."""


def count_text(count: int, width: int, mark: str = "") -> str:
    """A count in exactly `width` cells, with a blank or the mark before it.

    So neighbours never touch: a number whose digits need all cells is rounded to thousands (`k`) or
    hundreds (`h`); a zero is a dot.
    """
    margin = _margin(width)
    room = width - margin
    exact = str(count) if count else "."
    rounded = f"{count / 1000:.0f}k" if count >= 950 else f"{count / 100:.0f}h"
    text = next((text for text in (exact, rounded) if len(text) < room), "#"[: room - 1])
    return (mark + text).rjust(room) + " " * margin


def _margin(width: int) -> int:
    """Cells to the right of a count, in wide columns only."""
    return max(0, (width - 4) // 2)


class ConfusionMatrix(StripWidget):
    """Counts, rows true and columns predicted, shaded and marked by their share of the true class.

    `cursor` is a (label, predicted) pair. Precision, recall and F1 of each class stand at the right
    where there is room. A click moves the cursor, or chooses the cell if it has the cursor.
    """

    DEFAULT_CSS = """
    ConfusionMatrix {
        & > .matrix--right { background: $success 20%; }
        & > .matrix--level-1 { background: $error 15%; }
        & > .matrix--level-2 { background: $error 35%; }
        & > .matrix--level-3 { background: $error 55%; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "matrix--right",
        "matrix--level-1",
        "matrix--level-2",
        "matrix--level-3",
    }

    class Moved(Message):
        """The mouse has moved the cursor."""

    class Chosen(Message):
        """The cell with the cursor was chosen with the mouse."""

    cursor = (0, 0)
    _counts: Array | None = None

    def set_counts(self, counts: Array | None) -> None:
        """Show these, (10, 10), or nothing."""
        self._counts = counts
        self.redraw()

    def move_to(self, label: int, predicted: int) -> None:
        """Set the cursor."""
        self.cursor = label, predicted
        self.redraw()

    def notify_style_update(self) -> None:
        """Draw in the colours of another theme."""
        super().notify_style_update()
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor, or choose its cell."""
        offset = event.get_content_offset(self)
        if offset is None or self._counts is None:
            return
        label = (offset.y - self._top) // self._cell_height
        predicted = (offset.x - self._left + self._compact) // self._cell_width
        if label not in range(len(self._counts)) or predicted not in range(len(self._counts)):
            return
        if (label, predicted) == self.cursor:
            self.post_message(self.Chosen())
        else:
            self.move_to(label, predicted)
            self.post_message(self.Moved())

    @property
    def _has_metrics(self) -> bool:
        return self.size.width >= 6 + 10 * _READABLE + len(METRICS) * _METRIC_WIDTH

    @property
    def _left(self) -> int:
        """Cells of the row headings."""
        if self._compact:
            return 1
        return 6 if self.size.width >= 6 + 10 * _READABLE else 2

    @property
    def _top(self) -> int:
        """Lines of the column headings."""
        return 2 if self.size.height >= 12 else 1

    @property
    def _cell_width(self) -> int:
        if self._compact:
            return self.size.width // 10
        metrics = len(METRICS) * _METRIC_WIDTH if self._has_metrics else 0
        return max(1, min(_WIDEST, (self.size.width - self._left - metrics) // 10))

    @property
    def _compact(self) -> bool:
        """Whether columns are wider where a row's heading takes a cell of the first one."""
        width = self.size.width
        return 20 <= width < 6 + 10 * _READABLE and width // 10 > (width - 2) // 10

    @property
    def _widths(self) -> list[int]:
        """Cells of each column."""
        cell = self._cell_width
        return [cell - self._compact, *[cell] * 9]

    @property
    def _cell_height(self) -> int:
        return max(1, min(_HIGHEST, (self.size.height - self._top) // 10))

    def _lay_out(self) -> list[Strip]:
        if (counts := self._counts) is None:
            return []
        width, left, cell = self.size.width, self._left, self._cell_width
        margin = " " * _margin(cell)
        widths = self._widths
        columns = "".join((str(c) + margin).rjust(width) for c, width in enumerate(widths))
        names = "".join(name.rjust(_METRIC_WIDTH) for name in METRICS) if self._has_metrics else ""
        bold = Style(bold=True)
        lines = [text_strip(" " * left + columns + names, width, bold)]
        if self._top == 2:
            lines.insert(
                0, text_strip(" " * left + "predicted".rjust(cell - _margin(cell) + 8), width)
            )
        totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
        levels = np.searchsorted(LEVELS, counts / totals, side="right")
        metrics = np.stack([precision(counts), recall(counts), f1(counts)], axis=1)
        for label, row in enumerate(counts.tolist()):
            heading = f"true {label}" if left == 6 else str(label)
            numbers = "".join(percent(m).rjust(_METRIC_WIDTH) for m in metrics[label])
            for line in range(self._cell_height):
                here = line == (self._cell_height - 1) // 2
                cells = [
                    Segment(
                        self._cell(label, c, count, int(levels[label, c]))
                        if here
                        else " " * widths[c],
                        self._style(label, c, int(levels[label, c])),
                    )
                    for c, count in enumerate(row)
                ]
                strip = Strip(
                    [
                        Segment((heading if here else "").ljust(left), bold),
                        *cells,
                        Segment(numbers if here and self._has_metrics else ""),
                    ]
                )
                lines.append(strip.adjust_cell_length(width, PLAIN).simplify())
        return lines

    def _cell(self, label: int, predicted: int, count: int, level: int) -> str:
        mark = MARKS[level] if label != predicted else ""
        mark = ">" if (label, predicted) == self.cursor else mark
        return count_text(count, self._widths[predicted], mark)

    def _style(self, label: int, predicted: int, level: int) -> Style:
        if (label, predicted) == self.cursor:
            return Style(reverse=True, bold=True)
        if label == predicted:
            right = Style(bold=True)
            return self._shade("right") + right if self.terminal.colors == "full" else right
        return self._shade(f"level-{level}") if level and self.terminal.colors == "full" else PLAIN

    def _shade(self, name: str) -> Style:
        return self.get_visual_style(f"matrix--{name}").rich_style
