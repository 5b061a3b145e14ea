"""A sweep as it goes: what is planned, and each result as a JSON line, in a bar, or as a line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from tui.cli.reporters.json_lines import write_json
from tui.formatting import count, percent
from tui.sweeps.report import last_value, value_text
from tui.sweeps.schedule import Result
from tui.sweeps.space import describe
from tui.sweeps.spec import SweepSpec
from tui.sweeps.study import Study
from tui.system.terminal import is_live


def plan(spec: SweepSpec) -> str:
    """What a sweep is going to try, in a line."""
    all_of_them = spec.sampler == "grid" and spec.space.is_finite
    how = "grid: all that the listed values make" if all_of_them else spec.sampler
    settings = f"{spec.size} settings ({how})" if spec.size > 1 else "1 setting"
    different = spec.space.grid_size(1) if spec.space.is_finite else spec.size
    if different < spec.size:  # a seed gives the same setting the same result each time
        settings += f", of which {different} differ at most: --sampler grid tries each once"
    words = settings + (f" x {spec.seeds} seeds" if spec.seeds > 1 else "")
    brackets = [rungs for _, _, rungs in spec.brackets_of_trials()]
    if len(brackets[0]) > 1:
        words += f", rungs of {', '.join(map(str, brackets[0]))} epochs"
    if len(brackets) > 1:
        words += f", {len(brackets)} brackets"
    return words + f", {percent(spec.example.validation)} of the images held out"


def epoch_line(event: tuple[float, dict[str, Any]]) -> None:
    """Write an epoch that a worker of a cluster has reported, with the time of the report."""
    write_json({"event": "sweep_epoch", **event[1]}, sys.stdout)


class ResultReporter:
    """Shows results as JSON lines, as a bar with the best so far, or as a line each."""

    def __init__(self, *, as_json: bool) -> None:
        self._bar = None if as_json or not is_live(sys.stderr) else _Bar()
        self.show: Callable[[Study, Result], object] = (
            self._json if as_json else self._bar.show if self._bar else self._line
        )
        """Show a result, which the study has."""

    def __enter__(self) -> ResultReporter:
        if self._bar is not None:
            self._bar.progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.progress.stop()

    @staticmethod
    def _json(study: Study, result: Result) -> None:
        task, trial = result.task, study.trials[result.task.trial]
        write_json(
            {
                "event": "sweep_result",
                "sweep": study.path.name,
                "trial": task.trial,
                "seed": task.seed,
                "epochs": trial.rungs[task.rung],
                "setting": trial.setting,
                "validation_loss": result.loss,
                "validation_accuracy": result.accuracy,
                "run": result.run,
                "error": result.error,
            },
            sys.stdout,
        )

    @staticmethod
    def _line(study: Study, result: Result) -> None:
        trial = study.trials[result.task.trial]
        value = value_text(result.value(study.spec.objective), study.spec)
        words = result.error or f"{value} after {count(round(result.epoch, 2), 'epoch')}"
        sys.stderr.write(
            f"trial {trial.number}, seed {result.task.seed}: {words}"
            f"  {describe(trial.setting)}".rstrip()
            + "\n"
        )


class _Bar:
    """Results so far out of those there will be at most, and the best trial."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as RichProgress

        self.progress = RichProgress(
            TextColumn("results"),
            MofNCompleteColumn(),
            BarColumn(bar_width=20),
            TextColumn("{task.description}", markup=False),
            console=Console(file=sys.stderr, highlight=False),
            transient=True,
        )
        self._task = self.progress.add_task("", total=None)

    def show(self, study: Study, result: Result) -> None:
        best, schedule, words = study.schedule.best(), study.schedule, ""
        if best is not None:
            _, value, _ = last_value(best, study.spec)
            words = f"best {value_text(value, study.spec)}: {describe(best.setting)}"
        self.progress.update(
            self._task,
            completed=schedule.finished,
            total=max(schedule.expected, schedule.finished),
            description=words,
        )
