"""What a worker process does: train one run of a sweep up to a number of epochs, and return what it came to.

`train` is called through a `concurrent.futures.Executor`, of this machine or of a cluster: its argument and its result
are pickled. Where worker and sweep share a disk, the run is saved in the folder of runs as it trains. Where they do
not, the run's folder travels: packed into the order if it goes on, packed into the delivery at the end.
"""

from __future__ import annotations

import io
import signal
import tempfile
import zipfile
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from nn.config import TrainConfig
from nn.data.dataset import Dataset, load_dataset
from nn.errors import NNError
from nn.events import EpochCompleted, RunFinished
from nn.storage.runs import SavedRun, run_names
from tui.recording.experiment import Experiment
from tui.recording.source import RunSource, Saving
from tui.sweeps.schedule import Result, Task
from tui.system.cores import make_trainer


@dataclass(frozen=True)
class Order:
    """One task with all that a worker needs for it.

    `label` ends the name of the run's folder. `runs_dir` is where runs are on a shared disk; without one, `state` is
    the packed folder of a run that goes on. The worker stops where `stop_file` appears.
    """

    task: Task
    label: str
    fields: dict[str, Any]
    recipe: str | None
    runs_dir: str | None
    state: bytes | None = None
    stop_file: str | None = None


@dataclass(frozen=True)
class Delivery:
    """A result, None where the worker was stopped before the task's end, and the packed run where no disk is shared."""

    result: Result | None
    state: bytes | None = None


def train(order: Order, dataset: Dataset | None = None) -> Delivery:
    """Train a run up to the epochs of its task; what cannot be trained is a result with an error.

    A cluster hands over the data that it has sent to the worker; other workers read them.
    """
    if order.runs_dir is not None:
        return Delivery(_train(order, Path(order.runs_dir), dataset))
    with tempfile.TemporaryDirectory(prefix="mnist-tui-sweep-") as name:
        root = Path(name)
        if order.state is not None:
            unpack(order.state, root)
        result = _train(order, root, dataset)
        return Delivery(result, pack(run) if (run := find_run_of(root, order.label)) else None)


def _train(order: Order, root: Path, dataset: Dataset | None) -> Result | None:
    try:
        return _train_run(order, root, dataset)
    except (NNError, MemoryError, OSError) as error:
        found = find_run_of(root, order.label)
        return Result(
            order.task,
            found.name if found else "",
            0.0,
            0.0,
            None,
            None,
            str(error) or type(error).__name__,
        )


def _train_run(order: Order, root: Path, dataset: Dataset | None) -> Result | None:
    task = order.task
    with _source(order, root) as source:
        config = source.experiment.config
        with closing(make_trainer(config, dataset or _dataset(config.data_dir))) as trainer:
            source.restore(trainer)
            recorder, _ = source.recorder(trainer)
            stopped = False
            with recorder:
                for event in trainer.events():
                    recorder.follow(trainer, event)
                    if isinstance(event, RunFinished):
                        break
                    if isinstance(event, EpochCompleted):
                        if dataset is not None:
                            _tell(task, event)
                        if 0 < task.epochs <= event.epoch < config.epochs:
                            break
                        if order.stop_file and Path(order.stop_file).exists():
                            stopped = True
                            break
                outcome = recorder.finish(trainer, None)
            folder = find_run_of(root, order.label)
            if outcome.save_error:
                raise OSError(outcome.save_error)
            if stopped:
                return None
            latest = recorder.history.latest
            validation = latest.evaluation.validation if latest and latest.evaluation else None
            diverged = outcome.reason == "diverged" or validation is None
            return Result(
                task,
                folder.name if folder else "",
                outcome.epoch,
                outcome.seconds,
                None if diverged or validation is None else validation.loss,
                None if diverged or validation is None else validation.accuracy,
            )


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


def _source(order: Order, root: Path) -> RunSource:
    """The run of an order: one that was begun before goes on, wherever it was left."""
    found = find_run_of(root, order.label)
    if found is not None:
        return RunSource.resumed(SavedRun.read(found))
    config = TrainConfig(**order.fields)
    experiment = Experiment(config)
    if order.recipe:
        from nn.recipes import load_recipe

        experiment = Experiment(config, order.recipe, load_recipe(order.recipe).config)
    return RunSource(experiment, Saving(runs_dir=root, label=order.label))


def find_run_of(root: Path, label: str) -> Path | None:
    """The folder of a sweep's run, whose name ends with its label; None before there is one."""
    names = [name for name in run_names(root) if name.endswith(f"-{label}")]
    return root / names[0] if names else None


@cache
def _dataset(data_dir: str) -> Dataset:
    """The data, read once in the life of a worker."""
    return load_dataset(data_dir)


def start_worker(data_dir: str) -> None:
    """Prepare a worker process of this machine: Ctrl-C is for the sweep to handle, and the data are read."""
    with suppress(ValueError):  # only the main thread may set handlers
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(NNError):  # the first task reports what is wrong with the data
        _dataset(data_dir)


def pack(folder: Path) -> bytes:
    """A run's folder as one value."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(folder.iterdir()):
            if path.is_file() and not path.name.startswith(".") and path.name != "lock":
                archive.write(path, f"{folder.name}/{path.name}")
    return content.getvalue()


def unpack(state: bytes, root: Path) -> Path:
    """Write a packed folder into `root`, each file in one step; returns the folder."""
    with zipfile.ZipFile(io.BytesIO(state)) as archive:
        names = archive.namelist()
        folder = root / Path(names[0]).parts[0]
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            path = folder / Path(name).name
            temporary = path.with_name(f".{path.name}.part")
            temporary.write_bytes(archive.read(name))
            temporary.replace(path)
    return folder
