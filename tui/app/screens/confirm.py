"""A question that is answered with yes or no."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Button, Label

from tui.app.screens.dialog import Dialog


class ConfirmScreen(Dialog[bool]):
    """Dismissed with whether to do it; a subclass binds the keys y and n to `answer`."""

    DEFAULT_CSS = """
    ConfirmScreen {
        .dialog { width: 54; height: auto; }
        Label { width: 1fr; }
    }
    """
    AUTO_FOCUS = "#no"

    def __init__(self, title: str, question: str, yes: str, no: str) -> None:
        super().__init__()
        self._title, self._question, self._yes, self._no = title, question, yes, no

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -error") as box:
            box.border_title = self._title
            box.border_subtitle = "enter choose  escape close"
            yield Label(self._question, markup=False)
            yield Button(f"[u]y[/u]  {self._yes}", id="yes", compact=True)
            yield Button(f"[u]n[/u]  {self._no}", id="no", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """Leave with this answer."""
        self.dismiss(yes)
