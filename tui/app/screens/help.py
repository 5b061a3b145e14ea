"""What is seen on the screen beneath, and every key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Static

from tui.app.screens.dialog import Dialog
from tui.app.screens.letters import MEANINGS

MOVING = (
    *("left", "right", "up", "down", "pageup", "pagedown", "home", "end"),
    *("tab", "shift+tab", "escape"),
)
"""Keys that only move the cursor, or back."""


class HelpScreen(Dialog[None]):
    """What is seen on a screen, its keys, and what each letter means on all screens.

    The keys are those in force, so that they cannot be out of date.
    """

    DEFAULT_CSS = """
    HelpScreen {
        .dialog { width: 74; height: auto; }
        Static { height: auto; }
        .heading { text-style: bold; color: $readable-accent; margin: 1 0 0 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "close", "Close", id="help.close"),
    ]

    def __init__(self, beneath: Screen[Any], title: str, about: str) -> None:
        super().__init__()
        self._title, self._about, self._lines = title, about, key_lines(beneath)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog") as scroll:
            scroll.border_title = f"Help: {self._title}"
            close = self.key_of("help.close", "escape")
            scroll.border_subtitle = f"down more  {close} close"
            yield Static(self._about, markup=False)
            yield Static("Keys here", classes="heading")
            yield Static("\n".join(self._lines), markup=False)
            yield Static("A key means the same on all screens", classes="heading")
            yield Static("\n".join(self._meanings()), markup=False)

    def _meanings(self) -> Iterator[str]:
        shown = [
            (" ".join(dict.fromkeys(self._display(key) for key in row.keys)), row.words)
            for row in MEANINGS
        ]
        width = max(len(keys) for keys, _ in shown if len(keys) < 12)
        for keys, words in shown:
            yield f"{keys:<{width}}  {words}"

    def _display(self, key: str) -> str:
        return self.app.get_key_display(Binding(key, ""))

    def action_close(self) -> None:
        """Go back to the screen."""
        self.dismiss()


def shown_bindings(screen: Screen[Any]) -> Iterator[tuple[DOMNode, Binding]]:
    """The bindings in force that belong to this application, not those that Textual adds to all.

    Textual's own, such as "Copy selected text", have no id and are of no use here. A binding of
    ours without an id is another key of one with an id.
    """
    active = list(screen.active_bindings.values())
    actions = {each.binding.action for each in active if each.binding.id}
    for each in active:
        if each.enabled and each.binding.action in actions and each.binding.description:
            yield each.node, each.binding


def key_lines(screen: Screen[Any]) -> list[str]:
    """ "key  what it does" for every binding in force on a screen, those that only move last."""
    keys: dict[tuple[str, str], list[str]] = {}
    bindings = [binding for _, binding in shown_bindings(screen)]
    for binding in sorted(bindings, key=lambda each: each.key in MOVING):
        shown = keys.setdefault((binding.action, binding.description), [])
        key = screen.app.get_key_display(binding)
        if key not in shown:  # several keys may share one display
            shown.append(key)
    width = max((len(" ".join(shown)) for shown in keys.values()), default=0)
    return [
        f"{' '.join(shown):<{width}}  {description}" for (_, description), shown in keys.items()
    ]
