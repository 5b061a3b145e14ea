"""The rows of the configuration form, with one input on the row that is edited."""

from __future__ import annotations

from itertools import groupby
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input

from nn.config import FIELDS, field_types
from nn.options import format_value
from tui.app.widgets.colors import role_style
from tui.app.widgets.draft import Draft, options
from tui.app.widgets.strips import PLAIN, StripWidget, printable, text_strip
from tui.system.terminal import FULL, Terminal

RECIPE = "recipe"
"""The name of the first row, which is not a field of the configuration."""
ENTRIES = (RECIPE, *FIELDS)
VALUE_COLUMN = 3 + max(map(len, FIELDS))


def _rows() -> list[tuple[bool, str]]:
    """Every row: whether it is a heading, and its text or the name of its field."""
    rows = [(False, RECIPE)]
    for group, names in groupby(FIELDS, key=lambda name: FIELDS[name].group):
        rows += [(True, group), *((False, name) for name in names)]
    return rows


class FieldInput(Input):
    """The input for the text of the current field."""

    def action_copy(self) -> None:
        """Leave ctrl+c to the application, which it ends on every screen."""
        raise SkipAction


class FieldList(StripWidget, can_focus=True):
    """All fields, a row each: `*` before a changed one, `!` before a wrong one.

    Fields with a few possible values are changed by left and right, the others in an input on their
    row. One widget draws all rows, because a hundred widgets take a tenth of a second to mount.
    """

    DEFAULT_CSS = """
    FieldList { width: 1fr; height: 1fr; }
    FieldList Input { position: absolute; width: 1fr; background: $surface; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "change(1)", "Change", id="form.next-value"),
        Binding("left", "change(-1)", "Previous value", id="form.previous-value", show=False),
    ]

    class Edited(Message):
        """The draft has changed."""

    class Moved(Message):
        """Another row is the current one."""

    class RecipeWanted(Message):
        """The recipe is to be picked from a list."""

    def __init__(self, draft: Draft, terminal: Terminal = FULL) -> None:
        super().__init__(terminal)
        self.draft = draft
        self.entry = 0
        self._rows = _rows()
        self._top = 0

    @property
    def name_at_cursor(self) -> str:
        """The field of the current row, or `RECIPE`."""
        return ENTRIES[self.entry]

    @property
    def _options(self) -> tuple[str, ...]:
        """The possible values of the current field, if they are few."""
        return () if self.name_at_cursor == RECIPE else options(self.name_at_cursor)

    @property
    def takes_any_text(self) -> bool:
        """Whether any character may be typed into the current field."""
        return self._typed and field_types()[self.name_at_cursor] is str

    @property
    def _typed(self) -> bool:
        """Whether the current field is edited as text."""
        return self.name_at_cursor != RECIPE and not self._options

    def compose(self) -> ComposeResult:
        field = FieldInput(compact=True)
        field.cursor_blink = False
        field.display = False
        yield field

    def move_to(self, entry: int) -> None:
        """Make another row the current one."""
        self._take_typed()
        self.entry = min(max(entry, 0), len(ENTRIES) - 1)
        self.redraw()
        if self.has_focus_within:
            self.take_focus()
        self.query_one(Input).action_select_all()
        self.post_message(self.Moved())

    def take_focus(self) -> None:
        """Give the focus to the input, if the current field is edited as text, or to the list."""
        target = self.query_one(Input) if self._typed else self
        self.screen.set_focus(target, scroll_visible=False)

    def redraw(self) -> None:
        """Show the present state of the draft."""
        field = self.query_one(Input)
        field.display = self._typed
        if self._typed and field.value != (text := self.draft.texts[self.name_at_cursor]):
            with field.prevent(Input.Changed):
                field.value = text
        super().redraw()

    def _lay_out(self) -> list[Strip]:
        field = self.query_one(Input)
        row = self._rows.index((False, self.name_at_cursor))
        height = self.size.height
        heading = 1 if row and self._rows[row - 1][0] else 0
        self._top = max(row - height + 1, min(self._top, row - heading))
        self._top = max(0, min(self._top, len(self._rows) - height))
        field.styles.offset = VALUE_COLUMN, row - self._top
        field.styles.width = max(1, self.size.width - VALUE_COLUMN)
        return [self._line(*one) for one in self._rows[self._top :][:height]]

    def _line(self, is_heading: bool, name: str) -> Strip:
        width = self.size.width
        if is_heading:
            return text_strip(name, width, Style(bold=True, underline=True))
        here, draft = name == self.name_at_cursor and self.has_focus_within, self.draft
        if name == RECIPE:
            mark, value, choosable = " ", draft.recipe or "default", True
        else:
            mark = "!" if name in draft.errors else "*" if draft.is_changed(name) else " "
            value, choosable = draft.texts[name], bool(options(name))
        value = printable(value, ascii_only=self.terminal.ascii_only)
        if name != RECIPE:
            value += self._in_words(name)
        if here and choosable:
            value = f"< {value} >"
        room = max(1, width - VALUE_COLUMN)
        if mark != " " and room >= 40:  # The note below the form has it in any case.
            value = f"{value:<24}  recipe: {format_value(getattr(draft.base, name))}"
        value = value if len(value) <= room else value[: room - 1] + "~"
        matters = name == RECIPE or mark == "!" or draft.has_effect(name)
        style = role_style("muted", self.terminal.colors) if not matters else PLAIN
        bold = mark != " " and matters
        label = text_strip(
            f"{mark} {name}", VALUE_COLUMN, style + Style(reverse=here or None, bold=bold or None)
        )
        return Strip.join([label, text_strip(value, room, style + Style(bold=bold or None))])

    def _in_words(self, name: str) -> str:
        """What follows a value: what 0 stands for, or why the field has no effect."""
        option = FIELDS[name]
        if name in self.draft.errors:
            return ""
        if not self.draft.has_effect(name):
            return "  (no effect)"
        return f"  ({option.zero})" if option.zero and self.draft.is_zero(name) else ""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is typed into the form, so that no binding of the screen has an effect."""
        return character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        """Take the next value that begins with the letter that was typed."""
        if event.character is None or not event.is_printable or event.character == " ":
            return
        event.stop()
        if possible := self._options:
            start = self._value_index() + 1
            following = (*possible[start:], *possible[:start])
            found = [value for value in following if value.startswith(event.character)]
            if found:
                self._edit(found[0])

    def action_change(self, direction: int) -> None:
        """Take the next of the possible values, after the last the first."""
        if self.name_at_cursor == RECIPE:
            self.post_message(self.RecipeWanted())
        elif possible := self._options:
            self._edit(possible[(self._value_index() + direction) % len(possible)])

    def _value_index(self) -> int:
        """The index of the current field's value among the possible ones."""
        return self._options.index(self.draft.texts[self.name_at_cursor])

    def on_input_changed(self, event: Input.Changed) -> None:
        """Put the text into the draft, unless that was done when the field was left."""
        event.stop()
        self._take_typed()

    def _take_typed(self) -> None:
        """Put the text of the input into the draft."""
        text = self.query_one(Input).value
        if self._typed and text != self.draft.texts[self.name_at_cursor]:
            self._edit(text)

    def _edit(self, text: str) -> None:
        self.draft.edit(self.name_at_cursor, text)
        self.post_message(self.Edited())

    def on_focus(self, _event: events.Focus) -> None:
        """Pass the focus on to the input where there is one."""
        if self._typed:
            self.take_focus()

    def on_click(self, event: events.Click) -> None:
        """Go to the row under the mouse."""
        row = self._top + event.y
        if event.widget is self and row < len(self._rows) and not self._rows[row][0]:
            self.move_to(ENTRIES.index(self._rows[row][1]))
