"""How a run is spread over the machine, and what is told when a part of it is lost."""

from __future__ import annotations

import errno
import json
import os
import signal
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
from tui.system.cores import cores_of, make_trainer, share_cores
from tui.system.exits import ExitCode


@pytest.fixture
def dataset(tiny: Dataset) -> Dataset:
    """As many training images as MNIST has."""
    again = Split(tiny.train.images.repeat(500, axis=0), tiny.train.labels.repeat(500))
    return Dataset(again, tiny.test, "tiny", tiny.sha256)


class Machine:
    """One with so many cores, and a BLAS library with kernels of a certain name; no thread is really limited."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, cores: int, kernels: str) -> None:
        self.limited = 0
        pool = {"user_api": "blas", "architecture": kernels}
        monkeypatch.setattr(
            tui.system.cores, "_pools", lambda: [pool | {"num_threads": self.limited}]
        )
        monkeypatch.setattr(tui.system.cores, "_own_choice", lambda: cores)
        monkeypatch.setattr("threadpoolctl.threadpool_limits", self.limit)
        monkeypatch.setattr(tui.system.cores, "is_supported", lambda: True)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(10, 10 + cores)), False)

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


def test_elsewhere_there_is_one_process(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    Machine(monkeypatch, 2, "")
    monkeypatch.setattr(tui.system.cores, "is_supported", lambda: False)
    assert share_cores(TrainConfig(), dataset) == Cores(1, 2)


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
    assert error == (
        "mnist-tui: error: a computing process was ended by SIGKILL;"
        " --processes 1 does without it\n"
    )
    ((run,), _) = list_runs(tmp_path)
    assert run.status == "failed"
    assert run.record.step > 0
    assert run.record.processes == 2
    go_on = run_command("--headless", "--resume", "--processes=1", f"--runs-dir={tmp_path}")
    assert go_on.returncode == 0
    ((run,), _) = list_runs(tmp_path)
    assert run.status == "finished"
    assert run.record.step == run.record.total_steps
