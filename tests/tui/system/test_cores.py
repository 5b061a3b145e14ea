"""What the machine has, and the threads of the matrix products."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import tui.system.cores
from nn.config import TrainConfig
from tests.support.machine import Machine
from tui.system.cores import available_cores, core_warnings, cpu_quota, limit_threads


def test_after_a_run_of_one_thread_the_choice_is_that_of_the_library_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Lessons train on one thread; the runs that followed in the same process once did, too."""
    own_choice = tui.system.cores._own_choice
    Machine(monkeypatch, 4)
    monkeypatch.setattr(tui.system.cores, "_own_choice", own_choice)
    own_choice.cache_clear()
    try:
        assert limit_threads(1) == 1
        assert limit_threads(0) == 4
    finally:
        own_choice.cache_clear()


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({}, math.inf),
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


def test_processes_beyond_the_cores_are_told() -> None:
    cores = available_cores()
    (line,) = core_warnings(TrainConfig(processes=cores + 1))
    assert line.startswith(f"processes={cores + 1}: {cores} core")
    assert core_warnings(TrainConfig(processes=cores, threads=cores)) == []
