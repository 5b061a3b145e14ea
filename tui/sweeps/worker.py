"""What a worker process does: train one run of a sweep up to a number of epochs.

`train` is called through a `concurrent.futures.Executor`, of this machine or of a cluster: its
argument and its result are pickled. Where worker and sweep share a disk, the run is saved in the
folder of runs as it trains. Where they do not, the run's folder travels: packed into the order if
it goes on, packed into the delivery at the end.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import tempfile
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import NNError, StorageError
from nn.events import EpochCompleted, RunFinished
from nn.storage.lock import is_locked
from nn.storage.positions import LAST_FILE
from nn.storage.run_record import RUN_FILE
from nn.storage.run_writer import delete_run
from nn.storage.runs import SavedRun
from tui.formatting import message_of
from tui.images.datasets import load_once
from tui.recording.experiment import Experiment
from tui.recording.source import RunSource, Saving
from tui.sweeps.packing import pack, unpack
from tui.sweeps.schedule import Result, Task
from tui.system.sharing import make_trainer

_LEFT_SECONDS = 10.0  # for a run to be left by the worker of a sweep that was killed
_POLL = 0.05


@dataclass(frozen=True)
class Order:
    """One task with all that a worker needs for it.

    `label` ends the name of the run's folder; `run` is that name where it is known, and with
    `look` a folder of that label is looked for, since the run may have been begun. `runs_dir` is
    where runs are on a shared disk; without one, `state` is the packed folder of a run that goes
    on. The worker stops where `stop_file` appears. On a cluster, `sweep` is the name under which
    the worker was sent the data, if they are not the embedded ones, and may be asked to stop.
    """

    task: Task
    label: str
    fields: dict[str, Any]
    recipe: str | None
    runs_dir: str | None
    run: str | None = None
    look: bool = True
    state: bytes | None = None
    stop_file: str | None = None
    sweep: str = ""


@dataclass(frozen=True)
class Delivery:
    """A result, and the packed run where no disk is shared.

    The result is None where the worker was stopped before the task's end.
    """

    result: Result | None
    state: bytes | None = None


sent: dict[str, Dataset] = {}  # by the name of a sweep, what a cluster has sent to this worker
_stopped: set[str] = set()  # the sweeps whose runs are to stop after the epoch under way


def stop_sweep(sweep: str) -> None:
    """Let this process stop the runs of a sweep after the epoch under way."""
    _stopped.add(sweep)


def forget_sweep(sweep: str) -> None:
    """Forget that a sweep was to stop."""
    _stopped.discard(sweep)


def train(order: Order) -> Delivery:
    """Train a run up to the epochs of its task.

    What cannot be trained is a result with an error. A disk that cannot be read or written is no
    fault of the setting: `StorageError` is raised.
    """
    if order.runs_dir is not None:
        return Delivery(_train(order, Path(order.runs_dir)))
    try:
        with tempfile.TemporaryDirectory(prefix="mnist-tui-sweep-") as name:
            root = Path(name)
            if order.state is not None:
                unpack(order.state, root)
            result = _train(order, root)
            found = _find(order, root)
            return Delivery(result, pack(found) if found else None)
    except OSError as error:
        raise StorageError(f"worker: {error}") from error


def _train(order: Order, root: Path) -> Result | None:
    try:
        return _train_run(order, root)
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(str(error)) from error
    except (NNError, MemoryError) as error:
        found, reason = _find(order, root), message_of(error)
        return Result(order.task, found.name if found else "", 0.0, 0.0, None, None, reason)


def _train_run(order: Order, root: Path) -> Result | None:
    task, found = order.task, _find(order, root)
    if found is not None:
        _wait_until_left(found)
        saved = SavedRun.read(found)
        if (known := _known_result(task, saved)) is not None:
            return known
    if found is not None and not (found / LAST_FILE).exists():
        delete_run(found)  # a disk was full before its first checkpoint: nothing is lost
        found = None
    if found is not None:
        source = RunSource.resumed(saved)
    else:
        source = RunSource(_experiment(order), Saving(runs_dir=root, label=order.label))
    with source:
        config = source.experiment.config
        dataset = sent.get(order.sweep) or load_once(config.data_dir)
        with closing(make_trainer(config, dataset, saved=source.layout)) as trainer:
            source.restore(trainer)
            recorder, _ = source.recorder(trainer)
            folder = recorder.folder
            assert folder is not None
            left_early = False
            with recorder:
                for event in trainer.events():
                    recorder.follow(trainer, event)
                    if isinstance(event, RunFinished):
                        break
                    if isinstance(event, EpochCompleted):
                        if order.sweep:
                            _tell(task, event)
                        if 0 < task.epochs <= event.epoch < config.epochs:
                            break
                        if _is_to_stop(order):
                            left_early = True
                            break
                outcome = recorder.finish(trainer, None)
    if outcome.save_error:
        raise StorageError(outcome.save_error)
    if left_early:
        return None
    result = _known_result(task, SavedRun.read(folder))
    assert result is not None
    return result


def _experiment(order: Order) -> Experiment:
    config = TrainConfig(**order.fields)
    if not order.recipe:
        return Experiment(config)
    from nn.recipes import load_recipe

    return Experiment(config, order.recipe, load_recipe(order.recipe).config)


def _known_result(task: Task, saved: SavedRun) -> Result | None:
    """What a saved run came to at the end of a task; None where it has not come so far.

    The scores are those after the task's epochs. A run that has ended has the scores of the
    weights that it kept, which with patience are those of an earlier evaluation.
    """
    record, status = saved.record, saved.status
    if record.save_error is not None:
        return None
    ended = status == "finished" or record.reason in ("early-stopped", "diverged")
    on_the_way = 0 < task.epochs <= record.epoch and task.epochs < record.config.epochs
    if not ended and not on_the_way:
        return None
    evaluation = None
    if on_the_way:
        evaluation = next(
            event.evaluation
            for event in saved.events()
            if isinstance(event, EpochCompleted) and event.epoch == task.epochs
        )
    elif record.reason != "diverged":
        evaluation = saved.final_evaluation()
    scores = evaluation.validation if evaluation else None
    return Result(
        task,
        saved.name,
        task.epochs if on_the_way else record.epoch,
        record.seconds,
        scores.loss if scores else None,
        scores.accuracy if scores else None,
    )


def _wait_until_left(run: Path) -> None:
    """Wait for the worker of a sweep that was killed, which ends within a moment of it."""
    deadline = time.monotonic() + _LEFT_SECONDS
    while is_locked(run) and time.monotonic() < deadline:
        time.sleep(_POLL)


def _is_to_stop(order: Order) -> bool:
    if order.sweep in _stopped:
        return True
    return order.stop_file is not None and Path(order.stop_file).exists()


def _tell(task: Task, event: EpochCompleted) -> None:
    """Send an epoch's validation scores from a worker of a cluster."""
    from tui.sweeps.cluster import log_epoch

    validation = event.evaluation.validation if event.evaluation else None
    log_epoch(
        {
            "trial": task.trial,
            "seed": task.seed,
            "epoch": event.epoch,
            "validation_loss": validation.loss if validation else None,
            "validation_accuracy": validation.accuracy if validation else None,
        }
    )


def _find(order: Order, root: Path) -> Path | None:
    if order.run is not None:
        found = root / order.run
        return found if (found / RUN_FILE).exists() else None  # deleted: it is trained anew
    return find_run_of(root, order.label, TrainConfig(**order.fields)) if order.look else None


def find_run_of(root: Path, label: str, config: TrainConfig) -> Path | None:
    """The folder of a sweep's run by its label and configuration; None before there is one.

    An earlier sweep of the same name may have left runs of the same label, which differ in their
    configurations.
    """
    is_ours = re.compile(rf"\d{{8}}-\d{{6}}-{re.escape(label)}(-\d+)?").fullmatch
    try:
        with os.scandir(root) as entries:
            names = sorted(entry.name for entry in entries if is_ours(entry.name))
    except OSError:
        return None
    for name in names:
        with suppress(StorageError):  # a folder without a record, or a damaged one, is no use
            if SavedRun.read(root / name).record.config == config:
                return root / name
    return None


def start_worker(data_dir: str) -> None:
    """Prepare a worker process of this machine.

    Signals of the terminal are for the sweep to handle, and a worker ends with its sweep: the run
    is then as its last checkpoint has it, for --resume to go on with.
    """
    for name in ("SIGINT", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(NNError):  # the first task reports what is wrong with the data
        load_once(data_dir)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
