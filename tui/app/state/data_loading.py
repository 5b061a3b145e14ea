"""Reading a dataset on a thread of its own."""

from __future__ import annotations

from textual.message import Message

from tui.app.state.background import in_background
from tui.app.state.messages import DataFailed, DataLoaded
from tui.app.state.shown_run import Post


def load_in_background(data_dir: str, post: Post) -> None:
    """Read a dataset on a thread; `DataLoaded` or `DataFailed` follows."""

    def work() -> Message:
        from tui.images.datasets import load_dataset

        return DataLoaded(data_dir, load_dataset(data_dir))

    in_background("data", work, post, lambda error: DataFailed(data_dir, error))
