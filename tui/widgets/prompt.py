"""A question in one line, answered with a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

Answer = Callable[[int | None], None]


class Prompt(Input):
    """Asks for a number; hidden unless it asks.

    Enter answers, None where nothing was typed; escape or leaving it does not. A single digit answers at once.
    """

    DEFAULT_CSS = """
    Prompt { display: none; height: 1; width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="prompt.cancel", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(type="integer", restrict="[0-9]*", compact=True, id=id)
        self.cursor_blink = False
        self.can_focus = False
        self._answer: Answer | None = None

    def ask(self, question: str, digits: int, answer: Answer) -> None:
        """Ask for a number of at most so many digits."""
        self._answer = answer
        self.placeholder, self.max_length, self.value = question, digits, ""
        # At once, not after a refresh: the digits that were typed meanwhile are keys of the screen.
        self.display = self.can_focus = True
        self.screen.set_focus(self)

    def on_input_changed(self, event: Input.Changed) -> None:
        """A digit that leaves no room for another is the answer."""
        event.stop()
        if self.max_length == 1 and event.value:
            self._finish(int(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take what was typed for the answer."""
        event.stop()
        self._finish(int(event.value) if event.value else None)

    def on_blur(self) -> None:
        """Who goes elsewhere does not answer."""
        if self.screen.focused is not self:  # it may have been asked anew meanwhile
            self.action_cancel()

    def action_cancel(self) -> None:
        """Hide without an answer."""
        self._answer = None
        self._hide()

    def _finish(self, number: int | None) -> None:
        answer, self._answer = self._answer, None
        self._hide()
        if answer is not None:
            answer(number)

    def _hide(self) -> None:
        if self.screen.focused is self:
            self.screen.set_focus(None)
        self.display = self.can_focus = False
