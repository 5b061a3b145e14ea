"""The test digits in four cells: both networks right, only one, neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tui.app.widgets.compared_rows import letter_style
from tui.app.widgets.strips import PLAIN, StripWidget, text_strip
from tui.formatting import number

if TYPE_CHECKING:
    from nn.analysis.disagreement import Disagreement
    from tui.app.state.comparison import Right

CELLS: tuple[tuple[Right, Right], tuple[Right, Right]] = (
    ("both", "first_only"),
    ("second_only", "neither"),
)
"""Rows: A is right, A is wrong; columns: B is right, B is wrong."""
_HEAD, _CELL = 9, 10


class AgreementTable(StripWidget, can_focus=True):
    """Counts with a cursor on one of them, in brackets. A click moves it, or chooses its cell."""

    DEFAULT_CSS = """
    AgreementTable { height: 3; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(0, -1)", "B right", id="agreement.left", show=False),
        Binding("right,l", "move(0, 1)", "B wrong", id="agreement.right", show=False),
        Binding("up,k", "move(-1, 0)", "A right", id="agreement.up", show=False),
        Binding("down,j", "move(1, 0)", "A wrong", id="agreement.down", show=False),
    ]

    class Chosen(Message):
        """The cell with the cursor was clicked."""

    _found: Disagreement | None = None
    _at = (0, 1)

    @property
    def cell(self) -> Right:
        """The cell with the cursor."""
        row, column = self._at
        return CELLS[row][column]

    def show(self, found: Disagreement | None) -> None:
        """Show these counts, or none."""
        self._found = found
        self.redraw()

    def action_move(self, down: int, right: int) -> None:
        """Move the cursor, up to the edge."""
        row, column = self._at
        self._at = min(max(row + down, 0), 1), min(max(column + right, 0), 1)
        self.redraw()

    def go_on(self, by: Literal[1, -1]) -> None:
        """Move the cursor to the next cell (1) or the one before (-1), line after line."""
        at = (2 * self._at[0] + self._at[1] + by) % 4
        self._at = divmod(at, 2)
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        width = self.size.width
        if self._found is None:
            return []
        first, second = (letter_style(letter, self.terminal.colors) for letter in "AB")
        heads = "".join(f"{head:>{_CELL}}" for head in ("B right", "B wrong"))
        lines = [text_strip(f"{'':{_HEAD}}{heads}", width, second)]
        for row, name in enumerate(("A right", "A wrong")):
            segments = [Segment(f"{name:<{_HEAD}}", first)]
            for column, cell in enumerate(CELLS[row]):
                count = number(len(getattr(self._found, cell)), _CELL - 2, ",d")
                here = (row, column) == self._at
                text = f"[{count}]".rjust(_CELL) if here else f"{count} ".rjust(_CELL)
                segments.append(Segment(text, self._style(here=here)))
            lines.append(Strip(segments).adjust_cell_length(width, PLAIN).simplify())
        return lines

    def _style(self, *, here: bool) -> Style:
        return Style(bold=True, reverse=self.has_focus) if here else PLAIN

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show whether the keys move the cursor here."""
        super().watch_has_focus(has_focus)
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on a cell; on the one that has it already, choose it."""
        row, column = event.y - 1, (event.x - _HEAD) // _CELL
        if row in (0, 1) and column in (0, 1):
            if (row, column) == self._at:
                self.post_message(self.Chosen())
            self._at = row, column
            self.redraw()
