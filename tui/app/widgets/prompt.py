"""A question that is answered with a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Static

Answer = Callable[[int | None], None]


class Prompt(Static, can_focus=True):
    """A line that is shown while a number is asked for.

    Enter gives the answer, or the default if nothing was typed; escape or a change of the focus
    gives none.
    If the number has a single digit, typing it is the answer. Digits are bindings, not the text of
    an input: bindings are looked up in the order of the keys, so digits that come in one burst with
    the key that opens the question reach it too. No other key has an effect on the screen behind.
    """

    DEFAULT_CSS = """
    Prompt { display: none; height: auto; width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(d), f"type({d})", "A digit of the number", id=f"prompt.{d}", show=False)
            for d in range(10)
        ),
        Binding("backspace", "erase", "Erase the last digit", id="prompt.erase", show=False),
        Binding("enter", "answer", "Answer", id="prompt.answer"),
        Binding("escape", "cancel", "Cancel", key_display="esc", id="prompt.cancel"),
    ]

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._question = self._typed = ""
        self._digits = 1
        self._default: int | None = None
        self._answer: Answer | None = None

    def ask(
        self, question: str, digits: int, answer: Answer, *, default: int | None = None
    ) -> None:
        """Ask for a number of at most `digits` digits."""
        self._default = default
        self._question, self._digits, self._answer = question, digits, answer
        self._type("")
        self.display = True
        self.screen.set_focus(self)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a binding of the screen behind has no effect while the question is shown."""
        return not key.startswith("ctrl+") and key not in ("q", "question_mark")

    def action_type(self, digit: int) -> None:
        """Append a digit unless the number is full; a single digit is the answer."""
        self._type(f"{self._typed}{digit}"[: self._digits])
        if self._digits == 1:
            self.action_answer()

    def action_erase(self) -> None:
        """Remove the last digit."""
        self._type(self._typed[:-1])

    def action_answer(self) -> None:
        """Hand over what was typed."""
        answer, number = self._answer, int(self._typed) if self._typed else self._default
        self.action_cancel()
        if answer is not None:
            answer(number)

    def action_cancel(self) -> None:
        """Hide without an answer."""
        self._answer = None
        if self.screen.focused is self:
            self.screen.set_focus(None)
        self.display = False

    def on_blur(self) -> None:
        """Close the question when the focus goes elsewhere."""
        if self.screen.focused is not self:  # another question may have been opened meanwhile
            self.action_cancel()

    def _type(self, typed: str) -> None:
        self._typed = typed
        default = "" if typed or self._default is None else f" (enter: {self._default})"
        self.update(f"{self._question}: {typed}_{default}")
