"""What a new sweep varies, and how many settings it tries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Label, Static

from nn.errors import ConfigError
from tui.app.screens.dialog import Dialog
from tui.app.state.sweep_process import EXAMPLE, TRIALS, sweep_words, sweeps_in_words
from tui.app.widgets.field_list import FieldInput
from tui.recording.experiment import Experiment


class NewSweepScreen(Dialog[list[str] | None]):
    """Dismissed with the arguments of the command that begins the sweep, or with None."""

    DEFAULT_CSS = """
    NewSweepScreen {
        .dialog { width: 76; height: auto; }
        Label { width: 1fr; }
        Input { background: $surface; padding: 0; }
        Static { height: auto; }
        #under-way { color: $readable-warning; }
        #problem { color: $readable-error; }
    }
    """
    AUTO_FOCUS = "#vary"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "Start the sweep", id="start.start"),
        Binding("escape", "close", "Close", id="start.close"),
        Binding("down,tab", "app.focus_next", "Next field", id="start.next", show=False),
        Binding(
            "up,shift+tab", "app.focus_previous", "Previous field", id="start.last", show=False
        ),
    ]

    def __init__(self, experiment: Experiment, under_way: Sequence[str] = ()) -> None:
        """`under_way` are the sweeps that are under way on this machine."""
        super().__init__()
        self._experiment, self._under_way = experiment, under_way

    def compose(self) -> ComposeResult:
        fixed = self._experiment.changes
        base = self._experiment.recipe or "the defaults"
        with Vertical(classes="dialog") as box:
            box.border_title = "New sweep"
            start, close = self.key_of("start.start", "enter"), self.key_of("start.close", "escape")
            following = self.key_of("start.next", "tab")
            box.border_subtitle = f"{start} start  {following} next field  {close} close"
            fields = f" with {len(fixed)} changed fields" if fixed else ""
            drawn = ", and random first weights" if self._experiment.init_from else ""
            words = f"Every trial has the form's configuration: {base}{fields}{drawn}."
            yield Label(words, markup=False)
            syntax = "Vary FIELD=LOW..HIGH, LOW..HIGH:log or A,B,C; more after a blank"
            yield Label(syntax, markup=False)
            yield FieldInput(EXAMPLE, id="vary", compact=True, placeholder="hidden=64,128")
            yield Label("Trials", markup=False)
            yield FieldInput(str(TRIALS), id="trials", compact=True)
            if self._under_way:
                words = f"Under way: {sweeps_in_words(self._under_way)}."
                shared = f"{words} The cores are shared, so that each takes longer."
                yield Static(shared, id="under-way", markup=False)
            yield Static(id="problem", markup=False)

    def on_key(self, event: events.Key) -> None:
        """Take what is typed before the widgets are there to take it, in place of the example."""
        if self.focused is None and event.is_printable and event.character:
            event.stop()
            vary = self.query_one("#vary", Input)
            vary.value = event.character if vary.value == EXAMPLE else vary.value + event.character

    def on_input_submitted(self) -> None:
        self.action_start()

    def action_start(self) -> None:
        """Leave with the command, or name what is wrong with it."""
        vary, trials = (self.query_one(f"#{name}", Input).value for name in ("vary", "trials"))
        try:
            self.dismiss(sweep_words(self._experiment, vary, trials.strip()))
        except ConfigError as error:
            self.query_one("#problem", Static).update(str(error))

    def action_close(self) -> None:
        """Start nothing."""
        self.dismiss(None)
