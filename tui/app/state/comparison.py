"""Two saved runs beside each other: their curves, configurations and test digits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nn.errors import NNError, StorageError
from nn.storage.records import Recorded
from nn.storage.runs import SavedRun
from tui.app.state.catalogue import Catalogue
from tui.app.state.seed_pairs import SeedPairs, seed_pairs
from tui.recording.experiment import Experiment
from tui.recording.finding import Values, differing_fields, values_of
from tui.recording.folder import display_name
from tui.recording.following import RunFollower
from tui.recording.history import RunHistory

if TYPE_CHECKING:
    from nn.analysis.disagreement import Disagreement
    from nn.data.dataset import Dataset, Split
    from nn.network.predictor import Predictions

Letter = Literal["A", "B"]
LETTERS: tuple[Letter, Letter] = ("A", "B")
Right = Literal["both", "first_only", "second_only", "neither"]
"""A cell of the table of test digits: which of the two networks is right; a field of
`Disagreement`."""


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two runs, as it was when it was last looked at."""

    letter: Letter
    run: SavedRun
    history: RunHistory
    live: bool

    @property
    def name(self) -> str:
        """What the run is called without its time."""
        return display_name(self.run.name).rpartition(" ")[0] or self.run.name


@dataclass(frozen=True, eq=False)
class ComparedDigits:
    """What the best networks of both runs predict for the same test digits."""

    test: Split
    outputs: tuple[Predictions, Predictions]
    found: Disagreement

    def confusions(self, side: int, most: int) -> list[tuple[int, int, int]]:
        """The most frequent mistakes of one network: label, prediction, count."""
        predicted, labels = self.outputs[side].predicted, self.test.labels
        wrong = predicted != labels
        pairs = zip(labels[wrong].tolist(), predicted[wrong].tolist(), strict=True)
        ranked = Counter(pairs).most_common(most)
        return [(label, said, count) for (label, said), count in ranked]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two runs; `digits` is None with a `reason` where they cannot be compared digit by digit.

    `dataset` is that of both, where they have the same and it could be read.
    """

    sides: tuple[Side, Side]
    dataset: Dataset | None
    digits: ComparedDigits | None
    reason: str
    seeds: SeedPairs

    @property
    def values(self) -> tuple[Values, Values]:
        """The hyperparameters of both."""
        first, second = (values_of(side.run.record) for side in self.sides)
        return first, second

    @property
    def differing(self) -> list[str]:
        """The hyperparameters that are not the same."""
        return differing_fields(self.values)

    @property
    def same_loss(self) -> bool:
        """Whether both minimize the same function, so that their losses compare."""
        return not {"loss", "label_smoothing"} & set(self.differing)

    @property
    def live(self) -> bool:
        """Whether one of the two is being trained."""
        return any(side.live for side in self.sides)


@dataclass(frozen=True, eq=False)
class ComparedCell:
    """The digits of one cell of the table, and the run whose network is shown with them."""

    comparison: Comparison
    right: Right
    shown: int

    @property
    def indices(self) -> tuple[int, ...]:
        """The digits, by their place among the test digits."""
        assert self.comparison.digits is not None
        indices: tuple[int, ...] = getattr(self.comparison.digits.found, self.right)
        return indices

    @property
    def run(self) -> SavedRun:
        """The run that is shown."""
        return self.comparison.sides[self.shown].run

    @property
    def words(self) -> str:
        """What the digits have in common."""
        return {
            "both": "both right",
            "first_only": "A right, B wrong",
            "second_only": "B right, A wrong",
            "neither": "both wrong",
        }[self.right]

    @property
    def short(self) -> str:
        """The same in a few characters."""
        return {
            "both": "A and B",
            "first_only": "A not B",
            "second_only": "B not A",
            "neither": "neither",
        }[self.right]

    @property
    def swapped(self) -> ComparedCell:
        """The other way round: the opposite cell, if there is one, and the other run shown."""
        opposite: dict[Right, Right] = {
            "first_only": "second_only",
            "second_only": "first_only",
        }
        right = opposite.get(self.right, self.right)
        return ComparedCell(self.comparison, right, 1 - self.shown)


def opened_cell(comparison: Comparison, right: Right) -> ComparedCell:
    """A cell as it is opened: with the run that is wrong, or with A where both are alike."""
    return ComparedCell(comparison, right, 1 if right == "first_only" else 0)


class Comparer:
    """Reads two runs again and again, on one thread at a time.

    Networks predict only where one is another than at the last look.
    """

    def __init__(
        self, runs: tuple[SavedRun, SavedRun], root: Path, dataset: Dataset | None
    ) -> None:
        """`root` is the folder of all runs, `dataset` one in memory, which may be theirs."""
        self._followers = tuple(RunFollower(run) for run in runs)
        self._events: tuple[list[Recorded], ...] = ([], [])
        self._catalogue = Catalogue(root)
        self._dataset = dataset
        self._predicted: dict[tuple[Path, int], Predictions] = {}

    def look(self) -> Comparison:
        """The two as they are now; raises `StorageError` where one can no longer be read."""
        sides = tuple(self._side(at) for at in (0, 1))
        first, second = sides
        dataset, digits, reason = None, None, ""
        try:
            dataset = self._data_of(first.run, second.run)
            digits = self._digits(sides, dataset)
        except NNError as error:
            reason = str(error)
        saved = [entry.run for entry in self._catalogue.look()[0]]
        seeds = seed_pairs((first.run, second.run), saved)
        return Comparison((first, second), dataset, digits, reason, seeds)

    def _side(self, at: int) -> Side:
        follower, events = self._followers[at], self._events[at]
        events += follower.poll()
        saved = follower.saved
        history = RunHistory(display_name(saved.name), Experiment.of_saved(saved.record))
        history.folder = saved.path
        for event in events:
            history.replay(event)
        return Side(LETTERS[at], saved, history, follower.live)

    def _data_of(self, first: SavedRun, second: SavedRun) -> Dataset:
        """The data that both were trained on; raises `StorageError` where there are none."""
        from tui.images.datasets import load_dataset

        wanted = first.record.data_sha256
        if second.record.data_sha256 != wanted:
            names = f"A on {first.record.data_name}, B on {second.record.data_name}"
            raise StorageError(
                f"They were trained on different data, {names}: only runs with the same test"
                " digits are compared digit by digit."
            )
        if self._dataset is None or self._dataset.sha256 != wanted:
            self._dataset = load_dataset(first.record.config.data_dir)
        if self._dataset.sha256 != wanted:
            raise StorageError(f"They were trained on other data than {self._dataset.name}.")
        return self._dataset

    def _digits(self, sides: Sequence[Side], dataset: Dataset) -> ComparedDigits:
        from nn.analysis.disagreement import disagreement

        for side in sides:
            if side.run.record.best is None:
                raise StorageError(f"{side.letter} was never evaluated: it has no best network.")
        test = dataset.test
        first, second = (self._predict(side.run, test) for side in sides)
        found = disagreement(first.predicted, second.predicted, test.labels)
        return ComparedDigits(test, (first, second), found)

    def _predict(self, run: SavedRun, test: Split) -> Predictions:
        from nn.storage.checkpoint import load_model

        best = run.record.best
        key = run.path, best.step if best else 0
        if key not in self._predicted:
            self._predicted = {k: v for k, v in self._predicted.items() if k[0] != run.path}
            self._predicted[key] = load_model(run, "best").predict(test)
        return self._predicted[key]
