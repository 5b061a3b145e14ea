"""The probabilities of the classes as bars and numbers."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nn.spec import MNIST, DataSpec
from tui.app.widgets.colors import Role, role_style
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

    The true label is marked with '*', and bars have the colours of right and wrong. Without a label
    there is no column for its mark. Of more classes than `lines` the likeliest are shown, in their
    order, and the true one. `names` are those of the classes, if not numbers.
    """
    shown = shown_classes(probabilities, label, lines)
    heads = [names[at] if names else str(at) for at in shown]
    head = max([1, *(min(cell_len(name), _LONGEST, width // 3) for name in heads)])
    decimals = 1 if width >= _WIDE else 0
    best = max(probabilities, default=0.0)
    strips = []
    for at, name in zip(shown, heads, strict=True):
        probability = probabilities[at]
        known = probability == probability
        number = (f"{probability:.{decimals}%}" if known else "-").rjust(6 + decimals)
        top = known and probability == best and best > 0
        mark = ">" if top else " "
        if label is not None:
            mark = f"{'*' if at == label else ' '}{mark}"
        text = f"{mark}{set_cell_size(_printable(name, terminal), head)} "
        drawn = bar(
            probability if known else 0.0,
            max(0, width - len(mark) - head - 1 - len(number)),
            ascii_only=terminal.ascii_only,
        )
        role = _role(at, top=top, label=label)
        weight = Style(bold=top or at == label)
        style = PLAIN if role == "muted" else role_style(role, terminal.colors)
        segments = [
            Segment(text, weight + style),
            Segment(drawn, role_style(role, terminal.colors)),
            Segment(number, weight),
        ]
        strips.append(Strip(segments).adjust_cell_length(width, PLAIN).simplify())
    return strips


def _role(at: int, *, top: bool, label: int | None) -> Role:
    """What the bar of a class stands for."""
    if at == label:
        return "right"
    if top:
        return "accent" if label is None else "wrong"
    return "muted"


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
