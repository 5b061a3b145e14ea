"""Several processes that compute a run: how they end, fail, are killed and stopped."""

from __future__ import annotations

import errno
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from nn.data.dataset import Dataset
from nn.errors import ConfigError, WorkerError
from nn.events import RunFinished
from nn.parallel.cores import Cores
from nn.parallel.process_group import ProcessGroup, make_engine
from nn.training.trainer import Trainer
from tests.support.engines import BASE, several
from tests.support.processes import children, eventually, needs_several
from tests.support.training import follow

pytestmark = needs_several


@pytest.fixture
def trainer(small: Dataset) -> Iterator[Trainer]:
    """Of a long run in two processes."""
    config = replace(BASE, epochs=1000)
    with closing(Trainer(config, small, step_interval=0, engine=several(2))) as trainer:
        yield trainer


def test_memory_that_cannot_be_shared_is_told(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> int:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(os, "memfd_create", refuse)
    with pytest.raises(WorkerError, match="share: Function not implemented; --processes 1"):
        Trainer(BASE, small, engine=several(2))


def test_closing_ends_the_processes(small: Dataset) -> None:
    trainer = Trainer(BASE, small, step_interval=0, engine=several(3))
    workers = children(os.getpid(), 2)
    follow(trainer, 0, 3)
    assert children(os.getpid(), 2) == workers
    trainer.close()
    children(os.getpid(), 0)
    trainer.close()  # once is enough, but no mistake


def test_so_does_forgetting_the_trainer(small: Dataset) -> None:
    trainer = Trainer(BASE, small, step_interval=0, engine=several(2))
    follow(trainer, 0, 3)
    children(os.getpid(), 1)
    del trainer
    gc.collect()
    children(os.getpid(), 0)


@pytest.mark.parametrize("steps", [0, 3])
def test_a_process_that_is_killed_is_told(trainer: Trainer, steps: int) -> None:
    """Before its first step too, where it may not be there yet."""
    events = trainer.events()
    for _ in range(1 + steps):
        next(events)
    os.kill(children(os.getpid(), 1)[0], signal.SIGKILL)
    with pytest.raises(WorkerError, match=r"ended by SIGKILL; --processes 1 does without it"):
        list(events)


def test_a_process_that_fails_says_why(
    small: Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Here because it finds another NumPy."""
    (tmp_path / "numpy.py").write_text("raise ImportError('not the one you look for')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with (
        closing(Trainer(BASE, small, engine=several(2))) as trainer,
        pytest.raises(WorkerError, match="code 1: ImportError: not the one you look for"),
    ):
        list(trainer.events())


def test_each_has_its_number_of_threads(small: Dataset) -> None:
    with closing(Trainer(BASE, small, engine=make_engine(Cores(2, threads=3)))):
        (worker,) = children(os.getpid(), 1)
        variables = Path(f"/proc/{worker}/environ").read_bytes().split(b"\0")
    assert {b"OPENBLAS_NUM_THREADS=3", b"OMP_NUM_THREADS=3"} <= set(variables)


def test_one_that_complains_at_length_is_not_waited_for(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with `PYTHONVERBOSE`: more than a pipe holds."""
    monkeypatch.setenv("PYTHONVERBOSE", "1")
    with closing(Trainer(BASE, small, engine=several(2))) as trainer:
        *_, finished = trainer.events()
    assert isinstance(finished, RunFinished)


def test_an_interrupted_step_is_the_last(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes are at different places of it, so that the next would compute nonsense."""

    def interrupt(index: object, step: int, learning_rate: float) -> float:
        raise KeyboardInterrupt

    follow(trainer, 0, 4)
    before = os.sched_getaffinity(0)
    monkeypatch.setattr(trainer.engine._replica, "run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        list(trainer.events())
    children(os.getpid(), 0)
    assert os.sched_getaffinity(0) == before
    monkeypatch.undo()
    with pytest.raises(WorkerError, match="have been ended; go on with another trainer"):
        list(trainer.events())
    with pytest.raises(WorkerError, match="have been ended"):
        trainer.state()


def test_memory_that_cannot_be_had_is_given_back(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int, size: int) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr("mmap.mmap", refuse)
    before = os.listdir("/proc/self/fd")
    with pytest.raises(WorkerError, match="share: Cannot allocate memory; --processes 1"):
        Trainer(BASE, small, engine=several(2))
    assert os.listdir("/proc/self/fd") == before


def test_one_that_cannot_be_started_is_told(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(WorkerError, match="cannot start a computing process: No such file"):
        Trainer(BASE, small, engine=several(2))


def test_other_machines_refuse(small: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn.parallel.process_group.is_supported", lambda: False)
    with pytest.raises(ConfigError, match="processes=2: only on Linux and x86-64"):
        Trainer(BASE, small, engine=several(2))


def test_signals_are_for_the_process_that_directs(trainer: Trainer) -> None:
    follow(trainer, 0, 4)
    (worker,) = children(os.getpid(), 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(worker, number)
    assert os.getsid(worker) == worker  # what a terminal tells all that it runs does not come here
    step = trainer.step
    follow(trainer, 0, 20)
    assert trainer.step > step
    assert children(os.getpid(), 1) == [worker]


def test_a_pause_costs_no_time(trainer: Trainer) -> None:
    """The other process waits for work by looking for it, but not for long."""
    follow(trainer, 0, 4)
    (worker,) = children(os.getpid(), 1)
    time.sleep(0.1)
    before = processor_seconds(worker)
    time.sleep(1)
    assert processor_seconds(worker) - before <= 0.05
    follow(trainer, 0, 4)  # and it wakes


def processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


KILLED = """
import sys, time
from nn.data.dataset import load_dataset
from nn.training.trainer import Trainer
import os
from nn.config import TrainConfig
from nn.parallel.process_group import Cores, make_engine
from tests.support.processes import children

if __name__ == "__main__":
    config = TrainConfig(hidden=(9, 5), batch_size=70, epochs=10**6)
    engine = make_engine(Cores(2, threads=1))
    trainer = Trainer(config, load_dataset(), step_interval=0, engine=engine)
    events = trainer.events()
    next(events), next(events)
    print(children(os.getpid(), 1)[0], flush=True)
    for event in events:
        if sys.argv[1] == "paused":
            time.sleep(60)
"""


@pytest.mark.parametrize("doing", ["training", pytest.param("paused", marks=pytest.mark.slow)])
def test_none_is_left_when_the_directing_process_is_killed(doing: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, doing],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        time.sleep(0.2)
        assert Path(f"/proc/{worker}").exists()
        process.kill()
    eventually(lambda: not alive(worker))


def alive(process: int) -> bool:
    """Whether it runs; one that has ended may still be listed until somebody takes note."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_stopped_process_is_reported_and_waited_for(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nn.parallel.barrier.LONG_WAIT", 0.1)
    (worker,) = children(os.getpid(), 1)
    reports: list[str | None] = []

    def report(line: str | None) -> None:
        reports.append(line)
        if line is not None:
            os.kill(worker, signal.SIGCONT)

    group = trainer.engine
    assert isinstance(group, ProcessGroup)
    group.on_wait = report
    follow(trainer, 0, 4)
    os.kill(worker, signal.SIGSTOP)
    step = trainer.step
    follow(trainer, 0, 6)
    assert trainer.step > step
    line, over = reports
    assert line is not None
    assert line.endswith(f"training goes on when it is continued: kill -CONT {worker}")
    assert over is None


def test_a_stopped_process_does_not_keep_others_from_ending(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is continued, so that it ends by itself: the wait for it is never in vain."""
    killed = []

    def kill(process: subprocess.Popen[bytes]) -> None:
        killed.append(process.pid)
        process.send_signal(signal.SIGKILL)

    monkeypatch.setattr(subprocess.Popen, "kill", kill)
    monkeypatch.setattr("nn.parallel.processes._LONGEST_END", 60.0)
    trainer = Trainer(BASE, small, step_interval=0, engine=several(2))
    (worker,) = children(os.getpid(), 1)
    follow(trainer, 0, 3)
    os.kill(worker, signal.SIGSTOP)
    trainer.close()
    children(os.getpid(), 0)
    assert killed == []
