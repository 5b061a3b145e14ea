"""Suspension by the shell's job control, beyond what Textual's signal handlers cover."""

from __future__ import annotations

import os
import signal
import sys
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextlib import suppress

INTERVAL = 0.05
"""Seconds between two looks whether a background process, which no shell has stopped, may go on."""


def handle_job_control(
    loop: AbstractEventLoop, repaint: Callable[[], object], is_ending: Callable[[], bool]
) -> None:
    """Suspend and continue in the loop, let only the foreground use the terminal.

    Textual leaves and starts its mode inside the signal handlers, thus in the middle of whatever
    the loop is doing: a handler that interrupts another one leaves the mode half on, and one that
    interrupts a write waits for the lock of that write for ever. Callbacks of the loop interrupt
    nothing.

    Textual starts its mode at every SIGCONT. Where the mode is on already (`kill -CONT`, or
    `kill -STOP` and `fg`), a second thread would read the keys, and the raw mode would be taken for
    the one to restore at the end. So the mode is only set again there, since a shell may have
    changed it, and `repaint` is called. A process that is continued in the background stops again,
    for it would write over the shell, unless `is_ending`: `kill %1` sends SIGTERM and SIGCONT.

    Call this when Textual has installed its handlers; without effect where there are none. With the
    loop end the handlers, and both signals have the system's effect again.
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

    def in_foreground() -> bool:
        """Stop as long as another process has the terminal; False where it ends without it."""
        while os.tcgetpgrp(terminal) != os.getpgrp():
            if is_ending():
                # Textual restores the terminal's mode at the end, which would stop the process.
                signal.signal(signal.SIGTTOU, signal.SIG_IGN)
                return False
            # Unlike SIGSTOP, it does not stop a process that no shell could continue.
            os.kill(os.getpid(), signal.SIGTTOU)
            time.sleep(INTERVAL)
        return True

    def suspend() -> None:
        if is_ending():
            return
        leave_terminal(signal.SIGTSTP, None)  # stops the process; it is continued after this line
        with suppress(OSError, termios.error):  # the terminal may be gone
            if in_foreground():
                enter_terminal(signal.SIGCONT, None)

    def go_on() -> None:
        with suppress(OSError, termios.error):
            if in_foreground():
                termios.tcsetattr(terminal, termios.TCSANOW, mode)
                repaint()

    loop.add_signal_handler(signal.SIGTSTP, suspend)
    loop.add_signal_handler(signal.SIGCONT, go_on)
