"""Going on with a saved run: its checkpoint, its data, and what will differ from now on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nn.config import RESUMABLE_FIELDS
from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.events import CoresReduced, EpochCompleted, StepCompleted
from nn.storage.checkpoint import Checkpoint
from nn.storage.metrics import MetricsReader
from nn.storage.positions import BEST_FILE, LAST_FILE
from nn.storage.records import Invocation, Recorded
from nn.storage.run_record import RunRecord
from nn.storage.runs import SavedRun, config_differences
from nn.training.trainer import Trainer
from tui.formatting import count
from tui.recording.experiment import Experiment
from tui.recording.folder import resume_command
from tui.recording.invocation import repeat_command
from tui.system.layouts import Layout
from tui.system.shell import command_line


def load_checkpoint(run: SavedRun) -> Checkpoint | None:
    """The state to go on from; None for a run that was left before its first checkpoint.

    Raises `StorageError`, with a remedy, where the state cannot be read or is that of another run.
    """
    path = run.path / LAST_FILE
    if not path.exists() and not _has_progress(run.path):
        return None
    try:
        checkpoint = Checkpoint.load(path)
    except StorageError as error:
        raise StorageError(f"{error}; {_remedy(run)}") from error
    wrong = set(config_differences([run.record.config, checkpoint.config])) - set(RESUMABLE_FIELDS)
    if wrong or checkpoint.data_sha256 != run.record.data_sha256:
        raise StorageError(f"{path}: belongs to another run ({', '.join(wrong) or 'its data'})")
    return checkpoint


def _remedy(run: SavedRun) -> str:
    """What can be done where last.npz cannot be read; best.npz is a checkpoint as well."""
    try:
        Checkpoint.load(run.path / BEST_FILE)
    except StorageError:
        return f"to train it anew: {run.record.command}"
    return f"copy {BEST_FILE} over it to go on from the best epoch"


def _has_progress(path: Path) -> bool:
    return any(isinstance(e, StepCompleted | EpochCompleted) for e in MetricsReader(path).poll())


def saved_layout(record: RunRecord, events: Iterable[Recorded]) -> Layout | None:
    """The processes and threads of a run after these events, None where they are not known."""
    if any(isinstance(event, CoresReduced) for event in events):
        return Layout(1, 1)
    if record.threads is None:
        return None
    return Layout(record.processes, max(1, record.threads // record.processes))


def check_data(run: SavedRun, dataset: Dataset) -> None:
    """Raise `StorageError` unless these are the data that the run was trained on."""
    expected = run.record.data_sha256
    if dataset.sha256 != expected:
        raise StorageError(
            f"run {run.name} was trained on other data than {dataset.name}:"
            f" SHA-256 {expected[:12]}..., not {dataset.sha256[:12]}..."
        )


def resumed_command(record: RunRecord, experiment: Experiment, trainer: Trainer) -> str:
    """The command line that repeats a run which goes on, or a comment in it why none does.

    A schedule that spans the whole budget has another rate in every step once the budget is raised.
    A run that was complete before is repeated by the former command and then one that resumes.
    """
    plain = repeat_command(experiment)
    raised = trainer.total_steps != record.total_steps
    if not _is_stretched(record, trainer):
        before = repeat_command(Experiment.of_saved(record))
        return plain if raised or record.command == before else record.command
    if record.step == record.total_steps and "#" not in record.command:
        budget = (
            {"epochs": experiment.config.epochs}
            if experiment.config.epochs
            else {"steps": experiment.config.steps}
        )
        ((name, value),) = budget.items()
        again = command_line(["mnist-tui", "--headless", "--resume", "last", f"--{name}={value}"])
        return f"{record.command} && {again}"
    return (
        f"{plain} # not the same: up to step {trainer.step:,} the {trainer.config.schedule}"
        f" schedule spanned {record.total_steps:,} steps"
    )


def _is_stretched(record: RunRecord, trainer: Trainer) -> bool:
    """Whether the schedule depends on the budget, which was raised after the first step."""
    spans = trainer.config.schedule not in ("constant", "step")
    return spans and trainer.step > 0 and trainer.total_steps != record.total_steps


def resumption_warnings(record: RunRecord, trainer: Trainer, invocation: Invocation) -> list[str]:
    """What makes the rest of the run differ from that of a run without interruption."""
    warnings, versions = [], invocation.versions
    other = [
        f"{name} {versions.get(name)} (was {record.versions.get(name)})"
        for name in ("mnist-tui", "numpy", "blas")
        if versions.get(name) != record.versions.get(name)
    ]
    for name in ("threads", "processes"):
        now, before = getattr(invocation, name), getattr(record, name)
        if now != before:
            other.append(f"{now} {name} (was {before})")
    if trainer.config.dropout:
        if trainer.masks_changed:
            warnings.append(
                "other units are dropped from here on: versions after 0.1.0 draw them anew in each"
                " step, from the seed"
            )
        elif invocation.processes != record.processes:
            warnings.append(
                f"other units are dropped from here on: {invocation.processes} processes draw which"
                f" (was {record.processes})"
            )
    if other:
        warnings.append(f"the last bits of the numbers may differ from here on: {', '.join(other)}")
    if _is_stretched(record, trainer):
        warnings.append(
            f"the {trainer.config.schedule} schedule now spans {trainer.total_steps:,} steps, so"
            " the learning rate changes from here on"
        )
    return warnings


def where_saved(folder: Path | None) -> str:
    """How far a run that was cut short is saved, and how to go on with it."""
    try:
        run = None if folder is None else SavedRun.read(folder, thorough=True)
    except StorageError:
        run = None
    if run is None:
        return "; the run is not saved"
    after = count(round(run.record.epoch, 2), "epoch")
    where = f"saved after {after} in {folder}"
    return f"; {where}; resume: {resume_command(run.path)}"
