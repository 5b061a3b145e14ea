"""The table of `mnist-tui bench --cores`: how fast this machine trains in each layout."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import asdict

from nn.config import TrainConfig
from nn.spec import MNIST, DataSpec
from tui.cli.reporters.json_lines import write_json
from tui.system.cores import limit_threads
from tui.system.exits import CommandError, ExitCode
from tui.system.layout_memory import Case, Choice, machine, remembered, replace_choices
from tui.system.sharing import choose


def bench_cores(seconds: float, *, as_json: bool) -> ExitCode:
    """Time the layouts of each network for so many seconds, print them, and remember the choice.

    The networks are the default one, and those that a choice is remembered for on this machine.
    """
    threads = limit_threads(0)
    if threads is None:
        raise CommandError("the library beneath NumPy does not tell its threads", ExitCode.FAILURE)
    if not as_json:
        head = f"{'network':<23}{'batch':>7}{'processes x threads':>20}{'ms/step':>10}"
        sys.stdout.write(f"{machine(threads)}\n\n{head}{'images/s':>12}\n")
    for case in _cases(threads):
        choice = choose(case.config, _spec(case), threads, seconds=seconds)
        replace_choices([choice])
        if as_json:
            write_json(asdict(choice), sys.stdout)
        else:
            sys.stdout.writelines(_rows(choice))
            sys.stdout.flush()
    return ExitCode.SUCCESS


def _cases(threads: int) -> list[Case]:
    default = Case.of(TrainConfig(), MNIST, threads)
    known = [choice.case for choice in remembered()]
    return [
        default,
        *(case for case in known if case.machine == default.machine and case != default),
    ]


def _spec(case: Case) -> DataSpec:
    """Images of as many pixels, square ones if they can be, and as many classes."""
    side = math.isqrt(case.pixels)
    rows, columns = (side, side) if side * side == case.pixels else (1, case.pixels)
    return DataSpec(rows, columns, tuple(map(str, range(case.classes))))


def _rows(choice: Choice) -> Iterator[str]:
    config, case = choice.case.config, choice.case
    name = "-".join(map(str, (case.pixels, *config.hidden, case.classes)))
    if not choice.timings:
        yield f"{name:<23}{config.batch_size:>7,}{choice.processes:>9} x {choice.threads}\n"
    for place, each in enumerate(choice.timings):
        first = f"{name:<23}{config.batch_size:>7,}" if not place else " " * 30
        layout = f"{each.processes} x {each.threads}"
        chosen = (each.processes, each.threads) == (choice.processes, choice.threads)
        yield (
            f"{first}{layout:>20}{1e3 * each.step_seconds:>10.3f}"
            f"{config.batch_size / each.step_seconds:>12,.0f}{'  chosen' if chosen else ''}\n"
        )
