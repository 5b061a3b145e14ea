"""The space of a chart: head, plot and footer, of which only the plot is always there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from textual.strip import Strip

from tui.app.widgets.plotter import Plotter
from tui.app.widgets.series import Floats, Scale, linear_scale
from tui.app.widgets.strips import printable, text_strip
from tui.formatting import tidy_exponent
from tui.system.terminal import Terminal

EMPTY = "no data yet"


@dataclass(frozen=True)
class Layout:
    """Where the lines go: head, plot and footer, of which only the plot is always there.

    `axes` is whether there are to be axes and ticks.
    """

    width: int
    height: int
    head: Strip
    footer: str
    terminal: Terminal
    axes: bool = True

    @property
    def top(self) -> list[Strip]:
        return [self.head] if self.head.text.strip() and self.height >= 4 else []

    @property
    def bottom(self) -> list[Strip]:
        text = printable(self.footer.rstrip(), ascii_only=self.terminal.ascii_only)
        return [text_strip(text, self.width)] if text and self.height >= 6 else []

    @property
    def rows(self) -> int:
        """Lines of the plot."""
        return max(0, self.height - len(self.top) - len(self.bottom))

    @property
    def framed(self) -> bool:
        """Whether there is room for axes and ticks."""
        return self.axes and self.width >= 16 and self.rows >= 4

    def plotter(self, x: Scale, y: Scale, labels: int = 0) -> Plotter:
        """A plot beside so many cells of labels."""
        width = self.width - labels
        return Plotter(x, y, width, self.rows, framed=self.framed, terminal=self.terminal)

    def around(self, plot: Sequence[Strip]) -> list[Strip]:
        """The layout around the lines of the plot."""
        return [*self.top, *plot, *self.bottom]

    def empty(self) -> list[Strip]:
        """The layout around a note that there is nothing to draw."""
        plot = [text_strip("", self.width)] * self.rows
        if self.rows:
            plot[(self.rows - 1) // 2] = text_strip(EMPTY.center(self.width), self.width)
        return self.around(plot)


def x_scale(xs: Floats, width: int, *, log: bool = False) -> Scale:
    """The scale of positions across so many cells; whole numbers have whole ticks.

    With `log`, positions are log10 of what the ticks name.
    """
    whole = bool((xs == np.floor(xs)).all())
    scale = linear_scale(float(xs.min()), float(xs.max()), max(2, width // 12), whole=whole)
    if not log:
        return scale
    places = [(at, scale.low + at * (scale.high - scale.low)) for at, _ in scale.ticks]
    return replace(scale, ticks=tuple((at, power_of_ten(value)) for at, value in places))


def power_of_ten(exponent: float) -> str:
    """Ten to this power, such as `1e-4` or `0.1`."""
    return tidy_exponent(f"{10.0 ** min(max(exponent, -300.0), 300.0):.2g}")
