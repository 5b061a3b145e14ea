"""What was done to a picture, drawn with characters."""

from __future__ import annotations

from typing import TextIO

import numpy as np
from PIL import Image
from rich.console import Console
from rich.style import Style
from rich.text import Text

from nn.spec import COLUMNS, ROWS
from tui.images.components import Levels
from tui.images.reading import Reading

_RAMP = " .:-=+*#%@"  # from dark to bright
_GAP = "  "


def preview(reading: Reading, stream: TextIO) -> str:
    """Lines for a terminal: the picture, the ink found in it, each digit as the network gets it.

    Shades of grey where `stream` is a terminal that has them, otherwise characters of rising
    density.
    """
    console = Console(file=stream)
    unicode = (getattr(stream, "encoding", None) or "ascii").lower().startswith("utf")
    shaded = unicode and console.is_terminal and not console.no_color
    panels = [_panel(reading.levels), _panel(reading.ink.astype(np.float32) * 255)]
    titles = ["picture", "ink"]
    for number, digit in enumerate(reading.digits, 1):
        field = digit.field.reshape(reading.shape).astype(np.float32)
        panels.append(field if reading.shape == (ROWS, COLUMNS) else _panel(field))
        size = f"{reading.shape[1]}x{reading.shape[0]}"
        titles.append(size if len(reading.digits) == 1 else f"{size}, digit {number}")
    per_row = max(1, (console.width + len(_GAP)) // (COLUMNS + len(_GAP)))
    lines = []
    for start in range(0, len(panels), per_row):
        row = slice(start, start + per_row)
        lines.append(_GAP.join(title.ljust(COLUMNS) for title in titles[row]).rstrip())
        drawn = [_shades(panel, console) if shaded else _ramp(panel) for panel in panels[row]]
        lines += [_GAP.join(parts).rstrip() for parts in zip(*drawn, strict=True)]
    return "".join(f"{line}\n" for line in lines)


def _panel(levels: Levels) -> Levels:
    """A picture of any size in 28x28 pixels, its proportions kept, grey around it."""
    scale = COLUMNS / max(levels.shape)
    height, width = (max(1, round(length * scale)) for length in levels.shape)
    image = Image.fromarray(np.ascontiguousarray(levels, np.float32))
    small = np.asarray(image.resize((width, height), Image.Resampling.BOX), np.float32)
    panel = np.full((ROWS, COLUMNS), 110, np.float32)
    top, left = (ROWS - height) // 2, (COLUMNS - width) // 2
    panel[top : top + height, left : left + width] = small
    return panel


def _ramp(panel: Levels) -> list[str]:
    """Characters, each for two pixels, one above the other."""
    pairs = (panel[::2] + panel[1::2]) / 2
    steps = np.clip(pairs / 256 * len(_RAMP), 0, len(_RAMP) - 1).astype(int)
    return ["".join(_RAMP[step] for step in row) for row in steps.tolist()]


def _shades(panel: Levels, console: Console) -> list[str]:
    """Half blocks: the upper pixel is the foreground, the lower one the background."""
    rows = panel.clip(0, 255).astype(int).tolist()
    lines = []
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        text = Text()
        for above, below in zip(upper, lower, strict=True):
            colours = (f"rgb({level},{level},{level})" for level in (above, below))
            text.append("▀", Style(color=next(colours), bgcolor=next(colours)))
        with console.capture() as capture:
            console.print(text, end="", soft_wrap=True)
        lines.append(capture.get())
    return lines
