"""What a background thread posts, and waiting for it; what an application says."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.message import Message
from textual.widgets import Static

from tui.app.widgets.headline import HeadlineView


class Inbox:
    """Collects what is posted, from any thread."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def __call__(self, message: Message) -> None:
        self.messages.append(message)

    def of(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.messages if isinstance(message, kind)]


def wait(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for another thread; fails rather than hangs."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "timed out"
        time.sleep(0.005)


def notes(app: App[Any]) -> str:
    """The notifications that have not expired, one after the other."""
    return "\n".join(notification.message for notification in app._notifications)


def text(app: App[Any], selector: str) -> str:
    """What a static widget of the screen says."""
    return str(app.screen.query_one(selector, Static).content)


def said(app: App[Any]) -> str:
    """The words of the headline, without its figures."""
    view = app.screen.query_one(HeadlineView)
    words = " ".join(view.render_line(y).text for y in range(view.size.height))
    return " ".join(words.replace("█", " ").split())
