"""What a background thread posts, and waiting for it."""

from __future__ import annotations

import time
from collections.abc import Callable

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
