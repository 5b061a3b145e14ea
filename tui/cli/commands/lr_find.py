"""`mnist-tui lr-find`: the learning-rate range test."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from typing import Annotated, Any

from cyclopts import Parameter

from nn.errors import ConfigError
from nn.training.rate_range import HIGHEST, LOWEST, RateRange, rate_points, summarize
from tui.cli.data import load_and_tell
from tui.cli.flags import ConfigFlag, RecipeFlag, config_flags, experiment_of
from tui.cli.reporters.base import warn
from tui.cli.reporters.json_lines import write_json
from tui.system.cores import core_warnings, limit_threads
from tui.system.exits import CommandError, ExitCode
from tui.system.terminal import of_output

_CHART_HEIGHT = 14


@config_flags
def lr_find(
    *,
    recipe: RecipeFlag = None,
    config: ConfigFlag = None,
    lowest: Annotated[
        float, Parameter(help="Rate of the first step", metavar="RATE", show_default=True)
    ] = LOWEST,
    highest: Annotated[
        float, Parameter(help="Rate of the last step", metavar="RATE", show_default=True)
    ] = HIGHEST,
    json: Annotated[bool, Parameter(help="Print one JSON object")] = False,
    **flags: Any,
) -> ExitCode:
    """Find a learning rate: a few seconds of training while the rate grows at every step."""
    if not 0 < lowest < highest < math.inf:
        raise ConfigError(
            f"--lowest {lowest:g} --highest {highest:g}:"
            " both must be above 0, and the first the lower"
        )
    effective = experiment_of(recipe, config, flags).config
    dataset = load_and_tell(effective.data_dir)
    limit_threads(effective.threads)
    for line in core_warnings(replace(effective, processes=0)):  # the test takes one process
        warn(line)
    points = tuple(rate_points(effective, dataset, lowest=lowest, highest=highest))
    try:
        found = summarize(points)
    except ValueError as error:
        raise CommandError(f"{error}; try a lower --lowest", ExitCode.FAILURE) from error
    if json:
        write_json(_record(found), sys.stdout)
    else:
        sys.stdout.write(_text(found))
    return ExitCode.SUCCESS


def _record(found: RateRange) -> dict[str, Any]:
    return {
        "steepest": found.steepest,
        "lowest_loss_at": found.lowest,
        "blow_up": found.blow_up,
        "points": [{"learning_rate": point.rate, "loss": point.loss} for point in found.points],
    }


def _text(found: RateRange) -> str:
    from tui.app.widgets.plain import plain_chart
    from tui.app.widgets.series import Series

    finite = [point for point in found.points if math.isfinite(point.loss)]
    terminal, width = of_output()
    marks = [(math.log10(found.steepest), "steepest")]
    if found.blow_up is not None:
        marks.append((math.log10(found.blow_up), "blow-up"))
    chart = plain_chart(
        [Series("loss", [math.log10(point.rate) for point in finite], [p.loss for p in finite])],
        width,
        _CHART_HEIGHT,
        terminal,
        title="running loss by learning rate",
        x_log=True,
        marks=tuple(marks),
    )
    blow_up = "never" if found.blow_up is None else f"at {found.blow_up:.2g}"
    return (
        f"{chart}\n\n"
        f"The loss falls fastest at {found.steepest:.2g}, is lowest at {found.lowest:.2g}, and has"
        f" doubled from there {blow_up}.\n"
        f"To take the steepest: --learning-rate {found.steepest:.2g}"
        f" (with a schedule that rises and falls, its peak may be up to {found.lowest / 4:.2g}).\n"
    )
