"""Texts that change while they are shown, or are cut."""

from __future__ import annotations

from textual.widget import Widget
from textual.widgets import Static


def set_text(static: Static, text: str) -> None:
    """Show a text unless it is shown already, since it would be painted again."""
    if static.content != text:
        static.update(text)


def set_title(panel: Widget, title: str) -> None:
    """Put a title into the border of a panel unless it stands there.

    Textual paints the whole panel again, with all that is in it, whenever its title is set.
    """
    if panel.border_title != title:
        panel.border_title = title


def shorten(name: str, longest: int) -> str:
    """The name, or its start in `longest` characters, which ends in a tilde if there are four."""
    if len(name) <= longest:
        return name
    return name[:longest] if longest < 4 else f"{name[: longest - 1]}~"
