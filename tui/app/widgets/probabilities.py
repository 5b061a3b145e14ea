"""The ten probabilities as bars and numbers."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.app.widgets.legend import role_style
from tui.app.widgets.strips import PLAIN, StripWidget
from tui.formatting import bar
from tui.system.terminal import Terminal

_WIDE = 18
"""Cells from which on the numbers have a decimal place."""


def probability_strips(
    probabilities: Sequence[float],
    width: int,
    *,
    label: int | None = None,
    terminal: Terminal,
) -> list[Strip]:
    """A line for each class; the likeliest is bold and marked with '>', NaN is drawn as '-'.

    The true label is marked with '<' after the number.
    """
    width -= 0 if label is None else 2
    decimals = 1 if width >= _WIDE else 0
    best = max(probabilities, default=0.0)
    lines = []
    for digit, probability in enumerate(probabilities):
        known = probability == probability
        number = (f"{probability:.{decimals}%}" if known else "-").rjust(5 + decimals)
        top = known and probability == best and best > 0
        drawn = bar(
            probability if known else 0.0,
            max(0, width - 8 - decimals),
            ascii_only=terminal.ascii_only,
        )
        weight = Style(bold=top)
        segments = [
            Segment(f"{'>' if top else ' '}{digit} ", weight),
            Segment(drawn, role_style("primary", terminal.colors) + weight),
            Segment(number, weight),
        ]
        line = Strip(segments).adjust_cell_length(width, PLAIN)
        if label is not None:
            mark = Segment(" <" if digit == label else "  ", Style(bold=True))
            line = Strip.join([line, Strip([mark])])
        lines.append(line.simplify())
    return lines


class ProbabilityBars(StripWidget):
    """Ten bars; only those that change are painted."""

    DEFAULT_CSS = """
    ProbabilityBars { height: 10; }
    """

    _probabilities: Sequence[float] = ()
    _label: int | None = None

    def set_probabilities(self, probabilities: Sequence[float], label: int | None = None) -> None:
        """Show a bar for each of these probabilities, 0 to 1, and mark that of the label."""
        self._probabilities, self._label = probabilities, label
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        return probability_strips(
            self._probabilities,
            self.size.width,
            label=self._label,
            terminal=self.terminal,
        )
