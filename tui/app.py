"""The application: modes, global keys, and the way from background messages to the shown screen."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.timer import Timer

from nn.config import TrainConfig
from tui.exits import ExitCode
from tui.messages import BackgroundFailed, DataLoaded, TrainingMoved
from tui.screens.base import ModeScreen
from tui.session import Goal
from tui.terminal import Terminal
from tui.workbench import Workbench

COLLECT_INTERVAL = 0.1  # seconds between two looks at what the training thread has to tell
LOST_TERMINAL_INTERVAL = 0.5
SIGNALS = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGHUP: ExitCode.HANGUP,
}


class MnistApp(App[ExitCode]):
    """Five screens over one workbench."""

    CSS_PATH = "app.tcss"
    TITLE = "mnist-tui"
    DEFAULT_MODE = "train"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "switch_mode('train')", "Train", id="app.train", show=False),
        Binding("2", "switch_mode('digits')", "Digits", id="app.digits", show=False),
        Binding("3", "switch_mode('confusion')", "Confusion", id="app.confusion", show=False),
        Binding("4", "switch_mode('model')", "Model", id="app.model", show=False),
        Binding("5", "switch_mode('draw')", "Draw", id="app.draw", show=False),
        Binding("question_mark", "help", "Help", key_display="?", id="app.help"),
        Binding("q,ctrl+q,ctrl+c", "leave", "Quit", key_display="q", id="app.quit"),
    ]

    def __init__(
        self,
        config: TrainConfig,
        recipe: str | None,
        base: TrainConfig,
        *,
        terminal: Terminal,
        goal: Goal = Goal.PAUSE,
    ) -> None:
        """`base` is what `config`'s changes are told against; with `goal` RUN training starts by itself."""
        super().__init__()
        self.terminal = terminal
        self.bench = Workbench(config, recipe, base, self.post_message)
        self._first_goal = goal
        self._collected_at = 0.0
        self._collecting: Timer | None = None
        self._drawn_snapshot: object = None
        self.animation_level = "none"
        self.kept = True
        for name in ("train", "digits", "confusion", "model", "draw"):
            self.add_mode(name, self._screen_factory(name))

    def _screen_factory(self, name: str) -> Callable[[], ModeScreen]:
        """A screen is imported when it is first shown, so that the first frame does not wait for it."""

        def make() -> ModeScreen:
            module = importlib.import_module(f"tui.screens.{name}")
            screen: ModeScreen = getattr(module, f"{name.capitalize()}Screen")(
                self.bench, self.terminal
            )
            return screen

        return make

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        for signum, code in SIGNALS.items():
            loop.add_signal_handler(signum, self.end, code)
        if sys.__stdin__ is not None and sys.__stdin__.isatty():
            self.set_interval(LOST_TERMINAL_INTERVAL, self._watch_terminal)
        self.call_after_refresh(self.bench.load, self._first_goal)

    def end(self, code: ExitCode) -> None:
        """Leave at once, with this exit code; the training thread dies with the process."""
        self.bench.stop()
        self.exit(code)

    def _watch_terminal(self) -> None:
        """A terminal that has gone does not always send SIGHUP, but it no longer has a foreground group."""
        try:
            os.tcgetpgrp(sys.__stdin__.fileno())  # type: ignore[union-attr]
        except OSError:
            self.end(ExitCode.HANGUP)

    def action_leave(self) -> None:
        """Quit; ask first where that would cut a run short."""
        if not self.bench.training:
            self.end(self._code())
            return
        from tui.screens.quit import QuitScreen

        if not isinstance(self.screen, QuitScreen):
            self.push_screen(QuitScreen(), self._leave)

    def _leave(self, choice: str | None) -> None:
        if choice in ("keep", "discard"):
            self.kept = choice == "keep"
            self.end(self._code())

    def _code(self) -> ExitCode:
        """Success, unless the present run failed."""
        finished = self.bench.history.finished if self.bench.history else None
        failed = self.bench.error is not None or (
            finished is not None and finished.reason == "diverged"
        )
        return ExitCode.FAILURE if failed else ExitCode.SUCCESS

    def action_help(self) -> None:
        """List every key of the shown screen."""
        from tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def on_data_loaded(self, message: DataLoaded) -> None:
        self.bench.take_data(message.data_dir, message.dataset)
        self._update(lambda screen: screen.show_configuration())

    def on_training_moved(self, message: TrainingMoved) -> None:
        """Look at what there is now, or a little later where that was done only just before."""
        if self._collecting is not None or message.run is not self.bench.run:
            return
        wait = self._collected_at + COLLECT_INTERVAL - time.monotonic()
        if wait > 0:
            self._collecting = self.set_timer(wait, self._collect)
        else:
            self._collect()

    def _collect(self) -> None:
        self._collecting, self._collected_at = None, time.monotonic()
        run = self.bench.run
        if run is None or not self.bench.collect(run):
            return
        self._update(lambda screen: screen.show_progress())
        if self.bench.snapshot is not self._drawn_snapshot:
            self._drawn_snapshot = self.bench.snapshot
            self._update(lambda screen: screen.show_snapshot())

    def on_background_failed(self, message: BackgroundFailed) -> None:
        if self.bench.fail(message.error, message.run):
            self.notify(
                str(message.error), title="Error", severity="error", timeout=30, markup=False
            )
            self._update(lambda screen: screen.show_progress())

    def _update(self, show: Callable[[ModeScreen], None]) -> None:
        """The screen of the mode, be there a dialog before it or not."""
        for screen in self.screen_stack:
            if isinstance(screen, ModeScreen) and screen.is_mounted:
                show(screen)
