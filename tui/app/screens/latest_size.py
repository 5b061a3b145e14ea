"""Screens that are laid out once, however many sizes the terminal has in quick succession."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.app import App


class LatestSize:
    """Mixed into a screen: of several sizes in quick succession only the last one is laid out.

    A layout of another size than the one before makes Textual send the screen that size again. With
    two sizes on their way each would cause the other endlessly, and a busy application whose
    window was dragged would react to neither keys nor signals.
    """

    app: App[Any]

    def on_resize(self, event: events.Resize) -> None:
        """Drop a size that is no longer the terminal's."""
        if event.size != self.app.size:
            event.stop()
            event.prevent_default()
