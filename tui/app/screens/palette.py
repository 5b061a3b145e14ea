"""The command palette: a list of commands, narrowed down by typing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.fuzzy import Matcher
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.app.screens.base import Dialog
from tui.app.widgets.options import Options


@dataclass(frozen=True)
class Command:
    """An entry of the palette: `run` is its action, `key` the key of the same action."""

    title: str
    key: str
    run: Callable[[], object]


class _Entry(Option):
    """A line of the list, with the command that it stands for."""

    def __init__(self, command: Command, width: int) -> None:
        super().__init__(f"{command.key:<{width}}  {command.title}")
        self.command = command


class PaletteScreen(Dialog[Command | None]):
    """Dismissed with the command to run, or with None.

    The screen itself takes what is typed, so that nothing is lost of keys that arrive before its
    widgets.
    """

    DEFAULT_CSS = """
    PaletteScreen {
        align: center top;
        Vertical {
            width: 60; max-width: 100%; height: auto; max-height: 100%; border: round $primary;
        }
        #query { height: 1; padding: 0 1; text-style: bold; text-wrap: nowrap; }
        OptionList, OptionList:focus { height: auto; max-height: 14; border: none; }
        #none { height: 1; padding: 0 1; color: $text-muted; display: none; }
    }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Run the command", id="palette.run"),
        Binding("escape", "close", "Close", id="palette.close"),
        Binding("up", "move('cursor_up')", "Up", id="palette.up", show=False),
        Binding("down", "move('cursor_down')", "Down", id="palette.down", show=False),
        Binding("pageup", "move('page_up')", "Page up", id="palette.page-up", show=False),
        Binding("pagedown", "move('page_down')", "Page down", id="palette.page-down", show=False),
        Binding("home", "move('first')", "First", id="palette.first", show=False),
        Binding("end", "move('last')", "Last", id="palette.last", show=False),
        Binding("backspace,ctrl+h", "erase", "Erase", id="palette.erase", show=False),
    ]

    def __init__(self, commands: Sequence[Command], title: str = "Commands") -> None:
        super().__init__()
        self._commands, self._found, self._title = commands, list(commands), title
        self._query = ""

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            yield Static(id="query", markup=False)
            options = Options(markup=False)
            options.can_focus = False
            yield options
            yield Static("no such command", id="none", markup=False)

    def on_mount(self) -> None:
        self._find()

    def _find(self) -> None:
        """Show the commands that match, the best match first."""
        self._found = list(self._commands)
        if self._query:
            match = Matcher(self._query).match
            matching = [each for each in self._found if match(each.title) > 0]
            self._found = sorted(matching, key=lambda each: -match(each.title))
        self.query_one("#query", Static).update(f"> {self._query}_")
        width = max((len(each.key) for each in self._commands), default=0)
        options = self.query_one(OptionList)
        options.set_options(_Entry(each, width) for each in self._found)
        options.highlighted = 0 if self._found else None
        options.display, self.query_one("#none").display = bool(self._found), not self._found

    def _type(self, text: str) -> None:
        self._query += "".join(filter(str.isprintable, text))
        self._find()

    def on_key(self, event: events.Key) -> None:
        """Append what is typed to the query."""
        if event.is_printable and event.character:
            event.stop()
            self._type(event.character)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._type(event.text)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Run the command that was clicked, even if other commands have been found since."""
        assert isinstance(event.option, _Entry)
        self.dismiss(event.option.command)

    def action_choose(self) -> None:
        """Run the command under the cursor."""
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None:
            self.dismiss(self._found[highlighted])

    def action_move(self, where: str) -> None:
        """Move the cursor."""
        if self._found:
            getattr(self.query_one(OptionList), f"action_{where}")()

    def action_erase(self) -> None:
        """Remove the last character of the query."""
        self._query = self._query[:-1]
        self._find()

    def action_close(self) -> None:
        """Run nothing."""
        self.dismiss(None)
