"""A question that is answered with yes or no."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Button, Label

from tui.app.screens.dialog import Dialog


class ConfirmScreen(Dialog[bool]):
    """Dismissed with whether to do it.

    A subclass binds keys to `answer`: "GROUP.yes", usually y, and "GROUP.no", usually n and escape.
    """

    DEFAULT_CSS = """
    ConfirmScreen {
        .dialog { width: 54; height: auto; }
        Label { width: 1fr; }
    }
    """
    AUTO_FOCUS = "#no"

    def __init__(self, group: str, title: str, question: str, yes: str, no: str) -> None:
        super().__init__()
        self._group = group
        self._title, self._question, self._yes, self._no = title, question, yes, no

    def compose(self) -> ComposeResult:
        agree, refuse = f"{self._group}.yes", f"{self._group}.no"
        with Vertical(classes="dialog -error") as box:
            box.border_title = self._title
            box.border_subtitle = f"enter choose  {self.key_of(refuse, 'escape')} close"
            yield Label(self._question, markup=False)
            yield Button(self.labelled(agree, "y", self._yes), id="yes", compact=True)
            yield Button(self.labelled(refuse, "n", self._no), id="no", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """Leave with this answer."""
        self.dismiss(yes)
