"""The rows of the configuration form, with one input that stands on the row being edited."""

from __future__ import annotations

from itertools import groupby
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input

from nn.config import FIELDS, format_value
from tui.widgets.draft import Draft, options
from tui.widgets.strips import StripWidget, printable, text_strip

RECIPE = "recipe"  # the name of the first row, which is no field
ENTRIES = (RECIPE, *FIELDS)
VALUE_COLUMN = 3 + max(map(len, FIELDS))


def _rows() -> list[tuple[bool, str]]:
    """(is a heading, text or name) of every row."""
    rows = [(False, RECIPE)]
    for group, names in groupby(FIELDS, key=lambda name: FIELDS[name].group):
        rows += [(True, group), *((False, name) for name in names)]
    return rows


class FieldList(StripWidget, can_focus=True):
    """All fields, a row each: `*` before a changed one, `!` before a wrong one.

    Fields with a few possible values are changed by left and right, the others in an input that stands on their row.
    One widget draws all rows, because a hundred widgets take a tenth of a second to mount.
    """

    DEFAULT_CSS = """
    FieldList { width: 1fr; height: 1fr; }
    FieldList Input { position: absolute; width: 1fr; background: $surface; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "change(1)", "Next value", id="form.next-value", show=False),
        Binding("left", "change(-1)", "Previous value", id="form.previous-value", show=False),
    ]

    class Edited(Message):
        """A field has another text."""

        def __init__(self, name: str, text: str) -> None:
            super().__init__()
            self.name, self.text = name, text

    class Moved(Message):
        """Another row is the current one."""

    class RecipeWanted(Message):
        """The recipe is to be picked from a list."""

    def __init__(self, draft: Draft, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.draft = draft
        self.entry = 0
        self._ascii_only = ascii_only
        self._rows = _rows()
        self._top = 0

    @property
    def name_at_cursor(self) -> str:
        """The field of the current row, or `RECIPE`."""
        return ENTRIES[self.entry]

    @property
    def _typed(self) -> bool:
        """Whether the current field is edited as text."""
        return self.name_at_cursor != RECIPE and not options(self.name_at_cursor)

    def compose(self) -> ComposeResult:
        field = Input(compact=True, select_on_focus=True)
        field.cursor_blink = False
        field.display = False
        yield field

    def move_to(self, entry: int) -> None:
        """Make another row the current one."""
        self.entry = min(max(entry, 0), len(ENTRIES) - 1)
        self.redraw()
        if self.has_focus or self.query_one(Input).has_focus:
            self.take_focus()
        self.post_message(self.Moved())

    def take_focus(self) -> None:
        """Have the keys where the current field wants them."""
        (self.query_one(Input) if self._typed else self).focus(scroll_visible=False)

    def redraw(self) -> None:
        """Show what the draft now says."""
        if not self.size:
            return  # the first resize will draw
        row = self._rows.index((False, self.name_at_cursor))
        height = max(1, self.size.height)
        heading = 1 if row and self._rows[row - 1][0] else 0
        self._top = max(row - height + 1, min(self._top, row - heading))
        self._top = max(0, min(self._top, len(self._rows) - height))
        self.show_strips([self._line(*one) for one in self._rows[self._top :][:height]])
        field = self.query_one(Input)
        if self._typed:
            field.styles.offset = VALUE_COLUMN, row - self._top
            text = self.draft.texts[self.name_at_cursor]
            if field.value != text:
                with field.prevent(Input.Changed):
                    field.value = text
        field.styles.width = max(1, self.size.width - VALUE_COLUMN)
        field.display = self._typed

    def _line(self, is_heading: bool, name: str) -> Strip:
        width = self.size.width
        if is_heading:
            return text_strip(name, width, Style(bold=True, underline=True))
        here, draft = name == self.name_at_cursor, self.draft
        if name == RECIPE:
            mark, value, choosable = " ", draft.recipe or "default", True
        else:
            mark = "!" if name in draft.errors else "*" if draft.is_changed(name) else " "
            value, choosable = draft.texts[name], bool(options(name))
        value = printable(value, ascii_only=self._ascii_only)
        if here and choosable:
            value = f"< {value} >"
        room = max(1, width - VALUE_COLUMN)
        if mark != " " and room >= 40:  # else only the note below says it
            value = f"{value:<24}  recipe: {format_value(getattr(draft.base, name))}"
        value = value if len(value) <= room else value[: room - 1] + "~"
        label = text_strip(f"{mark} {name}", VALUE_COLUMN, Style(reverse=here, bold=mark != " "))
        return Strip.join([label, text_strip(value, room, Style(bold=mark != " "))])

    def action_change(self, direction: int) -> None:
        """Take the next of the possible values, after the last the first."""
        name = self.name_at_cursor
        if name == RECIPE:
            self.post_message(self.RecipeWanted())
        elif possible := options(name):
            text = self.draft.texts[name]
            at = possible.index(text) + direction if text in possible else 0
            self.post_message(self.Edited(name, possible[at % len(possible)]))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass on what was typed."""
        event.stop()
        if self._typed:
            self.post_message(self.Edited(self.name_at_cursor, event.value))

    def on_focus(self, _event: events.Focus) -> None:
        """Pass the focus on to the input where there is one."""
        if self._typed:
            self.take_focus()

    def on_click(self, event: events.Click) -> None:
        """Go to the row under the mouse."""
        row = self._top + event.y
        if event.widget is self and row < len(self._rows) and not self._rows[row][0]:
            self.move_to(ENTRIES.index(self._rows[row][1]))

    def on_resize(self, _event: events.Resize) -> None:
        """Draw at the new size."""
        self.redraw()
