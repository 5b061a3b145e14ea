"""What a background thread posts, and waiting for it; what an application notifies of."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.message import Message


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
