"""A weight that is nudged: the loss around it, and its derivative by definition and by backward."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from textual.strip import Strip

from nn.analysis.walk import Nudge
from tui.app.widgets.strips import StripWidget, text_strip
from tui.formatting import tidy_exponent

MEANING = (
    "Nudge one weight by h, all others as they are, and see how far the loss moves. Its slope is"
    " what backpropagation computes for all weights at once."
)
LESSON = "Too large an h: the curve bends. Too small: the losses differ by rounding only."


def weight_words(parameter: str, index: Sequence[int], layers: int) -> str:
    """What a weight or bias connects, such as `weight from unit 17 of layer 1 to class 5`."""
    number = int(parameter[1:])

    def place(layer: int, at: int) -> str:
        if layer == 0:
            return f"pixel {at}"
        return f"class {at}" if layer == layers else f"unit {at} of layer {layer}"

    if parameter[0] == "b":
        return f"bias of {place(number, index[0])}"
    return f"weight from {place(number - 1, index[0])} to {place(number, index[1])}"


def nudge_lines(nudges: Sequence[Nudge], layers: int, width: int, height: int) -> list[str]:
    """The first nudge in full, and the derivative that each of the others gives."""
    first = nudges[0]
    at = ",".join(map(str, first.index))
    name = f"{first.parameter}[{at}]"
    words = weight_words(first.parameter, first.index, layers)
    lines = textwrap.wrap(f"{name}, the {words}", width)
    spacious = height >= 20
    if spacious:
        lines += ["", *textwrap.wrap(MEANING, width), ""]
    gap = "   " if width >= 60 else " "
    lines.append(f"{'':<5}{gap}{'weight':>12}{gap}{'loss':>16}")
    for label, value, loss in (
        ("w - h", first.value - first.h, first.below),
        ("w", first.value, first.loss),
        ("w + h", first.value + first.h, first.above),
    ):
        lines.append(f"{label:<5}{gap}{value:>12.7f}{gap}{loss:>16.12f}")
    lines += [""] if spacious else []
    wide = width >= 60
    definition = "numerical: (loss(w + h) - loss(w - h)) / 2h" if wide else "numerical"
    backward = f"backpropagated: d{name}" if wide else "backpropagated"
    room = len(definition) if wide else 15
    lines.append(f"{definition:<{room}} {first.numerical:>15.10f}")
    lines.append(f"{backward:<{room}} {first.analytical:>15.10f}")
    lines += [""] if spacious else []
    lines.append(f"{'h':<6}{gap}{'numerical':>15}{gap}{'error':>9}")
    for nudge in sorted(nudges, key=lambda nudge: -nudge.h):
        error = tidy_exponent(f"{abs(nudge.numerical - nudge.analytical):.1e}")
        h = tidy_exponent(f"{nudge.h:.0e}")
        lines.append(f"{h:<6}{gap}{nudge.numerical:>15.10f}{gap}{error:>9}")
    lines += ["", *textwrap.wrap(LESSON, width)] if spacious else []
    return lines[:height]


class NudgeView(StripWidget):
    """Shows a weight that is nudged."""

    _nudges: Sequence[Nudge] = ()
    _layers = 2

    def show(self, nudges: Sequence[Nudge], layers: int) -> None:
        """Show these nudges of one weight of a network with so many layers, or nothing."""
        self._nudges, self._layers = nudges, layers
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        if not self._nudges:
            return []
        lines = nudge_lines(self._nudges, self._layers, *self.size)
        return [text_strip(line, self.size.width) for line in lines]
