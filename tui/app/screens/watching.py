"""Watches, starts and stops the sweeps beside a folder of runs, on a thread of its own."""

from __future__ import annotations

from pathlib import Path

from textual.message import Message

from nn.storage.runs import SavedRun
from tui.app.screens.listing import ListScreen
from tui.app.state.background import LatestWish, in_background
from tui.app.state.sweep_process import SweepProcess, sweeps_in_words
from tui.app.state.sweep_reader import Look, SweepReader
from tui.app.state.sweep_view import SweepView
from tui.app.state.workbench import Workbench
from tui.recording.folder import runs_folder
from tui.sweeps.owners import ask_to_stop
from tui.system.terminal import Terminal

LOOK_INTERVAL = 1.0
"""Seconds between two looks at the files while the screen is shown."""
PAUSE = 5
"""The pause after a look is at least so many times as long as the look took."""


class WatchingScreen(ListScreen):
    """Reads one sweep again and again as long as it is shown; a subclass draws the result.

    Attributes:
        last: What there was at the last look.
        looked: Whether there was a look.
        wanted: The name of the sweep to show; None for the newest.
    """

    class Found(Message):
        """The run of a trial was read, to be shown."""

        def __init__(self, run: SavedRun) -> None:
            super().__init__()
            self.run = run

    class Ended(Message):
        """A sweep that was started here has ended, with an error or without."""

        def __init__(self, sweep: str, error: str) -> None:
            super().__init__()
            self.sweep, self.error = sweep, error

    class Failed(Message):
        """What was done in the background could not be done."""

        def __init__(self, error: Exception) -> None:
            super().__init__()
            self.error = error

    def __init__(self, bench: Workbench, terminal: Terminal, order: str) -> None:
        super().__init__(bench, terminal, order)
        self.last, self.looked = Look((), None), False
        self.wanted: str | None = None
        self._reading = LatestWish(
            "sweeps",
            SweepReader(self.runs_dir).look,
            self.post_message,
            self._show_look,
            lambda wanted, error: self._show_look(wanted, Look((), None, str(error))),
        )
        self._started: list[str] = []  # whose processes have not ended

    @property
    def runs_dir(self) -> Path | None:
        """The folder of runs that was typed; None for the default one."""
        return self.bench.saving.runs_dir

    @property
    def view(self) -> SweepView | None:
        """The sweep that is shown."""
        return self.last.view

    @property
    def under_way(self) -> list[str]:
        """The sweeps under way, also one that was just begun and cannot be seen in its files."""
        return list(dict.fromkeys([*self._started, *self.last.running]))

    def on_mount(self) -> None:
        self.set_interval(LOOK_INTERVAL, self._look_again)

    def catch_up(self) -> None:
        """Catch up with the files."""
        super().catch_up()
        self._look()
        self.draw()

    def _look_again(self) -> None:
        """Read the files, unless the last time took so long that it is too soon."""
        if self._reading.rested(PAUSE):
            self._look()

    def _look(self) -> None:
        """Read the files, unless another screen is shown or that is being done."""
        if self.app.screen is self:
            self._reading.want(self.wanted)

    def _show_look(self, _wanted: str | None, look: Look) -> None:
        self.looked, self.last = True, look
        self.draw()

    def want(self, sweep: str) -> None:
        """Show another sweep, as soon as it is read."""
        self.wanted = sweep
        self._look()

    def find(self, run: str) -> None:
        """Read a saved run and show it in place of the present run."""

        def read() -> Message:
            return self.Found(SavedRun.read(runs_folder(self.runs_dir) / run))

        in_background("sweeps", read, self.post_message, self.Failed)

    def on_watching_screen_found(self, message: Found) -> None:
        if self.app.screen is self:  # unless another screen was opened meanwhile
            self.show_run(message.run)

    def start(self, sweep: str, words: list[str]) -> None:
        """Have a process work on a sweep."""
        try:
            process = SweepProcess(words, self.runs_dir)
        except OSError as error:
            self.on_watching_screen_failed(self.Failed(error))
            return
        stays = "goes on when this program is left"
        others = [name for name in self.under_way if name != sweep]
        if others:
            stays = f"shares the cores with {sweeps_in_words(others)}"
        key = self.key_of("sweep.stop", "x")
        self.notify(f"Sweep {sweep} has begun. It {stays}; {key} stops it.")
        self._started.append(sweep)
        self.want(sweep)
        in_background(
            "sweep process",
            lambda: self.Ended(sweep, process.wait()),
            self.post_message,
            self.Failed,
        )

    def on_watching_screen_ended(self, message: Ended) -> None:
        self._started.remove(message.sweep)
        if message.error:
            text = f"Sweep {message.sweep}: {message.error}"
            self.notify(text, severity="error", timeout=30)
        self._look()

    def stop(self, view: SweepView) -> None:
        """Have all processes that work on a sweep stop."""

        def work() -> None:
            ask_to_stop(view.path)

        in_background("sweeps", work, self.post_message, self.Failed)

    def on_watching_screen_failed(self, message: Failed) -> None:
        self.notify(str(message.error), severity="error", timeout=15)
