"""Texts that change while they are shown, or are cut."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Static


def set_text(static: Static, text: str) -> None:
    """Show a text unless it is shown already, since it would be painted again."""
    if static.content != text:
        static.update(text)


class Title(Content):
    """The title of a panel, which stands between blanks also where the panel has no frame.

    Textual pads a title on the sides where the line ends in a corner, so that what is still a
    `Title` when it gets its style is one without corners.
    """

    ellipsis: ClassVar[bool] = True
    """Whether a sign beyond ASCII stands where a title was cut; the one application sets it."""

    _room = 0

    def truncate(self, max_width: int, *, ellipsis: bool = False, pad: bool = False) -> Content:
        """The title in at most so many cells."""
        cut = super().truncate(max_width, ellipsis=ellipsis and self.ellipsis, pad=pad)
        title = Title(cut.plain, list(cut.spans))
        title._room = max_width
        return title

    def stylize_before(self, style: Style | str, start: int = 0, end: int | None = None) -> Content:
        """The title with a style beneath its own, between blanks."""
        cut = super().truncate(max(self._room - 2, 0), ellipsis=self.ellipsis)
        return Content(cut.plain, list(cut.spans)).pad(1, 1).stylize_before(style, start, end)


def set_title(panel: Widget, title: str) -> None:
    """Put a title, brackets included, into the border of a panel unless it stands there.

    Textual paints the whole panel again, with all that is in it, whenever its title is set.
    """
    named = Title(title)
    if panel.border_title != named.markup:
        panel.border_title = named


def shorten(name: str, longest: int) -> str:
    """The name, or its start in `longest` characters, which ends in a tilde if there are four."""
    if len(name) <= longest:
        return name
    return name[:longest] if longest < 4 else f"{name[: longest - 1]}~"
