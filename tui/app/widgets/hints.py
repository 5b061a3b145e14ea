"""The line of key hints at the bottom of a screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.screen import Screen
from textual.strip import Strip

from tui.app.widgets.strips import PLAIN, StripWidget

ALWAYS = 2
"""Hints at the end that are shown at every width: those of the help and of quitting."""
GAP = 2


class KeyHints(StripWidget):
    """The hints of the bindings in force, as many as fit, and the last two in any case.

    Textual's footer cuts off what does not fit, the hint of the help included, and makes a widget
    for every hint at each change of the focus.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"hints--key"}
    DEFAULT_CSS = """
    KeyHints {
        dock: bottom; width: 1fr; height: 1;
        background: $footer-background; color: $readable-hint;
        & > .hints--key { color: $readable-key; text-style: bold; }
    }
    """

    _shown: Sequence[tuple[Binding, str]] = ()

    @property
    def shown(self) -> Sequence[tuple[Binding, str]]:
        """The bindings that are named now, each with its key."""
        return self._shown

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, _screen: Screen[object]) -> None:
        # Textual tells of several changes at once, and to look up what is in force takes long.
        self.redraw_when_painted()

    def _lay_out(self) -> list[Strip]:
        hints: dict[str, tuple[Binding, str]] = {}  # by action, with its first key
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and active.enabled:
                hints.setdefault(binding.action, (binding, self.app.get_key_display(binding)))
        self._shown = hints_that_fit(list(hints.values()), self.size.width)
        parts: list[Segment] = []
        key_style = self.get_component_rich_style("hints--key", partial=True)
        for binding, key in self._shown:
            parts += [
                Segment(key, key_style),
                Segment(f" {binding.description}{' ' * GAP}"),
            ]
        return [Strip(parts).adjust_cell_length(self.size.width, PLAIN).simplify()]

    def on_click(self, event: events.Click) -> None:
        """Do what the key under the mouse does."""
        right = 0
        for binding, key in self._shown:
            right += _width(binding, key)
            if event.x < right:
                self.app.simulate_key(binding.key)
                return


def hints_that_fit(hints: list[tuple[Binding, str]], width: int) -> list[tuple[Binding, str]]:
    """The last hints, and as many of the first as fit beside them into `width` cells."""
    first, last = hints[:-ALWAYS], hints[-ALWAYS:]
    room = width + GAP - sum(_width(*hint) for hint in last)
    shown = []
    for hint in first:
        room -= _width(*hint)
        if room < 0:
            break
        shown.append(hint)
    return shown + last


def _width(binding: Binding, key: str) -> int:
    return len(key) + 1 + len(binding.description) + GAP
