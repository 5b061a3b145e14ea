"""Charts and other lines as text to print, for commands that have no screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.color import ColorSystem
from textual.strip import Strip

from tui.app.widgets.plot import render_chart
from tui.app.widgets.series import Series
from tui.app.widgets.strips import PLAIN
from tui.system.terminal import Terminal


def plain_chart(
    series: Sequence[Series], width: int, height: int, terminal: Terminal, **options: Any
) -> str:
    """The chart as text to print, in the sixteen standard colours unless the terminal has none.

    Args:
        series: As for `render_chart`.
        width: Cells in a line.
        height: Lines.
        terminal: Without colours, no escape sequences are added.
        options: Further arguments of `render_chart`.
    """
    return plain_text(render_chart(series, width, height, terminal=terminal, **options), terminal)


def plain_text(strips: Sequence[Strip], terminal: Terminal) -> str:
    """Lines as text to print, in the sixteen standard colours unless the terminal has none."""
    system = None if terminal.colors == "none" else ColorSystem.STANDARD
    return "\n".join(
        "".join(
            (part.style or PLAIN).render(part.text, color_system=system) for part in strip
        ).rstrip()
        for strip in strips
    )
