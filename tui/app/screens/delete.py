"""The question before a saved run is removed."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.app.screens.confirm import ConfirmScreen


class DeleteScreen(ConfirmScreen):
    """Dismissed with whether to do it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Delete", id="delete.yes"),
        Binding("escape,n", "answer(False)", "Keep", id="delete.no"),
        Binding("up", "app.focus_previous", "Previous", show=False),
        Binding("down", "app.focus_next", "Next", show=False),
    ]

    def __init__(self, name: str) -> None:
        question = f"Delete {name} for good?"
        super().__init__("delete", "Delete", question, "Delete the run", "Keep it")
