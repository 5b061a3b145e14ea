"""Signals that end the program: an exception as a rule, a polite request while a run goes on.

SIGINT is Ctrl-C and SIGTERM a plain `kill` on every system. POSIX has SIGHUP for a terminal that is
lost. Windows has SIGBREAK instead, for Ctrl-Break and for a console window that is closed.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, ClassVar

from tui.system.exits import ExitCode

_EXIT_CODES = {
    "SIGINT": ExitCode.INTERRUPTED,
    "SIGTERM": ExitCode.TERMINATED,
    "SIGHUP": ExitCode.HANGUP,
    "SIGBREAK": ExitCode.TERMINATED,
}
# By number, those that this system has.
_ENDING = {
    int(getattr(signal, name)): code for name, code in _EXIT_CODES.items() if hasattr(signal, name)
}

_LATER = 0.05  # seconds until a signal is sent anew

HAS_HANGUP = hasattr(signal, "SIGHUP")  # a lost terminal is reported by a signal


class Interrupted(BaseException):
    """The process is to end because of a signal.

    It is no `Exception`, so that no handler of errors catches it.
    """

    raised: ClassVar[bool] = False
    """Whether this process has been told to end."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum, self.code = signum, _ENDING[signum]
        Interrupted.raised = True


def _handle(handler: Callable[[int, FrameType | None], None]) -> dict[int, Any]:
    """Install a handler for each ending signal and return the handlers it replaces."""
    return {
        signum: signal.signal(signum, handler)
        for signum in _ENDING
        if signal.getsignal(signum) != signal.SIG_IGN  # nohup, or `&` in a script
    }


def raise_on_signals() -> None:
    """From here on an ending signal raises `Interrupted` wherever the program is.

    That may be a destructor or a callback, of which Python discards any exception. Then the signal
    is sent anew. What destructors complain of after an interruption is not reported, because it
    comes from objects that were only half made.
    """

    def handler(signum: int, frame: FrameType | None) -> None:
        raise Interrupted(signum)

    report = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        if isinstance(unraisable.exc_value, Interrupted):
            _send_later(unraisable.exc_value.signum)
        elif not Interrupted.raised:
            report(unraisable)

    _handle(handler)
    sys.unraisablehook = hook


def _send_later(signum: int) -> None:
    """Send a signal to the main thread when it has left the destructor it is in."""
    import threading

    main = threading.main_thread().ident
    if sys.platform == "win32" or main is None:
        timer = threading.Timer(_LATER, signal.raise_signal, [signum])
    else:  # this also wakes the main thread from a wait
        timer = threading.Timer(_LATER, signal.pthread_kill, [main, signum])
    timer.daemon = True
    timer.start()


def ignore_hangups() -> None:
    """Let no further SIGHUP end the process; without effect where there is no such signal."""
    if HAS_HANGUP:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


class GracefulStop:
    """In this block the first signal only sets `code`; a second one raises `Interrupted`.

    `on_request` is called from the signal handler and must do next to nothing.
    """

    def __init__(self, on_request: Callable[[], None]) -> None:
        self.code: ExitCode | None = None
        self._on_request = on_request
        self._replaced: dict[int, Any] = {}

    def __enter__(self) -> GracefulStop:
        self._replaced = _handle(self._request)
        return self

    def __exit__(self, *exception: object) -> None:
        for signum, handler in self._replaced.items():
            signal.signal(signum, handler)

    def _request(self, signum: int, frame: FrameType | None) -> None:
        if self.code is not None:
            raise Interrupted(signum)
        self.code = _ENDING[signum]
        self._on_request()


class Forwarded:
    """In this block every signal is handed on, as its exit code, from the signal handler."""

    def __init__(self, forward: Callable[[ExitCode], None]) -> None:
        self._forward = forward
        self._replaced: dict[int, Any] = {}

    def __enter__(self) -> Forwarded:
        self._replaced = _handle(lambda signum, frame: self._forward(_ENDING[signum]))
        return self

    def __exit__(self, *exception: object) -> None:
        for signum, handler in self._replaced.items():
            # A signal that is ignored by now was given up inside the block, and stays ignored.
            if signal.getsignal(signum) != signal.SIG_IGN:
                signal.signal(signum, handler)
