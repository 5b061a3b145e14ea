"""The question before a run is cut short."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Button, Label

from tui.app.screens.dialog import Dialog
from tui.app.state.workbench import Workbench

Choice = Literal["keep", "discard"]


class QuitScreen(Dialog[Choice | None]):
    """Dismissed with what is to become of the run, or with None to go on.

    The run goes on behind the question and may end meanwhile, which is then shown.
    """

    DEFAULT_CSS = """
    QuitScreen {
        .dialog { width: 42; height: auto; }
        /* Textual fails to wrap the label of a button that is as narrow as the space around it. */
        Button { text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "choose('keep')", "Stop and keep", id="quit.keep"),
        Binding("x", "choose('discard')", "Discard", id="quit.discard"),
        Binding("escape,n", "cancel", "Cancel", id="quit.cancel"),
        Binding("up", "app.focus_previous", "Previous", show=False),
        Binding("down", "app.focus_next", "Next", show=False),
    ]

    def __init__(self, bench: Workbench) -> None:
        """Discarding is not offered for a resumed run: only the whole of it could be removed."""
        super().__init__()
        self._bench = bench
        self._can_discard = bench.run is not None and bench.run.source.folder is None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key does anything."""
        return self._can_discard or (action, parameters) != ("choose", ("discard",))

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -warning") as box:
            box.border_title = "Leave"
            box.border_subtitle = f"enter choose  {self.key_of('quit.cancel', 'escape')} go on"
            yield Label(id="state")
            yield Button(id="keep", compact=True)
            if self._can_discard:
                discard = self.labelled("quit.discard", "x", "Discard the run")
                yield Button(discard, id="discard", compact=True)
            yield Button(id="cancel", compact=True)

    def on_mount(self) -> None:
        self.show_progress()

    def show_progress(self) -> None:
        """Name the state of the run, and what the choices do in it."""
        training, status = self._bench.training, self._bench.status
        ended = f"The run has ended: {status.value}." if status else "The run has ended."
        self.query_one("#state", Label).update("A run is under way." if training else ended)
        keep = "Stop and keep the result" if training else "Save the result and leave"
        self.query_one("#keep", Button).label = self.labelled("quit.keep", "y", keep)
        cancel = "Go on" if training else "Stay here"
        self.query_one("#cancel", Button).label = self.labelled("quit.cancel", "n", cancel)

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
