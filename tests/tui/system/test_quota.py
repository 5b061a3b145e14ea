"""The processor time that control groups permit, and the threads that are limited by it."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from nn.parallel.thread_variables import THREAD_VARIABLES
from tui.system.quota import cpu_quota, limit_products_to_quota


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({}, math.inf),
        ({"proc/self/cgroup": "no such line\n0::/\n"}, math.inf),
        ({"proc/self/cgroup": "0::/\n"}, math.inf),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, math.inf),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5),
        (
            {
                "proc/self/cgroup": "0::/outer/inner\n",
                "sys/fs/cgroup/outer/cpu.max": "100000 100000\n",
                "sys/fs/cgroup/outer/inner/cpu.max": "400000 100000\n",
            },
            1.0,
        ),
        (
            {
                "proc/self/cgroup": "3:memory:/docker/ab\n2:cpu,cpuacct:/docker/ab\n0::/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "250000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            2.5,
        ),
        (
            {
                "proc/self/cgroup": "1:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            math.inf,
        ),
    ],
)
def test_the_quota_is_read_from_the_control_groups(
    tmp_path: Path, files: dict[str, str], quota: float
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert cpu_quota(tmp_path) == quota


@pytest.mark.parametrize(
    ("quota", "own", "threads"),
    [
        (math.inf, {}, None),
        (8.0, {}, None),
        (1.5, {}, "1"),
        (2.5, {}, "2"),
        (0.5, {}, "1"),
        (1.5, {"OMP_NUM_THREADS": "4"}, None),
    ],
)
def test_products_start_no_more_threads_than_the_quota_has_time_for(
    monkeypatch: pytest.MonkeyPatch, quota: float, own: dict[str, str], threads: str | None
) -> None:
    for name in THREAD_VARIABLES:
        monkeypatch.setenv(name, "")  # so that what the test sets is removed after it
        monkeypatch.delenv(name)
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tui.system.quota.cpu_quota", lambda: quota)
    monkeypatch.setattr(
        "tui.system.quota.os.sched_getaffinity", lambda _: set(range(8)), raising=False
    )
    limit_products_to_quota()
    expected = dict.fromkeys(THREAD_VARIABLES, threads) if threads else own
    assert {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ} == expected
