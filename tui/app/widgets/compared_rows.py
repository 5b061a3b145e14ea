"""Values of two runs beside each other, under their letters in the colours of their curves."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.app.state.comparison import Comparison
from tui.app.state.comparison_words import Row, differing_rows
from tui.app.widgets.colors import ColorRole, role_style
from tui.app.widgets.names import fit_names
from tui.app.widgets.strips import PLAIN, StripWidget, printable
from tui.formatting import cut_middle
from tui.recording.folder import display_name
from tui.system.terminal import ColorMode

LETTER_ROLES: dict[str, ColorRole] = {"A": "primary", "B": "secondary"}
"""The colours of the two runs, wherever they are told apart."""
_GAP = 1


def letter_style(letter: str, colors: ColorMode) -> Style:
    """The style of a letter that names one of the runs."""
    return Style(bold=True) + role_style(LETTER_ROLES[letter], colors)


def lettered_names(comparison: Comparison, width: int) -> str:
    """The letters of both runs with their names, in this width if possible.

    Runs of the same name are told apart by the first hyperparameters that differ, or by their time.
    """
    names = [side.name for side in comparison.sides]
    if len(set(names)) == 1:
        rows = differing_rows(comparison)[:2]
        names = [" ".join(_setting(row[0], row[at]) for row in rows) for at in (1, 2)]
        times = [display_name(side.run.name).rpartition(" ")[2] for side in comparison.sides]
        names = names if rows else times
    names = fit_names(names, max((width - 6) // 2, 3))
    return "  ".join(f"{letter} {name}" for letter, name in zip("AB", names, strict=True))


def _setting(name: str, value: str) -> str:
    """A hyperparameter in short: a word, such as that of an optimizer, stands for itself."""
    word = value not in ("true", "false", "none", "-") and not any(map(str.isdigit, value))
    return value if word else f"{name} {value}"


class ComparedRows(StripWidget):
    """A line for each row below the letters; as high as its rows, if there is room."""

    _rows: Sequence[Row] = ()
    _words = False

    def show(self, rows: Sequence[Row], *, words: bool) -> None:
        """Show these rows. Values that are `words` are aligned to the left, and cut if too long."""
        self._rows, self._words = rows, words
        self.styles.height = len(rows) + 1 if rows else 0
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        if not self._rows:
            return []
        width = self.size.width
        name_width = min(max(len(row[0]) for row in self._rows), max(2 * width // 5, 1))
        longest = max(1, *(len(value) for row in self._rows for value in row[1:]))
        cell = max(1, min(longest if self._words else 9, (width - name_width) // 2 - _GAP))
        lines = [self._line(("", "A", "B"), name_width, cell, head=True)]
        lines += [self._line(row, name_width, cell) for row in self._rows]
        return lines[: self.size.height]

    def _line(self, row: Row, name_width: int, cell: int, *, head: bool = False) -> Strip:
        parts = [Segment(cut_middle(self._printable(row[0]), name_width).ljust(name_width))]
        for letter, value in zip("AB", row[1:], strict=True):
            text = cut_middle(self._printable(value), cell)
            text = text.ljust(cell) if self._words else text.rjust(cell)
            style = letter_style(letter, self.terminal.colors) if head else PLAIN
            parts.append(Segment(f"{'':{_GAP}}{text}", style))
        return Strip(parts).adjust_cell_length(self.size.width, PLAIN).simplify()

    def _printable(self, text: str) -> str:
        return printable(text, ascii_only=self.terminal.ascii_only)
