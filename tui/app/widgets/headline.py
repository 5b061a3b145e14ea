"""A prediction in large figures, to be read from a distance, with a few words beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.app.widgets.colors import Role, role_style
from tui.app.widgets.strips import PLAIN, StripWidget, printable, text_strip
from tui.system.terminal import Terminal

_FIGURES = {
    "0": (" ##### ", "##   ##", "##   ##", "##   ##", " ##### "),
    "1": ("  ###  ", " ####  ", "   ##  ", "   ##  ", " ######"),
    "2": ("###### ", "     ##", " ##### ", "##     ", "#######"),
    "3": ("###### ", "     ##", "  #### ", "     ##", "###### "),
    "4": ("##   ##", "##   ##", "#######", "     ##", "     ##"),
    "5": ("#######", "##     ", "###### ", "     ##", "###### "),
    "6": (" ##### ", "##     ", "###### ", "##   ##", " ##### "),
    "7": ("#######", "    ## ", "   ##  ", "  ##   ", "  ##   "),
    "8": (" ##### ", "##   ##", " ##### ", "##   ##", " ##### "),
    "9": (" ##### ", "##   ##", " ######", "     ##", " ##### "),
    "?": (" ##### ", "     ##", "  #### ", "       ", "  ##   "),
}
_WIDE, _HIGH = 7, 5
_CAPTION = 1  # lines below the figures
_GAP = 3
_LEAST_WORDS = 12


@dataclass(frozen=True, slots=True)
class Headline:
    """What is predicted, and of what.

    Attributes:
        predicted: The name of the predicted class, "?" where nothing is predicted.
        label: The name of the true class, None where it is not known.
        words: Lines beside the figures, the most important first.
        brief: Two lines at most that say all of it where there is no room for figures.
    """

    predicted: str
    label: str | None
    words: Sequence[str]
    brief: str

    @property
    def right(self) -> bool | None:
        """Whether the prediction is true, None where that is not known."""
        return None if self.label is None else self.predicted == self.label


def headline_strips(said: Headline, width: int, height: int, terminal: Terminal) -> list[Strip]:
    """Figures of five lines, or twice as large where there is room, else the brief lines."""
    names = [said.predicted, *([] if said.label is None else [said.label])]
    drawable = all(name in _FIGURES for name in names)
    scale = next((s for s in (2, 1) if _fits(len(names), s, width, height)), 0)
    if not scale or not drawable:
        brief = said.brief.splitlines()[:height]
        return [
            text_strip(_printable(line, terminal), width, Style(bold=i == 0))
            for i, line in enumerate(brief)
        ]
    role: Role = "accent" if said.right is None else "right" if said.right else "wrong"
    first = role_style(role, terminal.colors)
    styles = [Style(bold=True) + first, Style(bold=True)]
    captions = ("predicted", "label")
    words = _words(said, role, terminal, width - len(names) * (_WIDE * scale + _GAP) - 1)
    lines = []
    captioned = _CAPTION if said.label is not None else 0
    for row in range(_HIGH * scale + captioned):
        parts = [Segment(" ", PLAIN)]
        for name, caption, style in zip(names, captions, styles, strict=False):
            if row < _HIGH * scale:
                text = "".join(c * scale for c in _FIGURES[name][row // scale])
                text = text if terminal.ascii_only else text.replace("#", "█")
            else:
                text, style = caption.center(_WIDE * scale), role_style("muted", terminal.colors)
            parts.append(Segment(text.ljust(_WIDE * scale + _GAP), style))
        parts += words[row] if row < len(words) else []
        lines.append(Strip(parts).adjust_cell_length(width, PLAIN).simplify())
    return lines


def _fits(names: int, scale: int, width: int, height: int) -> bool:
    room = width - names * (_WIDE * scale + _GAP) - 1
    return room >= _LEAST_WORDS and height >= _HIGH * scale + (_CAPTION if names > 1 else 0)


def _words(said: Headline, role: Role, terminal: Terminal, width: int) -> list[list[Segment]]:
    """A verdict in reverse, then the words."""
    lines: list[list[Segment]] = []
    if said.right is not None:
        verdict = " RIGHT " if said.right else " WRONG "
        style = role_style(role, terminal.colors) + Style(bold=True, reverse=True)
        lines += [[Segment(verdict, style)], []]
    texts = [_printable(word, terminal) for word in said.words]
    return [*lines, *([Segment(text[:width], Style(bold=not i))] for i, text in enumerate(texts))]


def _printable(text: str, terminal: Terminal) -> str:
    return printable(text, ascii_only=terminal.ascii_only)


class HeadlineView(StripWidget):
    """Shows a headline, or nothing."""

    _said: Headline | None = None

    def show(self, said: Headline | None) -> None:
        """Show this one."""
        self._said = said
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        return [] if self._said is None else headline_strips(self._said, *self.size, self.terminal)
