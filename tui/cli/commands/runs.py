"""`mnist-tui runs`: the saved runs are listed, shown, removed and exported."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from nn.errors import ConfigError, StorageError
from nn.spec import MNIST
from nn.storage.records import Outcome
from nn.storage.run_lookup import find_folder, find_run
from nn.storage.runs import RUN_FILES, SavedRun, is_abandoned, list_runs
from tui.cli.flags import RunArgument, RunsDirFlag
from tui.cli.reporters.base import warn
from tui.cli.reporters.json_lines import write_json
from tui.formatting import count, duration, percent
from tui.recording.experiment import Experiment
from tui.recording.finding import Search, state_of, values_of, words_of
from tui.recording.folder import resume_command, runs_folder
from tui.recording.history import RunHistory
from tui.system.exits import CommandError, ExitCode


def runs(
    *,
    find: Annotated[
        str,
        Parameter(
            help="List only the runs that all of these words are true of, such as"
            " 'lr=0.1 momentum 64-64 early'",
            metavar="WORDS",
        ),
    ] = "",
    json: Annotated[bool, Parameter(help="One JSON object a run, a line each")] = False,
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """List the saved runs, the newest first."""
    root, search = runs_folder(runs_dir), Search(find)
    if search.problem:
        raise ConfigError(f"--find={find}: {search.problem}")
    saved, errors = list_runs(root)
    found = [
        run for run in saved if search.matches(values_of(run.record), words_of(run, run.status))
    ]
    if json:
        for run in found:
            write_json(json_record(run), sys.stdout)
    elif found:
        width = max(len(run.name) for run in found)
        sys.stdout.write(_row(width, "run", "status", "epochs", "best", "time"))
        for run in found:
            record = run.record
            best = percent(record.best.test.accuracy) if record.best else ""
            seconds = duration(record.seconds)
            sys.stdout.write(
                _row(width, run.name, state_of(run, run.status), _epochs(run), best, seconds)
            )
            if record.save_error is not None:
                sys.stdout.write(f"  warning: {record.save_error}\n")
    else:
        sys.stderr.write(f"no saved runs{' like these' if saved else ''} in {root}\n")
    for error in errors:
        warn(str(error))
    return ExitCode.SUCCESS


def _row(width: int, name: str, status: str, epochs: str, best: str, seconds: str) -> str:
    return f"{name:<{width}}  {status:<11} {epochs:>10} {best:>7} {seconds:>8}\n"


def _epochs(run: SavedRun) -> str:
    record = run.record
    if record.imported_from is not None:
        return "-"
    return f"{round(record.epoch, 2):g}/{round(record.total_steps / record.steps_per_epoch, 2):g}"


def json_record(run: SavedRun) -> dict[str, object]:
    """The record of a run, with its folder in front and its present status."""
    return {"run": str(run.path), **asdict(run.record), "status": run.status}


def show(
    run: RunArgument = "last",
    /,
    *,
    json: Annotated[bool, Parameter(help="run.json as one JSON object")] = False,
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """Print all that is known of a run, its evaluations included."""
    from tui.cli.commands.attach import replay

    found = find_run(runs_folder(runs_dir), run)
    if json:
        write_json(json_record(found), sys.stdout)
        return ExitCode.SUCCESS
    for name, value in _facts(found):
        sys.stdout.write(f"{name:<10}{value}\n")
    sys.stdout.write("\n")
    replay(found, sys.stdout)
    return ExitCode.SUCCESS


def _facts(run: SavedRun) -> list[tuple[str, str]]:
    record = run.record
    status: str = run.status
    if record.reason and record.reason != status:
        status += f" ({record.reason})"
    if record.imported_from is None:
        status += f" after {_epochs(run)} epochs, {count(record.step, 'step')}"
    else:
        status = record.reason or f"imported from {record.imported_from}"
    facts = [
        ("run", str(run.path)),
        ("status", status),
        ("started", f"{_local(record.created)}, last saved {_local(record.updated)}"),
        ("recipe", record.recipe or "none"),
        ("versions", ", ".join(f"{name} {text}" for name, text in record.versions.items())),
        ("data", f"{record.data_name}, SHA-256 {record.data_sha256[:12]}..."),
        ("files", ", ".join(_sizes(run.path))),
    ]
    if (spec := record.spec) != MNIST:
        names = ", ".join(spec.names)
        facts.append(("images", f"{spec.size} pixels, {spec.classes} classes: {names}"))
    if record.best and record.imported_from is None:
        after = count(round(record.best.epoch, 2), "epoch")
        facts.append(("best", f"{percent(record.best.test.accuracy)} after {after}"))
    if record.save_error:
        facts.append(("warning", record.save_error))
    try:
        run.config_with({})
    except ConfigError:
        return facts
    return facts if run.status == "running" else [*facts, ("resume", resume_command(run.path))]


def _local(moment: str) -> str:
    try:
        return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return moment


def _sizes(path: Path) -> list[str]:
    present = [path / name for name in RUN_FILES if (path / name).is_file()]
    return [f"{file.name} {file.stat().st_size / 1000:,.0f} kB" for file in present]


def rm(
    *names: Annotated[str, Parameter(metavar="RUN", help="Saved runs")],
    yes: Annotated[bool, Parameter(help="Do not ask")] = False,
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """Remove saved runs for good; a run that is being written stays."""
    from nn.storage.run_writer import delete_run

    if not names:
        raise ConfigError("runs rm needs the name of at least one run")
    root = runs_folder(runs_dir)
    chosen = list(dict.fromkeys(_folder(root, name) for name in names))
    if not yes:
        if not sys.stdin.isatty():
            raise ConfigError("runs rm asks first, and there is nobody to ask; add --yes")
        listed = ", ".join(folder.name for folder in chosen)
        sys.stderr.write(f"remove {listed} for good? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            return ExitCode.FAILURE
    for folder in chosen:
        try:
            delete_run(folder)
        except StorageError as error:
            raise CommandError(str(error), ExitCode.FAILURE) from error
        sys.stderr.write(f"removed {folder}\n")
    return ExitCode.SUCCESS


def _folder(root: Path, name: str) -> Path:
    """The folder to remove: a run's, or one that a killed process left before its first record."""
    folder = None if name == "last" else find_folder(root, name)
    return folder if folder and is_abandoned(folder) else find_run(root, name).path


def export(
    run: RunArgument = "last",
    /,
    *,
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """Print a run's evaluations as CSV."""
    found = find_run(runs_folder(runs_dir), run)
    sys.stdout.write(saved_history(found).to_csv())
    return ExitCode.SUCCESS


def saved_history(run: SavedRun) -> RunHistory:
    """What a saved run has done so far, in the form the screens draw; raises `StorageError`."""
    history = RunHistory(run.name, Experiment.of_saved(run.record))
    for event in run.events():
        history.replay(event)
    return history


def mean_speed(run: SavedRun) -> float:
    """Images a second of the whole run, as its end was reported, or as it was saved last."""
    ends = [event for event in run.events() if isinstance(event, Outcome)]
    return ends[-1].samples_per_second if ends else run.record.samples_per_second
