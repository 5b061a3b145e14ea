"""The application: modes, global keys, and the way from background messages to the shown screen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType

from tui.app.preferences import Preferences
from tui.app.preferring import PreferringApp
from tui.app.screens import MODES, Mode
from tui.app.screens.base import ModeScreen
from tui.app.screens.dialog import Dialog
from tui.app.state.background import Throttle
from tui.app.state.drawing import Drawing
from tui.app.state.messages import (
    BackgroundFailed,
    DataFailed,
    DataLoaded,
    SeedsMoved,
    TrainingMoved,
)
from tui.app.state.shown_run import ShownRun, Status
from tui.app.state.workbench import Workbench
from tui.app.terminal_app import OnHangup
from tui.app.widgets.header import Tab
from tui.app.widgets.text import Title
from tui.system.exits import ExitCode
from tui.system.terminal import Terminal

if TYPE_CHECKING:
    from nn.storage.runs import SavedRun
    from tui.recording.experiment import Experiment
    from tui.recording.source import RunSource, Saving

COLLECT_INTERVAL = 0.4
"""Least time in seconds between two looks at the events of the training thread."""
CALM, CALM_INTERVAL = 5.0, 2.0
"""Seconds without a key after which it is more: drawing takes time from the training."""


class MnistApp(PreferringApp):
    """A screen for each mode over one workbench."""

    TITLE = "mnist-tui"
    DEFAULT_MODE = "train"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(mode.key, f"switch_mode('{name}')", mode.title, id=f"app.{name}", show=False)
            for name, mode in MODES.items()
            if mode.key
        ),
        Binding(
            "0",
            "close_opened",
            "The present run, or the shipped network",
            id="app.present",
            show=False,
        ),
        Binding(
            "ctrl+s", "save_screen", "Save the screen as SVG", id="app.save-screen", show=False
        ),
        Binding("ctrl+e", "export_metrics", "Export the metrics", id="app.export", show=False),
        Binding("ctrl+p", "palette", "Command palette", id="app.palette", show=False),
        Binding("ctrl+z", "suspend_process", "Suspend", id="app.suspend", show=False),
        Binding("q", "leave", "Quit", id="app.quit"),
        # Without an id these cannot be remapped: whatever the user's keys are, they quit.
        Binding("ctrl+q,ctrl+c", "leave", "Quit", priority=True),
        Binding("question_mark", "help", "Help", key_display="?", id="app.help"),
    ]

    def __init__(
        self,
        experiment: Experiment | None = None,
        *,
        terminal: Terminal,
        preferences: Preferences | None = None,
        saving: Saving | None = None,
        resumed: RunSource | None = None,
        watched: SavedRun | None = None,
        on_hangup: OnHangup = "save",
    ) -> None:
        """`experiment` is what the first run is made of, None for the defaults.

        `resumed` is a saved run to go on with, `watched` one to show.
        Raises `ConfigError` for preferences that name no theme or key, or give a key two meanings.
        """
        super().__init__(terminal, on_hangup)
        Title.ellipsis = not terminal.ascii_only
        self.take_preferences(preferences or Preferences())
        self.bench = Workbench(experiment, self.post_message, saving=saving, resumed=resumed)
        chosen = self.preferences
        self.bench.drawing = Drawing(chosen.digit, chosen.pictures, chosen.lines)
        if watched is not None:
            self.bench.open(watched)
        self._collect = Throttle(self._collect_present, self.set_timer, COLLECT_INTERVAL)
        self._drawn_snapshot: object = None
        self._made: list[ModeScreen] = []
        self._shown = False
        for name, mode in MODES.items():
            self.add_mode(name, partial(self._make_screen, name, mode))

    def _make_screen(self, name: str, mode: Mode) -> ModeScreen:
        screen = mode.load()(self.bench, self.terminal)
        tabs = [
            Tab(other, self.key_of(f"app.{other}", each.key), each.title, each.short)
            for other, each in MODES.items()
            if each.key
        ]
        screen.name_screens(tabs, mode.within or name)
        self._made.append(screen)
        if self._shown:
            screen.call_after_refresh(screen.complete)
        return screen

    @property
    def busy(self) -> bool:
        """Whether a run trains, which could go on without a terminal."""
        return self.bench.run is not None and self.bench.run.status is Status.RUNNING

    def stop_work(self) -> None:
        """End the run and that of another seed; their threads save them."""
        self.bench.stop()
        self.bench.stop_seeds()

    def on_ready(self) -> None:
        """Once the first frame is shown, read the data, and complete the screen.

        Textual calls what it was asked before to call after a refresh though it paints nothing yet.
        """
        self.call_after_refresh(self._go_on)
        # Textual paints at the next of 60 ticks a second, for which the first frame need not wait.
        self.call_later(self.screen._on_timer_update)

    def _go_on(self) -> None:
        self._shown = True
        for screen in self._made:
            screen.complete()
        if not self.bench.loading and self.bench.dataset is None:  # a key may have started it
            self.bench.load()

    # Keys

    def action_leave(self) -> None:
        """Quit; ask first where that would cut a run short."""
        if not self.bench.training:
            self.end(self._code())
            return
        from tui.app.screens.quit import QuitScreen

        if not isinstance(self.screen, QuitScreen):
            self.push_screen(QuitScreen(self.bench), self._leave)

    def _leave(self, choice: str | None) -> None:
        if choice == "discard" and self.bench.run is not None:
            self.bench.run.discard()
        if choice is not None:
            self.end(self._code())

    def _code(self) -> ExitCode:
        """Success, unless the present run failed."""
        diverged = self.bench.history is not None and self.bench.history.diverged
        failed = diverged or self.bench.error is not None
        return ExitCode.FAILURE if failed else ExitCode.SUCCESS

    # Messages from the background

    @property
    def _calm(self) -> bool:
        """Whether a run trains as fast as it can, and is at most watched."""
        flat_out = self.busy and self.bench.pace is None
        return flat_out and self.attention.idle > CALM

    async def on_event(self, event: events.Event) -> None:
        """Catch up with the run at the first key after a while."""
        calm = self._calm
        await super().on_event(event)
        if calm and not self._calm:
            self._collect.request()

    def on_data_loaded(self, message: DataLoaded) -> None:
        """Make the run ready, and show its configuration."""
        if not self.bench.take_data(message.data_dir, message.dataset):
            return
        if message.dataset.remark:
            self.notify(message.dataset.remark, title=message.dataset.name, timeout=10)
        self._update(lambda screen: screen.show_configuration())

    def on_data_failed(self, message: DataFailed) -> None:
        """Tell why there are no data."""
        if self.bench.miss_data(message.data_dir, message.error):
            self.notify(str(message.error), severity="error", timeout=30)
            self._update(lambda screen: screen.show_configuration())
            self._show_progress()

    def on_training_moved(self, message: TrainingMoved) -> None:
        """Take the run's events, no more often than `COLLECT_INTERVAL` for the run that trains."""
        if message.run is not self.bench.run:
            self._show_moved(message.run)
        else:
            self._collect.request(CALM_INTERVAL if self._calm else None)

    def on_seeds_moved(self, message: SeedsMoved) -> None:
        """Take what a run of the training of more seeds did, and have the next one begin."""
        seeds = self.bench.seeds
        if seeds is None:
            return
        seeds.collect(message.run)
        if seeds.ending:
            self.notify(seeds.ending, severity="error" if seeds.error else "information")
        self._update(lambda screen: screen.show_seeds())

    def _collect_present(self) -> None:
        if self.bench.run is not None:
            self._show_moved(self.bench.run)

    def _show_moved(self, run: ShownRun) -> None:
        if not self.bench.collect(run):
            return
        moved = self.bench.snapshot is not self._drawn_snapshot
        if moved or run is self.bench.opened:
            self._update(lambda screen: screen.show_opened())
        self._show_progress()
        if moved:
            self._drawn_snapshot = self.bench.snapshot
            self._update(lambda screen: screen.show_snapshot())

    def on_background_failed(self, message: BackgroundFailed) -> None:
        if self.bench.fail(message.error, message.run):
            opened, error = self.bench.opened, message.error
            if opened is None or error is not opened.error:  # which the top of the screen shows
                self.notify(str(error), severity="error", timeout=30)
            self._update(lambda screen: screen.show_opened())
            if message.run is opened:
                self._update(lambda screen: screen.show_configuration())
            self._show_progress()

    def _show_progress(self) -> None:
        """Draw on the shown screen, and on the dialogs over it, what is new of the run."""
        self._update(lambda screen: screen.show_progress())
        for screen in self.screen_stack:
            if isinstance(screen, Dialog) and screen.is_mounted:
                screen.show_progress()

    def action_close_opened(self) -> None:
        """Show the present run again; where that is untrained, the network of the package."""
        if self.bench.offers_shipped:
            self.bench.open_shipped()
        else:
            self.bench.close()
        self.show_run()

    def show_run(self, mode: str | None = None) -> None:
        """Draw another run, on the screen of this mode or the present one."""
        if mode is not None and mode != self.current_mode:
            self.switch_mode(mode)  # a screen draws the run when it comes to the front
        else:
            self._update(lambda screen: screen.catch_up())

    def on_steering_screen_played(self) -> None:
        """Draw the network that is played back, on whichever screen is shown."""
        self._drawn_snapshot = self.bench.snapshot
        self._update(lambda screen: screen.show_snapshot())

    def _update(self, show: Callable[[ModeScreen], None]) -> None:
        """Draw on the screen of the mode, whether a dialog is over it or not."""
        for screen in self.screen_stack:
            if isinstance(screen, ModeScreen) and screen.is_mounted:
                show(screen)
