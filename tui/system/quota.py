"""The processor time that this process may use, and the threads of libraries that must fit in it.

Nothing here loads NumPy, whose threads are counted when it is loaded.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from nn.parallel.thread_variables import THREAD_VARIABLES


def limit_products_to_quota() -> None:
    """Let matrix products start no more threads than the control groups have processor time for.

    The libraries count processors, of which a container that may use one often sees all. Their
    threads then wait for each other most of the time. A number that the user has set stays.
    """
    if any(name in os.environ for name in THREAD_VARIABLES):
        return
    cores = available_cores()
    if cores < _processors():
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(cores)))


def _processors() -> int:
    """The processors of the affinity mask of this process, or all where the system has no mask."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_cores() -> int:
    """The number of cores that this process can keep busy.

    These are the processors of its affinity mask, where the system has one, and no more than the
    processor time that its control groups permit. A fraction of a core does not count: threads that
    wait for each other lose more from being suspended than they gain from it.
    """
    return max(1, math.floor(min(_processors(), cpu_quota())))


def cpu_quota(root: Path = Path("/")) -> float:
    """Seconds of processor time per second that this process's control groups permit, or infinity.

    The tightest limit counts, of the process's group and of the groups around it; `root` is the
    root folder of the system. Linux's cgroup-v1 and -v2 are described in the kernel's
    documentation.
    """
    return min(_quotas(root), default=math.inf)


def _quotas(root: Path) -> Iterator[float]:
    lines: list[str] = []
    with suppress(OSError):
        text = (root / "proc/self/cgroup").read_text(encoding="utf-8", errors="surrogateescape")
        lines = text.splitlines()
    for line in lines:  # number:controllers:path, without controllers in version 2
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        mount = root / "sys/fs/cgroup" / ("cpu" if controllers else "")
        # In a container the path may be that of the host, and its own group the mounted folder.
        group = mount / path.lstrip("/")
        for folder in (group, *group.parents):
            if folder.is_relative_to(mount):
                with suppress(OSError, ValueError):
                    quota, period = _quota_and_period(folder, version=1 if controllers else 2)
                    if quota > 0 and period > 0:
                        yield quota / period


def _quota_and_period(folder: Path, *, version: int) -> tuple[int, int]:
    """In microseconds; raises OSError or ValueError where a group sets no limit."""
    if version == 2:
        quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
        return int(quota), int(period)  # quota is the word "max" without a limit
    quota, period = (
        (folder / f"cpu.cfs_{name}_us").read_text(encoding="utf-8") for name in ("quota", "period")
    )
    return int(quota), int(period)  # quota is -1 without a limit
