"""The application and its terminal: signals, suspension, hang-up, keys, colours, errors."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Literal

from textual import events
from textual.app import App
from textual.binding import Binding
from textual.driver import Driver
from textual.filter import LineFilter, NoColor

from tui.app.attention import Attention
from tui.app.key_order import KeyOrder
from tui.app.shown_cells import ShownCells
from tui.system.exits import ExitCode
from tui.system.memory import collect_garbage_often
from tui.system.signals import ignore_hangups
from tui.system.suspension import handle_job_control
from tui.system.terminal import Terminal, in_browser, is_lost

LOST_TERMINAL_INTERVAL = 0.5
"""Seconds between two checks that the terminal is still there."""
START = 5.0
"""Seconds after the first frame in which the application is still starting."""
OnHangup = Literal["save", "continue"]


class TerminalApp(App[ExitCode]):
    """Ends with an `ExitCode` whatever happens to its terminal; a subclass saves the runs.

    Attributes:
        shown: What the terminal shows.
        attention: How long nobody has used the screen.
        crash: The error that ended the application, to be raised when the screen is gone.
        detached: Whether the work is to go on without a terminal.
    """

    ENABLE_COMMAND_PALETTE = False  # the subclass has a palette of its own
    # Textual would select whole widgets here, without showing it, and Ctrl+C would copy their
    # names.
    ALLOW_SELECT = False

    def __init__(self, terminal: Terminal, on_hangup: OnHangup) -> None:
        self._themed = False
        super().__init__(css_path=["app.tcss", "ascii.tcss"] if terminal.ascii_only else "app.tcss")
        self.terminal = terminal
        self.shown = ShownCells()
        self.crash: Exception | None = None
        self.detached = False
        self._on_hangup = on_hangup
        self._ending: ExitCode | None = None
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self._restyled = False
        self._key_order = KeyOrder(self, super().on_event)
        self.attention = Attention(self.set_timer)
        self._line_filters = [NoColor()] if terminal.colors == "none" else None
        self.set_class(terminal.ascii_only, "-ascii")
        self.animation_level = "none"

    @property
    def busy(self) -> bool:
        """Whether work is under way that could go on without a terminal."""
        raise NotImplementedError

    def stop_work(self) -> None:
        """Have the work come to its end; must return at once."""
        raise NotImplementedError

    # Events, colours and key names

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver, or where that is the one of a terminal, one that sends fewer bytes."""
        driver_class = super().get_driver_class()
        if driver_class.__name__ != "LinuxDriver":
            return driver_class
        from tui.app.sparing_driver import SparingDriver

        return SparingDriver

    async def on_event(self, event: events.Event) -> None:
        """Let keys and pastes take effect one after the other."""
        if isinstance(event, events.Resize):
            self.shown.forget()  # A terminal does as it likes with what stood on it.
        if isinstance(event, events.InputEvent | events.Paste) and not self.is_headless:
            self.attention.attract()  # a test is not the only thing in its process
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self._key_order.take(event)
        else:
            await super().on_event(event)

    def get_css_variables(self) -> dict[str, str]:
        """Those of the theme, once it has been chosen; Textual asks for those of another before."""
        return super().get_css_variables() if self._themed else {}

    def begin_with_theme(self, name: str) -> None:
        """Use a theme from the first frame on: no style sheet has been read with another one."""
        self._themed = True
        if self.available_themes[name].ansi:  # has the colours of text replaced otherwise
            self.theme = name
        else:
            self.set_reactive(App.theme, name)
            dark = self.current_theme.dark
            classes = {"-dark-mode": dark, "-light-mode": not dark, f"-theme-{name}": True}
            self.update_classes(classes, update=False)
        self.stylesheet.set_variables(self.get_css_variables())

    def watch_theme(self) -> None:
        """Note that screens that were made before have the colours of another theme."""
        self._restyled = True

    def refresh_css(self, animate: bool = True) -> None:
        """Read all style sheets again, once the theme was changed.

        Textual also calls this when a screen is first shown, which has the right styles then. Only
        the application itself has none before the first one.
        """
        if self._restyled:
            super().refresh_css(animate)
        else:
            self.stylesheet.apply(self)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without colours, no colour at all is sent, not the greys that Textual makes of them."""
        return super().get_line_filters() if self._line_filters is None else self._line_filters

    def get_key_display(self, binding: Binding) -> str:
        """The sign of a key, or its name: of enter, and where the terminal cannot show the sign."""
        if binding.key == "enter" and not binding.key_display:
            return "enter"
        display = super().get_key_display(binding)
        return binding.key if self.terminal.ascii_only and not display.isascii() else display

    # Signals

    def on_mount(self) -> None:
        self._own_loop = asyncio.get_running_loop()
        if self._ending is not None:
            self.take_signal(self._ending)
        if not self.is_headless:  # a test is not the only thing in its process
            self.set_timer(START, collect_garbage_often)
        in_terminal = sys.__stdin__ is not None and sys.__stdin__.isatty()
        if in_terminal or in_browser():
            self.set_interval(LOST_TERMINAL_INTERVAL, self._watch_terminal)
        if in_terminal:
            handle_job_control(
                self._own_loop,
                partial(self.refresh, layout=True),
                lambda: self._ending is not None or self._exit,
            )

    def on_ready(self) -> None:
        """Choose the scroll bars, of which the first frame has none."""
        self.call_after_refresh(self._choose_scroll_bars)

    def _choose_scroll_bars(self) -> None:
        from tui.app.scroll_bars import choose_scroll_bars

        choose_scroll_bars(ascii_only=self.terminal.ascii_only)

    def take_signal(self, code: ExitCode) -> None:
        """End as soon as possible, with this exit code; called from the signal handler."""
        self._ending = code
        if code is ExitCode.HANGUP and self._on_hangup == "continue":
            # A shell passes its own hang-up on: a second one may follow at once.
            ignore_hangups()
        if self._own_loop is not None:
            end = self._hang_up if code is ExitCode.HANGUP else partial(self.end, code)
            with suppress(RuntimeError):  # the loop may have ended just now
                self._own_loop.call_soon_threadsafe(end)

    def end(self, code: ExitCode) -> None:
        """Leave at once with this exit code; saving goes on when the screen is gone."""
        self.stop_work()
        self.exit(code)

    def _hang_up(self) -> None:
        """The terminal is gone: end, or leave the screen only, where work is to go on."""
        self.detached = self._on_hangup == "continue" and self.busy
        if self.detached:
            self.exit(ExitCode.HANGUP)
        else:
            self.end(ExitCode.HANGUP)

    def _watch_terminal(self) -> None:
        """A terminal that has gone does not always send SIGHUP, but it has no foreground group."""
        if is_lost(sys.__stdin__):
            self._hang_up()

    def on_driver_signal_resume(self, _message: Driver.SignalResume) -> None:
        """Paint everything after a suspension, for the terminal shows a new, empty screen."""
        self.refresh(layout=True)

    def _handle_exception(self, error: Exception) -> None:
        """End as any command ends after an error: `tui.__main__` reports it, without the screen."""
        if self._exit:
            return  # work that was under way finds its widgets removed
        if self.is_headless:
            super()._handle_exception(error)
        else:
            self.crash = error
            self.end(ExitCode.FAILURE)
