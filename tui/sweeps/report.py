"""A sweep as text, CSV and JSON: its table of trials, its winner, and what each field did."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nn.errors import StorageError
from nn.options import format_value
from nn.storage.runs import SavedRun
from tui.formatting import count, percent
from tui.sweeps.schedule import Trial, ranking
from tui.sweeps.space import Setting, arguments_of
from tui.sweeps.spec import SweepSpec
from tui.sweeps.study import Study
from tui.system.shell import command_line

_ERRORS = 3  # reasons below the table of trials


def value_text(value: float | None, spec: SweepSpec, spread: float | None = None) -> str:
    """The objective as it is shown: a percentage, or a loss; with the spread over the seeds."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return "diverged"
    if spec.objective == "accuracy":
        return percent(value) + (f" ±{100 * spread:.2f}" if spread is not None else "")
    return f"{-value:.4f}" + (f" ±{spread:.4f}" if spread is not None else "")


def last_value(trial: Trial, spec: SweepSpec) -> tuple[int, float | None, float | None]:
    """(epochs, mean, spread) of the longest rung that all seeds of a trial have come to."""
    for rung in range(len(trial.rungs) - 1, -1, -1):
        value = trial.value(rung, spec.seeds, spec.objective)
        if value is not None:
            return trial.rungs[rung], value, trial.spread(rung, spec.seeds, spec.objective)
    return 0, None, None


def epochs_trained(trial: Trial, spec: SweepSpec) -> float:
    """The most epochs that a seed had trained when the trial's last value was known.

    They are fewer than those of the rung where all seeds stopped early.
    """
    for rung in range(len(trial.rungs) - 1, -1, -1):
        found = [trial.results.get((rung, seed)) for seed in range(spec.seeds)]
        if all(found):
            return max(result.epoch for result in found if result is not None)
    return 0.0


def setting_cells(setting: Setting) -> list[str]:
    """The values of a setting, numbers with four digits."""
    return [f"{v:.4g}" if isinstance(v, float) else format_value(v) for v in setting.values()]


def table(study: Study, most: int = 0) -> str:
    """The trials, the best first, with their values; the first `most` of them, 0 for all."""
    spec, trials, states = study.spec, ranking(study.trials, study.spec), study.states()
    head = ["trial", "state", "epochs", f"validation {spec.objective}", *spec.space.fields]
    rows, errors = [head], list[str]()
    for trial in trials[: most or None]:
        _, value, spread = last_value(trial, spec)
        error, epochs = _error(trial), epochs_trained(trial, spec)
        if error:
            errors.append(f"trial {trial.number} failed: {error}")
        rows.append(
            [
                str(trial.number),
                states[trial.number],
                f"{epochs:.4g}" if epochs else "",
                "" if error else value_text(value, spec, spread),
                *setting_cells(trial.setting),
            ]
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = [
        "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    if most and len(trials) > most:
        lines.append(
            f"... and {len(trials) - most} more;"
            f" `mnist-tui sweeps show {study.path.name}` lists all"
        )
    lines += errors[:_ERRORS]
    if len(errors) > _ERRORS:
        lines.append(f"{len(errors) - _ERRORS} more failed; `mnist-tui sweeps export` has why")
    return "\n".join(lines) + "\n"


def _error(trial: Trial) -> str:
    """Why a run of a trial could not be trained; empty where all could."""
    return next((result.error for result in trial.results.values() if result.error), "")


def winner(study: Study, runs_dir: Path) -> str:
    """The best trial: its setting, its test accuracy over the seeds, and its runs.

    It is empty before there is one. Test accuracy is left out as long as the sweep may find a
    better one; a limit in minutes is an end of its own.
    """
    best, spec = study.schedule.best(), study.spec
    if best is None:
        return ""
    _, value, spread = last_value(best, spec)
    after = count(round(epochs_trained(best, spec), 2), "epoch")
    runs = [run for seed in range(spec.seeds) if (run := study.run_of(best.number, seed))]
    options = command_line(arguments_of(best.setting))
    shown = value_text(value, spec, spread)
    lines = [
        f"best: trial {best.number}, validation {spec.objective} {shown} after {after}",
        *([f"  {options}"] if options else []),
    ]
    is_winner = study.schedule.done or study.spec.minutes > 0
    accuracies = test_accuracies(runs_dir, runs) if is_winner else []
    if not is_winner:
        lines.append("  test accuracy is printed at the end of the sweep, for its winner")
    if accuracies:
        mean = sum(accuracies) / len(accuracies)
        least, most = percent(min(accuracies)), percent(max(accuracies))
        over = f", mean of {len(accuracies)} seeds, {least} to {most}"
        lines.append(
            f"  test accuracy {percent(mean)}{over if len(accuracies) > 1 else ''};"
            " no choice was made by it"
        )
    lines += [f"  run {run}" for run in runs]
    return "\n".join(lines) + "\n"


def test_accuracies(runs_dir: Path, runs: Sequence[str]) -> list[float]:
    """The test accuracy of the weights that each of these runs kept, of those that can be read."""
    found = []
    for run in runs:
        try:
            final = SavedRun.read(runs_dir / run).final_evaluation()
        except StorageError:
            continue
        if final is not None:
            found.append(final.test.accuracy)
    return found


def records(study: Study) -> list[dict[str, Any]]:
    """One JSON object a trial, the best first."""
    spec, states = study.spec, study.states()
    return [
        {
            "trial": trial.number,
            "state": states[trial.number],
            "setting": trial.setting,
            "objective": spec.objective,
            "rungs": [
                {
                    "epochs": epochs,
                    "mean": _finite(trial.value(rung, spec.seeds, spec.objective)),
                    "spread": trial.spread(rung, spec.seeds, spec.objective),
                    "seeds": [
                        {
                            "seed": seed,
                            "run": r.run,
                            "loss": r.loss,
                            "accuracy": r.accuracy,
                            "error": r.error,
                        }
                        for seed in range(spec.seeds)
                        if (r := trial.results.get((rung, seed))) is not None
                    ],
                }
                for rung, epochs in enumerate(trial.rungs)
            ],
        }
        for trial in ranking(study.trials, spec)
    ]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def to_csv(study: Study) -> str:
    """One line a result: trial, seed, epochs, validation scores, the setting, and the run."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    fields, states = study.spec.space.fields, study.states()
    writer.writerow(
        ["trial", "seed", "epochs", "loss", "accuracy", "state", *fields, "run", "error"]
    )
    for trial in study.trials:
        values = [format_value(trial.setting[name]) for name in fields]
        for (rung, seed), r in sorted(trial.results.items()):
            writer.writerow(
                [
                    trial.number,
                    seed,
                    trial.rungs[rung],
                    r.loss,
                    r.accuracy,
                    states[trial.number],
                    *values,
                    r.run,
                    r.error,
                ]
            )
    return out.getvalue()
