"""`mnist-tui bench --accuracy`: seconds of training to an accuracy, as a table and a chart."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from nn.errors import ConfigError
from nn.recipes import Recipe, load_recipe
from tui.cli.bench.accuracy import (
    GOALS,
    MARKS,
    Attempt,
    Result,
    able_to_train,
    all_attempts,
    check_recipes,
    results,
)
from tui.cli.bench.benchmark import ContenderError
from tui.cli.reporters.json_lines import write_json
from tui.formatting import count, duration, percent
from tui.system.exits import CommandError, ExitCode
from tui.system.signals import Interrupted
from tui.system.terminal import is_live, of_output

DEFAULT_RECIPES = ("sprint-98", "sprint-99")
_CHART_HEIGHT = 16
_LEAST_DRAWN = 96.0  # percent; a chart that began lower would press what matters together
_STATUS_WIDTH = 78


def recipes_to_train(names: Sequence[str], seeds: int) -> list[Recipe]:
    """The recipes that are meant, checked before anything is trained; raises `ConfigError`."""
    if seeds < 1:
        raise ConfigError(f"--seeds {seeds}: must be at least 1")
    recipes = [load_recipe(name) for name in dict.fromkeys(names or DEFAULT_RECIPES)]
    check_recipes(recipes)
    return recipes


def bench_accuracy(
    recipes: Sequence[Recipe],
    seeds: int,
    contenders: Sequence[str],
    environment: Mapping[str, str],
    conditions: dict[str, Any],
    *,
    json: bool,
) -> ExitCode:
    """Train recipes by all contenders in turn, and tell when each accuracy was reached.

    An interruption ends the training under way; what there is then is told first.
    """
    report = _Report(json=json, conditions=conditions)
    try:
        for recipe in recipes:
            able = able_to_train(recipe, contenders)
            with closing(all_attempts(recipe, able, seeds, environment)) as steps:
                for attempt in steps:
                    report.follow(attempt)
            report.close(recipe.name)
    except ContenderError as error:
        report.end()
        raise CommandError(str(error), ExitCode.FAILURE) from error
    except Interrupted:
        report.end()
        raise
    report.end()
    return ExitCode.SUCCESS


class _Report:
    """What is printed as it comes: a status on a terminal, a row for each recipe and contender."""

    def __init__(self, *, json: bool, conditions: dict[str, Any]) -> None:
        self._json, self._conditions = json, conditions
        self._attempts: list[Attempt] = []
        self._rows = 0
        self._live = is_live(sys.stderr)
        if not json:
            marks = "".join(f"{f'{mark:g}%':>7}" for mark in MARKS)
            sys.stdout.write(
                f"{'recipe':<17}{'by':<10}{'before':>7}{'training':>9}{'accuracy':>9}{marks}\n"
            )

    def follow(self, attempt: Attempt) -> None:
        """Take in how far an attempt came."""
        last = self._attempts[-1] if self._attempts else None
        if last and _key(last) == _key(attempt):
            self._attempts[-1] = attempt
        else:
            self._attempts.append(attempt)
        self._show_status(
            f"{attempt.recipe}, {_name(attempt.contender)}: epoch {len(attempt.points)} of"
            f" {attempt.epochs}, {percent(attempt.accuracy)} after {duration(attempt.seconds)}"
        )
        if self._json and attempt.complete:
            write_json(attempt.record() | self._conditions, sys.stdout)

    def close(self, recipe: str) -> None:
        """Write the rows of a recipe whose training is over."""
        self._show_status("")
        found = results(self._attempts)
        if not self._json:
            sys.stdout.write("".join(_row(result) for result in found[self._rows :]))
            sys.stdout.flush()
        self._rows = len(found)

    def end(self) -> None:
        """Write what is left: an attempt that was not finished, the goals, and the chart."""
        if self._attempts:
            self.close(self._attempts[-1].recipe)
        found = results(self._attempts)
        if self._json:
            if self._attempts and not self._attempts[-1].complete:
                write_json(self._attempts[-1].record() | self._conditions, sys.stdout)
            return
        if found:
            sys.stdout.write(_notes(found))
        if is_live(sys.stdout) and any(len(attempt.points) > 1 for attempt in self._attempts):
            sys.stdout.write("\n" + _chart(found) + "\n")

    def _show_status(self, line: str) -> None:
        if self._live:
            sys.stderr.write(f"\r{line[:_STATUS_WIDTH]:<{_STATUS_WIDTH}}\r")
            sys.stderr.flush()


def _key(attempt: Attempt) -> tuple[str, str, int]:
    return attempt.recipe, attempt.contender, attempt.seed


def _name(contender: str) -> str:
    return "mnist-tui" if contender == "ours" else contender


def _row(result: Result) -> str:
    times = (result.first(mark) for mark in MARKS)
    firsts = "".join(f"{_seconds(time):>7}" for time in times)
    accuracy = f"{result.accuracy:.2f}%" + (" " if result.complete else "?")
    return (
        f"{result.recipe:<17}{_name(result.contender):<10}{_seconds(result.before):>7}"
        f"{_seconds(result.seconds):>9}{accuracy:>9}{firsts}\n"
    )


def _seconds(time: float | None) -> str:
    """Three digits, which is more than machines repeat."""
    if time is None:
        return "-"
    return f"{time:.2f}" if time < 10 else f"{time:.1f}" if time < 100 else f"{time:.0f}"


def _notes(found: Sequence[Result]) -> str:
    """What the columns count, what was not finished, and whether the goals were reached."""
    lines = [
        "",
        "before: seconds to the first step, to deskew and to start; training: those of",
        "all epochs, evaluations apart; 98%: those to the first evaluation, of one after",
        "each epoch, at or above it",
    ]
    for result in found:
        who = f"{result.recipe}, {_name(result.contender)}"
        for attempt in result.attempts:
            if not attempt.complete:
                done = f"{len(attempt.points)} of {count(attempt.epochs, 'epoch')}"
                lines.append(f"? {who}, seed {attempt.seed}: ended after {done}")
        if result.complete and (goal := GOALS.get(result.recipe)):
            over = "" if len(result.attempts) == 1 else f", mean of {len(result.attempts)} seeds"
            reached = f"{goal:g}% in {duration(result.seconds)}"
            if not result.reaches_goal:
                reached = f"{goal:g}% not reached"
            lines.append(f"{who}: {reached} ({result.accuracy:.2f}%{over})")
    return "".join(f"{line}\n" for line in lines)


def _chart(found: Sequence[Result]) -> str:
    """Accuracy by seconds of training, the first seed of each; the marks are lines across."""
    from tui.app.widgets.legend import ROLES
    from tui.app.widgets.plain import plain_chart
    from tui.app.widgets.series import Series

    curves = [
        (result, [p for p in result.attempts[0].points if 100 * p.accuracy >= _LEAST_DRAWN])
        for result in found
    ]
    curves = [(result, points or list(result.attempts[0].points)) for result, points in curves]
    times = [math.log10(max(p.seconds, 1e-3)) for _, points in curves for p in points]
    top = max(100 * p.accuracy for _, points in curves for p in points)
    ends = [min(times), max(times)]
    lines = [
        Series(f"{mark:g}%", ends, [mark, mark], role="muted")
        for mark in MARKS
        if mark <= max(top, MARKS[2])
    ]
    several = len({result.contender for result in found}) > 1
    for number, (result, points) in enumerate(curves):
        name = f"{result.recipe} {_name(result.contender)}" if several else result.recipe
        xs = [math.log10(max(p.seconds, 1e-3)) for p in points]
        ys = [100 * p.accuracy for p in points]
        lines.append(Series(name, xs, ys, number, ROLES[number % len(ROLES)]))
    terminal, width = of_output()
    return plain_chart(
        lines,
        width,
        _CHART_HEIGHT,
        terminal,
        title="test accuracy, %",
        x_label="seconds of training",
        x_log=True,
        form=".2f",
    )
