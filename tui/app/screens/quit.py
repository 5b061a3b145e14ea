"""The question before a run is cut short."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Button, Label

from tui.app.screens.base import Dialog

Choice = Literal["keep", "discard"]


class QuitScreen(Dialog[Choice | None]):
    """Dismissed with what is to become of the run, or with None to go on."""

    DEFAULT_CSS = """
    QuitScreen {
        align: center middle;
        Vertical { width: 38; max-width: 100%; height: auto; border: round $warning; padding: 0 1; }
        Button { width: 100%; height: 1; border: none; min-width: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "choose('keep')", "Stop and keep", id="quit.keep"),
        Binding("d", "choose('discard')", "Discard", id="quit.discard"),
        Binding("escape,c,n", "cancel", "Cancel", id="quit.cancel"),
        Binding("up", "app.focus_previous", "Previous", show=False),
        Binding("down", "app.focus_next", "Next", show=False),
    ]

    def __init__(self, *, can_discard: bool = True) -> None:
        """Of a run that was resumed only the whole could be discarded, which is not offered here."""
        super().__init__()
        self._can_discard = can_discard

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key does anything."""
        return self._can_discard or (action, parameters) != ("choose", ("discard",))

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label("A run is under way.")
            yield Button("[u]S[/u]top and keep the result", id="keep", compact=True)
            if self._can_discard:
                yield Button("[u]D[/u]iscard the run", id="discard", compact=True)
            yield Button("[u]C[/u]ancel: go on", id="cancel", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "cancel":
            self.dismiss(None)
        else:
            self.dismiss("keep" if event.button.id == "keep" else "discard")

    def action_choose(self, choice: Choice) -> None:
        """Leave with this choice."""
        self.dismiss(choice)

    def action_cancel(self) -> None:
        """Go on."""
        self.dismiss(None)
