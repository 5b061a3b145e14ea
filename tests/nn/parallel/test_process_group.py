"""Several processes that compute a run together: the same run, whatever becomes of them."""

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
from typing import Any

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.augmentation import Augmentation
from nn.data.dataset import Dataset
from nn.errors import ConfigError, WorkerError
from nn.events import EpochCompleted, RunFinished, StepCompleted
from nn.parallel.cores import Cores
from nn.parallel.process_group import ProcessGroup, make_engine
from nn.parallel.shared_memory import is_supported
from nn.training.engine import EngineFactory
from nn.training.trainer import Trainer
from tests.support.processes import children, eventually, needs_several
from tests.support.training import follow, through_json

pytestmark = needs_several

AVAILABLE = os.sched_getaffinity(0) if is_supported() else set()
BASE = TrainConfig(
    hidden=(9, 5), dtype="float64", optimizer="sgd", learning_rate=0.1, epochs=2, batch_size=70
)
# Everything that a process does with its share, or that they have to agree on.
KINDS: dict[str, dict[str, Any]] = {
    "momentum, binary cross-entropy": {
        "optimizer": "momentum",
        "weight_decay": 0.01,
        "loss": "binary-cross-entropy",
        "activation": "sigmoid",
    },
    "nesterov, clipped, squared error, standardized": {
        "optimizer": "nesterov",
        "clip_norm": 0.1,
        "loss": "squared-error",
        "label_smoothing": 0.1,
        "preprocessing": "standardize",
    },
    "adam, normalized error": {
        "optimizer": "adam",
        "learning_rate": 0.01,
        "loss": "squared-error-normalized",
        "output_activation": "sigmoid",
    },
    "adamw, no hidden layer, deskewed": {
        "optimizer": "adamw",
        "learning_rate": 0.01,
        "weight_decay": 0.1,
        "hidden": (),
        "deskew": True,
        "preprocessing": "minmax",
    },
    "edges": {"preprocessing": "edges", "augment_shift": 1, "deskew": True},
    "normalized over the batch": {"batch_norm": True, "noise": 0.3, "optimizer": "momentum"},
    "normalized, last batch of one": {"batch_norm": True, "batch_size": 19, "limit": 20},
    "averaged": {"average_decay": 0.9, "batch_norm": True, "max_norm": 0.8, "validation": 0.2},
    "augmented, replacement": {
        "augment_shift": 2,
        "augment_rotation": 15,
        "elastic_alpha": 30,
        "sampling": "replacement",
        "eval_steps": 3,
        "eval_epochs": 0,
    },
    # so that some processes have none
    "augmented, one image": {"augment_scale": 0.2, "batch_size": 1, "limit": 20},
    "validation": {"validation": 0.2, "patience": 1, "epochs": 4},
    "last batch of one": {"batch_size": 19, "limit": 20},
}

KINDS_OF_SHARES = (
    *("validation", "augmented, one image", "averaged"),
    *("normalized over the batch", "normalized, last batch of one"),
)


def several(processes: int) -> EngineFactory:
    return make_engine(Cores(processes, threads=1))


@pytest.fixture
def trainer(small: Dataset) -> Iterator[Trainer]:
    """Of a long run in two processes."""
    config = replace(BASE, epochs=1000)
    with closing(Trainer(config, small, step_interval=0, engine=several(2))) as trainer:
        yield trainer


@pytest.mark.parametrize(
    ("kind", "processes"),
    [
        *((kind, 3 if kind in KINDS_OF_SHARES else 2) for kind in KINDS),
        *(pytest.param(kind, 2, marks=pytest.mark.slow) for kind in KINDS_OF_SHARES),
    ],
)
def test_it_is_the_run_of_one_process(small: Dataset, kind: str, processes: int) -> None:
    """But for the order of summation, which float64 hardly shows."""
    config = replace(BASE, **KINDS[kind])
    alone = Trainer(config, small, step_interval=0)
    expected = list(alone.events())
    with closing(Trainer(config, small, step_interval=0, engine=several(processes))) as together:
        events = list(together.events())
    assert len(events) == len(expected)
    for event, reference in zip(events, expected, strict=True):
        assert type(event) is type(reference)
        if isinstance(event, StepCompleted) and isinstance(reference, StepCompleted):
            assert event.loss == pytest.approx(reference.loss, rel=1e-9)
            assert event.gradient_norms == pytest.approx(reference.gradient_norms, rel=1e-9)
        if isinstance(event, EpochCompleted) and isinstance(reference, EpochCompleted):
            assert event.train_loss == pytest.approx(reference.train_loss, rel=1e-9)
        if isinstance(event, StepCompleted | EpochCompleted) and event.evaluation:
            assert isinstance(reference, StepCompleted | EpochCompleted)
            assert reference.evaluation
            score, other = event.evaluation.test, reference.evaluation.test
            assert score.loss == pytest.approx(other.loss, rel=1e-9)
            assert score.accuracy == other.accuracy
            raw, other_raw = event.evaluation.raw, reference.evaluation.raw
            assert (raw and raw.loss) == pytest.approx(other_raw and other_raw.loss, rel=1e-9)
    for model, reference_model in (
        (together.model, alone.model),
        (together.predictor.model, alone.predictor.model),
    ):
        np.testing.assert_allclose(
            model.parameters, reference_model.parameters, rtol=1e-7, atol=1e-10
        )


@pytest.mark.slow
def test_dropout_is_the_same_each_time(small: Dataset) -> None:
    config = replace(BASE, dropout=0.5, epochs=1)
    losses = []
    for _ in range(2):
        with closing(Trainer(config, small, step_interval=0, engine=several(3))) as trainer:
            losses.append([event.loss for event in trainer.events() if hasattr(event, "loss")])
    assert losses[0] == losses[1]


@pytest.mark.parametrize("size", [300, 70, 33, 1])
def test_every_process_warps_its_images_as_the_whole_batch_would(mnist: Dataset, size: int) -> None:
    """Bit for bit, wherever a process begins within the images that share a warp."""
    config = TrainConfig(augment_shift=3, augment_rotation=20, augment_shear=0.2, elastic_alpha=40)
    augmentation, images = Augmentation(config, (28, 28)), mnist.train.images[:size]
    whole = augmentation.warped(images, rng=np.random.default_rng(3)).copy()
    for processes in (2, 3, 7):
        for rank in range(processes):
            first, end = size * rank // processes, size * (rank + 1) // processes
            if first < end:
                rng = np.random.default_rng(3)
                part = augmentation.warped(images[first:end], rng=rng, first=first, of=size)
                np.testing.assert_array_equal(part, whole[first:end])


@pytest.mark.parametrize(
    ("optimizer", "places"),
    [("nesterov", (8,)), pytest.param("adam", (1, 3), marks=pytest.mark.slow)],
)
def test_bit_for_bit_after_an_interruption(
    small: Dataset, optimizer: str, places: tuple[int, ...]
) -> None:
    config = replace(BASE, optimizer=optimizer, dropout=0.4, dtype="float32", clip_norm=1.0)
    config = replace(config, augment_shear=0.3, elastic_alpha=20)
    config = replace(config, batch_norm=True, noise=0.2, average_decay=0.95)
    with closing(Trainer(config, small, step_interval=0, engine=several(2))) as whole:
        expected = follow(whole, 4)
    for leave_after in places:
        with closing(Trainer(config, small, step_interval=0, engine=several(2))) as trainer:
            seen = follow(trainer, 4, leave_after)
            state = through_json(trainer.state())
        with closing(Trainer(config, small, step_interval=0, engine=several(2))) as trainer:
            trainer.restore(state)
            rest = follow(trainer, 4)[1:]
        assert list(map(repr, seen + rest)) == list(map(repr, expected))
        np.testing.assert_array_equal(trainer.model.parameters, whole.model.parameters)


def test_a_run_goes_on_in_another_number_of_processes(small: Dataset) -> None:
    config = replace(BASE, dropout=0.1)
    for before, after in ((2, 1), (1, 2), (2, 3)):
        with closing(Trainer(config, small, step_interval=0, engine=several(before))) as trainer:
            follow(trainer, 0, 4)
            state = through_json(trainer.state())
        with closing(Trainer(config, small, engine=several(after))) as trainer:
            trainer.restore(state)
            *_, finished = trainer.events()
        assert isinstance(finished, RunFinished)
        assert finished.reason == "completed"


@pytest.mark.skipif(len(AVAILABLE) < 2, reason="needs two processors")
def test_each_stays_on_its_processor_while_it_trains(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *_ = sorted(AVAILABLE)
    processors = Cores(2, threads=1, processors=(first, second))
    with closing(Trainer(BASE, small, step_interval=0, engine=make_engine(processors))) as trainer:
        events = trainer.events()
        next(events)
        (worker,) = children(os.getpid(), 1)
        steps = trainer.engine.step
        seen = []

        def step(*arguments: Any) -> float:
            loss = steps(*arguments)
            seen.append((os.sched_getaffinity(0), os.sched_getaffinity(worker)))
            return loss

        monkeypatch.setattr(trainer.engine, "step", step)
        for _ in range(3):
            next(events)
            # Between two events its thread may do something else.
            assert os.sched_getaffinity(0) == {first, second}
    assert seen == [({first}, {second})] * 3
    os.sched_setaffinity(0, AVAILABLE)


def test_memory_that_cannot_be_shared_is_told(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> int:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(os, "memfd_create", refuse)
    with pytest.raises(WorkerError, match="share: Function not implemented; --processes 1"):
        Trainer(BASE, small, engine=several(2))


def test_divergence_ends_it_in_all(small: Dataset) -> None:
    config = replace(BASE, learning_rate=1e300, epochs=3)
    with closing(Trainer(config, small, engine=several(2))) as trainer:
        *_, finished = trainer.events()
    assert isinstance(finished, RunFinished)
    assert finished.reason == "diverged"
    assert np.isfinite(trainer.model.parameters).all()


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


@pytest.mark.parametrize("processes", [pytest.param(2, marks=pytest.mark.slow), 3])
def test_masks_depend_on_the_step_alone(small: Dataset, processes: int) -> None:
    """Two groups with the same weights drop the same units in a step, whatever they did before."""
    config = replace(BASE, dropout=0.5)
    index, losses = np.arange(70), []
    for earlier in ([], [0, 1]):
        with closing(Trainer(config, small, engine=several(processes))) as trainer:
            for step in earlier:
                trainer.engine.step(index, step, 0.0)
            losses.append(trainer.engine.step(index, 7, 0.0))
            losses.append(trainer.engine.step(index, 8, 0.0))
            trainer.engine.settle()
    assert losses[:2] == losses[2:]
    assert losses[0] != losses[1]
