"""What threads allocate and free does not stay with the process."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from tests.support.commands import environment

# Each thread frees a large array, then frees smaller ones between others that stay.
_SCRIPT = """
import os, sys, threading
from pathlib import Path
import numpy as np
from tui.system.memory import return_freed_memory

if sys.argv[1] == "returned":
    return_freed_memory()
kept = []

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def work(barrier):
    np.ones(20_000_000, np.uint8)
    barrier.wait()
    for _ in range(4):
        arrays = []
        for _ in range(10):
            arrays.append(np.ones(1_000_000, np.uint8))
            kept.append(np.ones(2000, np.uint8))
        barrier.wait()
        del arrays

before = resident()
barrier = threading.Barrier(4)
threads = [threading.Thread(target=work, args=[barrier]) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(resident() - before)
"""


def growth(how: str) -> int:
    words = [sys.executable, "-c", _SCRIPT, how]
    unset = {name: None for name in os.environ if name.startswith(("MALLOC_", "GLIBC_"))}
    result = subprocess.run(
        words, env=environment(**unset), capture_output=True, text=True, check=True
    )
    return int(result.stdout)


@pytest.mark.skipif(
    sys.platform != "linux" or platform.libc_ver()[0] != "glibc",
    reason="other C libraries are left as they are",
)
def test_what_threads_free_is_returned() -> None:
    assert 10 * growth("returned") < growth("kept")


def test_screens_that_were_left_are_found_soon() -> None:
    script = """
import gc, weakref
from tui.__main__ import main
from tui.system.memory import collect_garbage_often

class Node:
    def __init__(self):
        self.itself = self

main(["--version"])
collect_garbage_often()
nodes = [weakref.ref(Node()) for _ in range(40_000)]
print(sum(node() is not None for node in nodes))
"""
    result = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(result.stdout.splitlines()[-1]) < 5_000


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_other_c_libraries_are_left_as_they_are(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    import ctypes

    from tui.system.memory import return_freed_memory

    def missing(_name: str | None) -> ctypes.CDLL:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", missing)
    return_freed_memory()
