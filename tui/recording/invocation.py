"""How a run was started: the command that repeats it, and what its numbers may depend on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nn.events import CoresReduced
from nn.storage.records import CoresChoice, Invocation
from nn.storage.run_record import SCHEMA, RunRecord, utc_now
from tui.recording.experiment import Experiment
from tui.system.shell import command_line
from tui.system.versions import versions

if TYPE_CHECKING:
    from nn.parallel.cores import Cores
    from nn.training.trainer import Trainer

RATE_CHANGED = "the learning rate was changed by hand, which the command to repeat it does not do"
CORES_REDUCED = (
    "the machine was busy, and one thread went on with the run: where it does, the last bits of the"
    " numbers differ from those of the command to repeat it"
)


def told_of(event: CoresReduced) -> str:
    """What happened, in one line."""
    return (
        f"the machine is busy: steps took {event.slowdown:.0f} times the shortest one; from step"
        f" {event.step:,} on one thread computes"
    )


def invocation_of(
    experiment: Experiment,
    cores: Cores | None,
    choice: CoresChoice | None = None,
    *,
    run: Path | None = None,
) -> Invocation:
    """How a run of this experiment was started; `run` is the folder that it is saved in."""
    return Invocation(
        recipe=experiment.recipe,
        command=repeat_command(experiment),
        threads=cores.total_threads if cores else None,
        processes=cores.processes if cores else 1,
        versions=versions(),
        run=None if run is None else str(run),
        cores=choice or CoresChoice(),
    )


def repeat_command(experiment: Experiment, *, headless: bool = True) -> str:
    """The command line that trains the same network anew, without a screen or on the screen."""
    program = ["mnist-tui", "--headless"] if headless else ["mnist-tui"]
    recipe = ["--recipe", experiment.recipe] if experiment.recipe else []
    flags = experiment.config.to_flags(base=experiment.base)
    if experiment.init_from is not None:
        flags.append(f"--init-from={experiment.init_from}")
    return command_line([*program, *recipe, *flags])


def new_record(
    name: str, trainer: Trainer, experiment: Experiment, invocation: Invocation
) -> RunRecord:
    """The record of a run that has not made a step."""
    now = utc_now()
    return RunRecord(
        schema=SCHEMA,
        id=name,
        status="running",
        reason=None,
        recipe=invocation.recipe,
        command=invocation.command,
        config=trainer.config,
        data_name=trainer.dataset.name,
        data_sha256=trainer.dataset.sha256,
        threads=invocation.threads,
        processes=invocation.processes,
        versions=invocation.versions,
        created=now,
        updated=now,
        parameters=trainer.model.trained_count,
        steps_per_epoch=trainer.steps_per_epoch,
        total_steps=trainer.total_steps,
        step=0,
        epoch=0.0,
        seconds=0.0,
        samples_per_second=0.0,
        latest=None,
        best=None,
        save_error=None,
        init_from=experiment.init_from,
        spec=trainer.dataset.spec,
    )
