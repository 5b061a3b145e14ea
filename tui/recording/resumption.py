"""Going on with a saved run: what may change, what must fit, and the trainer put back where it was."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nn.config import RESUMABLE_FIELDS
from nn.errors import StorageError
from nn.events import EpochCompleted, StepCompleted
from nn.recipes import origin
from nn.storage.checkpoint import Checkpoint
from nn.storage.records import Invocation, Recorded
from nn.storage.run_writer import RunWriter
from nn.storage.runs import (
    BEST_FILE,
    LAST_FILE,
    MetricsReader,
    RunRecord,
    SavedRun,
    config_differences,
)
from nn.training.trainer import Trainer
from tui.recording.history import RunHistory
from tui.recording.invocation import invocation_of
from tui.recording.recorder import Recorder


class Resumption:
    """A saved run that is about to go on, locked against other processes.

    Make a `Trainer` of `config` and its data, then call `recorder`, which takes over the lock; to give up, leave the
    block, or call `close`.
    """

    def __init__(self, run: SavedRun, changes: Mapping[str, object]) -> None:
        """Raises `ConfigError` for changes that are not possible, else `StorageError`."""
        run.config_with(changes)  # refuses before anything is touched
        self._events: list[Recorded] | None = None
        self._writer: RunWriter | None = RunWriter.reopen(run.path)
        try:
            self.run = SavedRun.read(run.path)  # nobody else changes it from here on
            self.config = self.run.config_with(changes)
            self._checkpoint = _checkpoint(self.run)
        except BaseException:
            self.close()
            raise

    def restore(self, trainer: Trainer) -> list[Recorded]:
        """Put a fresh trainer where the run was; returns the events up to there. The run's files stay as they are.

        Raises `StorageError` where the run and the trainer's data do not fit.
        """
        record, checkpoint = self.run.record, self._checkpoint
        if trainer.dataset.sha256 != record.data_sha256:
            raise StorageError(
                f"run {self.run.name} was trained on other data than {trainer.dataset.name}:"
                f" SHA-256 {record.data_sha256[:12]}..., not {trainer.dataset.sha256[:12]}..."
            )
        self._events = MetricsReader(self.run.path).poll(end=self._metrics_bytes)
        if checkpoint:
            trainer.restore(checkpoint.state)
        return self._events

    def recorder(self, trainer: Trainer) -> tuple[Recorder, list[str]]:
        """Record what follows, in the place of what came after the trainer's step; with what there is to warn of.

        The trainer is restored first, unless that is done. Where this fails the run is as it was.
        """
        assert self._writer is not None
        if self._events is None:
            self.restore(trainer)
        record = self.run.record
        recipe, base = origin(record.recipe)
        history = RunHistory(self.run.name, self.config, recipe, base)
        for event in self._events or ():
            history.replay(event)
        invocation = invocation_of(self.config, recipe, base, trainer.cores, run=self.run.path)
        warnings = _warnings(record, trainer, invocation)
        self._writer.cut_metrics(self._metrics_bytes)
        self._writer.discard_final()
        recorder = Recorder.resume(self._writer, record, history, invocation)
        self._writer = None
        return recorder, warnings

    @property
    def _metrics_bytes(self) -> int:
        return self._checkpoint.metrics_bytes if self._checkpoint else 0

    def close(self) -> None:
        """Leave the run as it was, unless it is being recorded."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def __enter__(self) -> Resumption:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _checkpoint(run: SavedRun) -> Checkpoint | None:
    """The state to go on from, None of a run that was left before it had one."""
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
    """What can be done where last.npz cannot be read; best.npz is of the same kind."""
    try:
        Checkpoint.load(run.path / BEST_FILE)
    except StorageError:
        return f"to train it anew: {run.record.command}"
    return f"copy {BEST_FILE} over it to go on from the best epoch"


def _has_progress(path: Path) -> bool:
    return any(isinstance(e, StepCompleted | EpochCompleted) for e in MetricsReader(path).poll())


def _warnings(record: RunRecord, trainer: Trainer, invocation: Invocation) -> list[str]:
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
    if trainer.config.dropout and invocation.processes != record.processes:
        warnings.append(
            f"other units are dropped from here on: {invocation.processes} processes draw which"
            f" (was {record.processes})"
        )
    if other:
        warnings.append(f"the last bits of the numbers may differ from here on: {', '.join(other)}")
    stretched = trainer.config.schedule not in ("constant", "step")
    if stretched and trainer.step and trainer.total_steps != record.total_steps:
        warnings.append(
            f"the {trainer.config.schedule} schedule now spans {trainer.total_steps:,} steps, so the"
            " learning rate changes from here on"
        )
    return warnings
