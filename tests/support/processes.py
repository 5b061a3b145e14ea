"""What tests of several processes have in common."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from nn.parallel.shared_memory import is_supported

needs_several = pytest.mark.skipif(
    not is_supported(), reason="several processes compute together on Linux and x86-64 only"
)


def eventually(condition: Callable[[], object]) -> None:
    """Wait until a condition holds, for half a minute at most."""
    for _ in range(3_000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("not within half a minute")


def children(process: int, count: int) -> list[int]:
    """The computing processes of a process; waits five seconds until there are `count`."""
    for _ in range(500):
        if len(found := _children(process)) == count:
            return found
        time.sleep(0.01)
    pytest.fail(f"{len(found)} processes, not {count}")


def _children(process: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == process and b"nn.parallel.worker" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return sorted(found)
