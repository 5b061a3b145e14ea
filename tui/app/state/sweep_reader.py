"""The sweeps beside a folder of runs, read on a thread."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nn.errors import NNError, StorageError
from nn.storage.runs import SavedRun
from tui.app.state.sweep_view import SweepView, TrialRow
from tui.recording.folder import runs_folder
from tui.sweeps.folder import JOURNAL_FILE, sweep_names, sweeps_folder
from tui.sweeps.importance import importances
from tui.sweeps.owners import is_active
from tui.sweeps.report import last_value, test_accuracies
from tui.sweeps.schedule import Task, Trial, comparable, ranking
from tui.sweeps.spec import SweepSpec
from tui.sweeps.study import State, Study


@dataclass(frozen=True)
class Look:
    """What there was at one look: all sweeps, the newest first, and the one that was wanted.

    `running` are those that a process of this machine works on.
    """

    names: tuple[str, ...]
    view: SweepView | None
    error: str = ""
    running: tuple[str, ...] = ()


class SweepReader:
    """Reads sweeps, of which one is followed from look to look; used by one thread at a time.

    As long as nothing has changed, each look has the same view.
    """

    def __init__(self, runs_dir: Path | None) -> None:
        self._typed = runs_dir
        self._study: Study | None = None
        self._read: tuple[object, SweepView] | None = None
        self._tested: tuple[Path, int, float | None] | None = None

    def look(self, wanted: str | None) -> Look:
        """Read the sweep of this name, the newest where there is none; may take a while."""
        try:
            root = sweeps_folder(self._typed)
            names = tuple(sweep_names(root))
        except (StorageError, OSError) as error:
            return Look((), None, str(error))
        if not names:
            self._study = None
            return Look((), None)
        name = wanted if wanted in names else names[0]
        running = tuple(each for each in names if is_active(root / each))
        try:
            return Look(names, self._view(root / name), running=running)
        except (NNError, OSError) as error:
            self._study = None
            return Look(names, None, str(error), running)

    def _view(self, path: Path) -> SweepView:
        if self._study is None or self._study.path != path:
            self._study = Study.read(path)
        else:
            self._study.refresh()
        study, state = self._study, self._study.state
        runs_dir = runs_folder(self._typed)
        begun = _begun(study, runs_dir)
        version = path, (path / JOURNAL_FILE).stat().st_size, state, begun
        if self._read is None or self._read[0] != version:
            self._read = version, self._view_of(study, state, runs_dir, begun)
        return self._read[1]

    def _view_of(
        self, study: Study, state: State, runs_dir: Path, begun: Mapping[int, tuple[str, float]]
    ) -> SweepView:
        rows = _rows(study, begun)
        best = study.schedule.best()
        return SweepView(
            path=study.path,
            spec=study.spec,
            state=state,
            rows=rows,
            best=best.number if best else None,
            test=self._test(study, best, runs_dir) if best and state == "finished" else None,
            compared_at=_first_rung(study.trials),
            shares=importances(study.trials, study.spec),
        )

    def _test(self, study: Study, best: Trial, runs_dir: Path) -> float | None:
        """The mean test accuracy of the best trial, read once."""
        if self._tested is None or self._tested[:2] != (study.path, best.number):
            runs = [study.run_of(best.number, seed) for seed in range(study.spec.seeds)]
            found = test_accuracies(runs_dir, [run for run in runs if run])
            self._tested = study.path, best.number, sum(found) / len(found) if found else None
        return self._tested[2]


def _begun(study: Study, runs_dir: Path) -> dict[int, tuple[str, float]]:
    """The run and its epoch of each trial that trains at the moment, or was left in its first rung.

    What the journal holds of such a trial is older than what its run has saved.
    """
    seeds = range(study.spec.seeds)
    fresh = [trial.number for trial in study.trials if not trial.results]
    new = [Task(number, seed, 0, 0) for number in fresh for seed in seeds]
    if not study.claims and not new:
        return {}
    names: dict[str, str] = {}  # of all runs by their labels, which follow date and time
    with suppress(OSError), os.scandir(runs_dir) as entries:
        names = {entry.name.split("-", 2)[-1]: entry.name for entry in entries}
    found: dict[int, tuple[str, float]] = {}
    for task in (*study.claims, *new):
        name = names.get(study.label(task))
        if name is None:
            continue
        with suppress(StorageError):
            epoch = SavedRun.read(runs_dir / name).record.epoch
            if epoch >= found.get(task.trial, ("", 0.0))[1]:
                found[task.trial] = name, epoch
    return found


def _rows(study: Study, begun: Mapping[int, tuple[str, float]]) -> tuple[TrialRow, ...]:
    spec, states = study.spec, study.states()
    percent = 100 if spec.objective == "accuracy" else -1
    compared = {trial.number: percent * value for trial, value in comparable(study.trials, spec)}
    ranks = {trial.number: n for n, trial in enumerate(ranking(study.trials, spec), 1)}
    rows = []
    for trial in study.trials:
        reached, _, _ = last_value(trial, spec)
        rung = trial.rungs.index(reached) if reached in trial.rungs else -1
        rung = rung if trial.value(max(rung, 0), spec.seeds, "loss") is not None else -1
        live, epoch = begun.get(trial.number, ("", 0.0))
        rows.append(
            TrialRow(
                number=trial.number,
                rank=ranks[trial.number],
                state=states[trial.number],
                epoch=max(epoch, *(r.epoch for r in trial.results.values()), 0.0),
                epochs=trial.rungs[-1],
                rung=rung + 1,
                rungs=len(trial.rungs),
                accuracy=_score(trial, rung, spec.seeds, "accuracy"),
                loss=_score(trial, rung, spec.seeds, "loss"),
                compared=compared.get(trial.number),
                setting=trial.setting,
                run=_best_run(trial, spec) or live,
            )
        )
    return tuple(rows)


def _score(
    trial: Trial, rung: int, seeds: int, objective: str
) -> tuple[float | None, float | None]:
    if rung < 0 or (mean := trial.value(rung, seeds, objective)) is None:
        return None, None
    return (mean if objective == "accuracy" else -mean), trial.spread(rung, seeds, objective)


def _first_rung(trials: Sequence[Trial]) -> int:
    firsts = {trial.rungs[0] for trial in trials}
    return firsts.pop() if len(firsts) == 1 else 0


def _best_run(trial: Trial, spec: SweepSpec) -> str:
    """The run with the best objective among those that were trained the longest."""
    found = [
        (rung, result.value(spec.objective), -seed, result.run)
        for (rung, seed), result in trial.results.items()
        if result.run
    ]
    return max(found)[3] if found else ""
