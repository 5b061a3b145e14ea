"""The train screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Footer, Static

from tui.screens.base import ModeScreen


class TrainScreen(ModeScreen):
    """To be written."""

    def compose(self) -> ComposeResult:
        yield Static("train")
        yield Footer()
