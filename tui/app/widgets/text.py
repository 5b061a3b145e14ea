"""Texts that change while they are shown."""

from __future__ import annotations

from textual.widgets import Static


def set_text(static: Static, text: str) -> None:
    """Show a text unless it is shown already, since it would be painted again."""
    if static.content != text:
        static.update(text)
