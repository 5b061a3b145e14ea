"""Going on after a run: with more epochs, from its best weights, or with another seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nn.errors import ConfigError
from tui.app.state.shown_run import Status
from tui.app.state.steered_run import Goal
from tui.app.state.workbench import Workbench
from tui.formatting import percent

if TYPE_CHECKING:
    from nn.config import TrainConfig
    from nn.events import Evaluation
    from tui.recording.history import RunHistory

LOWER = 0.1
"""Factor of the learning rate with which the best weights are gone on with."""


def has_ended(bench: Workbench) -> bool:
    """Whether the present run was trained and is at its end, which is known, or was stopped."""
    history = bench.history
    if history is None or not _begun(history):
        return False
    finished = bench.status is Status.FINISHED and history.finished is not None
    return finished or bench.status in (Status.STOPPED, Status.FAILED)


def has_diverged(bench: Workbench) -> bool:
    """Whether the present run ended because its loss was no longer a number."""
    return bench.history is not None and bench.history.diverged


def can_go_back(bench: Workbench) -> bool:
    """Whether the present run has weights to go back to, or can be begun again more slowly."""
    history = bench.history
    return history is not None and (has_diverged(bench) or history.best is not None)


def budget(bench: Workbench) -> tuple[str, int]:
    """The unit of the present run's budget, `epochs` or `steps`, and its size."""
    return _budget_of(_history(bench).config)


def go_on(bench: Workbench, more: int) -> None:
    """Train the present run, which has ended, for so many more epochs or steps.

    It goes on as a saved run does, exactly. One that was stopped before its end goes on to there
    first. Raises `ConfigError` where it cannot go on, with what can be done instead.
    """
    history = _history(bench)
    if has_diverged(bench):
        raise ConfigError("A run that diverged cannot go on: go back, or begin a new run.")
    name, size = budget(bench)
    stopped = history.finished is None
    changes = {} if stopped else {name: size + more}
    from nn.storage.runs import SavedRun  # not needed for the first frame

    bench.resume(SavedRun.read(_folder(bench)), changes)
    bench.go(Goal.RUN)


def back_to_best(bench: Workbench) -> str:
    """Begin a run from the best weights of the present one, at a tenth of its learning rate.

    If even its best weights only guess, it begins from random ones. Returns what was done, in a
    sentence. Raises `ConfigError` where the run is not saved.
    """
    from nn.storage.runs import SavedRun

    history = _history(bench)
    config = bench.as_configured(history.config)
    folder = _folder(bench) if history.has_learned else None
    best = SavedRun.read(folder).record.best if folder else None  # whose weights are there
    factor = bench.run.rate_factor if bench.run is not None else 1.0
    lowered = replace(config, learning_rate=float(f"{LOWER * factor * config.learning_rate:.3g}"))
    number, rate = len(bench.histories), f"a tenth of its learning rate: {lowered.learning_rate:g}."
    newest = history.evaluations[-1] if history.evaluations else None
    weights = str(folder) if best is not None else None
    bench.experiment = replace(history.experiment, config=lowered, init_from=weights)
    bench.reset()
    bench.go(Goal.RUN)
    if best is None:
        return (
            f"Run {number} learned nothing, so that a new one begins from random weights, with"
            f" {rate}"
        )
    which = _words_of(best, newest, config)
    those = f"those of run {number} after epoch {best.epoch:.4g}"
    return f"A new run goes on from {which}, {those}, at {rate}"


def _words_of(best: Evaluation, newest: Evaluation | None, config: TrainConfig) -> str:
    """What the best weights of a run are: nothing but its validation images can tell for sure."""
    if best.validation is not None:
        return f"the best weights ({percent(best.validation.accuracy)} of the validation images)"
    if config.patience:
        return "the weights of the lowest test loss"
    if newest is not None and newest.step > best.step:
        return "the last weights before the training loss rose"
    return "the newest weights"


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
        kept = "; it is saved, and Runs can go on with it" if bench.saving.save_run else ""
        said.append(f"Run {number} is stopped in epoch {history.latest.epoch}{kept}.")
    config = bench.as_configured(bench.config)
    lowered = config != bench.config
    if history.config == bench.config:
        config = replace(config, seed=config.seed + 1)
        bench.experiment = replace(bench.experiment, init_from=None)
        said.append(
            f"The new run differs by its seed only, {config.seed}: the form can change the rest."
        )
    if lowered:
        unit, size = _budget_of(config)
        said.append(f"It takes {size:,} {unit}, as was configured before the other went on.")
    bench.experiment = replace(bench.experiment, config=config)
    bench.reset()
    return " ".join(said) or None


def _budget_of(config: TrainConfig) -> tuple[str, int]:
    return ("epochs", config.epochs) if config.epochs else ("steps", config.steps)


def _begun(history: RunHistory | None) -> bool:
    """Whether a run has made a step, be it one that ended it."""
    return history is not None and (history.latest or history.finished) is not None


def _history(bench: Workbench) -> RunHistory:
    """The history of the present run; raises `ConfigError` where it has made no step."""
    if bench.history is None or not _begun(bench.history):
        raise ConfigError("No run has begun yet.")
    return bench.history


def _folder(bench: Workbench) -> Path:
    """Where the present run is saved; raises `ConfigError` where it is not."""
    if bench.run is None or bench.run.folder is None:
        raise ConfigError("This run is not saved, so that only a new one can be begun: reset.")
    return bench.run.folder
