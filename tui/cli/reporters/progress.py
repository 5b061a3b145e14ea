"""Progress on a terminal: a live bar, and the narration above it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from nn.events import EpochCompleted, Event, RunStarted, StepCompleted
from nn.storage.records import Invocation, Outcome, Recorded
from tui.cli.reporters.narration import Narration
from tui.formatting import percent

_REFRESH_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class _RoomForEcho:
    """A line with room at its end for the `^C` that a terminal echoes.

    Without it the echo would begin another line, and clearing the bar would clear that one instead.
    """

    line: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return console.render(self.line, options.update_width(options.max_width - len("^C") - 1))


class _Progress(Progress):
    def get_renderable(self) -> RenderableType:
        return _RoomForEcho(super().get_renderable())


class Bar:
    """One run's progress, loss, accuracy, speed and time left, removed when the block ends.

    Where several runs follow each other, `title` takes the place of the epoch in front.
    """

    def __init__(self, stream: TextIO, title: str = "") -> None:
        self._progress = _Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[status]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=Console(file=stream, highlight=False, emoji=False),
            # Events come often enough; a refreshing thread would take the GIL from the training.
            auto_refresh=False,
            transient=True,
            expand=True,
            # Rich would otherwise send everything written meanwhile to the bar's own stream.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._title = title
        self._task: TaskID | None = None
        self._loss = self._accuracy = ""
        self._refreshed = 0.0
        self._epochs = 0

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Clear the bar while something else is written to the terminal."""
        self._progress.stop()
        yield
        self._progress.start()

    def write_line(self, line: str) -> None:
        """Write a line above the bar; the terminal wraps it, so that it can be copied whole."""
        self._progress.console.print(line, markup=False, soft_wrap=True)

    def follow(self, event: Event | Outcome) -> None:
        """Move the bar."""
        if isinstance(event, RunStarted):
            self._epochs = -(-event.total_steps // event.steps_per_epoch)
            self._task = self._progress.add_task(
                self._title or "training",
                total=event.total_steps,
                completed=event.start_step,
                status="",
            )
        if not isinstance(event, StepCompleted | EpochCompleted) or self._task is None:
            return
        if isinstance(event, StepCompleted):
            self._loss = f"loss {event.loss:.4f}"
        if event.evaluation is not None:
            self._accuracy = f"test {percent(event.evaluation.test.accuracy)}"
        speed = f"{event.samples_per_second:,.0f}/s"
        self._progress.update(
            self._task,
            completed=event.step,
            description=self._title or f"epoch {event.epoch}/{self._epochs}",
            status="  ".join(filter(None, (self._loss, self._accuracy, speed))),
        )
        now = time.monotonic()
        if now - self._refreshed >= _REFRESH_SECONDS:
            self._refreshed = now
            self._progress.refresh()


class BarReporter(Bar):
    """The reporter of a run that is a means to something else: its bar and its warnings alone."""

    def __enter__(self) -> BarReporter:
        super().__enter__()
        return self

    def show(self, event: Recorded) -> None:
        """Move the bar."""
        self.follow(event)

    def warn(self, line: str) -> None:
        """Write a line about what is amiss."""
        self.write_line(f"warning: {line}")


class LiveNarration(Narration):
    """The reporter of a run whose standard error is a terminal."""

    def __init__(self, invocation: Invocation, stream: TextIO) -> None:
        super().__init__(invocation, stream)
        self._bar = Bar(stream)

    def __enter__(self) -> LiveNarration:
        self._bar.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.__exit__(*exception)

    def write_line(self, line: str) -> None:
        """Write one line above the bar."""
        self._bar.write_line(line)

    def show(self, event: Recorded) -> None:
        """Move the bar and write the lines that an event is worth; remove the bar at the end."""
        if isinstance(event, Outcome):
            self._bar.__exit__()
        else:
            self._bar.follow(event)
        super().show(event)
