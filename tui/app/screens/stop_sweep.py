"""The question before a sweep is stopped."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.app.screens.confirm import ConfirmScreen


class StopSweepScreen(ConfirmScreen):
    """Dismissed with whether to do it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Stop", id="stop.yes"),
        Binding("escape,n", "answer(False)", "Go on", id="stop.no"),
        Binding("up", "app.focus_previous", "Previous", show=False),
        Binding("down", "app.focus_next", "Next", show=False),
    ]

    def __init__(self, name: str) -> None:
        question = f"Stop sweep {name} after the epochs under way? It can be resumed."
        super().__init__("stop", "Stop", question, "Stop the sweep", "Let it go on")
