"""`mnist-tui sweep`: train many settings and find the best on held-out images."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter

from nn.config import TrainConfig
from nn.data.dataset import load_dataset
from nn.errors import ConfigError
from tui.cli.flags import ConfigFlag, RecipeFlag, RunsDirFlag, config_flags
from tui.cli.reporters.base import warn
from tui.cli.reporters.json_lines import write_json
from tui.formatting import duration, percent
from tui.recording.folder import runs_folder
from tui.sweeps.cluster import TOPIC
from tui.sweeps.report import last_value, table, value_text, winner
from tui.sweeps.running import ClusterLostError, MakeExecutor, Progress, SweepRunner, local_pool
from tui.sweeps.schedule import Result
from tui.sweeps.space import Space, describe, parse_dimension
from tui.sweeps.spec import SweepSpec, load_spec, with_config_file
from tui.sweeps.study import SPEC_FILE, Study, find_sweep, sweeps_folder
from tui.system.exits import CommandError, ExitCode
from tui.system.signals import GracefulStop
from tui.system.terminal import is_live

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
            help="A field and its values, a,b,c or LOW..HIGH, on a logarithmic scale LOW..HIGH:log; may be repeated",
            metavar="FIELD=VALUES",
            group=_SWEEP,
            negative=(),
            consume_multiple=False,
        ),
    ] = (),
    sampler: Annotated[
        Literal["grid", "random", "tpe"] | None,
        Parameter(
            help="Which settings are tried: random if left out; tpe needs the package optuna",
            group=_SWEEP,
        ),
    ] = None,
    trials: Annotated[
        int | None, Parameter(help="Settings to try; 20 if left out", metavar="N", group=_SWEEP)
    ] = None,
    grid_points: Annotated[
        int | None,
        Parameter(
            help="Values that a range gives to a grid; 5 if left out", metavar="N", group=_SWEEP
        ),
    ] = None,
    seeds: Annotated[
        int | None, Parameter(help="Runs of each setting; 1 if left out", metavar="N", group=_SWEEP)
    ] = None,
    minutes: Annotated[
        float | None, Parameter(help="Stop after so long", metavar="M", group=_SWEEP)
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
            help="Train all trials for a few epochs, the best third for three times as many, and so on (default)",
            negative="--no-halving",
            group=_SWEEP,
        ),
    ] = None,
    workers: Annotated[
        int,
        Parameter(
            help="Worker processes, of one thread each; 0: one a core", metavar="N", group=_SWEEP
        ),
    ] = 0,
    cluster: Annotated[
        str | None,
        Parameter(
            help="Train on a Dask cluster: the address of its scheduler, or local:N (needs the package distributed)",
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
    recipe: RecipeFlag = None,
    config: ConfigFlag = None,
    json: Annotated[bool, Parameter(help="One JSON object a result, a line each")] = False,
    runs_dir: RunsDirFlag = None,
    **flags: Any,
) -> ExitCode:
    """Train many settings, and find the best on images that are held out from training."""
    given = {
        "sampler": sampler, "trials": trials, "grid_points": grid_points, "seeds": seeds,
        "minutes": minutes, "objective": objective, "halving": halving,
    }  # fmt: skip
    given = {key: value for key, value in given.items() if value is not None}
    root, runs = sweeps_folder(runs_dir), runs_folder(runs_dir)
    if resume is not None:
        if spec or vary or recipe or config or flags or given:
            raise ConfigError(
                "--resume goes on with a sweep as it was begun; leave out what it tries and varies"
            )
        path = find_sweep(root, resume)
        wanted = load_spec(path / SPEC_FILE)
    else:
        wanted = _spec(spec, vary, recipe, config, flags, given)
    # The place comes first: where it is refused, no sweep is begun.
    with _place(cluster, wanted, workers or _cores()) as place:
        study = Study.join(path) if resume is not None else Study.create(root, wanted, name)
        try:
            return _work(study, runs, place, as_json=json)
        except ClusterLostError as error:
            raise CommandError(
                f"--cluster {cluster}: the scheduler has gone; all results so far are saved, and to go on:"
                f" mnist-tui sweep --resume {study.path.name}",
                ExitCode.FAILURE,
            ) from error
        finally:
            study.close()


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
        fields=with_config_file(flags, config),
        **given,
    )


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Place:
    """Where tasks go: `workers` at once; `options` are further arguments of `SweepRunner`.

    `listen` has every epoch of every trial printed as JSON.
    """

    executor: MakeExecutor
    workers: int
    options: Mapping[str, Any] = field(default_factory=dict)
    listen: Callable[[], None] = lambda: None


@contextmanager
def _place(cluster: str | None, spec: SweepSpec, workers: int) -> Iterator[Place]:
    """Worker processes of this machine, or a cluster; raises `CommandError` where there is none."""
    data_dir = _any_config(spec).data_dir
    if cluster is None:
        yield Place(local_pool(workers, data_dir), workers)
        return
    from tui.sweeps.cluster import connect

    with connect(cluster, load_dataset(data_dir)) as (found, warnings):
        for warning in warnings:
            warn(warning)

        def listen() -> None:
            found.client.subscribe_topic(TOPIC, _epoch_line)

        options = {"shared_disk": False, "data": found.data, "lost": lambda: found.lost}
        yield Place(found.executor, found.workers, options, listen)


def _epoch_line(event: tuple[float, dict[str, Any]]) -> None:
    write_json({"event": "sweep_epoch", **event[1]}, sys.stdout)


def _any_config(spec: SweepSpec) -> TrainConfig:
    """The configuration of some trial, for what is the same in all of them."""
    return spec.config_of(next(spec.space.grid(2)), 0)


def _work(study: Study, runs: Path, place: Place, *, as_json: bool) -> ExitCode:
    began = time.monotonic()
    if as_json:
        place.listen()
    else:
        sys.stderr.write(f"sweep {study.path.name}: {_plan(study)}, {place.workers} workers\n")
    with GracefulStop(lambda: None) as stop, _reporting(as_json=as_json) as on_result:
        progress = Progress(
            on_result=on_result, on_warning=warn, stopped=lambda: stop.code is not None, began=began
        )
        runner = SweepRunner(
            study, runs, place.executor, workers=place.workers, progress=progress, **place.options
        )
        runner.run()
    if not as_json:
        sys.stdout.write(table(study, _SHOWN) + "\n" + winner(study, runs))
        sys.stderr.write(
            f"{duration(time.monotonic() - began)}; all trials are saved runs of {runs}\n"
        )
    if not study.schedule.done:
        sys.stderr.write(f"not finished; to go on: mnist-tui sweep --resume {study.path.name}\n")
    if stop.code is not None:
        return stop.code
    if study.schedule.best() is None:
        errors = [r.error for trial in study.trials for r in trial.results.values() if r.error]
        raise CommandError(
            f"sweep {study.path.name}: no trial came to a result{f': {errors[0]}' if errors else ''}",
            ExitCode.FAILURE,
        )
    return ExitCode.SUCCESS


def _plan(study: Study) -> str:
    spec = study.spec
    config = _any_config(spec)
    rungs = spec.rungs(config.epochs)
    words = f"{spec.size} settings ({spec.sampler})" + (
        f" x {spec.seeds} seeds" if spec.seeds > 1 else ""
    )
    if len(rungs) > 1:
        words += f", rungs of {', '.join(map(str, rungs))} epochs"
    return words + f", {percent(config.validation)} of the images held out"


class _reporting:  # noqa: N801 - a context manager, used as a function
    """Shows results: JSON lines, a bar with the best so far, or a line each."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json, self._bar = as_json, None if as_json or not is_live(sys.stderr) else _Bar()

    def __enter__(self) -> Callable[[Study, Result], object]:
        if self._as_json:
            return self._json
        if self._bar is not None:
            self._bar.progress.start()
            return self._bar.show
        return self._line

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.progress.stop()

    @staticmethod
    def _json(study: Study, result: Result) -> None:
        task, trial = result.task, study.trials[result.task.trial]
        write_json(
            {
                "event": "sweep_result",
                "sweep": study.path.name,
                "trial": task.trial,
                "seed": task.seed,
                "epochs": trial.rungs[task.rung],
                "setting": trial.setting,
                "validation_loss": result.loss,
                "validation_accuracy": result.accuracy,
                "run": result.run,
                "error": result.error,
            },
            sys.stdout,
        )

    @staticmethod
    def _line(study: Study, result: Result) -> None:
        trial = study.trials[result.task.trial]
        value = value_text(result.value(study.spec.objective), study.spec)
        words = result.error or f"{value} after {trial.rungs[result.task.rung]} epochs"
        sys.stderr.write(
            f"trial {trial.number}, seed {result.task.seed}: {words}  {describe(trial.setting)}\n"
        )


class _Bar:
    """Results so far out of those there will be at most, and the best trial."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as RichProgress

        self.progress = RichProgress(
            TextColumn("results"),
            MofNCompleteColumn(),
            BarColumn(bar_width=20),
            TextColumn("{task.description}"),
            console=Console(file=sys.stderr, highlight=False),
            transient=True,
        )
        self._task = self.progress.add_task("", total=None)

    def show(self, study: Study, result: Result) -> None:
        spec = study.spec
        done = sum(len(trial.results) for trial in study.trials)
        total, count = 0, spec.size
        rungs = max((trial.rungs for trial in study.trials), key=len)
        for _ in rungs:
            total += count * spec.seeds
            count = spec.kept(count)
        best = study.schedule.best()
        words = ""
        if best is not None:
            _, value, _ = last_value(best, spec)
            words = f"best {value_text(value, spec)}: {describe(best.setting)}"
        self.progress.update(self._task, completed=done, total=max(total, done), description=words)
