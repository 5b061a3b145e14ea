"""Sweeps that the application starts, each as a process that outlives the application."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from nn.config import flag
from nn.errors import ConfigError
from tui.recording.experiment import Experiment
from tui.sweeps.space import Space, parse_dimension
from tui.sweeps.spec import SweepSpec
from tui.system.python import module_command
from tui.system.shell import command_line

EXAMPLE = "learning_rate=0.001..0.1:log"
TRIALS = 20


def sweep_words(experiment: Experiment, vary: str, trials: str) -> list[str]:
    """The arguments of `mnist-tui` that sweep over an experiment; raises `ConfigError`.

    Args:
        experiment: What every trial starts from; the varied fields are left out of it.
        vary: Dimensions as after `--vary`, with blanks between them.
        trials: The number of settings, as it was typed.
    """
    dimensions = vary.split()
    space = Space(tuple(map(parse_dimension, dimensions)))
    if not trials.isdecimal():
        raise ConfigError(f"trials {trials!r}: must be a whole number of at least 1")
    fields = experiment.changes
    for name in space.fields:
        fields.pop(name, None)
    SweepSpec(space, recipe=experiment.recipe, fields=fields, trials=int(trials))
    fixed = [
        word
        for word in experiment.config.to_flags(base=experiment.base)
        if word.partition("=")[0] not in _flags(space)
    ]
    recipe = ["--recipe", experiment.recipe] if experiment.recipe else []
    varied = [word for each in dimensions for word in ("--vary", each)]
    return ["sweep", *recipe, *fixed, *varied, "--trials", str(int(trials))]


def _flags(space: Space) -> set[str]:
    names = [flag(name) for name in space.fields]
    return {*names, *(f"--no-{name[2:]}" for name in names)}


def example_command(experiment: Experiment) -> str:
    """A command that begins a sweep over an experiment."""
    try:
        words = sweep_words(experiment, EXAMPLE, str(TRIALS))
    except ConfigError:  # of a configuration that no sweep takes
        words = ["sweep", "--vary", EXAMPLE]
    return command_line(["mnist-tui", *words])


def sweeps_in_words(names: Sequence[str]) -> str:
    """One sweep by its name, several by their number."""
    return f"sweep {names[0]}" if len(names) == 1 else f"{len(names)} other sweeps"


class SweepProcess:
    """A process that works on a sweep; raises `OSError` where none can be started."""

    def __init__(self, words: list[str], runs_dir: Path | None) -> None:
        folder = [] if runs_dir is None else ["--runs-dir", str(runs_dir)]
        # Not a pipe: nobody would read it once the application is left.
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `wait`
        self._process = subprocess.Popen(
            module_command("tui", *words, *folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            start_new_session=True,  # neither Ctrl-C nor the end of the terminal reaches it
        )

    def wait(self) -> str:
        """Wait for its end; returns its message where it failed, else an empty text."""
        code = self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        self._said.close()
        if code == 0:
            return ""
        return lines[-1] if lines else f"the sweep ended with exit code {code}"
