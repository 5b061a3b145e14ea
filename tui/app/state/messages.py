"""What the background threads post to the application; nothing else crosses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from nn.data.dataset import Dataset
    from tui.app.state.followed_run import FollowedRun
    from tui.app.state.live_run import LiveRun


class DataLoaded(Message):
    """The dataset of `data_dir` is in memory."""

    def __init__(self, data_dir: str, dataset: Dataset) -> None:
        super().__init__()
        self.data_dir, self.dataset = data_dir, dataset


class TrainingMoved(Message):
    """The run has events to take (`LiveRun.take_events`), a newer snapshot, or another status."""

    def __init__(self, run: LiveRun | FollowedRun) -> None:
        super().__init__()
        self.run = run


class BackgroundFailed(Message):
    """Loading (`run` is None), training, or reading a saved run ended in an error."""

    def __init__(self, error: Exception, run: LiveRun | FollowedRun | None) -> None:
        super().__init__()
        self.error, self.run = error, run
