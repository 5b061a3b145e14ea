"""Which trial trains next, and how far: successive halving over rungs of epochs, in brackets.

Successive halving trains every trial for the epochs of the first rung, resumes the best third of
them to those of the next rung, and so on. A run resumes bit for bit: nothing is trained twice, and
a trial that reaches the end is as if it had never stopped. Hyperband shares the trials out among
several such brackets, which begin with the more epochs the fewer trials they have.

Every operation takes a time that does not grow with the number of trials, but for the logarithm in
the heap and the ranking at the end of a rung. `rungs.py` has the numbers, and the sources.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tui.sweeps.rungs import kept
from tui.sweeps.space import Setting
from tui.sweeps.spec import SweepSpec


@dataclass(frozen=True, slots=True)
class Task:
    """One run to be trained up to `epochs`: the trial's number, the seed's, and the rung's."""

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
        """The mean of the objective over the seeds after a rung; None before all are there."""
        found = [self.results.get((rung, seed)) for seed in range(seeds)]
        if any(result is None for result in found):
            return None
        return sum(result.value(objective) for result in found if result is not None) / seeds

    def spread(self, rung: int, seeds: int, objective: str) -> float | None:
        """The sample standard deviation of the objective over seeds; None for fewer than two."""
        mean = self.value(rung, seeds, objective)
        if mean is None or seeds < 2 or not math.isfinite(mean):
            return None
        values = [self.results[rung, seed].value(objective) for seed in range(seeds)]
        return math.sqrt(sum((value - mean) ** 2 for value in values) / (seeds - 1))

    @property
    def reached(self) -> int:
        """The last rung with a result, -1 before there is one."""
        return max((rung for rung, _ in self.results), default=-1)

    def has_ended(self, seeds: int) -> bool:
        """Whether the trial trains no further."""
        last = len(self.rungs) - 1
        complete = all((last, seed) in self.results for seed in range(seeds))
        return complete or self.pruned_at is not None

    def state(self, seeds: int) -> str:
        """waiting (until a process trains it, and between two rungs), pruned, failed or finished.

        A trial has failed if a seed of it diverged or could not be trained: it has no mean.
        """
        if not self.has_ended(seeds):
            return "waiting"
        reached = self.reached
        if any(self.results[reached, seed].value("loss") == -math.inf for seed in range(seeds)):
            return "failed"
        return "finished" if self.pruned_at is None else "pruned"

    def rank(self, spec: SweepSpec) -> tuple[float, float, int]:
        """What trials are compared by, larger is better: by the share of the epochs, then the mean.

        A trial without a finite mean comes after all others; of equals, the earlier one is better.
        """
        for rung in range(self.reached, -1, -1):
            value = self.value(rung, spec.seeds, spec.objective)
            if value is not None and math.isfinite(value):
                return _share(self, rung), value, -self.number
        return -1.0, -math.inf, -self.number


def _share(trial: Trial, rung: int) -> float:
    """The share of a trial's own budget that a rung is."""
    return trial.rungs[rung] / trial.rungs[-1] if trial.rungs[-1] else 1.0


@dataclass
class Bracket:
    """One successive halving: trials `first` to `first + size - 1`, compared at each of `rungs`."""

    first: int
    size: int
    rungs: tuple[int, ...]
    values: list[dict[int, float]] = field(init=False)  # by rung: the mean of each complete trial
    competing: list[int] = field(init=False)  # by rung: how many trials it waits for; 0: not known

    def __post_init__(self) -> None:
        self.values = [{} for _ in self.rungs]
        self.competing = [self.size] + [0] * (len(self.rungs) - 1)

    def complete(self, rung: int) -> bool:
        """Whether every trial that competes at a rung has come to it."""
        return len(self.values[rung]) == self.competing[rung]

    def survivors(self, rung: int) -> list[int]:
        """The numbers of the trials that go on from a rung; of equals, the earlier ones."""
        values = self.values[rung]
        finite = [number for number, value in values.items() if math.isfinite(value)]
        ranked = sorted(finite, key=lambda number: (-values[number], number))
        return ranked[: kept(len(values))]


class Schedule:
    """Decides on the next task from the results so far; holds no process and reads no file."""

    def __init__(self, spec: SweepSpec, ask: Callable[[int, Sequence[Trial]], Setting]) -> None:
        """`ask` gives the setting of trial number n from the trials so far."""
        self.spec, self._ask = spec, ask
        self.trials: list[Trial] = []
        self.finished = 0  # results so far
        self._brackets = [Bracket(*each) for each in spec.brackets_of_trials()]
        self._begun = 0  # the bracket of the newest trial
        self._bracket_of: list[Bracket] = []
        self._due: list[tuple[int, int, int]] = []  # heap of (-rung, trial, seed); some are stale
        self._under_way: set[Task] = set()
        self._open = 0  # tasks without a result, of the trials so far
        self._best: tuple[tuple[float, float, int], Trial] | None = None

    @property
    def expected(self) -> int:
        """The number of results of the whole sweep, if no trial fails."""
        return self.spec.results_at_most

    def add(self, number: int, setting: Setting) -> Trial:
        """Take note of a trial; of one that is known already when a sweep is resumed."""
        if type(number) is not int or number != len(self.trials) or number >= self.spec.size:
            raise ValueError(f"trial {number} is not the next of {self.spec.size}")
        bracket = self._brackets[self._begun]
        if number >= bracket.first + bracket.size:
            self._begun += 1
            bracket = self._brackets[self._begun]
        rungs = bracket.rungs or (self.spec.epochs_of(setting),)
        trial = Trial(number, setting, rungs)
        self.trials.append(trial)
        self._bracket_of.append(bracket)
        self._make_due(trial, 0)
        return trial

    def _make_due(self, trial: Trial, rung: int) -> None:
        for seed in range(self.spec.seeds):
            heapq.heappush(self._due, (-rung, trial.number, seed))
            self._open += 1

    def report(self, result: Result) -> list[Trial]:
        """Take note of a result; returns the trials that end because of it."""
        task = result.task
        trial = self.trials[task.trial]
        self._under_way.discard(task)
        if (task.rung, task.seed) in trial.results:
            return []
        trial.results[task.rung, task.seed] = result
        self._open -= 1
        self.finished += 1
        spec = self.spec
        value = trial.value(task.rung, spec.seeds, spec.objective)
        if value is None:
            return []
        if math.isfinite(value):
            rank = trial.rank(spec)
            if self._best is None or rank > self._best[0]:
                self._best = rank, trial
        bracket = self._bracket_of[trial.number]
        if task.rung == len(trial.rungs) - 1:
            return [trial]
        bracket.values[task.rung][trial.number] = value
        return self._end_rung(bracket, task.rung) if bracket.complete(task.rung) else []

    def _end_rung(self, bracket: Bracket, rung: int) -> list[Trial]:
        """Let the best third go on, and end the others, which are returned."""
        survivors = bracket.survivors(rung)
        bracket.competing[rung + 1] = len(survivors)
        for number in survivors:
            self._make_due(self.trials[number], rung + 1)
        ended = [self.trials[n] for n in sorted(set(bracket.values[rung]) - set(survivors))]
        for trial in ended:
            trial.pruned_at = rung
        return ended

    def claim(self, task: Task) -> None:
        """A task is under way elsewhere."""
        self._under_way.add(task)

    def release(self, task: Task) -> None:
        """A task that ended without a result is due again."""
        if task in self._under_way:
            self._under_way.discard(task)
            heapq.heappush(self._due, (-task.rung, task.trial, task.seed))

    def next(self) -> Task | None:
        """The next task, which then counts as under way; None if one has to wait, or all is done.

        Trials that were kept go first: what a rung decides on is finished before new trials begin.
        """
        while True:
            while self._due:
                rung, number, seed = heapq.heappop(self._due)
                trial = self.trials[number]
                task = Task(number, seed, -rung, trial.rungs[-rung])
                if task not in self._under_way and (-rung, seed) not in trial.results:
                    self._under_way.add(task)
                    return task
            if len(self.trials) >= self.spec.size:
                return None
            self.add(len(self.trials), self._ask(len(self.trials), self.trials))

    @property
    def done(self) -> bool:
        """Whether no task is left, now or later."""
        return len(self.trials) >= self.spec.size and self._open == 0

    def best(self) -> Trial | None:
        """The trial with the best mean among those that trained the longest; None before one is."""
        return self._best[1] if self._best else None


def ranking(trials: Iterable[Trial], spec: SweepSpec) -> list[Trial]:
    """Trials, the best first: by the share of their epochs, then by the objective."""
    return sorted(trials, key=lambda trial: trial.rank(spec), reverse=True)


def comparable(trials: Sequence[Trial], spec: SweepSpec) -> list[tuple[Trial, float]]:
    """The trials with a finite objective that may be compared with one another, and that objective.

    It is the one after the first rung, which all of them come to alike; in brackets, which begin
    with different rungs, it is the one after each trial's last.
    """
    alike = len({trial.rungs[0] for trial in trials}) == 1
    found = []
    for trial in trials:
        for rung in range(0 if alike else trial.reached, -1, -1):
            value = trial.value(rung, spec.seeds, spec.objective)
            if value is not None and math.isfinite(value):
                found.append((trial, value))
                break
    return found
