"""A question in one line, answered with a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import DescendantBlur
from textual.widgets import Input, Static

Answer = Callable[[int | None], None]


class Prompt(Horizontal):
    """Asks for a number; hidden unless it asks.

    Enter answers, None where nothing was typed; escape or going elsewhere does not. Where a single digit is
    asked for, typing it answers.
    """

    DEFAULT_CSS = """
    Prompt {
        display: none;
        height: 1;
        Static { width: auto; }
        Input { width: 1fr; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="prompt.cancel", show=False),
    ]
    _answer: Answer | None = None

    def compose(self) -> ComposeResult:
        yield Static(markup=False)
        field = Input(type="integer", restrict="[0-9]*", compact=True)
        field.cursor_blink = False
        yield field

    def ask(self, question: str, digits: int, answer: Answer) -> None:
        """Ask for a number of at most so many digits."""
        self._answer = answer
        self.query_one(Static).update(f"{question}: ")
        field = self.query_one(Input)
        field.max_length, field.value = digits, ""
        # At once, not after a refresh: the digits that were typed meanwhile are keys of the screen.
        self.display = True
        self.screen.set_focus(field)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.max_length == 1 and event.value:
            self._finish(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._finish(event.value)

    @on(DescendantBlur)
    def _left(self) -> None:
        if not self._asking:  # it may have been asked anew meanwhile
            self.action_cancel()

    @property
    def _asking(self) -> bool:
        return self.screen.focused is self.query_one(Input)

    def action_cancel(self) -> None:
        """Hide without an answer."""
        self._answer = None
        self._hide()

    def _finish(self, typed: str) -> None:
        answer, self._answer = self._answer, None
        self._hide()
        if answer is not None:
            answer(int(typed) if typed else None)

    def _hide(self) -> None:
        if self._asking:
            self.screen.set_focus(None)
        self.display = False
