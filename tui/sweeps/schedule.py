"""Which trial trains next, and how far: successive halving over rungs of epochs.

Source: Jamieson & Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", AISTATS 2016.
Every trial trains for the epochs of the first rung; the best third of them is resumed to those of the next, and so on.
A run resumes bit for bit, so that nothing is trained twice, and the trials that reach the end are as if never stopped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tui.sweeps.space import Setting
from tui.sweeps.spec import SweepSpec


@dataclass(frozen=True, slots=True)
class Task:
    """One run to be trained up to `epochs`: the trial's number, the seed's number, and the rung's."""

    trial: int
    seed: int
    rung: int
    epochs: int


@dataclass(frozen=True, slots=True)
class Result:
    """What a task came to: validation loss and accuracy at its end, None where the run diverged.

    `run` is the name of the saved run; `error` is why the task failed, None where it did not.
    """

    task: Task
    run: str
    epoch: float
    seconds: float
    loss: float | None
    accuracy: float | None
    error: str | None = None

    def value(self, objective: str) -> float:
        """The objective, larger is better; minus infinity for a run that diverged or failed."""
        if self.loss is None or self.accuracy is None or not math.isfinite(self.loss):
            return -math.inf
        return self.accuracy if objective == "accuracy" else -self.loss


@dataclass
class Trial:
    """One setting, with the results of its seeds in each rung."""

    number: int
    setting: Setting
    rungs: tuple[int, ...]
    results: dict[tuple[int, int], Result] = field(default_factory=dict)  # by rung and seed
    pruned_at: int | None = None  # the last rung of a trial that was not kept

    def value(self, rung: int, seeds: int, objective: str) -> float | None:
        """The mean of the objective over all seeds after a rung; None before all of them have come to it."""
        found = [self.results.get((rung, seed)) for seed in range(seeds)]
        if any(result is None for result in found):
            return None
        return sum(result.value(objective) for result in found if result is not None) / seeds

    def spread(self, rung: int, seeds: int, objective: str) -> float | None:
        """The sample standard deviation of the objective over the seeds; None for fewer than two."""
        mean = self.value(rung, seeds, objective)
        if mean is None or seeds < 2 or not math.isfinite(mean):
            return None
        values = [self.results[rung, seed].value(objective) for seed in range(seeds)]
        return math.sqrt(sum((value - mean) ** 2 for value in values) / (seeds - 1))

    @property
    def reached(self) -> int:
        """The last rung with a result, -1 before there is one."""
        return max((rung for rung, _ in self.results), default=-1)

    def state(self, seeds: int) -> str:
        """waiting, running, pruned, failed or finished, as lists show it."""
        last = len(self.rungs) - 1
        if all((last, seed) in self.results for seed in range(seeds)):
            return "finished"
        if self.pruned_at is not None:
            failed = all(
                r.loss is None for (rung, _), r in self.results.items() if rung == self.pruned_at
            )
            return "failed" if failed else "pruned"
        return "running" if self.results else "waiting"


class Schedule:
    """Decides on the next task from the results so far; holds no process and reads no file."""

    def __init__(
        self, spec: SweepSpec, ask: Callable[[int, Sequence[Trial]], Setting | None]
    ) -> None:
        """`ask` gives the setting of trial number n from the trials so far, None where there are no more."""
        self.spec, self._ask = spec, ask
        self.trials: list[Trial] = []
        self._under_way: set[Task] = set()
        self._exhausted = False

    def add(self, number: int, setting: Setting) -> Trial:
        """Take note of a trial; of one that is known already when a sweep is resumed."""
        assert number == len(self.trials)
        epochs = self.spec.config_of(setting, 0).epochs
        # Trials of different lengths cannot be compared on the way, nor can those whose budget is in steps.
        comparable = epochs > 0 and "epochs" not in setting
        trial = Trial(number, setting, self.spec.rungs(epochs) if comparable else (epochs,))
        self.trials.append(trial)
        return trial

    def report(self, result: Result) -> list[Trial]:
        """Take note of a result; returns the trials that are pruned because of it."""
        task = result.task
        self._under_way.discard(task)
        self.trials[task.trial].results[task.rung, task.seed] = result
        return self._prune(task.rung)

    def claim(self, task: Task) -> None:
        """A task is under way elsewhere."""
        self._under_way.add(task)

    def release(self, task: Task) -> None:
        """A task that ended without a result is due again."""
        self._under_way.discard(task)

    def next(self) -> Task | None:
        """The next task, which then counts as under way; None where one has to wait, or where all is done.

        Trials that were kept go first: what a rung decides on is finished before new trials begin.
        """
        for trial in sorted(self.trials, key=lambda each: -each.reached):
            task = self._due(trial)
            if task is not None:
                self._under_way.add(task)
                return task
        if not self._exhausted and len(self.trials) < self.spec.size:
            setting = self._ask(len(self.trials), self.trials)
            if setting is None:
                self._exhausted = True
                return None
            trial = self.add(len(self.trials), setting)
            task = self._due(trial)
            assert task is not None
            self._under_way.add(task)
            return task
        return None

    @property
    def done(self) -> bool:
        """Whether no task is left, now or later."""
        complete = self._exhausted or len(self.trials) >= self.spec.size
        return (
            complete
            and not self._under_way
            and all(self._due(trial) is None for trial in self.trials)
        )

    def best(self) -> Trial | None:
        """The trial with the best objective among those that trained the longest; None before there is one."""
        ranked = [
            (trial.rungs[rung], value, -trial.number)
            for trial in self.trials
            for rung in range(len(trial.rungs))
            if (value := trial.value(rung, self.spec.seeds, self.spec.objective)) is not None
            and math.isfinite(value)
        ]
        return self.trials[-max(ranked)[2]] if ranked else None

    def _due(self, trial: Trial) -> Task | None:
        """The first task of a trial that may be trained now and is not under way."""
        if trial.pruned_at is not None:
            return None
        for rung, epochs in enumerate(trial.rungs):
            if rung > 0 and not self._promoted(trial, rung - 1):
                return None
            for seed in range(self.spec.seeds):
                task = Task(trial.number, seed, rung, epochs)
                if (rung, seed) not in trial.results and task not in self._under_way:
                    return task
        return None

    def _promoted(self, trial: Trial, rung: int) -> bool:
        """Whether a trial has passed a rung: all have come to it, and it is among the best third."""
        values = self._values(rung)
        if values is None or trial.number not in values:
            return False
        return trial.number in self._best(values)

    def _values(self, rung: int) -> dict[int, float] | None:
        """The objective of every trial that competes at a rung; None while one of them is not there yet."""
        if len(self.trials) < self.spec.size and not self._exhausted:
            return None
        values = {}
        for trial in self.trials:
            if trial.pruned_at is not None and trial.pruned_at < rung:
                continue
            value = trial.value(rung, self.spec.seeds, self.spec.objective)
            if value is None:
                return None
            values[trial.number] = value
        return values

    def _best(self, values: dict[int, float]) -> list[int]:
        """The numbers of the trials that a rung keeps; of equals, the earlier ones."""
        finite = [number for number, value in values.items() if math.isfinite(value)]
        ranked = sorted(finite, key=lambda number: (-values[number], number))
        return ranked[: self.spec.kept(len(values))]

    def _prune(self, rung: int) -> list[Trial]:
        """End the trials that a completed rung does not keep."""
        values = self._values(rung)
        if values is None:
            return []
        kept = (
            set(self._best(values))
            if self._is_decisive(rung)
            else {n for n, v in values.items() if math.isfinite(v)}
        )
        pruned = [
            self.trials[n] for n in values if n not in kept and self.trials[n].pruned_at is None
        ]
        for trial in pruned:
            trial.pruned_at = rung
        return pruned

    def _is_decisive(self, rung: int) -> bool:
        return any(rung < len(trial.rungs) - 1 for trial in self.trials)


def ranking(trials: Iterable[Trial], spec: SweepSpec) -> list[Trial]:
    """Trials, the best first: by epochs trained, then by the objective."""

    def key(trial: Trial) -> tuple[float, float]:
        for rung in range(len(trial.rungs) - 1, -1, -1):
            value = trial.value(rung, spec.seeds, spec.objective)
            if value is not None:
                return trial.rungs[rung], value
        return -1.0, -math.inf

    return sorted(trials, key=key, reverse=True)
