"""Charts of a sweep for a plain terminal: the objective by trial, and by each varied field."""

from __future__ import annotations

import math

from nn.options import format_value
from tui.formatting import bar, count
from tui.sweeps.importance import importances
from tui.sweeps.schedule import Trial, comparable
from tui.sweeps.space import Range
from tui.sweeps.study import Study
from tui.system.terminal import Terminal, of_output

_HEIGHT = 10


def charts(study: Study) -> str:
    """All charts as text; importances where there are trials enough to tell."""
    terminal, width = of_output()
    points = _points(study)
    if not points:
        return "no results yet\n"
    parts = [_by_trial(study, points, width, terminal)]
    for dimension in study.spec.space.dimensions:
        if isinstance(dimension, Range):
            parts.append(_by_range(study, dimension, points, width, terminal))
        else:
            parts.append(_by_choice(dimension.field, points, width, terminal))
    shares = importances(study.trials, study.spec)
    if shares:
        longest = max(map(len, shares))
        lines = [f"share of the variance of {_unit(study)} that a field alone explains"]
        for name, share in sorted(shares.items(), key=lambda item: -item[1]):
            drawn = bar(share, 30, ascii_only=terminal.ascii_only)
            lines.append(f"  {name:<{longest}} {share:>4.0%} {drawn}".rstrip())
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _points(study: Study) -> list[tuple[Trial, float]]:
    """Each trial with its objective as it is shown, a percentage or a loss."""
    factor = 100 if study.spec.objective == "accuracy" else -1
    return [(trial, factor * value) for trial, value in comparable(study.trials, study.spec)]


def _unit(study: Study) -> str:
    what = "accuracy %" if study.spec.objective == "accuracy" else "loss"
    first = {trial.rungs[0] for trial in study.trials}
    after = ""
    if len(first) > 1:
        after = " after each trial's last rung"
    elif (epochs := first.pop()) > 0:
        after = f" after {count(epochs, 'epoch')}"
    return f"validation {what}{after}"


def _by_trial(
    study: Study, points: list[tuple[Trial, float]], width: int, terminal: Terminal
) -> str:
    from tui.app.widgets.plain import plain_chart
    from tui.app.widgets.series import Series

    better = max if study.spec.objective == "accuracy" else min
    numbers: list[int] = []
    values: list[float] = []
    best: list[float] = []
    for trial, value in points:
        numbers.append(trial.number)
        values.append(value)
        best.append(better(best[-1], value) if best else value)
    series = [
        Series("best so far", numbers, best, 0, "secondary"),
        Series("each", numbers, values, 1, scatter=True),
    ]
    return plain_chart(series, width, _HEIGHT, terminal, title=f"{_unit(study)} by trial")


def _by_range(
    study: Study,
    dimension: Range,
    points: list[tuple[Trial, float]],
    width: int,
    terminal: Terminal,
) -> str:
    from tui.app.widgets.plain import plain_chart
    from tui.app.widgets.series import Series

    found = sorted(
        (float(trial.setting[dimension.field]), value)  # type: ignore[arg-type]
        for trial, value in points
    )
    xs = [math.log10(x) if dimension.log else x for x, _ in found]
    title = f"{_unit(study)} by {dimension.field}"
    return plain_chart(
        [Series("", xs, [y for _, y in found], 1, scatter=True)],
        width,
        _HEIGHT,
        terminal,
        title=title,
        x_log=dimension.log,
    )


def _by_choice(
    field: str, points: list[tuple[Trial, float]], width: int, terminal: Terminal
) -> str:
    groups: dict[str, list[float]] = {}
    for trial, value in points:
        groups.setdefault(format_value(trial.setting[field]), []).append(value)
    means = {name: sum(values) / len(values) for name, values in groups.items()}
    longest, top = max(map(len, means)), max(means.values()) or 1.0
    lines = [f"mean by {field}, and the number of trials"]
    for name, mean in means.items():
        drawn = bar(
            max(0.0, mean / top), min(40, width - longest - 24), ascii_only=terminal.ascii_only
        )
        lines.append(f"  {name:<{longest}} {mean:>8.4g} {drawn} {len(groups[name])}")
    return "\n".join(lines)
