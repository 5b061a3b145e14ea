"""The interpreter stays with the screen while somebody uses it, and otherwise with the training.

Only one thread at a time runs Python code. One that wants to asks the one that does to let go after
`sys.getswitchinterval()` seconds; whoever waits for the system or computes with NumPy lets go by
itself. A thread that trains does that all the time, so a long interval lets a frame be drawn at
one go, and a short one lets the training go on while a frame is drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic

USED, UNUSED = 0.02, 0.0002  # seconds of the interpreter's switch interval
LASTS = 0.5
"""Seconds after the last key in which the screen counts as used."""


class Attention:
    """Sets the interpreter's switch interval by whether the screen is used."""

    def __init__(self, set_timer: Callable[[float, Callable[[], None]], object]) -> None:
        """`set_timer(delay, callback)` is that of the application."""
        self._set_timer = set_timer
        self._attracted = monotonic()
        self._used = False

    @property
    def idle(self) -> float:
        """Seconds since the last key, or since the start."""
        return monotonic() - self._attracted

    def attract(self) -> None:
        """Note that a key was pressed or the mouse moved."""
        self._attracted = monotonic()
        if not self._used:
            self._used = True
            sys.setswitchinterval(USED)
            self._set_timer(LASTS, self._look)

    def _look(self) -> None:
        if (left := LASTS - self.idle) > 0.01:  # a clock need not be as exact as its timer
            self._set_timer(left, self._look)
        else:
            self._used = False
            sys.setswitchinterval(UNUSED)
