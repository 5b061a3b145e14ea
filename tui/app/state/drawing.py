"""How pictures are drawn on all screens, as the user last chose."""

from __future__ import annotations

from dataclasses import dataclass

from tui.system.terminal import DrawingMode, Terminal


@dataclass(slots=True)
class Drawing:
    """The modes in force.

    Attributes:
        digit: Of the one large digit of the digit browser.
        pictures: Of all other pictures, which are small; signed values are shaded unless `ascii`.
        lines: Of the lines of charts, `braille` or `half`.
    """

    digit: DrawingMode = "ascii"
    pictures: DrawingMode = "half"
    lines: DrawingMode = "braille"

    def turn_digit(self, terminal: Terminal) -> None:
        """Draw the digit in the next mode that the terminal has."""
        self.digit = _after(self.digit, terminal)

    def turn_pictures(self, terminal: Terminal) -> None:
        """Draw the other pictures in the next mode that the terminal has."""
        self.pictures = _after(self.pictures, terminal)

    def turn_shades(self) -> None:
        """Draw signed values in characters, or in shades again."""
        self.pictures = "half" if self.pictures == "ascii" else "ascii"

    def turn_lines(self) -> None:
        """Draw the lines of charts thin, or in blocks again."""
        self.lines = "half" if self.thin_lines else "braille"

    @property
    def thin_lines(self) -> bool:
        """Whether the lines of charts are dots in braille."""
        return self.lines == "braille"

    @property
    def shaded(self) -> bool:
        """Whether signed values are drawn in shades."""
        return self.pictures != "ascii"


def _after(mode: DrawingMode, terminal: Terminal) -> DrawingMode:
    modes = terminal.modes
    return modes[(modes.index(terminal.drawable(mode)) + 1) % len(modes)]
