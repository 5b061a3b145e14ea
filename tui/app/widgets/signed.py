"""Pictures of values around zero, such as weights: shaded by sign, or in characters of each sign.

Below zero is orange and above zero blue, which the common colour blindnesses tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nn.arrays import Array
from tui.app.widgets.colors import role_style
from tui.app.widgets.raster import Image, halves, inked, lines_of, ramp_cells, resample
from tui.app.widgets.strips import PLAIN
from tui.app.widgets.tones import STEPS, tones
from tui.formatting import number
from tui.system.terminal import ColorMode, Terminal

POSITIVE = " .:+#"
NEGATIVE = " '-=%"
_BLANK = 0  # styles of a sign: of none, above zero, below zero


def shades_signs(terminal: Terminal) -> bool:
    """Whether signed values can be shaded: that takes exact colours and half blocks."""
    return terminal.colors == "full" and not terminal.ascii_only


def render_signed(image: Image, width: int = 28, height: int = 14) -> list[str]:
    """Lines of characters for values around zero, positive and negative ones sharing none.

    The largest magnitude after averaging is drawn densest.

    Args:
        image: (rows, columns) of any real values, such as the weights into one neuron.
        width: Characters in a line.
        height: Lines.
    """
    values = _scaled(image, width, height)
    positive, negative = (ramp_cells(np.abs(values), ramp) for ramp in (POSITIVE, NEGATIVE))
    return lines_of(np.where(values >= 0, positive, negative))


def signed_strips(lines: Sequence[str], colors: ColorMode) -> list[Strip]:
    """The lines of `render_signed` in two colours, one for each sign."""
    styles = PLAIN, sign_style(1, colors), sign_style(-1, colors)
    levels = dict.fromkeys(POSITIVE, 1) | dict.fromkeys(NEGATIVE, 2)
    return [inked(line, [levels.get(c, _BLANK) for c in line], styles) for line in lines]


def sign_style(sign: int, colors: ColorMode) -> Style:
    """The style of characters for values of this sign, 1 or -1."""
    return role_style("positive" if sign > 0 else "negative", colors)


def diverging_strips(image: Image, width: int = 28, height: int = 14) -> list[Strip]:
    """Half blocks in the diverging scale; the largest magnitude after averaging is at its end."""
    steps = np.rint(_scaled(image, width, 2 * height) * STEPS).astype(np.int64) + STEPS
    return halves(steps, scale_colours())


def scale_colours() -> list[str]:
    """The colours of the diverging scale from its negative to its positive end."""
    return [tones().diverging(step) for step in range(-STEPS, STEPS + 1)]


def cell_strips(values: Array, cell: int, terminal: Terminal, *, shaded: bool) -> list[Strip]:
    """Values (lines, columns) as cells of this width, each of one shade or character."""
    rows, columns = values.shape
    if not (shaded and shades_signs(terminal)):
        lines = ("".join(c * cell for c in line) for line in render_signed(values, columns, rows))
        return signed_strips([*lines], terminal.colors)
    colours = scale_colours()
    steps = np.rint(_scaled(values, columns, rows) * STEPS).astype(np.int64) + STEPS
    strips = []
    for row in steps.tolist():
        runs = ((colours[step], len([*run])) for step, run in groupby(row))
        strips.append(Strip(Segment(" " * cell * n, Style(bgcolor=colour)) for colour, n in runs))
    return strips


def weight_strips(
    image: Image, width: int, height: int, terminal: Terminal, *, shaded: bool
) -> list[Strip]:
    """Signed values as shades, or as characters where these are wanted or alone possible."""
    if shaded and shades_signs(terminal):
        return diverging_strips(image, width, height)
    return signed_strips(render_signed(image, width, height), terminal.colors)


def scale_strip(largest: float, terminal: Terminal, *, shaded: bool, digits: str = ".2g") -> Strip:
    """The legend of a picture: its scale between the values at its ends."""
    low, high = (number(value, 8, digits) for value in (-largest, largest))
    if shaded and shades_signs(terminal):
        scale = [Segment(" ", Style(bgcolor=colour)) for colour in scale_colours()]
    else:
        negative, positive = (sign_style(s, terminal.colors) for s in (-1, 1))
        scale = [
            Segment(NEGATIVE[:0:-1], negative),
            Segment(" 0 "),
            Segment(POSITIVE[1:], positive),
        ]
    return Strip([Segment(f"{low} "), *scale, Segment(f" +{high}")])


@np.errstate(all="ignore")  # the values of a network that diverged have no picture
def _scaled(image: Array, width: int, height: int) -> NDArray[np.float64]:
    """The averages over areas, divided by the largest magnitude of them; NaN is zero."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)
    # Averages of values next to the largest float overflow; those of values up to one do not.
    values = resample(values / (np.abs(values).max(initial=0.0) or 1.0), width, height)
    largest = np.abs(values).max(initial=0.0) or 1.0
    return np.asarray(np.clip(values / largest, -1, 1))
