"""The probabilities of the classes as bars and numbers."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nn.spec import MNIST, DataSpec
from tui.app.widgets.legend import role_style
from tui.app.widgets.strips import PLAIN, StripWidget, printable
from tui.formatting import bar
from tui.system.terminal import Terminal

_WIDE = 18
"""Cells from which on the numbers have a decimal place."""
_LONGEST = 14
"""Cells of a class's name at most."""


def probability_strips(
    probabilities: Sequence[float],
    width: int,
    *,
    label: int | None = None,
    terminal: Terminal,
    names: Sequence[str] = (),
    lines: int = 10,
) -> list[Strip]:
    """A line for each class; the likeliest is bold and marked with '>', NaN is drawn as '-'.

    The true label is marked with '<' after the number. Of more classes than `lines` the likeliest
    are shown, in their order, and the true one. `names` are those of the classes, if not numbers.
    """
    shown = shown_classes(probabilities, label, lines)
    heads = [names[at] if names else str(at) for at in shown]
    head = max([1, *(min(cell_len(name), _LONGEST, width // 3) for name in heads)])
    width -= 0 if label is None else 2
    decimals = 1 if width >= _WIDE else 0
    best = max(probabilities, default=0.0)
    strips = []
    for at, name in zip(shown, heads, strict=True):
        probability = probabilities[at]
        known = probability == probability
        number = (f"{probability:.{decimals}%}" if known else "-").rjust(5 + decimals)
        top = known and probability == best and best > 0
        drawn = bar(
            probability if known else 0.0,
            max(0, width - 7 - head - decimals),
            ascii_only=terminal.ascii_only,
        )
        weight = Style(bold=top)
        segments = [
            Segment(
                f"{'>' if top else ' '}{set_cell_size(_printable(name, terminal), head)} ", weight
            ),
            Segment(drawn, role_style("primary", terminal.colors) + weight),
            Segment(number, weight),
        ]
        line = Strip(segments).adjust_cell_length(width, PLAIN)
        if label is not None:
            mark = Segment(" <" if at == label else "  ", Style(bold=True))
            line = Strip.join([line, Strip([mark])])
        strips.append(line.simplify())
    return strips


def shown_classes(probabilities: Sequence[float], label: int | None, lines: int) -> list[int]:
    """The classes that are shown, in their order."""
    classes = range(len(probabilities))
    if len(probabilities) <= lines:
        return [*classes]
    ranked = sorted(classes, key=lambda at: probabilities[at], reverse=True)
    if label is not None:
        ranked.remove(label)
        ranked.insert(0, label)
    return sorted(ranked[:lines])


def _printable(name: str, terminal: Terminal) -> str:
    return printable(name, ascii_only=terminal.ascii_only)


class ProbabilityBars(StripWidget):
    """Ten bars at most; only those that change are painted."""

    DEFAULT_CSS = """
    ProbabilityBars { height: 10; }
    """

    _probabilities: Sequence[float] = ()
    _label: int | None = None
    _names: Sequence[str] = ()

    def set_probabilities(
        self,
        probabilities: Sequence[float],
        label: int | None = None,
        spec: DataSpec = MNIST,
    ) -> None:
        """Show a bar for each of these probabilities, 0 to 1, and mark that of the label."""
        self._probabilities, self._label = probabilities, label
        self._names = spec.names if spec.has_names else ()
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        return probability_strips(
            self._probabilities,
            self.size.width,
            label=self._label,
            terminal=self.terminal,
            names=self._names,
            lines=max(1, self.size.height),
        )
