"""Keys take effect one after the other, however fast they come."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from textual import events
from textual.app import App
from textual.message_pump import MessagePump
from textual.screen import ModalScreen, Screen

PATIENCE = 2.0
"""Seconds after which a key is handled although the one before it is still being worked on."""
REPEAT = 0.3
"""Seconds in which the key that closed a dialog is ignored, unless another one comes in between.

A key that is held down was meant for the dialog."""


class KeyOrder:
    """Hands keys and pastes to the application, each when the one before it has had its effect.

    Textual forwards a key to the screen that is shown when the key arrives. Keys that arrive
    together would all go to the same screen, although the first of them may close or replace it: a
    second Enter would be answered by a dialog that has gone, and mode keys would take effect in
    another order.

    A key is done when every message queue on its way is empty of what it caused: that of the widget
    with the focus, of the widget's parents, of the screen and of the application. It is followed
    twice, because the action of a binding may post a further message to the widget, as a button
    does.
    """

    def __init__(
        self, app: App[Any], handle: Callable[[events.InputEvent | events.Paste], Awaitable[None]]
    ) -> None:
        self._app, self._handle = app, handle
        self._waiting: deque[events.InputEvent | events.Paste] = deque()
        self._began: float | None = None  # when the key that is being worked on was handed over
        self._number = 0  # of that key
        self._key = ""
        self._screen: Screen[Any] | None = None  # shown when it was handed over
        self._ignored, self._ignored_until = "", 0.0

    async def take(self, event: events.InputEvent | events.Paste) -> None:
        """Handle the event, now or when those before it are done."""
        self._waiting.append(event)
        if self._began is None or monotonic() - self._began > PATIENCE:
            await self._next()

    async def _next(self) -> None:
        while self._waiting and self._app.screen_stack:
            event = self._waiting.popleft()
            key = event.key if isinstance(event, events.Key) else ""
            if key and key == self._ignored and monotonic() < self._ignored_until:
                self._ignored_until = monotonic() + REPEAT  # a key held down repeats itself
                continue
            self._ignored = ""  # another key, so that the one before is no longer held down
            self._number += 1
            self._began, self._key, self._screen = monotonic(), key, self._app.screen
            path = self._path()
            await self._handle(event)
            await self._follow(self._number, path, 1)
            return

    def _path(self) -> list[MessagePump]:
        """The message queues that a key passes: focus, parents, screen, application."""
        return list((self._app.focused or self._app.screen).ancestors_with_self)

    async def _follow(self, number: int, path: list[MessagePump], again: int) -> None:
        """Go from queue to queue, each time behind all messages in it; then begin the next."""
        if number != self._number:
            return  # PATIENCE was over, and another key has begun
        while path:
            if path.pop(0).call_later(self._follow, number, path, again):
                return
        if not self._app.screen_stack:
            return  # the application has ended
        if again:
            await self._follow(number, self._path(), again - 1)
            return
        self._began = None
        if isinstance(self._screen, ModalScreen) and self._screen not in self._app.screen_stack:
            self._ignored, self._ignored_until = self._key, monotonic() + REPEAT
        self._screen = None
        await self._next()
