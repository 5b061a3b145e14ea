"""A weight seen three ways: the sum of its gradient, the loss around it, and the definition."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from rich.style import Style
from textual.strip import Strip

from nn.analysis.nudge import Nudge
from nn.analysis.stage import Stage
from tui.app.state.walking import CHANGES, CHECKED, Nudged, WalkView
from tui.app.widgets.plot import render_chart
from tui.app.widgets.series import Series
from tui.app.widgets.strips import PLAIN, StripWidget, text_strip
from tui.app.widgets.walk_stage import sum_lines
from tui.formatting import number, tidy_exponent
from tui.system.terminal import Terminal

Part = Literal["numbers", "curve", "sum"]
PARTS: tuple[Part, ...] = ("numbers", "curve", "sum")
COLUMNS = 76
"""Cells from which on all parts are shown at once, in two columns."""
_GAP = 2
_SUM_LINES = 8
_BOLD = Style(bold=True)
# The sizes of a nudge in the order in which they are left out where not all of them fit.
_DISPENSABLE = (1e-6, 1e-2, 1e-8, 1e-12, 1e-1)
_ROUNDING = "A large h: the curve bends. A tiny one: the losses differ by rounding only."


_OF_A_UNIT = {"b": "bias of", "g": "scale of", "c": "shift of"}


def weight_words(parameter: str, index: Sequence[int], axes: Sequence[str]) -> str:
    """What a weight or bias connects, such as `weight from unit 17 of layer 1 to class 5`.

    `axes` are those of its gradient.
    """
    places = [
        f"unit {at} of layer {axis[5:]}" if axis.startswith("unit ") else f"{axis} {at}"
        for axis, at in zip(axes, index, strict=True)
    ]
    return f"{_OF_A_UNIT.get(parameter[0], 'weight from')} {' to '.join(places)}"


def nudge_strips(
    nudged: Nudged,
    errors: Mapping[str, float],
    stage: Stage,
    part: Part,
    width: int,
    height: int,
    terminal: Terminal,
) -> list[Strip]:
    """All parts where there is room, else one of them; `stage` is the gradient of the weights."""
    first = nudged.nudges[0]
    words = weight_words(first.parameter, first.index, stage.axes)
    title = textwrap.wrap(f"{_name(first)}, the {words}", width)
    strips = [text_strip(line, width, _BOLD) for line in title]
    height -= len(strips)
    if width >= COLUMNS:
        return [*strips, *_columns(nudged, errors, stage, width, height, terminal)]
    if part == "sum":
        lines = sum_lines(stage, first.index, width, height)
    elif part == "numbers":
        lines = [*_losses(first, width), *_both(first, width)]
        lines += _definition(nudged.nudges, width, height - len(lines))
    else:
        below = _step(nudged, width)
        chart = _curve(nudged, width, height - len(below), terminal)
        return [*strips, *chart, *(text_strip(line, width) for line in below)]
    return [*strips, *(text_strip(line, width) for line in lines)]


def _columns(
    nudged: Nudged,
    errors: Mapping[str, float],
    stage: Stage,
    width: int,
    height: int,
    terminal: Terminal,
) -> list[Strip]:
    """At the left the sum and the definition, at the right the curve and what a step does."""
    first, left = nudged.nudges[0], (width - _GAP) // 2
    right = width - _GAP - left
    lines = ["Backpropagated, it is a sum"]
    lines += sum_lines(stage, first.index, left, max(_SUM_LINES, height - 14))
    lines += [""] if height >= 18 else []
    bold = {0, len(lines)}
    lines += ["By its definition, a difference", *_definition(nudged.nudges, left, 7)]
    rounding = textwrap.wrap(_ROUNDING, left)
    lines += rounding if len(rounding) <= height - len(lines) else []
    lines += _checked(errors, left) if height >= len(lines) + 4 else []
    below = ["", *_losses(first, right), "", *_step(nudged, right)]
    chart = _curve(nudged, right, max(0, height - len(below)), terminal)
    beside = [*chart, *(text_strip(line, right) for line in below)]
    strips = []
    for y in range(min(height, max(len(lines), len(beside)))):
        text = lines[y] if y < len(lines) else ""
        at_left = text_strip(text, left + _GAP, _BOLD if y in bold else PLAIN)
        strips.append(Strip.join([at_left, beside[y] if y < len(beside) else Strip([])]))
    return strips


def _name(nudge: Nudge) -> str:
    return f"{nudge.parameter}[{','.join(map(str, nudge.index))}]"


def _losses(nudge: Nudge, width: int) -> list[str]:
    """The weight and the loss below, here and above."""
    gap = "  " if width >= 38 else " "
    lines = [f"{'':<5}{gap}{'weight':>11}{gap}{'loss':>16}"]
    for label, value, loss in (
        ("w - h", nudge.value - nudge.h, nudge.below),
        ("w", nudge.value, nudge.loss),
        ("w + h", nudge.value + nudge.h, nudge.above),
    ):
        lines.append(f"{label:<5}{gap}{value:>11.6f}{gap}{loss:>16.12f}")
    return lines


def _both(nudge: Nudge, width: int) -> list[str]:
    return [
        f"{'numerical':<16}{nudge.numerical:>15.10f}",
        f"{'backpropagated':<16}{nudge.analytical:>15.10f}",
    ]


def _definition(nudges: Sequence[Nudge], width: int, rows: int) -> list[str]:
    """The derivative by differences of several sizes, as many as fit, the textbook's among them."""
    left_out = _DISPENSABLE[: max(0, len(nudges) + 1 - rows)]
    shown = [nudge for nudge in nudges if nudge.h not in left_out]
    lines = [f"{'h':<6}{'(L(w+h)-L(w-h))/2h':>19}{'error':>9}"]
    for nudge in sorted(shown, key=lambda nudge: -nudge.h):
        error = tidy_exponent(f"{abs(nudge.numerical - nudge.analytical):.1e}")
        h = tidy_exponent(f"{nudge.h:.0e}")
        lines.append(f"{h:<6}{nudge.numerical:>19.10f}{error:>9}")
    return lines[: max(0, rows)]


def _checked(errors: Mapping[str, float], width: int) -> list[str]:
    """How far backpropagation is from the definition, in every array."""
    if not errors:
        return []
    each = "  ".join(f"{name} {tidy_exponent(f'{error:.0e}')}" for name, error in errors.items())
    words = f"{CHECKED} of each array at random, the largest errors: {each}"
    return ["", *textwrap.wrap(words, width)]


def _curve(nudged: Nudged, width: int, height: int, terminal: Terminal) -> list[Strip]:
    """The loss where the weight alone moves, and its tangent with the backpropagated slope."""
    first = nudged.nudges[0]
    with np.errstate(all="ignore"):
        tangent = first.loss + first.analytical * CHANGES
        finite = nudged.losses[np.isfinite(nudged.losses)]
        if len(finite):
            low, high = finite.min(), finite.max()
            margin = 0.2 * (high - low)
            tangent[(tangent < low - margin) | (tangent > high + margin)] = np.nan
    series = [
        Series("loss", CHANGES, nudged.losses),
        Series("tangent", CHANGES, tangent, 1, "secondary"),
    ]
    marks = ((0.0, "now"),)
    return render_chart(
        series, width, height, x_label="change of w", marks=marks, terminal=terminal
    )


def _step(nudged: Nudged, width: int) -> list[str]:
    """What the update does to the weight, and this weight alone to the loss."""
    first = nudged.nudges[0]
    expected = first.loss + first.analytical * (nudged.updated - first.value)

    def text(value: float) -> str:
        return number(value, 11, ".6f")

    return [
        f"this step  w    {text(first.value)} -> {text(nudged.updated)}",
        f"           loss {text(first.loss)} -> {text(nudged.loss_updated)}",
        f"           by the tangent {text(expected)}",
    ]


class NudgeView(StripWidget):
    """Shows a weight that is nudged; `part` is what is shown where there is room for one part."""

    part: Part = "numbers"
    _nudged: Nudged | None = None
    _errors: Mapping[str, float] = {}
    _stage: Stage | None = None

    def show(self, view: WalkView, stage: Stage | None) -> None:
        """Show the weight, whose gradient is `stage`; nothing before a weight has been nudged."""
        self._nudged, self._errors, self._stage = view.nudged, view.errors, stage
        self.redraw()

    def turn(self) -> None:
        """Show the next part."""
        self.part = PARTS[(PARTS.index(self.part) + 1) % len(PARTS)]
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        if self._nudged is None or self._stage is None:
            return []
        width, height = self.size
        return nudge_strips(
            self._nudged,
            self._errors,
            self._stage,
            self.part,
            width,
            height,
            self.terminal,
        )[:height]
