"""`mnist-tui sweeps`: the sweeps are listed, shown and exported.

The parser imports this module at every start, so that NumPy and the trainer are imported in the
functions only.
"""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from nn.errors import NNError
from tui.cli.flags import RunsDirFlag
from tui.cli.reporters.base import warn
from tui.cli.reporters.json_lines import write_json
from tui.system.exits import ExitCode

SweepArgument = Annotated[
    str, Parameter(help="Name of a sweep, a part of it, or last", metavar="SWEEP")
]


def sweeps(
    *,
    json: Annotated[bool, Parameter(help="One JSON object a sweep, a line each")] = False,
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """List the sweeps, the newest first."""
    from tui.sweeps.folder import sweep_names, sweeps_folder
    from tui.sweeps.report import last_value, value_text
    from tui.sweeps.space import describe
    from tui.sweeps.study import Study

    root = sweeps_folder(runs_dir)
    names = sweep_names(root)
    if not names:
        sys.stderr.write(f"no sweeps in {root}\n")
    for name in names:
        try:
            study = Study.read(root / name)
        except NNError as error:
            warn(str(error))
            continue
        best = study.schedule.best()
        value = last_value(best, study.spec)[1] if best else None
        state = study.state
        done = sum(trial.state(study.spec.seeds) != "waiting" for trial in study.trials)
        if json:
            write_json(
                {
                    "sweep": name,
                    "state": state,
                    "trials": done,
                    "of": study.spec.size,
                    "objective": study.spec.objective,
                    "best": best.setting if best else None,
                    "value": value,
                },
                sys.stdout,
            )
        else:
            found = f"{value_text(value, study.spec)}  {describe(best.setting)}" if best else ""
            sys.stdout.write(f"{name:<24} {state:<9} {done:>4}/{study.spec.size:<4} {found}\n")
    return ExitCode.SUCCESS


def show(
    sweep: SweepArgument = "last",
    /,
    *,
    json: Annotated[bool, Parameter(help="One JSON object a trial, a line each")] = False,
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """Print a sweep: its trials, its winner, and charts of what each field did."""
    from tui.cli.sweep_charts import charts
    from tui.recording.folder import runs_folder
    from tui.sweeps.comparison import comparison_text
    from tui.sweeps.folder import find_sweep, sweeps_folder
    from tui.sweeps.report import records, table, winner
    from tui.sweeps.study import Study

    study = Study.read(find_sweep(sweeps_folder(runs_dir), sweep))
    if json:
        for record in records(study):
            write_json(record, sys.stdout)
        return ExitCode.SUCCESS
    sys.stdout.write(
        "\n".join(
            filter(
                None,
                (
                    table(study),
                    winner(study, runs_folder(runs_dir)),
                    comparison_text(study.trials, study.spec),
                    charts(study),
                ),
            )
        )
    )
    return ExitCode.SUCCESS


def export(sweep: SweepArgument = "last", /, *, runs_dir: RunsDirFlag = None) -> ExitCode:
    """Print every result of a sweep as CSV."""
    from tui.sweeps.folder import find_sweep, sweeps_folder
    from tui.sweeps.report import to_csv
    from tui.sweeps.study import Study

    sys.stdout.write(to_csv(Study.read(find_sweep(sweeps_folder(runs_dir), sweep))))
    return ExitCode.SUCCESS
