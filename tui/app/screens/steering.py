"""What is done to the present run by keys, and what is said of it in words."""

from __future__ import annotations

from collections.abc import Callable

from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from nn.errors import NNError
from tui.app.screens.configuring import ConfiguringScreen
from tui.app.screens.run_status import advice_on, binding_for, next_step, trouble
from tui.app.state.continuing import (
    back_to_best,
    begin_anew,
    budget,
    can_go_back,
    go_on,
    has_diverged,
    has_ended,
)
from tui.app.state.present_run import RATE_STEP
from tui.app.state.steered_run import Goal
from tui.app.state.workbench import Workbench
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.text import set_text
from tui.system.terminal import Terminal

PRESENT = ("run", "go", "stop", "reset", "rate", "form", "recipes", "find_rate", "pace")
"""Actions on the present run, which have no effect while a saved run is shown."""
PACES: tuple[float | None, ...] = (None, 100, 30, 10, 3, 1)
"""Steps a second, from as fast as it goes to the slowest motion."""
PLAYED = 0.7
"""Seconds for which each epoch is shown when all are played back."""
MAX_DIGITS = 7


class SteeringScreen(ConfiguringScreen):
    """A screen on which a run is started, slowed down, gone on with, and played back.

    Attributes:
        remarks: Lines about the run, to be placed by the subclass.
        prompt: Asks for how long a run is to go on; likewise.
    """

    DEFAULT_CSS = """
    SteeringScreen {
        #trouble {
            height: auto; max-height: 2; display: none; color: $readable-error; text-style: bold;
        }
        #advice { height: auto; max-height: 3; display: none; color: $readable-warning; }
        #next { height: auto; max-height: 2; display: none; color: $text-muted; }
    }
    """

    class Played(Message):
        """Another epoch is played back, which the shown screen is to draw."""

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self._trouble = Static(id="trouble", markup=False)
        self._advice = Static(id="advice", markup=False)
        self._next = Static(id="next", markup=False)
        self.remarks: tuple[Widget, ...] = (self._trouble, self._advice, self._next)
        self.prompt = Prompt()
        self._playing: Timer | None = None
        self._offered = False, False

    def draw_played(self) -> None:
        """Draw the epoch that is played back, or the newest."""
        raise NotImplementedError

    # What is said of the run

    def show_remarks(self) -> None:
        """Show what is wrong, what is advised, and what can be done after the end."""
        self.show_hints()
        offered = has_ended(self.bench), self.check_action("back_to_best", ())
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()
        self._show_trouble()
        self._show_advice()
        self._show_next()

    def _show_trouble(self) -> None:
        """Show a warning as long as part of the shown run is not saved."""
        text = trouble(self.bench)
        set_text(self._trouble, f"Warning: {text}" if text else "")
        self._trouble.display = bool(text)

    def _show_advice(self) -> None:
        """Show the newest advice on the shown run, with the key that changes what it names."""
        text = ""
        if (advice := advice_on(self.bench)) is not None:
            wanted = binding_for(advice, running=self.bench.opened is None and self.bench.training)
            keys = self.first_keys()
            text = f"Advice: {advice}" + (f" (key {keys[wanted]})" if wanted in keys else "")
        set_text(self._advice, text)
        self._advice.display = bool(text)

    def _show_next(self) -> None:
        """Name what can be done with a run that has come to its end."""
        text = ""
        if has_ended(self.bench):
            text = next_step(self.bench, self.first_keys(), self.app.size.width)
        set_text(self._next, text)
        self._next.display = bool(text)

    def first_keys(self) -> dict[str, str]:
        """The first key of every binding that has an effect, by its id."""
        keys: dict[str, str] = {}
        for active in self.active_bindings.values():
            if active.enabled and active.binding.id:
                keys.setdefault(active.binding.id, self.app.get_key_display(active.binding))
        return keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key has an effect: a saved run cannot be steered."""
        if action == "recipes" and self.form is not None and self.form.has_focus_within:
            return False  # the same key finds a field there, or is typed into one
        if action == "more":
            return (
                self.bench.opened is None and has_ended(self.bench) and not has_diverged(self.bench)
            )
        if action == "back_to_best":
            return self.bench.opened is None and can_go_back(self.bench)
        return self.bench.opened is None or action not in PRESENT

    # Going on

    def action_run(self) -> None:
        """Start, pause or resume; ask how long to go on with a run that has ended."""
        if not self.take_form():
            return
        if has_ended(self.bench):
            self.action_more()
        else:
            self.bench.toggle()
            self.show_progress()

    def action_go(self, goal: str) -> None:
        """Run to the end of one epoch or step; after the end, go on by one of the budget's unit."""
        if not self.take_form():
            return
        if has_ended(self.bench):
            self._do(lambda: go_on(self.bench, 1))
        else:
            self.bench.go(Goal[goal])
            self.show_progress()

    def action_more(self) -> None:
        """Ask for how many more epochs, or steps, the run is to go on; it does so exactly."""
        history = self.bench.history
        stopped = history is not None and history.finished is None
        if stopped or has_diverged(self.bench):  # goes on to its end, or is told why it cannot
            self._do(lambda: go_on(self.bench, 0))
            return
        unit, size = budget(self.bench)

        def answer(more: int | None) -> None:
            if more:
                self._do(lambda: go_on(self.bench, more))

        question = f"The run is at its end. Go on for how many more {unit}"
        self.prompt.ask(question, MAX_DIGITS, answer, default=size)

    def action_back_to_best(self) -> None:
        """Begin a run from the best weights of this one, at a tenth of its rate."""
        self._do(lambda: back_to_best(self.bench))

    def action_reset(self) -> None:
        """Make a new run of the form's configuration, with another seed if nothing else is new."""
        if self.take_form(for_new_run=True):
            self._do(lambda: begin_anew(self.bench))

    def _do(self, change: Callable[[], str | None]) -> None:
        """Change which run is the present one, and tell what was done, or why it cannot be done."""
        self._stop_playing()
        try:
            told = change()
        except NNError as error:
            self.notify(str(error), severity="warning")
        else:
            if told:
                self.notify(told)
        self.show_configuration()
        self.draw_played()

    def action_stop(self) -> None:
        """End the run; its curves stay."""
        self.bench.stop()
        self.show_progress()

    # Rate and pace

    def action_rate(self, direction: int) -> None:
        """Raise or lower the learning rate."""
        self.bench.change_rate(RATE_STEP**direction)
        self.show_progress()

    def action_pace(self, direction: int) -> None:
        """Take the steps more slowly, or faster."""
        here = PACES.index(self.bench.pace) if self.bench.pace in PACES else 0
        self.bench.slow_down(PACES[min(max(here + direction, 0), len(PACES) - 1)])
        self.show_progress()

    # Playing back

    def action_play(self, by: int) -> None:
        """Look at the network as it was an epoch before, or after, on all screens."""
        self._stop_playing()
        self._play(by)

    def action_play_all(self) -> None:
        """Show the network of every epoch in turn, from the first on."""
        if self._playing is not None:
            self._stop_playing()
            return
        self._play(-len(self.bench.shown.snapshots) if self.bench.shown else 0)
        if self.bench.played is None:
            return
        self._playing = self.set_interval(PLAYED, self._play_next)

    def _play_next(self) -> None:
        self._play(1)
        if self.bench.played is None:
            self._stop_playing()

    def _play(self, by: int) -> None:
        if self.bench.shown is None or len(self.bench.shown.snapshots) < 2:
            self.notify("There is no earlier epoch to play back.")
            return
        self.bench.play(by)
        self.draw_played()
        self.post_message(self.Played())

    def _stop_playing(self) -> None:
        if self._playing is not None:
            self._playing.stop()
            self._playing = None
