"""A run in plain lines: what is trained, a table with one row an epoch, a closing summary."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TextIO

from nn.events import (
    CoresReduced,
    EpochCompleted,
    Evaluation,
    RateChanged,
    RunStarted,
    Score,
    StepCompleted,
)
from nn.storage.positions import LAST_FILE
from nn.storage.records import CoresChoice, Invocation, Outcome, Recorded
from tui.formatting import count, duration, layer_widths, number, percent
from tui.recording.folder import resume_command
from tui.recording.invocation import told_of


class Narration(AbstractContextManager["Narration"]):
    """The reporter where standard error is not a terminal: lines, no colour, no animation."""

    def __init__(self, invocation: Invocation, stream: TextIO) -> None:
        self._invocation = invocation
        self._stream = stream
        self._columns: list[str] = []

    def show(self, event: Recorded) -> None:
        """Write the lines that an event is worth."""
        match event:
            case RunStarted():
                for line in self._opening(event):
                    self.write_line(line)
            case StepCompleted(evaluation=Evaluation() as evaluation):
                self._row(f"{evaluation.epoch:.2f}", event, event.loss)
            case EpochCompleted():
                self._row(str(event.epoch), event, event.train_loss)
            case RateChanged():
                self.write_line(f"learning rate x {event.factor:g} from step {event.step:,}")
            case CoresReduced():
                self.write_line(told_of(event))
            case Outcome():
                for line in self._closing(event):
                    self.write_line(line)

    def write_line(self, line: str) -> None:
        """Write one line of narration."""
        self._stream.write(line + "\n")
        self._stream.flush()

    def warn(self, line: str) -> None:
        """Write a line about what is amiss."""
        self.write_line(f"warning: {line}")

    def __exit__(self, *exception: object) -> None:
        pass

    def _opening(self, run: RunStarted) -> list[str]:
        config = run.config
        images = f"{run.train_images:,} training"
        if run.validation_images:
            images += f", {run.validation_images:,} validation"
        network = layer_widths(config, run.spec)
        threads, processes = self._invocation.threads, self._invocation.processes
        in_threads = f", {count(threads, 'thread')}" if threads else ""
        if processes > 1:
            in_threads = f"{in_threads} in {processes} processes"
        budget = count(config.epochs, "epoch") if config.epochs else count(config.steps, "step")
        self._columns = [
            column
            for column, shown in (
                ("train", config.eval_train),
                ("valid.", bool(run.validation_images)),
                ("test", True),
            )
            if shown
        ]
        optimizer = f"{config.optimizer}, learning rate {config.learning_rate:g}"
        if config.schedule != "constant":
            optimizer += f" ({config.schedule})"
        resumed = []
        if run.start_step:
            epochs = round(run.start_step / run.steps_per_epoch, 2)
            resumed = [f"resumed after {count(epochs, 'epoch')}, {count(run.start_step, 'step')}"]
        parameters = f"{run.parameters:,} parameters"
        averaged = []
        if config.average_decay:
            averaged = [f"evaluated and kept: moving average, decay {config.average_decay:g}"]
        return [
            *resumed,
            f"{run.data_name}: {images}, {run.test_images:,} test images",
            f"{network} {config.activation}, {parameters}, {config.dtype}, {config.loss}",
            f"{optimizer}, {budget} of batch {config.batch_size:,}, seed {config.seed}{in_threads}",
            *averaged,
            *_cores(self._invocation.cores),
            "",
            _cells("epoch", "step", "loss", *self._columns, "rate", "images/s", "time"),
        ]

    def _row(self, epoch: str, event: StepCompleted | EpochCompleted, loss: float) -> None:
        evaluation = event.evaluation
        scores: dict[str, Score | None] = {}
        if evaluation is not None:
            scores = {
                "train": evaluation.train,
                "valid.": evaluation.validation,
                "test": evaluation.test,
            }
        self.write_line(
            _cells(
                epoch,
                f"{event.step:,}",
                number(loss, 8, ".4f"),
                *(_accuracy(scores.get(column)) for column in self._columns),
                f"{event.learning_rate:.3g}",
                f"{event.samples_per_second:,.0f}",
                duration(event.seconds),
            )
        )

    def _closing(self, outcome: Outcome) -> list[str]:
        progress = f"{count(round(outcome.epoch, 2), 'epoch')}, {count(outcome.step, 'step')}"
        after = f"{progress}, {duration(outcome.seconds)}"
        speed = f"{outcome.samples_per_second:,.0f} images/s"
        if outcome.warping is not None:
            speed += f", {outcome.warping:.0%} of the time for warping them"
        lines = ["", f"{outcome.reason} after {after} ({speed})"]
        if outcome.kept_step != outcome.step:
            lines.append(f"weights restored from step {outcome.kept_step:,}")
        if final := outcome.evaluation:
            line = f"test accuracy {percent(final.test.accuracy)} (loss {final.test.loss:.4f})"
            # Only validation images tell which weights are the best without flattering them.
            if (best := outcome.best) and best.validation:
                is_best = final.step == best.step
                line += f", {'the best of the run' if is_best else f'best {_best(best)}'}"
            lines.append(line)
            if final.raw:
                lines.append(f"the weights without averaging: {percent(final.raw.accuracy)}")
        elif best := outcome.best:
            chosen = "best test" if best.validation else "test"
            lines.append(f"{chosen} accuracy {_best(best)}")
        if outcome.saved:
            lines.append(f"model saved to {outcome.saved}")
        if outcome.save_error:
            lines.append(f"warning: {outcome.save_error}")
        if outcome.run:
            extent = "in part " if outcome.save_error else ""
            lines.append(f"run saved {extent}in {outcome.run}")
            missing = outcome.save_error and (Path(outcome.run) / LAST_FILE).exists()
            if outcome.reason == "interrupted" or missing:
                lines.append(f"resume: {resume_command(Path(outcome.run))}")
        return [*lines, f"repeat: {self._invocation.command}"]


def _cores(choice: CoresChoice) -> list[str]:
    """What the layout of the run was chosen among, where it was timed."""
    if not choice.timings:
        return []
    when = "now" if choice.by == "measured" else "earlier (bench --cores does it anew)"
    times = ", ".join(
        f"{each.processes} x {each.threads} {1e3 * each.step_seconds:.3g}"
        for each in choice.timings
    )
    return [f"processes x threads, ms a step: {times}; timed {when}"]


def _cells(epoch: str, step: str, loss: str, *rest: str) -> str:
    """One table row; 78 columns wide with all three splits."""
    *splits, rate, speed, time = rest
    cells = [f"{epoch:>7}", f"{step:>9}", f"{loss:>8}", *(f"{split:>7}" for split in splits)]
    return " ".join([*cells, f"{rate:>8}", f"{speed:>10}", f"{time:>7}"])


def _best(best: Evaluation) -> str:
    return f"{percent(best.test.accuracy)} after {count(round(best.epoch, 2), 'epoch')}"


def _accuracy(score: Score | None) -> str:
    return percent(None if score is None else score.accuracy)
