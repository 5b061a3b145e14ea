"""`mnist-tui runs compare`: runs beside each other, as numbers, as curves, and digit by digit."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from itertools import combinations
from string import ascii_uppercase
from typing import Annotated

from cyclopts import Parameter

from nn.analysis.disagreement import Disagreement, disagreement
from nn.config import flag
from nn.errors import ConfigError, NNError
from nn.events import Evaluation
from nn.storage.checkpoint import load_model
from nn.storage.run_lookup import find_runs
from nn.storage.runs import SavedRun, Which
from tui.cli.commands.runs import json_record, mean_speed, saved_history
from tui.cli.flags import RunsDirFlag, WhichFlag
from tui.cli.reporters.json_lines import write_json
from tui.formatting import count, duration, percent
from tui.images.datasets import load_dataset
from tui.recording.finding import differing_fields, state_of, value_text, values_of
from tui.recording.folder import display_name, runs_folder
from tui.system.exits import ExitCode
from tui.system.terminal import of_output

_MOST_INDICES = 100  # printed; --json has all
_CHART_HEIGHT = 14


def compare(
    *names: Annotated[str, Parameter(metavar="RUN", help="Two or more saved runs")],
    which: WhichFlag = "best",
    json: Annotated[
        bool, Parameter(help="One JSON object a run, then one a pair of them, a line each")
    ] = False,
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """Compare runs: metrics, configurations, and the test digits that one of two gets right."""
    if not 2 <= len(names) <= len(ascii_uppercase):
        raise ConfigError(f"runs compare takes 2 to {len(ascii_uppercase)} runs, not {len(names)}")
    chosen = dict(zip(ascii_uppercase, find_runs(runs_folder(runs_dir), names), strict=False))
    pairs, reasons = _pairs(chosen, which)
    if json:
        for run in chosen.values():
            write_json(json_record(run), sys.stdout)
        for (first, second), found in pairs.items():
            paths = [str(chosen[letter].path) for letter in (first, second)]
            write_json({"runs": paths, "which": which, **_json_of(found)}, sys.stdout)
    else:
        out, table = sys.stdout.write, _table(chosen) + "\n" + _chart(chosen)
        for letter, run in chosen.items():
            out(f"{letter}  {run.name}\n")
        out("\n" + table)
        for (first, second), found in pairs.items():
            out("\n" + _disagreement_text(first, second, found, which))
    for reason in reasons:
        sys.stderr.write(f"{reason}\n")
    return ExitCode.SUCCESS


def _table(runs: dict[str, SavedRun]) -> str:
    records = [run.record for run in runs.values()]
    rows: list[tuple[str, Sequence[str]]] = [
        ("", list(runs)),
        ("status", [state_of(run, run.status) for run in runs.values()]),
        ("epochs", [f"{round(record.epoch, 2):g}" for record in records]),
        ("steps", [f"{record.step:,}" for record in records]),
        ("parameters", [f"{record.parameters:,}" for record in records]),
        ("time", [duration(record.seconds) for record in records]),
        ("images/s", [f"{mean_speed(run):,.0f}" for run in runs.values()]),
        *_scores("latest", [record.latest for record in records]),
        *_scores("best", [record.best for record in records]),
    ]
    configs = [values_of(record) for record in records]
    rows += [
        (flag(name), [value_text(config[name]) for config in configs])
        for name in differing_fields(configs)
    ]
    width = max(8, *(len(cell) for _, cells in rows for cell in cells))
    return "".join(
        f"{name:<22}" + "".join(f" {cell:>{width}}" for cell in cells).rstrip() + "\n"
        for name, cells in rows
    )


def _scores(label: str, evaluations: list[Evaluation | None]) -> list[tuple[str, list[str]]]:
    return [
        (f"{label} test accuracy", [percent(e.test.accuracy) if e else "" for e in evaluations]),
        (f"{label} test loss", [f"{e.test.loss:.4f}" if e else "" for e in evaluations]),
        (f"{label} after epochs", [f"{round(e.epoch, 2):g}" if e else "" for e in evaluations]),
    ]


def _chart(runs: dict[str, SavedRun]) -> str:
    from tui.app.widgets.legend import ROLES
    from tui.app.widgets.plain import plain_chart
    from tui.app.widgets.series import Series

    series = []
    for number, (letter, run) in enumerate(runs.items()):
        epochs, accuracies = saved_history(run).curve("test", "accuracy")
        if epochs:
            percents = [100 * accuracy for accuracy in accuracies]
            name, role = display_name(run.name), ROLES[number % len(ROLES)]
            series.append(Series(name, epochs, percents, number, role, tag=letter))
    terminal, width = of_output()
    return (
        plain_chart(
            series,
            width,
            _CHART_HEIGHT,
            terminal,
            title="test accuracy % by epoch",
        )
        + "\n"
    )


def _pairs(
    runs: dict[str, SavedRun], which: Which
) -> tuple[dict[tuple[str, str], Disagreement], list[str]]:
    """Each two runs of the same data, digit by digit, and why other runs are left out."""
    found, reasons = {}, []
    predicted, tests = {}, {}
    for letter, run in runs.items():
        try:
            data = load_dataset(run.record.config.data_dir)
            if data.sha256 != run.record.data_sha256:
                raise ConfigError(f"{run.record.data_name} is not the data it was trained on")
            model = load_model(run, which)
            predicted[letter], tests[letter] = model.predict(data.test).predicted, data
        except NNError as error:
            reasons.append(f"{letter} is not compared digit by digit: {error}")
    for first, second in combinations(predicted, 2):
        if tests[first].sha256 == tests[second].sha256:
            labels = tests[first].test.labels
            found[first, second] = disagreement(predicted[first], predicted[second], labels)
        else:
            reasons.append(f"{first} and {second} are of different data")
    return found, reasons


def _json_of(found: Disagreement) -> dict[str, object]:
    return {
        "first_only": found.first_only,
        "second_only": found.second_only,
        "both": len(found.both),
        "neither": len(found.neither),
        "p_value": found.p_value,
    }


def _disagreement_text(first: str, second: str, found: Disagreement, which: str) -> str:
    totals = f"both right {len(found.both):,}, both wrong {len(found.neither):,}"
    lines = [f"{which} weights of {first} and {second}: {totals}"]
    lines.append(f"McNemar's exact test: p = {found.p_value:.2g}")
    for right, wrong, indices in (
        (first, second, found.first_only),
        (second, first, found.second_only),
    ):
        lines.append(f"{right} right, {wrong} wrong: {count(len(indices), 'test image')}")
        shown = " ".join(map(str, indices[:_MOST_INDICES]))
        if len(indices) > _MOST_INDICES:
            shown += f" ... (--json has all {len(indices):,})"
        lines += textwrap.wrap(shown, 76, initial_indent="  ", subsequent_indent="  ")
    return "\n".join(lines) + "\n"
