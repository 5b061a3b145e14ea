"""Where a run begins and what it is saved as: a new folder, a saved run that goes on, or nothing.

The methods of `RunSource` are called on the thread that trains, where NumPy may be imported and
disks may be slow. For this reason they import what reads and writes runs only when they are called.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nn.errors import StorageError
from tui.formatting import on_one_line

if TYPE_CHECKING:
    from nn.storage.checkpoint import Checkpoint
    from nn.storage.records import Recorded
    from nn.storage.run_writer import RunWriter
    from nn.storage.runs import SavedRun
    from nn.training.trainer import Trainer
    from tui.recording.experiment import Experiment
    from tui.recording.recorder import Recorder
    from tui.recording.weights import Weights
    from tui.system.layouts import Layout


class Saving(NamedTuple):
    """Whether and where new runs are saved; `runs_dir` is the folder that the user typed, if any.

    `label` ends the names of their folders; without one, the recipe does, or activation and loss.
    """

    save_run: bool = True
    runs_dir: Path | None = None
    label: str | None = None


class RunSource:
    """A new run, or a saved run that goes on.

    The order of use is: enter the block (or call `open`), make a `Trainer` of `experiment.config`,
    `restore` it, and take its `recorder`. A saved run is locked against other processes from `open`
    until its recorder, or `close`, lets go of it. Its files stay as they are until `recorder`.
    """

    def __init__(self, experiment: Experiment, saving: Saving | None = None) -> None:
        """A new run; `resumed` makes the source of a saved one."""
        self.experiment = experiment
        self.saved: SavedRun | None = None
        self._saving = saving or Saving()
        self._changes: Mapping[str, object] = {}
        self._writer: RunWriter | None = None
        self._checkpoint: Checkpoint | None = None
        self._events: list[Recorded] = []
        self._weights: Weights | None = None
        self._begun_anew: str | None = None

    @classmethod
    def resumed(cls, saved: SavedRun, changes: Mapping[str, object] | None = None) -> RunSource:
        """A saved run that goes on, with some fields of its configuration changed.

        Raises `ConfigError` for changes that `SavedRun.config_with` refuses.
        """
        changes = changes or {}
        from tui.recording.experiment import Experiment

        source = cls(Experiment.of_saved(saved.record, saved.config_with(changes)))
        source.saved, source._changes = saved, changes
        return source

    @property
    def folder(self) -> Path | None:
        """Where the run is saved already; None of a new run."""
        return self.saved.path if self.saved else None

    @property
    def layout(self) -> Layout | None:
        """What a saved run was computed with where it goes on from; None of a new run."""
        if self.saved is None:
            return None
        from tui.recording.resumption import saved_layout

        return saved_layout(self.saved.record, self._events)

    def open(self) -> None:
        """Lock a saved run and read its checkpoint, or read the weights that a new run starts from.

        The run may have changed since it was listed, so its record is read anew under the lock.
        Raises `StorageError` or `ConfigError`.
        """
        if self.saved is None:
            self._open_weights()
            return
        from nn.storage.metrics import MetricsReader
        from nn.storage.run_writer import RunWriter
        from nn.storage.runs import SavedRun
        from tui.recording.experiment import Experiment
        from tui.recording.resumption import load_checkpoint

        self._writer = RunWriter.reopen(self.saved.path)
        try:
            self.saved = SavedRun.read(self.saved.path)
            config = self.saved.config_with(self._changes)
            self.experiment = Experiment.of_saved(self.saved.record, config)
            self._checkpoint = load_checkpoint(self.saved)
            self._events = MetricsReader(self.saved.path).poll(end=self._metrics_bytes)
            if self._checkpoint is None:
                self._open_weights()
        except BaseException:
            self.close()
            raise

    def _open_weights(self) -> None:
        """Read the weights that the run starts from, if it does not start from random ones."""
        if (named := self.experiment.init_from) is not None:
            from tui.recording.folder import runs_folder
            from tui.recording.weights import check_layers, find_weights

            config, root = self.experiment.config, runs_folder(self._saving.runs_dir)
            self._weights = find_weights(named, root, data_dir=config.data_dir)
            check_layers(config, self._weights.predictor, named)

    def restore(self, trainer: Trainer) -> list[Recorded]:
        """Bring a fresh trainer to where the run was, and return the events up to there.

        Raises `StorageError` where the run and the data of the trainer do not fit.
        """
        if self.saved is not None:
            from tui.recording.resumption import check_data

            check_data(self.saved, trainer.dataset)
            if self._checkpoint is not None:
                trainer.restore(self._checkpoint.state)
        if self._weights is not None:
            from tui.recording.weights import first_parameters

            named = self.experiment.init_from or self._weights.name
            parameters, self._begun_anew = first_parameters(trainer, self._weights.predictor, named)
            trainer.start_from(parameters)
        return self._events

    def recorder(self, trainer: Trainer) -> tuple[Recorder, list[str]]:
        """Begin to save what the restored trainer does; also returns the warnings to show.

        Where this fails for a saved run, the run is as it was. A new run that cannot be saved is a
        `StorageError` if the user typed the folder, and otherwise a warning.
        """
        if self._writer is not None:
            return self._resume(trainer)
        recorder, warnings = self._start(trainer)
        if self._weights is not None:
            from tui.recording.weights import weights_warning

            warnings += self._weights.remarks
            if self._begun_anew:
                warnings.append(self._begun_anew)
            if warning := weights_warning(self.experiment.config, self._weights.predictor):
                warnings.append(warning)
        return recorder, warnings

    def _start(self, trainer: Trainer) -> tuple[Recorder, list[str]]:
        from tui.recording.folder import runs_folder
        from tui.recording.recorder import Recorder

        if not self._saving.save_run:
            return Recorder.unsaved(trainer, self.experiment), []
        try:
            root = runs_folder(self._saving.runs_dir)
            warning = _clock_warning(root)
            return Recorder.start(trainer, root, self.experiment, self._saving.label), [
                warning
            ] if warning else []
        except StorageError as error:
            if self._saving.runs_dir is not None:
                raise
            warning = on_one_line(f"this run is not saved: {error}")
            return Recorder.unsaved(trainer, self.experiment), [warning]

    def _resume(self, trainer: Trainer) -> tuple[Recorder, list[str]]:
        """Record in the place of what came after the step of the checkpoint."""
        from tui.recording.recorder import Recorder
        from tui.recording.resumption import resumption_warnings

        assert self.saved is not None
        assert self._writer is not None
        record = self.saved.record
        recorder = Recorder.resume(
            trainer, self._writer, record, self.experiment, self._events, self._metrics_bytes
        )
        self._writer = None
        return recorder, resumption_warnings(record, trainer, recorder.invocation)

    @property
    def _metrics_bytes(self) -> int:
        return self._checkpoint.metrics_bytes if self._checkpoint else 0

    def close(self) -> None:
        """Let go of a saved run, unless a recorder has taken it over."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def __enter__(self) -> RunSource:
        self.open()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _clock_warning(root: Path) -> str | None:
    from nn.storage.run_record import read_record, utc_now
    from nn.storage.runs import newest_name

    newest = newest_name(root)
    if newest is None:
        return None
    with suppress(StorageError):
        if read_record(root / newest).created > utc_now():
            return f"the clock is behind that of run {newest}, which `last` will mean"
    return None
