"""Two saved runs compared digit by digit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nn.errors import StorageError
from nn.storage.runs import SavedRun

if TYPE_CHECKING:
    from nn.data.dataset import Dataset


@dataclass(frozen=True)
class Side:
    """One of the two: the test digits that its best network gets right and the other's does not."""

    letter: str
    run: SavedRun
    indices: tuple[int, ...]


@dataclass(frozen=True)
class Comparison:
    """The digits that `right` gets right and `wrong` does not."""

    right: Side
    wrong: Side

    @property
    def swapped(self) -> Comparison:
        """The other way round."""
        return Comparison(self.wrong, self.right)

    @property
    def words(self) -> str:
        """What the digits have in common."""
        return f"{self.right.letter} right, {self.wrong.letter} wrong"


def compare(first: SavedRun, second: SavedRun, dataset: Dataset) -> Comparison:
    """Have both predict the test digits; raises `StorageError`. `dataset` is one in memory, which
    may be theirs.
    """
    from nn.analysis.disagreement import disagreement
    from nn.storage.checkpoint import load_model
    from tui.images.datasets import load_dataset

    sha256 = first.record.data_sha256
    if dataset.sha256 != sha256:
        dataset = load_dataset(first.record.config.data_dir)
    for run in (first, second):
        if run.record.data_sha256 != dataset.sha256:
            raise StorageError(f"run {run.name} was trained on other data than {dataset.name}")
    a, b = (load_model(run, "best").predict(dataset.test).predicted for run in (first, second))
    found = disagreement(a, b, dataset.test.labels)
    return Comparison(Side("A", first, found.first_only), Side("B", second, found.second_only))
