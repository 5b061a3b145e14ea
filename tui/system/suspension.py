"""Suspension by the shell's job control, beyond what Textual's signal handlers cover."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType


def handle_job_control(repaint: Callable[[], object], is_ending: Callable[[], bool]) -> None:
    """Let only the foreground use the terminal, and start Textual's mode only when it is off.

    Textual starts its mode at every SIGCONT. Where the mode is on already (`kill -CONT`, or
    `kill -STOP` and `fg`), a second thread would read the keys, and the raw mode would be taken for
    the one to restore at the end. So the mode is only set again there, since a shell may have
    changed it, and `repaint` is called. A process that is continued in the background stops again,
    for it would write over the shell, unless `is_ending`: `kill %1` sends SIGTERM and SIGCONT.

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
    suspended = False

    def on_suspend(signum: int, frame: FrameType | None) -> None:
        nonlocal suspended
        if suspended:
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            suspended = True
            leave_terminal(signum, frame)  # stops the process

    def on_continue(signum: int, frame: FrameType | None) -> None:
        nonlocal suspended
        with suppress(OSError, termios.error):  # the terminal may be gone
            if os.tcgetpgrp(terminal) != os.getpgrp():
                if is_ending():
                    # Textual restores the terminal's mode at the end, which would stop the process.
                    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
                else:
                    # Unlike SIGSTOP, it does not stop a process that no shell could continue.
                    os.kill(os.getpid(), signal.SIGTTOU)
            elif suspended:
                suspended = False
                enter_terminal(signum, frame)
            else:
                termios.tcsetattr(terminal, termios.TCSANOW, mode)
                repaint()

    signal.signal(signal.SIGTSTP, on_suspend)
    signal.signal(signal.SIGCONT, on_continue)
