"""The fast-changing numbers of a run.

A line is sent to the terminal from its start to its last changed cell. Therefore what changes most
often stands on the left.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.app.widgets.colors import role_style
from tui.app.widgets.strips import PLAIN, StripWidget, printable
from tui.app.widgets.text import shorten
from tui.formatting import bar, duration, number

if TYPE_CHECKING:
    from nn.events import RunStarted
    from tui.recording.history import RunHistory

LABEL = 7
"""Cells of a line's name."""
GRADIENT_DECADES = (-8, 2)
"""Range of the bars, log10. It is the same for all runs, so that a vanishing gradient is seen."""


class Numbers(StripWidget):
    """Progress, speed, time, learning rate, and the gradient norm of each layer on a log scale."""

    _history: RunHistory | None = None
    _rate_factor = 1.0
    _pace: float | None = None

    def show(self, history: RunHistory | None, rate_factor: float, pace: float | None) -> None:
        """Show the present state of a run.

        `rate_factor` multiplies its learning rate, and `pace` is its steps a second in slow motion.
        """
        self._history, self._rate_factor, self._pace = history, rate_factor, pace
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        (width, height), history = self.size, self._history
        lines = progress_lines(
            history, self._rate_factor, width, self.terminal.ascii_only, pace=self._pace
        )
        norms = history.latest.gradient_norms if history and history.latest else ()
        lines += gradient_lines(norms, height - len(lines), width, self.terminal.ascii_only)
        ink = role_style("primary", self.terminal.colors)
        return [_with_bar(line, width, ink) for line in lines[:height]]


def _with_bar(line: str, width: int, ink: Style) -> Strip:
    """A line whose bar, if it ends with one, has a colour."""
    text = line[:width].rstrip("█░")
    parts = [Segment(text), Segment(line[len(text) : width], ink)]
    return Strip(part for part in parts if part.text).adjust_cell_length(width, PLAIN)


def progress_lines(
    history: RunHistory | None,
    rate_factor: float,
    width: int,
    ascii_only: bool,
    pace: float | None = None,
) -> list[str]:
    """Progress, speed, time and learning rate in lines of `width` cells; dashes if unknown."""
    if history and history.evaluations and not history.step:
        history = None  # A network that was made elsewhere had no steps.
    started = history.started if history else None
    latest = history.latest if history else None
    room = max(0, width - LABEL)
    texts = dict.fromkeys(("Epoch", "Run", "Step", "Speed", "Time", "Rate"), "-")
    if history and started:
        from nn.events import StepCompleted  # not needed for the first frame

        done = history.step
        evaluated = not isinstance(latest, StepCompleted)
        texts["Epoch"], texts["Run"] = _bars(started, done, evaluated, room, ascii_only)
        texts["Step"] = _pair(done, started.total_steps, " of ", room)
    if rate_factor != 1:
        texts["Rate"] = f"- x{number(rate_factor, 9)}"
    if history and latest:
        finished = history.finished
        texts["Speed"] = f"{latest.samples_per_second:,.0f} images/s"
        texts["Time"] = duration(finished.seconds if finished else latest.seconds, whole=True)
        if not finished and (left := history.seconds_left(pace)) is not None:
            texts["Time"] += f", {duration(left, whole=True)} left"
        # The factor may have been changed since the last step: show the rate that goes with it.
        changes = [change for change in history.rate_changes if change.step < latest.step]
        rate = latest.learning_rate * rate_factor / (changes[-1].factor if changes else 1.0)
        factor = "" if rate_factor == 1 else f" (x{number(rate_factor, 9)})"
        texts["Rate"] = f"{number(rate, 9)}{factor}"
    lines = [f"{name:<{LABEL}}{shorten(text, room)}" for name, text in texts.items()]
    return [printable(line, ascii_only=ascii_only) for line in lines] if ascii_only else lines


def _bars(
    started: RunStarted, done: int, evaluated: bool, room: int, ascii_only: bool
) -> tuple[str, str]:
    """The share of the epoch under way and that of the run, each with its bar.

    An epoch ends with its evaluation; then the next one is under way, unless the run has ended. The
    texts have the same width during the whole run, so that the bars do.
    """
    per_epoch, total = started.steps_per_epoch, started.total_steps
    epochs = math.ceil(total / per_epoch)
    epoch = done // per_epoch + 1 if evaluated else math.ceil(done / per_epoch)
    epoch = min(max(epoch, 1), epochs)
    shares = (done / per_epoch - (epoch - 1), done / total)
    place = _pair(epoch, epochs, "/", room - len("100% of "))
    texts = f"{shares[0]:4.0%} of {place}", f"{shares[1]:4.0%}"
    width = len(f"100% of {_pair(epochs, epochs, '/', room - len('100% of '))}") + 1
    epoch_bar, run_bar = (
        f"{text:<{width}}{bar(share, room - width, ascii_only=ascii_only, track=True)}"
        for text, share in zip(texts, shares, strict=True)
    )
    return epoch_bar, run_bar


def _pair(done: int, total: int, between: str, width: int) -> str:
    """How much is done of a total, in at most `width` cells, rounded where that is necessary."""
    half = max(1, (width - len(between)) // 2)
    texts = (
        f"{done:,}{between}{total:,}",
        f"{done}{between}{total}",
        f"{number(done, half, 'd')}{between}{number(total, half, 'd')}",
    )
    return next((text for text in texts if len(text) <= width), texts[-1])


def gradient_lines(norms: Sequence[float], rows: int, width: int, ascii_only: bool) -> list[str]:
    """A line for each layer, input side first.

    Where there are more layers than rows, evenly spaced ones are shown, the first and the last
    among them; two dots stand for those left out before a layer.
    """
    last, rows = len(norms) - 1, max(rows, 0)
    shown: Sequence[int] = range(len(norms))
    if rows <= last:
        shown = sorted({round(i * last / max(rows - 1, 1)) for i in range(rows)})
    low, high = GRADIENT_DECADES
    lines = []
    for place, i in enumerate(shown):
        norm, name = norms[i], "Grad" if not place or shown[place - 1] == i - 1 else " .."
        share = (math.log10(norm) - low) / (high - low) if 0 < norm < math.inf else float(norm > 0)
        share = min(max(share, 0), 1)
        filled = bar(share, width - LABEL - 10, ascii_only=ascii_only, track=True)
        lines.append(f"{f'{name:<4} {i + 1} ':<{LABEL}}{norm:<9.2e} {filled}")
    return lines
