"""How a run was started: the command that repeats it, and what its numbers may depend on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nn.storage.records import Invocation
from tui.recording.experiment import Experiment
from tui.system.shell import command_line
from tui.system.versions import versions

if TYPE_CHECKING:
    from nn.parallel.cores import Cores


def invocation_of(
    experiment: Experiment, cores: Cores | None, *, run: Path | None = None
) -> Invocation:
    """How a run of this experiment was started; `run` is the folder that it is saved in."""
    return Invocation(
        recipe=experiment.recipe,
        command=repeat_command(experiment),
        threads=cores.total_threads if cores else None,
        processes=cores.processes if cores else 1,
        versions=versions(),
        run=None if run is None else str(run),
    )


def repeat_command(experiment: Experiment) -> str:
    """The command line that trains the same network anew, without a screen."""
    recipe = ["--recipe", experiment.recipe] if experiment.recipe else []
    flags = experiment.config.to_flags(base=experiment.base)
    return command_line(["mnist-tui", "--headless", *recipe, *flags])
