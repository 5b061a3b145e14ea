"""The question before a saved run is removed."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Button, Label

from tui.app.screens.base import Dialog


class DeleteScreen(Dialog[bool]):
    """Dismissed with whether to do it."""

    DEFAULT_CSS = """
    DeleteScreen {
        align: center middle;
        Vertical { width: 50; max-width: 100%; height: auto; border: round $error; padding: 0 1; }
        Label { width: 1fr; }
        Button { width: 100%; height: 1; border: none; min-width: 0; }
    }
    """
    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Delete", id="delete.yes"),
        Binding("escape,n,c", "answer(False)", "Keep", id="delete.no"),
        Binding("up", "app.focus_previous", "Previous", show=False),
        Binding("down", "app.focus_next", "Next", show=False),
    ]

    def __init__(self, name: str) -> None:
        super().__init__()
        self._run_name = name

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(f"Delete {self._run_name} for good?", markup=False)
            yield Button("[u]Y[/u]es, delete the run", id="yes", compact=True)
            yield Button("[u]N[/u]o, keep it", id="no", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, delete: bool) -> None:
        """Leave with this answer."""
        self.dismiss(delete)
