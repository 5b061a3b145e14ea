"""SIGINT, SIGTERM and SIGHUP: an exception as a rule, a polite request while a run goes on."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from tui.system.exits import ExitCode

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal asked the process to end; not an `Exception`, so that no handler of errors catches it."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.code = ExitCode(128 + signum)


def _handle(handler: Callable[[int, FrameType | None], None]) -> dict[int, Any]:
    """Install a handler, and return those it replaces."""
    return {
        signum: signal.signal(signum, handler)
        for signum in _SIGNALS
        if signal.getsignal(signum) != signal.SIG_IGN  # nohup and `&` in a script ask for that
    }


def raise_on_signals() -> None:
    """From here on either signal raises `Interrupted` wherever the program is."""

    def handler(signum: int, frame: FrameType | None) -> None:
        raise Interrupted(signum)

    _handle(handler)


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
        self.code = ExitCode(128 + signum)
        self._on_request()


class Forwarded:
    """In this block every signal is handed on, by its exit code, from the signal handler."""

    def __init__(self, forward: Callable[[ExitCode], None]) -> None:
        self._forward = forward
        self._replaced: dict[int, Any] = {}

    def __enter__(self) -> Forwarded:
        self._replaced = _handle(lambda signum, frame: self._forward(ExitCode(128 + signum)))
        return self

    def __exit__(self, *exception: object) -> None:
        for signum, handler in self._replaced.items():
            if signal.getsignal(signum) != signal.SIG_IGN:  # the application has let go of it
                signal.signal(signum, handler)
