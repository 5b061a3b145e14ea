"""The form over the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from nn.config import FIELDS
from nn.options import Value, format_value
from tui.app.widgets.draft import Draft, options
from tui.app.widgets.field_list import ENTRIES, RECIPE, FieldList
from tui.recording.experiment import Experiment
from tui.system.terminal import FULL, Terminal


class ConfigForm(Widget):
    """Every field of `TrainConfig`, checked as it is typed, above a note on the current field.

    `draft` holds what was edited. `Left` is posted when a field is left, `Closed` when the form is.
    """

    DEFAULT_CSS = """
    ConfigForm { layout: vertical; width: 1fr; height: 1fr; }
    ConfigForm Static { height: 4; color: $text-muted; }
    ConfigForm Static.-error { color: $readable-error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,tab", "move(1)", "Next field", id="form.next"),
        Binding("up,shift+tab", "move(-1)", "Previous field", id="form.previous", show=False),
        Binding("pagedown", "move_group(1)", "Next group", id="form.next-group", show=False),
        Binding("pageup", "move_group(-1)", "Previous group", id="form.previous-group", show=False),
        Binding("enter", "accept", "Choose", id="form.accept"),
        Binding("ctrl+r", "restore", "Restore", id="form.restore"),
        Binding("slash", "find", "Find", key_display="/", id="form.find", priority=True),
        Binding("escape", "close", "Close", id="form.close"),
    ]

    class Left(Message):
        """The cursor left a field, or the focus left the form."""

    class FieldWanted(Message):
        """A field is to be found by its name or by what it does."""

    class Closed(Message):
        """The form is no longer needed."""

    def __init__(self, experiment: Experiment, terminal: Terminal = FULL) -> None:
        super().__init__()
        self.draft = Draft(experiment)
        self._fields = FieldList(self.draft, terminal)
        self._note = Static(markup=False)

    def compose(self) -> ComposeResult:
        yield self._fields
        yield self._note

    def on_mount(self) -> None:
        self.redraw()

    def load(self, experiment: Experiment) -> None:
        """Show another configuration."""
        self.draft.load(experiment)
        self.redraw()

    def choose(self, recipe: str) -> None:
        """Load a recipe."""
        self.draft.choose(recipe)
        self.redraw()
        self.post_message(self.Left())

    def edit(self, name: str, text: str) -> None:
        """Give a field another value."""
        self.draft.edit(name, text)
        self.redraw()
        self.post_message(self.Left())

    def refuse(self, name: str, reason: str) -> None:
        """Mark a field as wrong, for a reason that its text alone does not have."""
        self.draft.refuse(name, reason)
        self.redraw()

    def take_focus(self) -> None:
        """Take the focus."""
        self._fields.take_focus()

    def redraw(self) -> None:
        """Show the present state of the draft."""
        self._fields.redraw()
        name = self._fields.name_at_cursor
        error = self.draft.errors.get(name) or self.draft.problem
        self._note.set_class(error is not None, "-error")
        self._note.update(f"! {error}" if error else self._about(name))

    def _about(self, name: str) -> str:
        if name == RECIPE:
            from nn.recipes import load_recipe

            return load_recipe(self.draft.recipe or "default").description
        text = FIELDS[name].help
        if possible := options(name):
            text += f". One of {', '.join(possible)}"
        if needs := (None if self.draft.has_effect(name) else FIELDS[name].needs):
            text = f"No effect without {_condition(needs)}. {text}"
        if self.draft.is_changed(name):
            text = f"* recipe: {format_value(getattr(self.draft.base, name))}. {text}"
        return text

    @on(FieldList.Edited)
    def _edit(self, event: FieldList.Edited) -> None:
        event.stop()
        self.redraw()

    @on(FieldList.Moved)
    def _moved(self, event: FieldList.Moved) -> None:
        event.stop()
        self.redraw()
        self.post_message(self.Left())

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_move(1)

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """Highlight the current row, which takes the keys."""
        self.redraw()

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        """Put the present state in force when the focus goes elsewhere."""
        self.redraw()
        self.post_message(self.Left())

    def action_move(self, by: int) -> None:
        """Go to another field, from the last to the first."""
        self._fields.move_to((self._fields.entry + by) % len(ENTRIES))

    def action_move_group(self, direction: int) -> None:
        """Go to the first field of another group."""
        groups = ["", *(option.group for option in FIELDS.values())]
        starts = [i for i, group in enumerate(groups) if i == 0 or groups[i - 1] != group]
        here = self._fields.entry
        after = [i for i in starts if (i > here if direction > 0 else i < here)]
        if after:
            self._fields.move_to(after[0] if direction > 0 else after[-1])

    def go_to(self, name: str) -> None:
        """Make a field the current one."""
        self._fields.move_to(ENTRIES.index(name))
        self.take_focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key has an effect: a slash is typed where the field is a path."""
        if action == "restore":
            return self._fields.name_at_cursor != RECIPE
        return action != "find" or not self._fields.takes_any_text

    def action_find(self) -> None:
        """Look for a field."""
        self.post_message(self.FieldWanted())

    def action_accept(self) -> None:
        """Open the list of recipes on its row, else go to the next field."""
        if self._fields.name_at_cursor == RECIPE:
            self.post_message(FieldList.RecipeWanted())
        else:
            self.action_move(1)

    def action_restore(self) -> None:
        """Give the current field the value it has in the recipe."""
        self.draft.restore(self._fields.name_at_cursor)
        self.redraw()

    def action_close(self) -> None:
        """Leave the form."""
        self.post_message(self.Closed())


def _condition(needs: Mapping[str, tuple[Value, ...]]) -> str:
    """What a field needs to have an effect, in words."""
    return " or ".join(
        f"{name}={' or '.join(map(str, values))}" if values else f"{name} above 0"
        for name, values in needs.items()
    )
