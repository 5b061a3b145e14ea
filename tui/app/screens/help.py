"""Every key of the screen beneath."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Static

from tui.app.screens.base import Dialog

MOVING = (
    *("left", "right", "up", "down", "pageup", "pagedown", "home", "end"),
    *("tab", "shift+tab", "escape"),
)
"""Keys that only move the cursor, or back."""


class HelpScreen(Dialog[None]):
    """A list of keys, built from the bindings in force, so that it cannot be out of date."""

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        VerticalScroll {
            width: 64; max-width: 100%; height: auto; max-height: 100%;
            border: round $primary; padding: 0 1;
        }
        Static { height: auto; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "close", "Close", id="help.close"),
    ]

    def __init__(self, beneath: Screen[Any]) -> None:
        super().__init__()
        self._lines = key_lines(beneath)

    def compose(self) -> ComposeResult:
        with VerticalScroll() as scroll:
            scroll.border_title = "Keys"
            yield Static("\n".join(self._lines), markup=False)

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
    """ "key  what it does" for every binding in force on a screen, the screen's own first."""
    keys: dict[tuple[str, str], list[str]] = {}
    for _, binding in shown_bindings(screen):
        shown = keys.setdefault((binding.action, binding.description), [])
        key = screen.app.get_key_display(binding)
        if key not in shown:  # several keys may share one display
            shown.append(key)
    width = max((len(" ".join(shown)) for shown in keys.values()), default=0)
    return [
        f"{' '.join(shown):<{width}}  {description}" for (_, description), shown in keys.items()
    ]
