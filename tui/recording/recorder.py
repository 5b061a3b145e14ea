"""Keeping a run's folder up to date from the events of its trainer.

Copies are taken between two events; a thread of its own writes them while training goes on
(`tui.recording.saver`). Nothing here raises into training. Where saving fails, `failure` is the
reason from then on, what is missing is tried again with the next epoch, and the outcome of the run
contains the failure.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType

from nn.errors import NNError, WorkerError
from nn.events import (
    CoresReduced,
    EpochCompleted,
    Event,
    RateChanged,
    RunFinished,
    RunStarted,
    StepCompleted,
)
from nn.storage.checkpoint import Checkpoint
from nn.storage.positions import BEST_FILE, read_position
from nn.storage.records import Invocation, Outcome, Recorded, json_line, record_of
from nn.storage.run_record import RunRecord, Status, utc_now
from nn.storage.run_writer import RunWriter, delete_run
from nn.training.best_weights import BestWeights
from nn.training.trainer import Trainer
from tui.formatting import on_one_line
from tui.recording.experiment import Experiment
from tui.recording.history import RunHistory
from tui.recording.invocation import invocation_of, new_record
from tui.recording.resumption import resumed_command
from tui.recording.saver import Job, Saver
from tui.system.sharing import choice_of, cores_of

# Seconds since the last checkpoint after which, inside an epoch, one is due at an evaluation, and
# after which one is due in any case.
_EVALUATION_SECONDS, _MOST_SECONDS = 10.0, 60.0


class Recorder:
    """One run as it is being saved; without a folder, only its history.

    Call `follow` with each event before the next one is made, and `finish` once, after the last
    event or where the run is left, all from one thread. `failure` may be read from any thread.
    """

    def __init__(
        self,
        history: RunHistory,
        invocation: Invocation,
        writer: RunWriter | None = None,
        record: RunRecord | None = None,
    ) -> None:
        """Use `start`, `resume` or `unsaved` to make one."""
        self.history, self.invocation = history, invocation
        self._writer, self._record = writer, record
        self._saver = Saver(writer) if writer else None
        self._weights = BestWeights(history.config, history.evaluations)
        self._best = self._weights.best  # the evaluation of the weights in best.npz
        self._lines: list[str] = []
        self._saved_at = time.monotonic()

    @classmethod
    def unsaved(cls, trainer: Trainer, experiment: Experiment) -> Recorder:
        """The recorder of a run that is not to be saved."""
        history = RunHistory(experiment.recipe or "run", experiment)
        return cls(history, invocation_of(experiment, cores_of(trainer), choice_of(trainer)))

    @classmethod
    def start(
        cls, trainer: Trainer, root: Path, experiment: Experiment, label: str | None = None
    ) -> Recorder:
        """Make a folder in `root` whose name ends with `label`; raises `StorageError`."""
        config = experiment.config
        label = label or experiment.recipe or f"{config.activation}-{config.loss}"
        writer = RunWriter.create(root, label, datetime.now())
        invocation = invocation_of(
            experiment, cores_of(trainer), choice_of(trainer), run=writer.path
        )
        record = new_record(writer.path.name, trainer, experiment, invocation)
        try:
            writer.save_record(record)
        except NNError:
            writer.close()
            delete_run(writer.path)
            raise
        return cls(RunHistory(writer.path.name, experiment), invocation, writer, record)

    @classmethod
    def resume(
        cls,
        trainer: Trainer,
        writer: RunWriter,
        record: RunRecord,
        experiment: Experiment,
        events: Iterable[Recorded],
        metrics_bytes: int,
    ) -> Recorder:
        """Go on with a saved run whose trainer has been restored; raises `StorageError`.

        `events` are those of the first `metrics_bytes` of its metrics; what follows is dropped.
        """
        history = RunHistory(writer.path.name, experiment)
        for event in events:
            history.replay(event)
        invocation = invocation_of(
            experiment, cores_of(trainer), choice_of(trainer), run=writer.path
        )
        command = resumed_command(record, experiment, trainer)
        invocation = replace(invocation, command=command)
        writer.cut_metrics(metrics_bytes)
        writer.discard_final()
        now = replace(
            record,
            status="running",
            reason=None,
            config=experiment.config,
            command=invocation.command,
            threads=invocation.threads,
            processes=invocation.processes,
            versions=invocation.versions,
            save_error=None,
        )
        recorder = cls(history, invocation, writer, now)
        held = read_position(writer.path / BEST_FILE)
        if held is None or recorder._best is None or held.step != recorder._best.step:
            # The weights of the best evaluation are lost, so those of the next one are kept.
            recorder._weights, recorder._best = BestWeights(history.config), None
        return recorder

    @property
    def failure(self) -> str | None:
        """Why not all of the run is saved, or None."""
        return self._saver.failure if self._saver else None

    @property
    def folder(self) -> Path | None:
        """The run's folder."""
        return self._writer.path if self._writer else None

    def follow(self, trainer: Trainer, event: Event) -> None:
        """Take in an event, and save what is due to be saved."""
        self.history.add(event)
        if self._saver is None or isinstance(event, RunFinished):
            return
        try:
            self._follow(trainer, event)
        except WorkerError:  # a computing process has ended, and there is no state to save any more
            raise
        except Exception as error:
            self._saver.fail(error, trainer.step)

    def _follow(
        self,
        trainer: Trainer,
        event: RunStarted | StepCompleted | EpochCompleted | RateChanged | CoresReduced,
    ) -> None:
        if isinstance(event, CoresReduced) and self._record is not None:
            self._record = replace(self._record, threads=1, processes=1)
        evaluation = event.evaluation if isinstance(event, StepCompleted | EpochCompleted) else None
        inside = isinstance(event, StepCompleted | RateChanged)
        if not isinstance(event, StepCompleted) or evaluation is not None:
            self._lines.append(json_line(record_of(event, self.invocation)))
        best = evaluation is not None and self._weights.add(evaluation)
        elapsed = time.monotonic() - self._saved_at
        due = (
            (best and (trainer.validation is not None or self._best is None))
            or not inside
            or elapsed >= _MOST_SECONDS
            or (evaluation is not None and elapsed >= _EVALUATION_SECONDS)
            or trainer.step == trainer.total_steps
        )
        # Without validation images the newest weights are the best, but not worth a file each time.
        best = best and due
        if best:
            self._best = evaluation
        if due or evaluation is not None:
            assert self._saver is not None
            self._saver.wait()
            checkpoint = Checkpoint.take(trainer) if due else None
            self._saver.submit(self._next_job(trainer, "running", checkpoint, best))
        if due:
            self._saved_at = time.monotonic()

    def finish(self, trainer: Trainer, saved: str | None = None) -> Outcome:
        """Save the end, or where the run was left; let go of the folder; return how it ended."""
        outcome = self.outcome(trainer)
        if self._saver is not None:
            status: Status = "finished"
            if outcome.reason in ("interrupted", "diverged"):
                status = "interrupted" if outcome.reason == "interrupted" else "failed"
            try:
                self._saver.wait()
                checkpoint = Checkpoint.take(trainer) if status == "interrupted" else None
                self._saver.submit(self._next_job(trainer, status, checkpoint, outcome=outcome))
                self._saver.wait()
            except Exception as error:
                self._saver.fail(error, trainer.step)
        folder = str(self.folder) if self.folder and self.folder.is_dir() else None
        self.close()
        return replace(outcome, saved=saved, run=folder, save_error=self.failure)

    def outcome(self, trainer: Trainer) -> Outcome:
        """How the run ended, or how far it came; the speed is the mean of the whole run."""
        return replace(
            self.history.outcome(),
            samples_per_second=trainer.samples_per_second,
            warping=trainer.warping_share,
        )

    def close(self) -> None:
        """Finish writing what is being written, and let go of the folder."""
        if self._saver is not None:
            self._saver.close()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Record the end of a run that an exception ended; its last checkpoint stays."""
        if error is not None and self._writer is not None and self._record is not None:
            # A closed output means that nobody reads it any more, which is no failure of the run.
            failed = isinstance(error, Exception) and not isinstance(error, BrokenPipeError)
            reason = f"{type(error).__name__}: {error}" if failed else "interrupted"
            self._wait()
            end = replace(
                self._record,
                status="failed" if failed else "interrupted",
                reason=on_one_line(reason),
                updated=utc_now(),
            )
            with suppress(NNError):
                self._writer.save_record(end)
        self.close()

    def _next_job(
        self,
        trainer: Trainer,
        status: Status,
        checkpoint: Checkpoint | None,
        best: bool = False,
        *,
        outcome: Outcome | None = None,
    ) -> Job:
        assert self._record is not None
        assert self._saver is not None
        finished = outcome is not None and status != "interrupted"
        self._record = replace(
            self._record,
            status=status,
            reason=outcome.reason if outcome else None,
            updated=utc_now(),
            total_steps=trainer.total_steps,
            step=trainer.step,
            epoch=trainer.step / trainer.steps_per_epoch,
            seconds=trainer.seconds,
            samples_per_second=trainer.samples_per_second,
            latest=self.history.evaluations[-1] if self.history.evaluations else None,
            best=self._best,
            save_error=self.failure,
            kept_step=outcome.kept_step if outcome and finished else None,
        )
        closing = (json_line(record_of(outcome, self.invocation)),) if outcome else ()
        lines, self._lines = tuple(self._lines), []
        missed, self._saver.missed = None if best else self._saver.missed, None
        final = trainer.predictor if finished else None
        raw = trainer.raw_parameters if finished else None
        return Job(lines, checkpoint, best, missed, final, raw, closing, self._record)

    def _wait(self) -> None:
        """Wait until the job under way is done."""
        if self._saver is not None:
            self._saver.wait()
