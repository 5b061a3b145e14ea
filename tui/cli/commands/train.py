"""`mnist-tui`: train a network, on the screen or headless."""

from __future__ import annotations

import codecs
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter

from nn.errors import ConfigError
from nn.storage.run_lookup import find_run
from tui.cli.flags import (
    SAVING,
    ConfigFlag,
    RecipeFlag,
    RunsDirFlag,
    config_flags,
    experiment_of,
    run_completions,
)
from tui.cli.outputs import SAVED_OTHERWISE, require_model_file
from tui.recording.experiment import Experiment
from tui.recording.folder import reference, runs_folder
from tui.recording.source import RunSource, Saving
from tui.system.exits import CommandError, ExitCode
from tui.system.signals import HAS_HANGUP

_HEADLESS = Group("Headless", sort_key=3)
_STEP_INTERVAL = 0.1


@config_flags
def train(
    *,
    recipe: RecipeFlag = None,
    config: ConfigFlag = None,
    print_config: Annotated[
        bool, Parameter(help="Print the effective configuration as TOML and exit")
    ] = False,
    headless: Annotated[bool, Parameter(help="Train without a screen", group=_HEADLESS)] = False,
    save: Annotated[
        Path | None,
        Parameter(help="Write the trained model to this file (.npz) in the end", metavar="FILE"),
    ] = None,
    resume: Annotated[
        str | None,
        Parameter(
            help="Go on with a saved run: its name or a part of it, a folder, or last, which"
            " is also meant where RUN is left out; --epochs may be raised",
            metavar="RUN",
            completer=run_completions,
            group=SAVING,
        ),
    ] = None,
    init_from: Annotated[
        str | None,
        Parameter(
            help="Start a new run from trained weights in place of random ones: a model file of any"
            " program that `import` takes, or the best weights of a saved run",
            metavar="FILE|RUN",
            completer=run_completions,
            group=SAVING,
        ),
    ] = None,
    no_save: Annotated[
        bool, Parameter(help="Leave no trace of this run on disk", group=SAVING)
    ] = False,
    runs_dir: RunsDirFlag = None,
    on_hangup: Annotated[
        Literal["save", "continue"],
        Parameter(
            help="When the application's terminal is lost: save the run and end, or train on to the"
            " end without a screen",
            show_default=True,
            group=SAVING,
        ),
    ] = "save",
    mouse: Annotated[
        bool,
        Parameter(
            help="Let the application have the mouse, which then no longer selects text",
            negative="--no-mouse",
            show_default=True,
        ),
    ] = True,
    json: Annotated[
        bool,
        Parameter(
            help="Events as JSON Lines on stdout, in place of the narration", group=_HEADLESS
        ),
    ] = False,
    quiet: Annotated[
        bool, Parameter(help="No narration on stderr, only errors", group=_HEADLESS)
    ] = False,
    step_interval: Annotated[
        float,
        Parameter(
            help="Least time between two progress events; 0: every step",
            metavar="SECONDS",
            show_default=True,
            group=_HEADLESS,
        ),
    ] = _STEP_INTERVAL,
    **flags: Any,
) -> ExitCode:
    """Train a neural network on MNIST: a multilayer perceptron in NumPy.

    Precedence: defaults < --recipe < --config < flags typed.
    """
    experiment = experiment_of(recipe, config, flags)
    if init_from is not None:
        if resume is not None:
            raise ConfigError(
                "--init-from contradicts --resume, which goes on with its own weights"
            )
        experiment = _with_weights(experiment, init_from, runs_dir)
    source = RunSource(experiment, Saving(not no_save, runs_dir))
    if resume is not None:
        for name, typed in (("--recipe", recipe), ("--config", config), ("--no-save", no_save)):
            if typed:
                raise ConfigError(f"{name} contradicts --resume, which goes on as the run began")
        source = RunSource.resumed(find_run(runs_folder(runs_dir), resume), flags)
    if not 0 <= step_interval < float("inf"):
        raise ConfigError(f"--step-interval {step_interval}: must be at least 0 and finite")
    if print_config:
        sys.stdout.write(_encodable(source.experiment.config.to_toml()))
        return ExitCode.SUCCESS
    if save is not None:
        require_model_file(save, "--save", "npz", SAVED_OTHERWISE)
    if on_hangup != "save" and not HAS_HANGUP:
        raise ConfigError(f"--on-hangup {on_hangup}: this system ends a program with its terminal")
    if not headless:
        watched = step_interval != _STEP_INTERVAL
        for name, typed in (("--json", json), ("--quiet", quiet), ("--step-interval", watched)):
            if typed:
                raise ConfigError(f"{name} is for runs without a screen; add --headless")
        return _open_screen(
            source,
            save=save,
            mouse=mouse,
            saving=Saving(not no_save, runs_dir),
            on_hangup=on_hangup,
        )
    if on_hangup != "save":
        raise ConfigError("--on-hangup is for the application; a run without a screen takes nohup")
    if not mouse:
        raise ConfigError("--no-mouse is for the application; leave it out, or --headless")
    # NumPy is imported only here: --help and a mistyped flag need not wait for it.
    from tui.cli.headless import run_headless

    return run_headless(source, save=save, as_json=json, quiet=quiet, step_interval=step_interval)


def _open_screen(source: RunSource, **options: Any) -> ExitCode:
    """Open the application, with the saved run of `source` to go on with where there is one."""
    from tui.cli.launch import open_screen

    saved = source.saved
    if saved is not None and saved.status == "running":
        raise CommandError(
            f"run {saved.name} is being written by another process; to watch it:"
            f" mnist-tui attach {reference(saved.path)}",
            ExitCode.FAILURE,
        )
    return open_screen(source.experiment, resumed=source if saved else None, **options)


def _encodable(toml: str) -> str:
    """The same TOML in ASCII where standard output is not UTF-8, as every TOML file is."""
    if codecs.lookup(sys.stdout.encoding or "ascii").name == "utf-8":
        return toml
    return "".join(c if c.isascii() else f"\\U{ord(c):08x}" for c in toml)


def _with_weights(experiment: Experiment, named: str, runs_dir: Path | None) -> Experiment:
    """The experiment starting from named weights, which are checked before anything is shown."""
    from tui.recording.weights import check_layers, find_weights

    weights = find_weights(named, runs_folder(runs_dir), data_dir=experiment.config.data_dir)
    check_layers(experiment.config, weights.predictor, named)
    return replace(experiment, init_from=weights.name)
