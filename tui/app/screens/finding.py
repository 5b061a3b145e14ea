"""A list to choose from, narrowed down by typing: commands, recipes, fields of the form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.fuzzy import Matcher
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.app.screens.dialog import Dialog
from tui.app.widgets.options import Options
from tui.app.widgets.strips import printable

Value = TypeVar("Value")
_AROUND = 16
"""Cells around the three columns of a line: borders, blanks and the scroll bar."""


@dataclass(frozen=True)
class Entry(Generic[Value]):
    """A line of the list; choosing it ends with `value`.

    `lead` stands before the title and `detail` behind it, in columns of their own. Entries of one
    `group` that follow one another stand below its name. `about` is shown below the list while the
    cursor is on the entry; what is typed is looked for in it too.
    """

    value: Value
    title: str
    lead: str = ""
    detail: str = ""
    group: str = ""
    about: str = ""


class _Line(Option):
    """A line of the list, with the entry that it stands for."""

    def __init__(self, entry: Entry[Any], text: str) -> None:
        super().__init__(text)
        self.entry = entry


class FindScreen(Dialog[Value | None]):
    """Ends with the value of the chosen entry, or with None.

    The screen itself takes what is typed, so that nothing is lost of keys that arrive before its
    widgets.

    Args:
        entries: In the order in which they are listed before anything is typed.
        title: What they are, in the border.
        current: The value under the cursor at first; the first entry's if left out.
        ascii_only: Whether nothing beyond ASCII can be shown.
    """

    DEFAULT_CSS = """
    FindScreen {
        align: center top;  /* Where it begins stays, while what is typed leaves fewer lines. */
        .dialog { width: 76; height: auto; margin: 1 0 0 0; }
        #query { height: 1; padding: 0 1; text-style: bold; text-wrap: nowrap; }
        OptionList, OptionList:focus {
            height: auto; max-height: 16; border: none;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        #none { height: 1; padding: 0 1; color: $text-muted; display: none; }
        #about { height: 4; padding: 0 1; color: $text-muted; }
    }
    FindScreen.-tall {
        .dialog { margin: 4 0 0 0; }
        OptionList { max-height: 26; }
    }
    FindScreen.-short {
        OptionList { max-height: 7; }
        #about { height: 3; }
    }
    """
    AUTO_FOCUS = ""
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-medium"), (40, "-tall")]  # noqa: RUF012 - Textual's own type
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Choose", id="palette.run"),
        Binding("escape", "close", "Close", id="palette.close"),
        Binding("up", "move('cursor_up')", "Up", id="palette.up", show=False),
        Binding("down", "move('cursor_down')", "Down", id="palette.down", show=False),
        Binding("pageup", "move('page_up')", "Page up", id="palette.page-up", show=False),
        Binding("pagedown", "move('page_down')", "Page down", id="palette.page-down", show=False),
        Binding("home", "move('first')", "First", id="palette.first", show=False),
        Binding("end", "move('last')", "Last", id="palette.last", show=False),
        Binding("backspace,ctrl+h", "erase", "Erase", id="palette.erase", show=False),
    ]

    def __init__(
        self,
        entries: Sequence[Entry[Value]],
        title: str,
        *,
        current: Value | None = None,
        ascii_only: bool = False,
    ) -> None:
        super().__init__()
        self._entries, self._title, self._current = list(entries), title, current
        self._ascii_only = ascii_only
        self._query = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = self._title
            run, close = self.key_of("palette.run", "enter"), self.key_of("palette.close", "escape")
            box.border_subtitle = f"type   {run} choose   {close} close"
            yield Static(id="query", markup=False)
            options = Options(markup=False)
            options.can_focus = False
            yield options
            yield Static("Nothing has these letters.", id="none", markup=False)
            if any(entry.about for entry in self._entries):
                yield Static(id="about", markup=False)

    def on_mount(self) -> None:
        self._find()

    def _find(self) -> None:
        """Show the entries that match, the best match first."""
        found = matching(self._entries, self._query)
        self.query_one("#query", Static).update(f"> {self._query}_")
        options = self.query_one(OptionList)
        options.set_options(self._lines(found, grouped=not self._query))
        options.highlighted = self._first(options) if found else None
        options.display, self.query_one("#none").display = bool(found), not found
        if not found:
            self._tell("")

    def _lines(self, found: Sequence[Entry[Value]], *, grouped: bool) -> list[Option]:
        """The lines of these entries, with the names of their groups between them."""
        lead, title, detail = (
            max((len(getattr(entry, part)) for entry in self._entries), default=0)
            for part in ("lead", "title", "detail")
        )
        detailed = lead + title + detail + _AROUND <= self.app.size.width
        lines: list[Option] = []
        group = ""
        for entry in found:
            if grouped and entry.group != group:
                group = entry.group
                lines.append(Option(self._shown(group), disabled=True))
            parts = [f"{entry.lead:<{lead}}" if lead else "", f"{entry.title:<{title}}"]
            text = "  ".join(filter(None, [*parts, entry.detail * detailed])).rstrip()
            indent = "  " if grouped and group else ""
            lines.append(_Line(entry, indent + self._shown(text)))
        return lines

    def _shown(self, text: str) -> str:
        return printable(text, ascii_only=self._ascii_only)

    def _first(self, options: OptionList) -> int:
        """Where the cursor begins: on the current value before anything is typed."""
        lines = [options.get_option_at_index(i) for i in range(options.option_count)]
        if not self._query and self._current is not None:
            for index, line in enumerate(lines):
                if isinstance(line, _Line) and line.entry.value == self._current:
                    return index
        return next(index for index, line in enumerate(lines) if isinstance(line, _Line))

    def _tell(self, text: str) -> None:
        """Show what the entry under the cursor is about."""
        for about in self.query("#about").results(Static):
            about.update(self._shown(text))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tell of the entry under the cursor."""
        if isinstance(event.option, _Line):
            self._tell(event.option.entry.about)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose the entry that was clicked, even if others have been found since."""
        if isinstance(event.option, _Line):
            self.dismiss(event.option.entry.value)

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

    def action_choose(self) -> None:
        """Choose the entry under the cursor."""
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            line = options.get_option_at_index(options.highlighted)
            if isinstance(line, _Line):
                self.dismiss(line.entry.value)

    def action_move(self, where: str) -> None:
        """Move the cursor."""
        options = self.query_one(OptionList)
        if options.option_count:
            getattr(options, f"action_{where}")()

    def action_erase(self) -> None:
        """Remove the last character of the query."""
        self._query = self._query[:-1]
        self._find()

    def action_close(self) -> None:
        """Choose nothing."""
        self.dismiss(None)


def matching(entries: Sequence[Entry[Value]], query: str) -> list[Entry[Value]]:
    """The entries that match what was typed, the best first.

    A title matches that has the letters in their order, as in Textual's own palette. So does an
    entry that has every word somewhere in its line or its description; these come last.
    """
    if not query.strip():
        return list(entries)
    match = Matcher(query).match
    scores = {index: match(entry.title) for index, entry in enumerate(entries)}
    words = query.casefold().split()
    found = []
    for index, entry in enumerate(entries):
        text = f"{entry.title} {entry.detail} {entry.group} {entry.about}".casefold()
        if scores[index] > 0 or all(word in text for word in words):
            found.append(index)
    return [entries[index] for index in sorted(found, key=lambda index: -scores[index])]
