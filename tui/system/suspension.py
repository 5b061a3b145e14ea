"""Suspension by the shell's job control, beyond what Textual's signal handlers cover."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType


def handle_job_control(
    loop: asyncio.AbstractEventLoop, repaint: Callable[[], object], is_ending: Callable[[], bool]
) -> None:
    """Let only the foreground use the terminal, and start Textual's mode only when it is off.

    Textual leaves and starts its mode inside the signal handlers, thus in the middle of whatever
    the loop is doing: a handler that interrupts another one leaves the mode half on, and one that
    interrupts a write waits for the lock of that write for ever. Here the loop does both, between
    two callbacks.

    Textual starts its mode at every SIGCONT. Where the mode is on already (`kill -CONT`, or
    `kill -STOP` and `fg`), a second thread would read the keys, and the raw mode would be taken for
    the one to restore at the end. So the mode is only set again there, since a shell may have
    changed it, and `repaint` is called. A process that is continued in the background stops again
    at once, for it would write over the shell, unless `is_ending`: `kill %1` sends SIGTERM and
    SIGCONT.

    Call this when Textual has installed its handlers; without effect where there are none.
    """
    if sys.platform == "win32" or sys.__stdin__ is None:
        return
    import termios

    leave_terminal = signal.getsignal(signal.SIGTSTP)
    enter_terminal = signal.getsignal(signal.SIGCONT)
    if not callable(leave_terminal) or not callable(enter_terminal):
        return
    terminal = sys.__stdin__.fileno()
    mode = termios.tcgetattr(terminal)

    def is_in_background() -> bool:
        with suppress(OSError):  # the terminal may be gone
            return os.tcgetpgrp(terminal) != os.getpgrp()
        return False

    def suspend() -> None:
        leave_terminal(signal.SIGTSTP, None)  # stops the process, and returns when it continues
        if not is_in_background():
            enter_terminal(signal.SIGCONT, None)

    def restore() -> None:
        with suppress(termios.error):
            termios.tcsetattr(terminal, termios.TCSANOW, mode)
            repaint()

    def in_loop(action: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop may have ended just now
            loop.call_soon_threadsafe(action)

    def on_suspend(_signum: int, _frame: FrameType | None) -> None:
        in_loop(suspend)

    def on_continue(_signum: int, _frame: FrameType | None) -> None:
        if not is_in_background():
            in_loop(restore)
        elif is_ending():
            # Textual restores the terminal's mode at the end, which would stop the process.
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        else:
            # Unlike SIGSTOP, it does not stop a process that no shell could continue.
            os.kill(os.getpid(), signal.SIGTTOU)

    signal.signal(signal.SIGTSTP, on_suspend)
    signal.signal(signal.SIGCONT, on_continue)
