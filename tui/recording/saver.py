"""The thread that writes a run's folder while training goes on, one job at a time."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

from nn.arrays import Array
from nn.errors import NNError
from nn.network.predictor import Predictor
from nn.storage.checkpoint import Checkpoint
from nn.storage.run_record import RunRecord
from nn.storage.run_writer import RunWriter
from tui.formatting import on_one_line


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be written, in this order; `closing` lines come after the weights.

    `best` is whether the checkpoint is the best so far. `missed` is the best checkpoint so far,
    where it could not be written before. `raw` are the weights of which `final` has the average.
    """

    lines: tuple[str, ...]
    checkpoint: Checkpoint | None
    best: bool
    missed: Checkpoint | None
    final: Predictor | None
    raw: Array | None
    closing: tuple[str, ...]
    record: RunRecord


class Saver:
    """Writes jobs; `failure` is the reason of the first one that failed, or None.

    `missed` is the best checkpoint so far, if it could not be written; the next job contains it.
    """

    def __init__(self, writer: RunWriter) -> None:
        self.failure: str | None = None
        self.missed: Checkpoint | None = None
        self._writer = writer
        self._thread = ThreadPoolExecutor(1, "saving")
        self._job: Future[None] | None = None

    def submit(self, job: Job) -> None:
        """Write a job in the background; `wait` comes before the next one."""
        self._job = self._thread.submit(self._write, job)

    def wait(self) -> None:
        """Wait until the job under way is done."""
        if self._job is not None:
            self._job.result()
            self._job = None

    def close(self) -> None:
        """Wait until everything is written, and end the thread."""
        self._thread.shutdown()

    def fail(self, error: Exception, step: int) -> None:
        """Remember the first failure."""
        if self.failure is None:
            reason = str(error)
            if not isinstance(error, NNError):
                reason = f"{type(error).__name__}: {error}"
            self.failure = on_one_line(f"saving failed after step {step:,}: {reason}")

    def _write(self, job: Job) -> None:
        """Write a job, on the thread; the caller uses nothing of it before `wait`."""
        writer, best = self._writer, job.checkpoint if job.best else job.missed
        try:
            writer.append(job.lines)
            if job.missed is not None:
                writer.save_best(job.missed)
            if job.checkpoint is not None:
                writer.save_checkpoint(job.checkpoint, best=job.best)
            best = None
            if job.final is not None:
                writer.save_final(job.final, job.record.kept_step or 0, job.raw)
            if job.closing:  # the run ends here, so no later checkpoint will part the two files
                writer.part_best()
            writer.append(job.closing)
            writer.save_record(job.record)
        except Exception as error:
            self.missed = best  # the lines are kept by the writer itself
            self.fail(error, job.record.step)
            if (
                job.final is not None
            ):  # it is smaller than a checkpoint, so there may be room for it
                with suppress(NNError):
                    writer.save_final(job.final, job.record.kept_step or 0, job.raw)
            with suppress(NNError):
                writer.save_record(replace(job.record, save_error=self.failure))
