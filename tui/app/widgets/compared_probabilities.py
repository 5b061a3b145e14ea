"""What two networks say of the same image: the bars of one beside those of the other."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip

from nn.spec import MNIST, DataSpec
from tui.app.widgets.compared_rows import letter_style
from tui.app.widgets.probabilities import probability_strips
from tui.app.widgets.strips import PLAIN, StripWidget, text_strip

LEAST = 30
"""Cells from which on there is room for the bars of both."""
_GAP = 1


class ComparedProbabilities(StripWidget):
    """The letter of each run above its bars; where it is too narrow, only what each predicts.

    It stands in place of the bars of one network on a screen of the class `-compared`.
    """

    DEFAULT_CSS = """
    ComparedProbabilities { height: 11; display: none; }
    """

    _both: Sequence[Sequence[float]] = ()
    _label = 0
    _spec = MNIST

    def show(self, both: Sequence[Sequence[float]], label: int, spec: DataSpec) -> None:
        """Show the probabilities, 0 to 1, of both networks; the label is marked."""
        self._both, self._label, self._spec = both, label, spec
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        width, height = self.size
        half = (width - _GAP) // 2
        sides = []
        for letter, probabilities in zip("AB", self._both, strict=False):
            best = max(range(len(probabilities)), key=probabilities.__getitem__)
            said = f"{letter} {self._spec.names[best]}"
            head = f"{said} {probabilities[best]:.1%}" if width >= LEAST else said
            style = letter_style(letter, self.terminal.colors)
            lines = [text_strip(head, half, style)]
            if width >= LEAST:
                lines += probability_strips(
                    probabilities,
                    half,
                    label=self._label,
                    terminal=self.terminal,
                    names=self._spec.names if self._spec.has_names else (),
                    lines=max(1, height - 1),
                )
            sides.append(lines)
        gap = Strip([Segment(" " * _GAP, PLAIN)])
        pairs = zip(*sides, strict=True) if len(sides) == 2 else ()
        return [
            Strip.join([first, gap, second]).adjust_cell_length(width, PLAIN)
            for first, second in pairs
        ][:height]
