"""The predictions of one digit over the training, a column for each copy of the weights."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nn.spec import MNIST, DataSpec
from tui.app.widgets.legend import role_style, shorten
from tui.app.widgets.strips import PLAIN, StripWidget, printable, text_strip
from tui.system.terminal import Terminal

Point = tuple[float, float, int]
"""Epoch, probability of the true label, predicted class."""

_BLOCKS = " ▁▂▃▄▅▆▇█"
_ASCII_BLOCKS = " .:#"
_WIDEST = 4
"""Cells of a column at most, with the gap after it."""


def trajectory_strips(
    points: Sequence[Point],
    label: int,
    width: int,
    height: int,
    *,
    terminal: Terminal,
    spec: DataSpec = MNIST,
) -> list[Strip]:
    """Bars of the label's probability above the predicted classes and the epochs.

    Mistakes are bold. If there are more points than columns, the newest are shown. With fewer than
    four lines, only the predicted classes are shown, in one line.
    """
    if not points or width < 1 or height < 1:
        return []
    if height < 4:
        return [_one_line(points, width, spec)]
    points = points[-width:]
    least = max(len(_sign(predicted, spec)) + (spec.classes > 10) for *_, predicted in points)
    least = min(width, max(1, least))
    points = points[-max(1, width // least) :]
    cell = min(_WIDEST, max(least, width // len(points)))
    lines = [
        text_strip(
            f"P({shorten(spec.names[label], 12)}) and prediction by epoch", width, Style(bold=True)
        )
    ]
    blocks = _ASCII_BLOCKS if terminal.ascii_only else _BLOCKS
    color = role_style("primary", terminal.colors)
    for level in reversed(range(height - 3)):
        bars = (_block(p, level, height - 3, blocks) * max(1, cell - 1) for _, p, _ in points)
        lines.append(text_strip("".join(bar.ljust(cell) for bar in bars), width, color))
    said = Strip(
        Segment(set_cell_size(_sign(predicted, spec), cell), Style(bold=predicted != label))
        for _, _, predicted in points
    )
    lines.append(said.adjust_cell_length(width, PLAIN).simplify())
    first, last = f"{points[0][0]:.4g}", f"{points[-1][0]:.4g}"
    axis = first.ljust(cell * (len(points) - 1)) + last if len(points) > 1 else first
    if len(axis) > width:
        axis = f"{first}{last.rjust(width - len(first))}"
    return [*lines, text_strip(printable(axis), width)]


def _sign(predicted: int, spec: DataSpec) -> str:
    """A class in a character or two: its number, or a name that is as short."""
    name = spec.names[predicted]
    return name if len(name) == 1 else str(predicted)


def _one_line(points: Sequence[Point], width: int, spec: DataSpec) -> Strip:
    between = " " if spec.classes > 10 and max(map(len, spec.names)) > 1 else ""
    said = between.join(_sign(predicted, spec) for _, _, predicted in points)
    first, last = f"{points[0][0]:.4g}", f"{points[-1][0]:.4g}"
    start = f"epoch {first}: " if first == last else f"epoch {first}-{last}: "
    room = max(1, width - len(start))
    if len(said) > room:
        start, said = f"epoch ..{last}: ", said[-room:]
    return text_strip(start + said, width)


def _block(probability: float, level: int, levels: int, blocks: str) -> str:
    """The character of a bar in one line; blank for 0 and for NaN."""
    if probability != probability:
        return " "
    eighths = round(probability * levels * (len(blocks) - 1)) - level * (len(blocks) - 1)
    return blocks[min(max(eighths, 0), len(blocks) - 1)]


class Trajectory(StripWidget):
    """Bars over the epochs; one line of predicted classes where there is no room for them."""

    _points: Sequence[Point] = ()
    _label = 0
    _spec = MNIST

    def set_points(self, points: Sequence[Point], label: int, spec: DataSpec = MNIST) -> None:
        """Show these, oldest first."""
        self._points, self._label, self._spec = points, label, spec
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        return trajectory_strips(
            self._points,
            self._label,
            *self.size,
            terminal=self.terminal,
            spec=self._spec,
        )
