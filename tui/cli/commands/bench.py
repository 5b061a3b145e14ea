"""`mnist-tui bench`: how fast this machine trains, beside the least it could take."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import Parameter

from nn.config import TrainConfig
from nn.errors import ConfigError
from nn.parallel.thread_variables import THREAD_VARIABLES
from tui.cli.bench.benchmark import ContenderError, Speed, installed_peers, measure
from tui.cli.bench.cores import bench_cores
from tui.cli.commands.bench_accuracy import bench_accuracy, recipes_to_train
from tui.cli.flags import WHOLE, recipe_completions
from tui.cli.reporters.base import warn
from tui.cli.reporters.json_lines import write_json
from tui.formatting import count, duration
from tui.system.cores import blas, core_warnings, limit_threads
from tui.system.exits import CommandError, ExitCode
from tui.system.quota import available_cores
from tui.system.terminal import is_live, of_output

_CHART_HEIGHT = 14
_SECONDS = 40.0  # of measuring, unless --seconds says otherwise
_CORES_SHARE = 0.05  # of the time asked for, spent on each network with --cores
_TOLERANCE = 1.2  # of the time asked for, before a line states how long it took


def bench(
    *,
    seconds: Annotated[
        float | None,
        Parameter(help="How long to measure, about; 40 if left out", metavar="SECONDS"),
    ] = None,
    threads: Annotated[
        int, WHOLE, Parameter(help="Threads of every library; 0: its own choice", metavar="N")
    ] = 0,
    no_peers: Annotated[bool, Parameter(help="Leave out the other libraries")] = False,
    accuracy: Annotated[
        bool,
        Parameter(help="Seconds of training to 98, 99, 99.3 and 99.5% test accuracy instead"),
    ] = False,
    recipe: Annotated[
        tuple[str, ...],
        Parameter(
            help="With --accuracy: what to train, in place of sprint-98 and sprint-99; repeatable",
            metavar="NAME",
            completer=recipe_completions,
            negative=(),
        ),
    ] = (),
    seeds: Annotated[
        int | None,
        WHOLE,
        Parameter(help="With --accuracy: runs of each recipe; 1 if left out", metavar="N"),
    ] = None,
    cores: Annotated[
        bool, Parameter(help="Time processes and threads instead, and choose anew for later runs")
    ] = False,
    json: Annotated[bool, Parameter(help="One JSON object a line of the table")] = False,
) -> ExitCode:
    """Measure the training speed of five networks, beside PyTorch and scikit-learn where installed.

    The floor is the time of the matrix products alone, GFLOP/s are theirs in our time; evaluation
    is left out everywhere. All take turns in processes of their own; medians count. A figure with
    a question mark is worthless, for a reason printed below the table.
    """
    if cores and accuracy:
        raise ConfigError("--cores and --accuracy measure different things; take one of them")
    for flag, given, fits, where in (
        ("--recipe", recipe, accuracy, "is for --accuracy; add it"),
        ("--seeds", seeds is not None, accuracy, "is for --accuracy; add it"),
        ("--seconds", seconds is not None, not accuracy, "contradicts --accuracy, whose runs end"),
        ("--threads", threads, not cores, "contradicts --cores, which tries every number"),
        ("--no-peers", no_peers, not cores, "contradicts --cores, which times no other library"),
    ):
        if given and not fits:
            raise ConfigError(f"{flag} {where}")
    seconds = _SECONDS if seconds is None else seconds
    seeds = 1 if seeds is None else seeds
    if not 0 < seconds < float("inf"):
        raise ConfigError(f"--seconds {seconds}: must be above 0 and finite")
    if threads < 0:
        raise ConfigError(f"--threads {threads}: must be at least 0")
    if cores:
        return bench_cores(seconds * _CORES_SHARE, as_json=json)
    recipes = recipes_to_train(recipe, seeds) if accuracy else []
    environment = dict(os.environ)
    for line in core_warnings(TrainConfig(threads=threads)):
        warn(line)
    threads = min(threads, available_cores())
    if threads:
        environment |= dict.fromkeys(THREAD_VARIABLES, str(threads))
    conditions = {
        "threads": limit_threads(threads),
        "blas": blas(),
        "environment": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith(("OPENBLAS_", "OMP_", "MKL_"))
        },
    }
    peers = [] if no_peers else installed_peers()
    if not json:
        sys.stdout.write(_conditions(conditions))
    if accuracy:
        contenders = ["ours", *peers]
        return bench_accuracy(recipes, seeds, contenders, environment, conditions, json=json)
    if not json:
        sys.stdout.write(_header(peers))
    speeds, began = [], time.perf_counter()
    try:
        for speed in measure(["ours", "floor", *peers], seconds, environment):
            speeds.append(speed)
            if json:
                write_json(asdict(speed) | conditions, sys.stdout)
            else:
                sys.stdout.write(_row(speed, peers))
                sys.stdout.flush()
    except ContenderError as error:
        raise CommandError(str(error), ExitCode.FAILURE) from error
    if not json:
        sys.stdout.write(_doubts(speeds, time.perf_counter() - began, seconds))
        if is_live(sys.stdout):
            sys.stdout.write("\n" + _chart(speeds) + "\n")
    return ExitCode.SUCCESS


def _conditions(conditions: Mapping[str, Any]) -> str:
    """Threads, library, and the variables that decide on them: figures hold for these only."""
    threads = conditions["threads"] or "unknown"
    lines = [f"threads {threads}, {conditions['blas']}"]
    lines += [f"{name}={value} is set" for name, value in conditions["environment"].items()]
    return "\n".join(lines) + "\n\n"


def _header(peers: Sequence[str]) -> str:
    beside = "".join(f"{peer:>9}" for peer in peers)
    ours = f"{'s/epoch':>8}{'x floor':>8}{'GFLOP/s':>8}{'images/s':>10}"
    return f"{'network':<17}{'optimizer':<9}{ours}{beside}\n"


def _row(speed: Speed, peers: Sequence[str]) -> str:
    ours = speed.seconds["ours"]
    beside = "".join(f"{speed.seconds[peer] / ours:>8.2f}x" for peer in peers)
    floors = f"{ours / speed.seconds['floor']:.2f}" + ("?" if speed.doubt else " ")
    return (
        f"{speed.net:<17}{speed.optimizer:<9}{ours:>8.3f}{floors:>9}"
        f"{speed.gflops:>7.0f}{speed.samples_per_second:>10,.0f}{beside}\n"
    )


def _doubts(speeds: Sequence[Speed], took: float, seconds: float) -> str:
    """Why rows have a question mark, each reason once, and how much longer it took than asked."""
    reasons = Counter(speed.doubt for speed in speeds if speed.doubt)
    lines = [f"? worthless in {count(rows, 'row')}: {why}" for why, rows in reasons.items()]
    if reasons:
        lines.append("  close other programs, or measure longer with --seconds")
    if took > _TOLERANCE * seconds:
        lines.append(
            f"this took {duration(took)}: one turn of each is longer than --seconds {seconds:g}"
        )
    return "\n" + "".join(f"{line}\n" for line in lines) if lines else ""


def _chart(speeds: Sequence[Speed]) -> str:
    """Seconds an epoch by network, with the optimizer that takes longer."""
    from tui.app.widgets.legend import ROLES
    from tui.app.widgets.plain import plain_chart
    from tui.app.widgets.series import Series

    adam = [speed for speed in speeds if speed.optimizer == "adam"]
    rows = range(1, len(adam) + 1)
    series = [
        Series(name, rows, [speed.seconds[name] for speed in adam], number, ROLES[number])
        for number, name in enumerate(adam[0].seconds)
    ]
    terminal, width = of_output()
    return plain_chart(
        series,
        width,
        _CHART_HEIGHT,
        terminal,
        title="seconds an epoch, adam",
        x_label="networks of the table, from the first",
        y_log=True,
    )
