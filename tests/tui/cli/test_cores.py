"""How a run is spread over the machine, and what is told when a part of it is lost."""

from __future__ import annotations

import errno
import json
import math
import os
import signal
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import tui.system.cores
from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split
from nn.errors import ConfigError, WorkerError
from nn.parallel.cores import Cores
from nn.storage.runs import list_runs
from tests.support.commands import Process, run_command
from tests.support.json_schema import check_stream
from tests.support.processes import children, needs_several
from tui.recording.folder import resume_command
from tui.system.cores import (
    available_cores,
    core_warnings,
    cores_of,
    cpu_quota,
    limit_threads,
    make_trainer,
    share_cores,
)
from tui.system.exits import ExitCode


@pytest.fixture
def dataset(tiny: Dataset) -> Dataset:
    """As many training images as MNIST has."""
    again = Split(tiny.train.images.repeat(500, axis=0), tiny.train.labels.repeat(500))
    return Dataset(again, tiny.test, "tiny", tiny.sha256)


class Machine:
    """A machine of so many cores with kernels of a certain name; no thread is really limited."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, cores: int, kernels: str) -> None:
        self.limited = 0
        pool = {"user_api": "blas", "architecture": kernels}
        monkeypatch.setattr(
            tui.system.cores, "_pools", lambda: [pool | {"num_threads": self.limited}]
        )
        monkeypatch.setattr(tui.system.cores, "_own_choice", lambda: cores)
        monkeypatch.setattr("threadpoolctl.threadpool_limits", self.limit)
        monkeypatch.setattr(tui.system.cores, "is_supported", lambda: True)
        monkeypatch.setattr(tui.system.cores, "cpu_quota", lambda: math.inf)
        monkeypatch.setattr(
            # As the module sees it: in a test of portability without this function.
            "tui.system.cores.os.sched_getaffinity",
            lambda _: set(range(10, 10 + cores)),
            raising=False,
        )

    def limit(self, limits: int, user_api: str) -> None:
        self.limited = limits


@pytest.mark.parametrize(
    ("fields", "cores", "expected"),
    [
        ({}, 2, (2, 1)),
        ({}, 8, (2, 4)),
        ({}, 3, (2, 1)),
        ({}, 1, (1, 1)),
        ({"threads": 1}, 8, (1, 1)),
        ({"threads": 2}, 8, (2, 1)),
        ({"processes": 1}, 2, (1, 2)),
        ({"processes": 4}, 8, (4, 2)),
        ({"processes": 4}, 2, (4, 1)),
        ({"processes": 2, "threads": 6}, 8, (2, 3)),
        ({"epochs": 4}, 2, (1, 2)),  # over before a second process pays
        ({"epochs": 4, "batch_size": 64}, 2, (2, 1)),
        ({"steps": 1999, "epochs": 0}, 2, (1, 2)),
        ({"limit": 6400}, 2, (1, 2)),
        ({"hidden": (1024, 1024)}, 2, (1, 2)),  # too many gradients to exchange
        ({"hidden": (1024, 1024), "processes": 2}, 2, (2, 1)),
    ],
)
def test_processes_and_threads(
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    cores: int,
    expected: tuple[int, int],
) -> None:
    machine = Machine(monkeypatch, cores, "Zen")
    shared = share_cores(TrainConfig.layered(fields), dataset)
    assert (shared.processes, shared.threads) == expected
    assert machine.limited == shared.threads
    assert shared.total_threads == expected[0] * expected[1]
    assert shared.product_limit == 0
    # Where there are others to go to, nothing keeps a process from going there.
    assert shared.processors == ((10, 11) if cores == 2 and expected == (2, 1) else ())


@pytest.mark.parametrize(
    ("fields", "kernels", "limited"),
    [
        ({}, "SkylakeX", True),
        ({}, "Haswell", False),  # copies every operand
        ({"processes": 1}, "SkylakeX", False),  # takes both threads for a whole product
        ({"threads": 1}, "SkylakeX", True),
        ({"dtype": "float64"}, "SkylakeX", False),
    ],
)
def test_products_are_taken_in_blocks_where_that_helps(
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    kernels: str,
    limited: bool,
) -> None:
    Machine(monkeypatch, 2, kernels)
    assert bool(share_cores(TrainConfig.layered(fields), dataset).product_limit) is limited


def test_after_a_run_of_one_thread_the_choice_is_that_of_the_library_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Lessons train on one thread; the runs that followed in the same process once did, too."""
    own_choice = tui.system.cores._own_choice
    machine = Machine(monkeypatch, 4, "Haswell")
    machine.limited = 4
    monkeypatch.setattr(tui.system.cores, "_own_choice", own_choice)
    own_choice.cache_clear()
    try:
        assert limit_threads(1) == 1
        assert limit_threads(0) == 4
    finally:
        own_choice.cache_clear()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"threads": 3}, (1, 2)),
        ({"threads": 64}, (1, 2)),
        ({"threads": 3, "processes": 2}, (2, 1)),
        ({"threads": 64, "processes": 1}, (1, 2)),
    ],
)
def test_no_more_threads_than_cores(
    tiny: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    expected: tuple[int, int],
) -> None:
    machine = Machine(monkeypatch, 2, "Zen")
    shared = share_cores(TrainConfig.layered(fields), tiny)
    assert (shared.processes, shared.threads) == expected
    assert machine.limited == expected[1]


@pytest.mark.parametrize(
    ("quota", "expected"),
    [(0.5, (1, 1)), (1.0, (1, 1)), (1.9, (1, 1)), (2.0, (2, 1)), (4.0, (2, 2)), (99.0, (2, 4))],
)
def test_a_quota_of_processor_time_counts_as_cores(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, quota: float, expected: tuple[int, int]
) -> None:
    Machine(monkeypatch, 8, "Zen")
    monkeypatch.setattr(tui.system.cores, "cpu_quota", lambda: quota)
    shared = share_cores(TrainConfig(), dataset)
    assert (shared.processes, shared.threads) == expected


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


def test_threads_beyond_the_cores_are_told_once(small_run: Sequence[str]) -> None:
    cores = available_cores()
    result = run_command(*small_run, f"--threads={cores + 7}", "--processes=1", "--json")
    started, *_ = check_stream(result.stdout)
    assert started["config"]["threads"] == cores + 7
    assert started["threads"] == cores
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"mnist-tui: warning: threads={cores + 7}: {cores} core")
    assert line.endswith("available, and as many threads are used")


def test_processes_beyond_the_cores_are_told() -> None:
    cores = available_cores()
    (line,) = core_warnings(TrainConfig(processes=cores + 1))
    assert line.startswith(f"processes={cores + 1}: {cores} core")
    assert core_warnings(TrainConfig(processes=cores, threads=cores)) == []


def test_elsewhere_there_is_one_process(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    Machine(monkeypatch, 2, "")
    monkeypatch.setattr(tui.system.cores, "is_supported", lambda: False)
    assert share_cores(TrainConfig(), dataset) == Cores(1, 2)


@needs_several
def test_where_others_do_not_start_one_trains_unless_several_are_asked_for(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(monkeypatch, 2, "Zen")
    monkeypatch.setattr(os, "memfd_create", refuse, raising=False)
    with closing(make_trainer(TrainConfig(), dataset)) as trainer:
        assert cores_of(trainer) == Cores(1, 2)
        assert trainer.config == TrainConfig()
    assert machine.limited == 2
    with pytest.raises(WorkerError, match="share: Function not implemented; --processes 1"):
        make_trainer(TrainConfig(processes=2), dataset)


def refuse(name: str) -> int:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def test_fewer_threads_than_processes_are_refused() -> None:
    with pytest.raises(ConfigError, match="processes=3: contradicts threads=2"):
        TrainConfig(processes=3, threads=2)


@needs_several
def test_they_are_told(small_run: Sequence[str]) -> None:
    started, *_ = check_stream(run_command(*small_run, "--processes=3", "--json").stdout)
    assert started["processes"] == 3
    assert started["threads"] in (3, None)
    narrated = run_command(*small_run, "--processes=3").stderr
    assert "3 threads in 3 processes\n" in narrated


@needs_several
def test_a_process_that_is_stopped_is_told_and_waited_for(small_run: Sequence[str]) -> None:
    arguments = [*small_run, "--processes=2", "--json", "--epochs=400", "--step-interval=0"]
    with Process(*arguments) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "epoch":
                break
        (worker,) = children(process.pid, 1)
        os.kill(worker, signal.SIGSTOP)
        reader = threading.Thread(target=process.stdout.read)  # else a full pipe would stop it, too
        reader.start()
        told = process.stderr.readline()
        os.kill(worker, signal.SIGCONT)
        reader.join(60)
        assert process.wait(60) == 0
    assert told == (
        "mnist-tui: warning: a computing process is stopped; training goes on when it is continued:"
        f" kill -CONT {worker}\n"
    )


@needs_several
def test_a_process_that_is_lost_ends_the_run_which_can_go_on(
    small_run: Sequence[str], tmp_path: Path
) -> None:
    arguments = [*small_run, "--processes=2", f"--runs-dir={tmp_path}", "--json"]
    with Process(*arguments, "--epochs=500") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "epoch":
                break
        (worker,) = children(process.pid, 1)
        os.kill(worker, signal.SIGKILL)
        _, error = process.communicate(timeout=20)
    assert process.returncode == ExitCode.FAILURE
    ((run,), _) = list_runs(tmp_path)
    assert error.startswith(
        "mnist-tui: error: a computing process was ended by SIGKILL; --processes 1 does without it;"
        " saved after "
    )
    assert error.endswith(f" in {run.path}; resume: {resume_command(run.path)}\n")
    assert run.status == "failed"
    assert run.record.step > 0
    assert run.record.processes == 2
    go_on = run_command("--headless", "--resume", "--processes=1", f"--runs-dir={tmp_path}")
    assert go_on.returncode == 0
    ((run,), _) = list_runs(tmp_path)
    assert run.status == "finished"
    assert run.record.step == run.record.total_steps
