"""The application: modes, global keys, and the way from background messages to the shown screen."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender

from nn.config import did_you_mean
from nn.errors import ConfigError
from tui.app.preferences import Preferences
from tui.app.screens import MODES, Mode
from tui.app.screens.base import ModeScreen
from tui.app.state.background import Throttle
from tui.app.state.messages import BackgroundFailed, DataLoaded, TrainingMoved
from tui.app.state.shown_run import ShownRun, Status
from tui.app.state.workbench import Workbench
from tui.recording.experiment import Experiment
from tui.recording.export import save_metrics, save_screen
from tui.recording.source import RunSource, Saving
from tui.system.exits import ExitCode
from tui.system.signals import forget_continue_handler, ignore_hangups
from tui.system.terminal import Terminal, is_lost

if TYPE_CHECKING:
    from nn.storage.runs import SavedRun

COLLECT_INTERVAL = 0.2  # seconds between two looks at what the training thread has to tell
LOST_TERMINAL_INTERVAL = 0.5
OnHangup = Literal["save", "continue"]


class AsciiScrollBar(ScrollBarRender):
    """A scroll bar without the block characters at the ends of its thumb."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]


class MnistApp(App[ExitCode]):
    """Six screens over one workbench."""

    CSS_PATH = "app.tcss"
    TITLE = "mnist-tui"
    DEFAULT_MODE = "train"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(mode.key, f"switch_mode('{name}')", mode.title, id=f"app.{name}", show=False)
            for name, mode in MODES.items()
        ),
        Binding("0", "close_opened", "Back to the present run", id="app.present", show=False),
        Binding(
            "ctrl+s", "save_screen", "Save the screen as SVG", id="app.save-screen", show=False
        ),
        Binding("ctrl+e", "export_metrics", "Export the metrics", id="app.export", show=False),
        Binding("question_mark", "help", "Help", key_display="?", id="app.help"),
        Binding("q,ctrl+q,ctrl+c", "leave", "Quit", key_display="q", id="app.quit"),
    ]

    def __init__(
        self,
        experiment: Experiment,
        *,
        terminal: Terminal,
        preferences: Preferences | None = None,
        saving: Saving | None = None,
        resumed: RunSource | None = None,
        watched: SavedRun | None = None,
        on_hangup: OnHangup = "save",
    ) -> None:
        """`resumed` is a saved run to go on with, `watched` one to show."""
        super().__init__()
        self.terminal = terminal
        self.crash: Exception | None = None
        self.kept = True  # whether the result is to be saved on leaving
        self.detached = False  # whether training is to go on without a screen
        self._on_hangup = on_hangup
        self._ending: ExitCode | None = None
        self._own_loop: asyncio.AbstractEventLoop | None = None
        preferences = preferences or Preferences()
        self.set_keymap(preferences.keys)
        if preferences.theme is not None and terminal.colors != "none":
            if preferences.theme not in self.available_themes:
                near = did_you_mean(preferences.theme, self.available_themes)
                raise ConfigError(f"theme={preferences.theme}: no such theme{near}")
            self.theme = preferences.theme
        self.set_class(terminal.ascii_only, "-ascii")
        ScrollBar.renderer = AsciiScrollBar if terminal.ascii_only else ScrollBarRender
        self.bench = Workbench(experiment, self.post_message, saving=saving, resumed=resumed)
        if watched is not None:
            self.bench.open(watched)
        self._collect = Throttle(self._collect_present, self.set_timer, COLLECT_INTERVAL)
        self._drawn_snapshot: object = None
        self.animation_level = "none"
        for name, mode in MODES.items():
            self.add_mode(name, partial(self._make_screen, mode))

    def _make_screen(self, mode: Mode) -> ModeScreen:
        return mode.load()(self.bench, self.terminal)

    def on_mount(self) -> None:
        self._own_loop = asyncio.get_running_loop()
        if self._ending is not None:
            self.take_signal(self._ending)
        if sys.__stdin__ is not None and sys.__stdin__.isatty():
            self.set_interval(LOST_TERMINAL_INTERVAL, self._watch_terminal)
        self.call_after_refresh(self._load_first)

    def _load_first(self) -> None:
        if not self.bench.loading:  # a key may have asked for it already
            self.bench.load()

    def take_signal(self, code: ExitCode) -> None:
        """From the signal handler: end as soon as possible, with this exit code."""
        self._ending = code
        if code is ExitCode.HANGUP and self._on_hangup == "continue":
            # A shell passes its own hang-up on: a second one may follow at once.
            ignore_hangups()
        if self._own_loop is not None:
            end = self._hang_up if code is ExitCode.HANGUP else partial(self.end, code)
            with suppress(RuntimeError):  # it may have ended just now
                self._own_loop.call_soon_threadsafe(end)

    def end(self, code: ExitCode) -> None:
        """Leave at once, with this exit code; what is to be saved still is, when the screen is gone."""
        self.bench.stop()
        self.exit(code)

    def _hang_up(self) -> None:
        """The terminal is gone: leave, or only leave it alone, where a run goes on."""
        run = self.bench.run
        self.detached = (
            self._on_hangup == "continue" and run is not None and run.status is Status.RUNNING
        )
        if self.detached:
            # A lost session is told to continue as well, of which Textual's handler makes an error when its loop has ended.
            forget_continue_handler()
            self.exit(ExitCode.HANGUP)
        else:
            self.end(ExitCode.HANGUP)

    def _watch_terminal(self) -> None:
        """A terminal that has gone does not always send SIGHUP, but it no longer has a foreground group."""
        if is_lost(sys.__stdin__):
            self._hang_up()

    def action_leave(self) -> None:
        """Quit; ask first where that would cut a run short."""
        if not self.bench.training:
            self.end(self._code())
            return
        from tui.app.screens.quit import QuitScreen

        if not isinstance(self.screen, QuitScreen):
            run = self.bench.run
            resumed = run is not None and run.source.folder is not None
            self.push_screen(QuitScreen(can_discard=not resumed), self._leave)

    def _leave(self, choice: str | None) -> None:
        if choice in ("keep", "discard"):
            self.kept = choice == "keep"
            if not self.kept and self.bench.run is not None:
                self.bench.run.discard()
            self.end(self._code())

    def _code(self) -> ExitCode:
        """Success, unless the present run failed."""
        finished = self.bench.history.finished if self.bench.history else None
        diverged = finished is not None and finished.reason == "diverged"
        failed = diverged or self.bench.error is not None
        return ExitCode.FAILURE if failed else ExitCode.SUCCESS

    def _handle_exception(self, error: Exception) -> None:
        """A bug ends the application as it does any command: told by `tui.__main__`, after the screen is gone."""
        if self.is_headless:
            super()._handle_exception(error)
        else:
            self.crash = error
            self.end(ExitCode.FAILURE)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: every action of the screen and of the application."""
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)
        seen = set()
        for namespace, binding, enabled, _ in screen.active_bindings.values():
            if (
                enabled
                and not binding.system
                and binding.description
                and binding.action not in seen
            ):
                seen.add(binding.action)
                key = self.get_key_display(binding)
                run = partial(self.run_action, binding.action, namespace)
                yield SystemCommand(binding.description, f"Key: {key}", run)

    def get_key_display(self, binding: Binding) -> str:
        """How a key is shown; by its name where its sign cannot be."""
        display = super().get_key_display(binding)
        return binding.key if self.terminal.ascii_only and not display.isascii() else display

    def action_help(self) -> None:
        """List every key of the shown screen."""
        from tui.app.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_save_screen(self) -> None:
        """Write a picture of the screen (SVG) into the working directory."""
        self._export(lambda stem: [save_screen(self.export_screenshot(), stem)])

    def action_export_metrics(self) -> None:
        """Write the run's metrics (CSV and JSON) into the working directory."""
        history = self.bench.history
        if history is None or not history.evaluations:
            self.notify("Nothing measured yet: train for an epoch first.", severity="warning")
            return
        self._export(lambda stem: save_metrics(history, self.bench.invocation, stem))

    def _export(self, write: Callable[[str], list[Path]]) -> None:
        try:
            paths = write(f"mnist-tui-{time.strftime('%Y%m%d-%H%M%S')}")
        except OSError as error:
            where = f" {error.filename}" if error.filename else ""
            reason = f"Cannot write{where}: {error.strerror or error}"
            self.notify(reason, severity="error", markup=False)
        else:
            self.notify("Wrote " + ", ".join(str(path) for path in paths), markup=False)

    def on_data_loaded(self, message: DataLoaded) -> None:
        self.bench.take_data(message.data_dir, message.dataset)
        self._update(lambda screen: screen.show_configuration())

    def on_training_moved(self, message: TrainingMoved) -> None:
        """Look at what there is now, or a little later where that was done only just before."""
        if message.run is not self.bench.run:
            self._show_moved(message.run)
        else:
            self._collect.request()

    def _collect_present(self) -> None:
        if self.bench.run is not None:
            self._show_moved(self.bench.run)

    def _show_moved(self, run: ShownRun) -> None:
        if not self.bench.collect(run):
            return
        if run is self.bench.opened:
            self._update(lambda screen: screen.show_opened())
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

    def action_close_opened(self) -> None:
        """Show the present run again in place of a saved one."""
        self.bench.close()
        self.show_run()

    def show_run(self, mode: str | None = None) -> None:
        """Another run is to be shown, on the screen of this mode or the present one."""
        if mode is not None and mode != self.current_mode:
            self.switch_mode(mode)  # which draws it
        else:
            self._update(lambda screen: screen.on_screen_resume())

    def _update(self, show: Callable[[ModeScreen], None]) -> None:
        """The screen of the mode, be there a dialog before it or not."""
        for screen in self.screen_stack:
            if isinstance(screen, ModeScreen) and screen.is_mounted:
                show(screen)
