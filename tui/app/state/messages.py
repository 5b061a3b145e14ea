"""The messages that background threads post to the application; nothing else crosses threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from nn.data.dataset import Dataset
    from tui.app.state.shown_run import ShownRun


class DataLoaded(Message):
    """The dataset of `data_dir` is in memory."""

    def __init__(self, data_dir: str, dataset: Dataset) -> None:
        super().__init__()
        self.data_dir, self.dataset = data_dir, dataset


class DataFailed(Message):
    """The dataset of `data_dir` cannot be read."""

    def __init__(self, data_dir: str, error: Exception) -> None:
        super().__init__()
        self.data_dir, self.error = data_dir, error


class TrainingMoved(Message):
    """The run has events to take, a newer snapshot, or another status."""

    def __init__(self, run: ShownRun) -> None:
        super().__init__()
        self.run = run


class BackgroundFailed(Message):
    """Training, or reading a saved run, ended in an error."""

    def __init__(self, error: Exception, run: ShownRun) -> None:
        super().__init__()
        self.error, self.run = error, run


class SeedsMoved(Message):
    """A run of the training of more seeds has events to take, or has ended."""

    def __init__(self, run: ShownRun) -> None:
        super().__init__()
        self.run = run


class DrawingChosen(Message):
    """Pictures are to be drawn in another mode from now on, which is to be remembered."""
