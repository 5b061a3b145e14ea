"""Saved runs of two settings that were trained with the same seeds, and the runs that are missing.

Whatever trained them, the runs of a setting are recognized by their configurations, which are the
same but for the seed and for what describes the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nn.config import MACHINE_FIELDS, TrainConfig
from nn.errors import StorageError
from nn.events import RateChanged
from nn.storage.runs import SavedRun
from tui.recording.experiment import Experiment
from tui.recording.folder import display_name

if TYPE_CHECKING:
    from nn.analysis.paired import PairedDifference

MORE = 4
"""Seeds that are added at a time."""


@dataclass(frozen=True, slots=True)
class SeedTask:
    """A run to be trained; `seconds` is how long it may take, by its setting's first run."""

    letter: str
    experiment: Experiment
    label: str
    seconds: float

    @property
    def seed(self) -> int:
        """The seed of the run."""
        return self.experiment.config.seed


@dataclass(frozen=True, eq=False)
class SeedPairs:
    """The test accuracies of the best weights, from 0 to 1, of each setting by its seeds."""

    runs: tuple[SavedRun, SavedRun]
    accuracies: tuple[dict[int, float], dict[int, float]]
    refusal: str
    """Why no more seeds can be trained; empty where they can."""

    @property
    def differences(self) -> dict[int, float]:
        """The accuracy of B less that of A, for each seed of both."""
        first, second = self.accuracies
        return {seed: second[seed] - first[seed] for seed in sorted(first.keys() & second.keys())}

    @property
    def difference(self) -> PairedDifference | None:
        """Their mean with its interval, None of fewer than two seeds."""
        from nn.analysis.paired import paired_difference

        return paired_difference(list(self.differences.values()))

    def missing(self, more: int = MORE) -> list[SeedTask]:
        """The runs that make this many more pairs, those first that one setting has already."""
        first, second = self.accuracies
        wanted = sorted(first.keys() ^ second.keys())
        seed = 0
        while len(wanted) < more:
            if seed not in first and seed not in second:
                wanted.append(seed)
            seed += 1
        return [
            self._task(side, seed)
            for seed in wanted[:more]
            for side in (0, 1)
            if seed not in self.accuracies[side]
        ]

    def _task(self, side: int, seed: int) -> SeedTask:
        run = self.runs[side]
        record = run.record
        experiment = Experiment.of_saved(record, replace(record.config, seed=seed))
        name = display_name(run.name).rpartition(" ")[0] or run.name
        label = f"{name.split('-seed-')[0]}-seed-{seed}"
        whole = 1.0 if run.status == "finished" else record.total_steps / max(record.step, 1)
        return SeedTask("AB"[side], experiment, label, record.seconds * whole)


def seed_pairs(runs: tuple[SavedRun, SavedRun], saved: Sequence[SavedRun]) -> SeedPairs:
    """What is known of the seeds of two settings from these saved runs, the two among them.

    Of one setting there are no pairs: each run would be compared with itself.
    """
    if _one_setting(runs):
        seeds = {run.record.config.seed for run in runs}
        same = "Both settings are the same"
        refusal = f"{same}, but for the seed." if len(seeds) > 1 else f"{same}."
        return SeedPairs(runs, ({}, {}), refusal)
    finished = [run for run in saved if run.status == "finished"]
    first, second = (_accuracies(of, finished) for of in runs)
    return SeedPairs(runs, (first, second), _refusal(runs))


def _accuracies(of: SavedRun, known: Sequence[SavedRun]) -> dict[int, float]:
    return {
        run.record.config.seed: run.record.best.test.accuracy
        for run in known
        if run.record.best and _same_setting(run, of) and not _steered(run)
    }


def _same_setting(run: SavedRun, of: SavedRun) -> bool:
    """Whether two runs differ by nothing but their seeds and the machine."""
    return (
        run.record.data_sha256 == of.record.data_sha256
        and run.record.init_from == of.record.init_from
        and run.record.imported_from is None
        and _setting(run.record.config) == _setting(of.record.config)
    )


def _setting(config: TrainConfig) -> dict[str, object]:
    left_out = ("seed", *MACHINE_FIELDS)
    return {name: value for name, value in config.to_dict().items() if name not in left_out}


def _steered(run: SavedRun) -> bool:
    """Whether the learning rate was changed by hand, which no other seed would be."""
    try:
        return any(isinstance(event, RateChanged) for event in run.events())
    except StorageError:
        return True


def _refusal(runs: tuple[SavedRun, SavedRun]) -> str:
    first, second = (run.record for run in runs)
    if first.data_sha256 != second.data_sha256:
        return "More seeds need runs of the same data."
    for letter, record in zip("AB", (first, second), strict=True):
        if record.imported_from is not None:
            what = "is a committee" if record.members else "was imported"
            return f"{letter} {what}: it cannot be trained with other seeds."
    return ""


def _one_setting(runs: tuple[SavedRun, SavedRun]) -> bool:
    first, second = (run.record for run in runs)
    imported = first.imported_from or second.imported_from
    same = (_setting(first.config), first.data_sha256, first.init_from) == (
        _setting(second.config),
        second.data_sha256,
        second.init_from,
    )
    return same and imported is None
