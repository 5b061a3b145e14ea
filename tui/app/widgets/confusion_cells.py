"""The cells of a confusion matrix: their counts, marks and shades, and what these stand for."""

from __future__ import annotations

from rich.style import Style
from textual.content import Content

from tui.app.widgets.colors import Role, palette_in_use, role_color, role_style
from tui.app.widgets.strips import PLAIN
from tui.app.widgets.tones import contrasting, mixed
from tui.system.terminal import Terminal

LEVELS = (0.005, 0.02, 0.1)
"""Shares of the true class; a confusion is marked from the first one on."""
MARKS = ("", ":", "*", "#")
"""What stands before a count below the first level, and from each level on."""
SHARES = (0.0, 0.2, 0.4, 0.8)
"""How much of a shade each level has."""


def count_text(count: int, width: int, mark: str = "") -> str:
    """A count in exactly `width` cells, with a blank or the mark before it.

    So neighbours never touch: a number whose digits need all cells is rounded to thousands (`k`) or
    hundreds (`h`); a zero is a dot.
    """
    room = width - margin(width)
    exact = str(count) if count else "."
    rounded = f"{count / 1000:.0f}k" if count >= 950 else f"{count / 100:.0f}h"
    text = next((text for text in (exact, rounded) if len(text) < room), "#"[: room - 1])
    return (mark + text).rjust(room) + " " * margin(width)


def margin(width: int) -> int:
    """Cells to the right of a count, in wide columns only."""
    return max(0, (width - 4) // 2)


def cell_style(level: int, *, right: bool, terminal: Terminal) -> Style:
    """How a cell is drawn whose share of its row reaches this level of `LEVELS`, 0 for none.

    Right predictions are shaded in one colour and confusions in another, and the number is black or
    white, whichever is read best on that. Without exact colours marks and bold tell as much.
    """
    plain = Style(bold=True) if right else PLAIN
    if terminal.colors == "none" or not level:
        return plain
    role: Role = "positive" if right else "negative"
    if terminal.colors == "16":
        return plain + role_style(role, terminal.colors)
    shade = mixed(palette_in_use().background, role_color(role), SHARES[level])
    return plain + Style(color=contrasting(shade), bgcolor=shade)


def legend(terminal: Terminal) -> Content:
    """What the marks and shades stand for."""
    parts: list[str | tuple[str, str]] = ["share of the true class "]
    for level, share in enumerate(LEVELS, 1):
        text = f" {MARKS[level]} {share:.1%}".replace(".0%", "%") + " "
        style = cell_style(level, right=False, terminal=terminal)
        shaded = style.color and style.bgcolor
        parts.append((text, str(style)) if shaded else text)
    return Content.assemble(*parts)
