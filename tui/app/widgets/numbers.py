"""The fast-changing numbers of a run, in lines that are sent only as far as they changed.

What changes most stands on the left, because a line is sent from its start to its last changed cell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from textual.strip import Strip

from tui.app.widgets.strips import StripWidget, printable, text_strip
from tui.formatting import bar, duration
from tui.recording.history import RunHistory

LABEL = 7  # cells of a line's name
GRADIENT_DECADES = (-8, 2)  # the same for all runs, so that a vanishing gradient looks like one


class Numbers(StripWidget):
    """Progress, speed, time, learning rate, and the gradient norm of each layer on a log scale."""

    _history: RunHistory | None = None
    _rate_factor = 1.0

    def show(self, history: RunHistory | None, rate_factor: float) -> None:
        """Show the present state of a run; `rate_factor` multiplies its learning rate."""
        self._history, self._rate_factor = history, rate_factor
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        (width, height), history = self.size, self._history
        lines = progress_lines(history, self._rate_factor, width, self.terminal.ascii_only)
        norms = history.latest.gradient_norms if history and history.latest else ()
        lines += gradient_lines(norms, height - len(lines), width, self.terminal.ascii_only)
        return [text_strip(line, width) for line in lines[:height]]


def progress_lines(
    history: RunHistory | None, rate_factor: float, width: int, ascii_only: bool
) -> list[str]:
    """How far the run is, how fast, and how long it will take; dashes where there is nothing yet."""
    started = history.started if history else None
    latest = history.latest if history else None
    epoch = run = step = speed = time = "-"
    in_epoch = of_run = 0.0
    rate = "-" if rate_factor == 1 else f"- x{rate_factor:.4g}"
    if started:
        done = latest.step if latest else started.start_step
        epochs = math.ceil(started.total_steps / started.steps_per_epoch)
        current = max(1, math.ceil(done / started.steps_per_epoch))
        in_epoch = done / started.steps_per_epoch - (current - 1)
        of_run = done / started.total_steps
        epoch = f"{in_epoch:4.0%} of {current:,}/{epochs:,}"
        run, step = f"{of_run:4.0%}", f"{done:,} of {started.total_steps:,}"
    if history and latest:
        finished = history.finished
        speed = f"{latest.samples_per_second:,.0f} images/s"
        time = duration(finished.seconds if finished else latest.seconds, whole=True)
        if not finished and (left := history.seconds_left) is not None:
            time += f", {duration(left, whole=True)} left"
        factor = "" if rate_factor == 1 else f" (x{rate_factor:.4g})"
        rate = f"{latest.learning_rate:.4g}{factor}"
    values = max(len(epoch), len(run)) + 1
    room = width - LABEL - values
    progress = partial(bar, ascii_only=ascii_only, track=True)
    named = {
        "Epoch": f"{epoch:<{values}}{progress(in_epoch, room)}",
        "Run": f"{run:<{values}}{progress(of_run, room)}",
        "Step": step,
        "Speed": speed,
        "Time": time,
        "Rate": rate,
    }
    lines = [f"{name:<{LABEL}}{value}" for name, value in named.items()]
    return [printable(line, ascii_only=ascii_only) for line in lines] if ascii_only else lines


def gradient_lines(norms: Sequence[float], rows: int, width: int, ascii_only: bool) -> list[str]:
    """A line for each layer, input side first; of more layers than rows an even choice with both ends."""
    last, rows = len(norms) - 1, max(rows, 0)
    shown: Sequence[int] = range(len(norms))
    if rows <= last:
        shown = sorted({round(i * last / max(rows - 1, 1)) for i in range(rows)})
    low, high = GRADIENT_DECADES
    lines = []
    for i in shown:
        norm = norms[i]
        share = (math.log10(norm) - low) / (high - low) if 0 < norm < math.inf else float(norm > 0)
        share = min(max(share, 0), 1)
        filled = bar(share, width - LABEL - 10, ascii_only=ascii_only, track=True)
        lines.append(f"{f'Grad {i + 1} ':<{LABEL}}{norm:<9.2e} {filled}")
    return lines
