"""The driver of a terminal to which only changed cells are sent."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from tui.app.shown_cells import ShownCells


class SparingDriver(LinuxDriver):
    """Textual's driver, but for what is shown already, which its application has as `shown`."""

    def __init__(self, app: App[Any], **named: Any) -> None:
        super().__init__(app, **named)
        shows: Any = app
        self._shown: ShownCells = shows.shown

    def write(self, data: str) -> None:
        """Write what changes the screen."""
        if changes := self._shown.changes(data):
            super().write(changes)
