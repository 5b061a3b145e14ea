"""Labels at the ends of the lines of a chart, name and value, in place of a legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual.strip import Strip

from tui.app.widgets.legend import role_style, sample
from tui.app.widgets.names import fit_names
from tui.app.widgets.series import Series
from tui.app.widgets.strips import PLAIN, printable, text_strip
from tui.formatting import number
from tui.system.terminal import Terminal

VALUE = 7
"""Cells of a value at most."""
_SHARE = 0.42  # of the width, for the labels with values
_LEAST_PLOT = 24  # cells of the plot beside labels of one line with values


@dataclass(frozen=True)
class Labels:
    """The labels of some series as they fit into a chart.

    Attributes:
        width: Cells of the column of labels; 0 where there is no room for one.
        names: What is written for each series.
        values: Whether the values are written too.
        beside: Whether a value stands beside its name, not below it.
        form: How a value is written, if that is not too long.
    """

    series: Sequence[Series]
    width: int
    names: Sequence[str]
    values: bool
    beside: bool
    form: str

    @property
    def height(self) -> int:
        """Lines of one label."""
        return 2 if self.values and not self.beside else 1

    def strips(
        self, ends: Sequence[float], values: Sequence[float], rows: int, terminal: Terminal
    ) -> list[Strip]:
        """The column of labels, `rows` lines.

        Args:
            ends: The row, from the top, in which each line ends; NaN for one that is not seen.
            values: What is written as the value of each series.
            rows: Lines of the plot without its axis.
            terminal: Which characters and how many colours to use.
        """
        lines = [text_strip("", self.width)] * rows
        wanted = [end if end == end else -1.0 for end in ends]
        order = sorted(range(len(wanted)), key=lambda i: (wanted[i], -i))
        places = spread([wanted[i] for i in order], self.height, rows)
        for place, i in zip(places, order, strict=True):
            for below, strip in enumerate(self._label(i, values[i], terminal)):
                if place + below < rows:
                    lines[place + below] = strip
        return lines

    def _label(self, i: int, value: float, terminal: Terminal) -> list[Strip]:
        one, name = self.series[i], self.names[i]
        style = role_style(one.role, terminal.colors)
        lead = Segment(f"{sample(one, terminal)} ", style)
        named = Segment(printable(name, ascii_only=terminal.ascii_only), style)
        if not self.values:
            return [self._strip([lead, named])]
        text = value_text(value, self.form)
        if self.beside:
            gap = " " * max(1, self.width - 2 - len(name) - len(text))
            return [self._strip([lead, named, Segment(gap), Segment(text, style)])]
        return [self._strip([lead, named]), self._strip([Segment("  "), Segment(text, style)])]

    def _strip(self, segments: Sequence[Segment]) -> Strip:
        return Strip(segments).adjust_cell_length(self.width, PLAIN).simplify()


def value_text(value: float, form: str) -> str:
    """A value in at most `VALUE` cells; a dash where there is none."""
    return "-" if value != value else number(value, VALUE, form)


def fit_labels(
    series: Sequence[Series],
    width: int,
    rows: int,
    form: str = ".4g",
    group: Sequence[Series] = (),
    *,
    values: bool = True,
) -> Labels:
    """The labels of the series that have a name, as a chart of that size has room for.

    The values, if wanted, stand beside the names if there is room, below them if there is less, or
    not at all. A chart with more series than rows, or a very narrow one, has no labels. They are as
    wide as those of the `group`, so that the axes of charts below one another agree.
    """
    named = [one for one in series if one.name]
    most = int(_SHARE * width)
    if not named or len(named) > rows or most < 9:
        return Labels((), 0, (), False, False, form)
    every = [*named, *(one for one in group if one.name)]
    count = len(named)
    tags = [f"{one.tag} " if one.tag else "" for one in every]
    full = [f"{t}{one.name} {one.detail}".rstrip() for t, one in zip(tags, every, strict=True)]
    short = [f"{tag}{one.name}" for tag, one in zip(tags, every, strict=True)]
    for names in (full, short):
        beside = 2 + max(map(len, names)) + (1 + VALUE) * values
        if beside <= most and width - beside >= _LEAST_PLOT:
            return Labels(named, beside, names[:count], values, True, form)
    names = _cut(every, tags, max(10, width // 4))
    column = 2 + max(map(len, names))
    if values and 2 * count <= rows and most >= 2 + VALUE:
        return Labels(named, max(column, 2 + VALUE), names[:count], True, False, form)
    return Labels(named, column, names[:count], False, False, form)


def _cut(series: Sequence[Series], tags: Sequence[str], longest: int) -> list[str]:
    """The names behind their tags; those with a tag, as of runs, are cut by what differs."""
    names = [""] * len(series)
    for tagged in (False, True):
        part = [i for i, tag in enumerate(tags) if bool(tag) is tagged]
        room = longest - max((len(tags[i]) for i in part), default=0)
        for i, name in zip(part, fit_names([series[i].name for i in part], room), strict=True):
            names[i] = f"{tags[i]}{name}"
    return names


def spread(wanted: Sequence[float], height: int, rows: int) -> list[int]:
    """Rows for blocks of `height` lines, as near as can be to the rising rows that are wanted.

    Blocks that would overlap are stacked around their middle. All of them must fit into `rows`.
    """
    groups: list[list[float]] = []  # wanted start of the first block, and the number of blocks
    last = rows - height * len(wanted)
    for i, row in enumerate(wanted):
        # Measured from where the block would stand if those before it took no room.
        groups.append([min(max(row - i * height, 0.0), float(max(last, 0))), 1])
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            (first, a), (second, b) = groups[-2:]
            groups[-2:] = [[(a * first + b * second) / (a + b), a + b]]
    starts = [start for start, count in groups for _ in range(int(count))]
    return [round(start) + i * height for i, start in enumerate(starts)]
