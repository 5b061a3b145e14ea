"""A picture as it is drawn, and what it needs of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.network.predictor import Predictor
from nn.spec import DataSpec
from tui.lessons.figures import Figure
from tui.recording.history import RunHistory


class NothingToDrawError(ValueError):
    """A run has nothing that a figure shows."""


@dataclass(frozen=True)
class Picture:
    """Panels side by side under a title; `name` is the name of its file, without the ending."""

    name: str
    title: str
    panels: tuple[Figure, ...]


class FigureRun(Protocol):
    """A run that figures are drawn of. Each part is read or computed when it is first looked at."""

    name: str
    """What it is called in titles and in the names of files."""

    @property
    def config(self) -> TrainConfig:
        """Its configuration."""

    @property
    def spec(self) -> DataSpec:
        """The size of its images and the names of its classes."""

    @property
    def history(self) -> RunHistory:
        """Its evaluations."""

    @property
    def predictor(self) -> Predictor:
        """The network with the weights that the run ended with."""

    @property
    def dataset(self) -> Dataset:
        """The data that it was trained on."""

    @property
    def step_losses(self) -> Sequence[tuple[int, float]]:
        """Steps with the training loss of each, evenly thinned where there are many."""
