"""`mnist-tui sweep`: train many settings and find the best on held-out images."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter

from nn.data.dataset import Dataset
from nn.errors import ConfigError, StorageError
from nn.toml import load_toml
from tui.cli.data import load_and_tell
from tui.cli.flags import WHOLE, ConfigFlag, RecipeFlag, RunsDirFlag, config_flags
from tui.cli.reporters.base import warn
from tui.cli.reporters.sweep import ResultReporter, epoch_line, plan
from tui.formatting import duration
from tui.recording.folder import runs_folder
from tui.sweeps.folder import SPEC_FILE, find_sweep, sweeps_folder
from tui.sweeps.optuna_trials import OptunaMirror
from tui.sweeps.processes import ThisMachine
from tui.sweeps.report import table, winner
from tui.sweeps.running import Place, PlaceLostError, Progress, SweepRunner
from tui.sweeps.space import Space, parse_dimension
from tui.sweeps.spec import SweepSpec
from tui.sweeps.spec_file import load_spec, require_same
from tui.sweeps.study import Study
from tui.system.exits import CommandError, ExitCode
from tui.system.quota import available_cores
from tui.system.shell import command_line
from tui.system.signals import GracefulStop

_SWEEP = Group("Sweep", sort_key=1)
_SHOWN = 10  # trials in the table at the end


@config_flags
def sweep(
    spec: Annotated[Path | None, Parameter(help="TOML file with the sweep", metavar="SPEC")] = None,
    /,
    *,
    vary: Annotated[
        tuple[str, ...],
        Parameter(
            help="A field and its values, a,b,c or LOW..HIGH, on a logarithmic scale"
            " LOW..HIGH:log; may be repeated",
            metavar="FIELD=VALUES",
            group=_SWEEP,
            negative=(),
            consume_multiple=False,
        ),
    ] = (),
    sampler: Annotated[
        Literal["grid", "random", "tpe"] | None,
        Parameter(
            help="Which settings are tried; if left out, a grid where all values are listed and"
            " make no more settings than --trials, and else random; tpe needs the package optuna",
            group=_SWEEP,
        ),
    ] = None,
    trials: Annotated[
        int | None,
        WHOLE,
        Parameter(
            help="Settings to try; 20 if left out; a grid has all of its own",
            metavar="N",
            group=_SWEEP,
        ),
    ] = None,
    grid_points: Annotated[
        int | None,
        WHOLE,
        Parameter(
            help="Values that a range gives to a grid; 5 if left out", metavar="N", group=_SWEEP
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        WHOLE,
        Parameter(help="Runs of each setting; 1 if left out", metavar="N", group=_SWEEP),
    ] = None,
    minutes: Annotated[
        float | None,
        Parameter(
            help="Stop after so long; --resume goes on, for so long again",
            metavar="M",
            group=_SWEEP,
        ),
    ] = None,
    objective: Annotated[
        Literal["accuracy", "loss"] | None,
        Parameter(
            help="What is compared, on the validation images; accuracy if left out", group=_SWEEP
        ),
    ] = None,
    halving: Annotated[
        bool | None,
        Parameter(
            help="Train all trials for a few epochs, the best third for three times as many, and"
            " so on (default)",
            negative="--no-halving",
            group=_SWEEP,
        ),
    ] = None,
    brackets: Annotated[
        bool | None,
        Parameter(
            help="Share the settings out among Hyperband's brackets: halvings that begin later",
            negative=(),
            group=_SWEEP,
        ),
    ] = None,
    workers: Annotated[
        int,
        WHOLE,
        Parameter(
            help="Worker processes, of one thread each; 0: one a core", metavar="N", group=_SWEEP
        ),
    ] = 0,
    cluster: Annotated[
        str | None,
        Parameter(
            help="Train on a Dask cluster: the address of its scheduler, or local:N (needs the"
            " package distributed)",
            metavar="ADDRESS",
            group=_SWEEP,
        ),
    ] = None,
    name: Annotated[
        str | None,
        Parameter(help="Name of the sweep; the time if left out", metavar="NAME", group=_SWEEP),
    ] = None,
    resume: Annotated[
        str | None,
        Parameter(help="Go on with a sweep, or take part in one", metavar="SWEEP", group=_SWEEP),
    ] = None,
    storage: Annotated[
        str | None,
        Parameter(
            help="Copy the trials into a storage of Optuna too, such as sqlite:///sweeps.db, for"
            " its tools and other hosts; the sweep's own folder is safe on one host only",
            metavar="URL",
            group=_SWEEP,
        ),
    ] = None,
    recipe: RecipeFlag = None,
    config: ConfigFlag = None,
    json: Annotated[bool, Parameter(help="One JSON object a result, a line each")] = False,
    runs_dir: RunsDirFlag = None,
    **flags: Any,
) -> ExitCode:
    """Train many settings, and find the best on images that are held out from training."""
    given = {
        "sampler": sampler, "trials": trials, "grid_points": grid_points, "seeds": seeds,
        "minutes": minutes, "objective": objective, "halving": halving, "brackets": brackets,
    }  # fmt: skip
    given = {key: value for key, value in given.items() if value is not None}
    if workers < 0:
        raise ConfigError(f"--workers {workers}: must be at least 0, which is one a core")
    root, runs = sweeps_folder(runs_dir), runs_folder(runs_dir)
    if resume is None:
        wanted = _spec(spec, vary, recipe, config, flags, given)
    else:
        if vary or recipe or config or flags or name or given.keys() - {"minutes"}:
            raise ConfigError(
                "--resume goes on with a sweep as it was begun; leave out what it tries and varies"
            )
        path = find_sweep(root, resume)
        wanted = load_spec(path / SPEC_FILE)
        if spec is not None:
            require_same(spec, wanted, path.name)
        if minutes is not None:
            wanted = replace(wanted, minutes=minutes)
    dataset = load_and_tell(wanted.example.data_dir)
    # The place comes first: where it is refused, no sweep is begun.
    with _place(cluster, wanted, dataset, workers or available_cores()) as place:
        study = Study.join(path) if resume is not None else Study.create(root, wanted, name)
        again = _command_to_go_on(study, runs_dir)
        try:
            mirror = _mirror(storage, study, new=resume is None)
            return _work(study, runs, place, wanted.minutes, mirror, again, as_json=json)
        except PlaceLostError as error:
            raise CommandError(
                f"--cluster {cluster}: the scheduler has gone; all results so far are saved, and"
                f" to go on: {again}",
                ExitCode.FAILURE,
            ) from error
        except StorageError as error:
            raise CommandError(
                f"{error}; all results so far are saved, and to go on: {again}", ExitCode.FAILURE
            ) from error
        finally:
            study.close()


def _command_to_go_on(study: Study, runs_dir: Path | None) -> str:
    folder = ["--runs-dir", str(runs_dir)] if runs_dir else []
    return command_line(["mnist-tui", "sweep", "--resume", study.path.name, *folder])


def _mirror(url: str | None, study: Study, *, new: bool) -> OptunaMirror | None:
    """The storage of Optuna's, if there is one; where it is refused, no new sweep is left."""
    if url is None:
        return None
    try:
        return OptunaMirror(url, study.path.name, study.spec)
    except CommandError:
        if new:
            study.discard()
        raise


def _spec(
    file: Path | None,
    vary: tuple[str, ...],
    recipe: str | None,
    config: Path | None,
    flags: dict[str, Any],
    given: dict[str, Any],
) -> SweepSpec:
    if file is not None:
        if vary or recipe or config or flags or given:
            raise ConfigError(
                f"{file}: a file holds the whole sweep; write what is typed beside it into the file"
            )
        return load_spec(file)
    return SweepSpec(
        space=Space(tuple(map(parse_dimension, vary))),
        recipe=recipe,
        fields={**(load_toml(config) if config else {}), **flags},
        **given,
    )


@contextmanager
def _place(cluster: str | None, spec: SweepSpec, dataset: Dataset, workers: int) -> Iterator[Place]:
    """Worker processes of this machine, or a cluster; raises `CommandError` where there is none."""
    data_dir = spec.example.data_dir
    if cluster is None:
        yield ThisMachine(workers, data_dir)
        return
    from tui.sweeps.cluster import connect

    # The embedded data are part of the package, which the workers have.
    is_sent = bool(data_dir) and "data_dir" not in spec.space.fields
    with connect(cluster, dataset if is_sent else None, warn) as found:
        yield found


def _work(
    study: Study,
    runs: Path,
    place: Place,
    minutes: float,
    mirror: OptunaMirror | None,
    again: str,
    *,
    as_json: bool,
) -> ExitCode:
    began = time.monotonic()
    client = getattr(place, "client", None)
    if as_json and client is not None:
        from tui.sweeps.cluster import TOPIC

        client.subscribe_topic(TOPIC, epoch_line)
    if not as_json:
        workers = f"{place.workers} worker{'s' if place.workers > 1 else ''}"
        sys.stderr.write(f"sweep {study.path.name}: {plan(study.spec)}, {workers}\n")
    with GracefulStop(lambda: None) as stop, ResultReporter(as_json=as_json) as reporter:
        progress = Progress(
            on_result=reporter.show,
            on_warning=warn,
            stopped=lambda: stop.code is not None,
            minutes=minutes,
            began=began,
        )
        SweepRunner(study, runs, place, progress, mirror).run()
    if not as_json:
        sys.stdout.write(table(study, _SHOWN) + "\n" + winner(study, runs))
        sys.stderr.write(
            f"{duration(time.monotonic() - began)}; all trials are saved runs of {runs}\n"
        )
    if not study.schedule.done:
        sys.stderr.write(f"not finished; to go on: {again}\n")
    if stop.code is not None:
        return stop.code
    if study.schedule.best() is None and study.schedule.done:
        errors = [r.error for trial in study.trials for r in trial.results.values() if r.error]
        reason = f": {errors[0]}" if errors else ", every one diverged"
        raise CommandError(
            f"sweep {study.path.name}: no trial came to a result{reason}", ExitCode.FAILURE
        )
    return ExitCode.SUCCESS
