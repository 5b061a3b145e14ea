"""Networks for the model screen, and what it shows of them."""

from __future__ import annotations

from nn.config import TrainConfig
from tui.app.app import MnistApp
from tui.app.widgets.strips import StripWidget

SHALLOW, DEEP = TrainConfig(hidden=(16,)), TrainConfig(hidden=(12,) * 9, activation="sigmoid")


def lines(app: MnistApp, part: str) -> list[str]:
    """What a widget or the first one of a part shows."""
    view = app.screen.query_one(part, StripWidget)
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def about(app: MnistApp) -> str:
    """Which weights are shown."""
    return str(app.screen.query_one("#table").border_subtitle)
