"""What the screens with a table of runs have in common: moving, sorting and filtering."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual import events
from textual.binding import Binding

from nn.storage.runs import SavedRun
from tui.app.screens.base import ModeScreen
from tui.app.state.filter import Filter
from tui.app.state.workbench import Workbench
from tui.app.widgets.cursor_table import CursorTable
from tui.system.terminal import Terminal


def list_bindings(group: str) -> list[Binding]:
    """The bindings of a `ListScreen` that the line of keys does not show."""
    hidden = [
        ("up,k", "move(-1)", "Row up", "up"),
        ("down,j", "move(1)", "Row down", "down"),
        ("pageup", "page(-1)", "Page up", "page-up"),
        ("pagedown", "page(1)", "Page down", "page-down"),
        ("home", "end(-1)", "First row", "first"),
        ("end", "end(1)", "Last row", "last"),
    ]
    return [
        Binding(key, action, words, id=f"{group}.{name}", show=False)
        for key, action, words, name in hidden
    ]


class ListScreen(ModeScreen):
    """A table of rows with a cursor, in an order, and perhaps narrowed down by a filter."""

    AUTO_FOCUS = ""

    def __init__(self, bench: Workbench, terminal: Terminal, order: str) -> None:
        super().__init__(bench, terminal)
        self._order, self._filter = order, Filter()

    @property
    def _table(self) -> CursorTable[Any]:
        return self.query_one(CursorTable)

    def orders(self) -> Iterable[str]:
        """The names of the orders; none as long as there is nothing to sort or to filter."""
        raise NotImplementedError

    def draw(self) -> None:
        """Show the present state."""
        raise NotImplementedError

    def draw_row(self) -> None:
        """Show what belongs to the row with the cursor."""

    def action_open(self) -> None:
        """Show the row with the cursor."""
        raise NotImplementedError

    def show_run(self, run: SavedRun) -> None:
        """Show the curves of a run; the other screens then show its best network."""
        if self.bench.is_present(run):
            self.bench.close()
        else:
            self.bench.open(run)
        self.app.switch_mode("train")

    def on_resize(self, _event: events.Resize) -> None:
        """The words depend on the size."""
        self.call_after_refresh(self.draw)

    def on_cursor_table_chosen(self) -> None:
        """A second click on a row."""
        self.action_open()

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self._table.move(rows)
        self.draw_row()

    def action_page(self, pages: int) -> None:
        """Move the cursor by what is seen."""
        self.action_move(pages * self._table.page)

    def action_end(self, direction: int) -> None:
        """Move the cursor to the first or the last row."""
        self.action_move(direction * self._table.count)

    def action_order(self) -> None:
        """Sort by something else."""
        if orders := list(self.orders()):
            self._order = orders[(orders.index(self._order) + 1) % len(orders)]
            self._table.move_to(0)
            self.draw()

    def action_filter(self) -> None:
        """Type words that a row must contain."""
        if self.orders():
            self._filter.typing = True
            self.draw()

    def on_key(self, event: events.Key) -> None:
        """Take what is typed into the filter, even in one burst with the key that opens it."""
        if not self._filter.typing:
            bound = self.active_bindings.get(event.key)
            if self.focused is None and bound and bound.binding.action == "filter":
                event.stop()
                self.action_filter()
        elif self._filter.take(event):
            event.stop()
            self.draw()

    def action_clear(self) -> None:
        """Show all rows again."""
        self._filter.text = ""
        self.draw()
