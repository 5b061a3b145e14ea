"""Suspension by the shell's job control, of which Textual's signal handlers cover the usual part."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType


def repaint_unless_suspended(repaint: Callable[[], object]) -> None:
    """Have a SIGCONT that follows no suspension repaint the screen, and do nothing else.

    Textual starts its terminal mode at every SIGCONT. Where that mode is on already (`kill -CONT`, or
    `kill -STOP` and `fg`), a second thread would read the keys, and the raw mode would be taken for
    the one to restore at the end. Call this when Textual has installed its handlers; without effect
    where there are none.
    """
    if sys.platform == "win32" or sys.__stdin__ is None:
        return
    import termios

    start_terminal_mode = signal.getsignal(signal.SIGCONT)
    if not callable(start_terminal_mode):
        return
    terminal = sys.__stdin__.fileno()

    def on_continue(signum: int, frame: FrameType | None) -> None:
        with suppress(termios.error):  # the terminal may be gone
            if termios.tcgetattr(terminal)[3] & termios.ICANON:
                start_terminal_mode(signum, frame)
            else:
                repaint()

    signal.signal(signal.SIGCONT, on_continue)
