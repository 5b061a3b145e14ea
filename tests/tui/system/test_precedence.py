"""Threads that compute give way to the one that draws the screen."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from tui.system.precedence import give_way


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows a priority of threads")
def test_a_thread_gives_way_with_the_processes_that_it_starts_and_no_other_thread() -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    seen: list[int] = []

    def work() -> None:
        give_way()
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        program = "import os; print(os.getpriority(os.PRIO_PROCESS, 0))"
        seen.append(int(subprocess.check_output([sys.executable, "-c", program])))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [min(19, own + 5)] * 2
    assert os.getpriority(os.PRIO_PROCESS, 0) == own
