"""Threads that compute give way to the one that draws the screen."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

_STEPS = 5  # of niceness, of which 20 separate the usual one from the least


def give_way() -> None:
    """Have this thread, and what it starts, give way to other threads that want a processor.

    Where nothing else wants one it computes as fast as before. Only Linux knows a priority of
    threads; elsewhere this does nothing.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):  # a sandbox may forbid it
            niceness = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, niceness + _STEPS)
