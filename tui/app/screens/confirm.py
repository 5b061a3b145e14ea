"""A question that is answered with yes or no."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Button, Label

from tui.app.screens.base import Dialog


class ConfirmScreen(Dialog[bool]):
    """Dismissed with whether to do it; a subclass binds the keys to `answer`.

    The first letters of `yes` and `no` are underlined, as the keys that give these answers.
    """

    DEFAULT_CSS = """
    ConfirmScreen {
        align: center middle;
        Vertical { width: 50; max-width: 100%; height: auto; border: round $error; padding: 0 1; }
        Label { width: 1fr; }
        Button { width: 100%; height: 1; border: none; min-width: 0; }
    }
    """
    AUTO_FOCUS = "#no"

    def __init__(self, question: str, yes: str, no: str) -> None:
        super().__init__()
        self._question, self._yes, self._no = question, yes, no

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(self._question, markup=False)
            yield Button(f"[u]{self._yes[0]}[/u]{self._yes[1:]}", id="yes", compact=True)
            yield Button(f"[u]{self._no[0]}[/u]{self._no[1:]}", id="no", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """Leave with this answer."""
        self.dismiss(yes)
