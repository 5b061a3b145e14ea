"""Going on after a run: with more epochs, from its best weights, or with another seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from nn.errors import ConfigError
from nn.storage.runs import SavedRun
from tui.app.state.shown_run import Status
from tui.app.state.steered_run import Goal
from tui.app.state.workbench import Workbench
from tui.recording.history import RunHistory

LOWER = 0.1
"""Factor of the learning rate with which the best weights are gone on with."""


def has_ended(bench: Workbench) -> bool:
    """Whether the present run was trained and is at its end, or was stopped."""
    history = bench.history
    begun = history is not None and history.latest is not None
    return begun and bench.status in (Status.FINISHED, Status.STOPPED, Status.FAILED)


def budget(bench: Workbench) -> tuple[str, int]:
    """The unit of the present run's budget, `epochs` or `steps`, and its size."""
    config = _history(bench).config
    return ("epochs", config.epochs) if config.epochs else ("steps", config.steps)


def go_on(bench: Workbench, more: int) -> None:
    """Train the present run, which has ended, for so many more epochs or steps.

    It goes on as a saved run does, exactly. One that was stopped before its end goes on to there
    first. Raises `ConfigError` where it cannot go on, with what can be done instead.
    """
    history = _history(bench)
    if history.finished is not None and history.finished.reason == "diverged":
        raise ConfigError("A run that diverged cannot go on: go back to its best epoch, or reset.")
    name, size = budget(bench)
    stopped = history.finished is None
    changes = {} if stopped else {name: size + more}
    bench.resume(SavedRun.read(_folder(bench)), changes)
    bench.go(Goal.RUN)


def back_to_best(bench: Workbench) -> str:
    """Begin a run from the best weights of the present one, at a tenth of its learning rate.

    Returns what was done, in a sentence. Raises `ConfigError` where there are no best weights.
    """
    history, folder = _history(bench), _folder(bench)
    best = history.best
    if best is None:
        raise ConfigError("No epoch was measured yet, so none is the best.")
    config = history.config
    factor = bench.run.rate_factor if bench.run is not None else 1.0
    lowered = replace(config, learning_rate=float(f"{LOWER * factor * config.learning_rate:.3g}"))
    experiment = replace(history.experiment, config=lowered, init_from=str(folder))
    number = len(bench.histories)
    bench.experiment = experiment
    bench.reset()
    bench.go(Goal.RUN)
    return (
        f"A new run goes on from the best weights of run {number}, of epoch {best.epoch:.4g}, at a"
        f" tenth of its learning rate: {lowered.learning_rate:g}."
    )


def begin_anew(bench: Workbench) -> str | None:
    """Make a new run ready, with the next seed if nothing else would be new.

    Returns what became of the present run and what the new one is, in a sentence or two.
    """
    history, said = bench.history, []
    if history is None or history.latest is None:
        bench.reset()
        return None
    number = len(bench.histories)
    if bench.training:
        at = f"run {number} is stopped after {history.latest.epoch:.3g} epochs"
        kept = "; it is saved, and Runs can go on with it" if bench.saving.save_run else ""
        said.append(f"{at[:1].upper()}{at[1:]}{kept}.")
    if history.config == bench.config and history.experiment.init_from is None:
        seed = bench.config.seed + 1
        bench.experiment = replace(bench.experiment, config=replace(bench.config, seed=seed))
        said.append(f"The new run differs by its seed only, {seed}: the form can change the rest.")
    bench.reset()
    return " ".join(said) or None


def _history(bench: Workbench) -> RunHistory:
    """The history of the present run; raises `ConfigError` where it has made no step."""
    if bench.history is None or bench.history.latest is None:
        raise ConfigError("No run has begun yet.")
    return bench.history


def _folder(bench: Workbench) -> Path:
    """Where the present run is saved; raises `ConfigError` where it is not."""
    if bench.run is None or bench.run.folder is None:
        raise ConfigError("This run is not saved, so that only a new one can be begun: reset.")
    return bench.run.folder
