"""Charts, numbers and a table of a run side by side, or one of them at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Container

from tui.app.screens.steering import SteeringScreen
from tui.app.state.workbench import Workbench
from tui.app.widgets.charts import CHARTS, ROOMY
from tui.app.widgets.epoch_table import EpochTable
from tui.app.widgets.numbers import Numbers
from tui.app.widgets.text import set_title
from tui.system.terminal import Terminal

if TYPE_CHECKING:
    from tui.app.widgets.curves import Change, Curves

PANES = (*(chart.name for chart in CHARTS), "numbers", "table")
"""Identifiers of the panes, in the order of the key that goes to the next one."""


class PanedScreen(SteeringScreen):
    """The panes of a run, of which a small screen shows one, and the keys of its charts.

    A subclass composes the panes and lays them out; `-at-NAME` is the class while one is shown. It
    mounts the charts, which need NumPy, a moment after the first frame.
    """

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self._numbers = Numbers(terminal, id="numbers", classes="panel")
        self._table = EpochTable(terminal, id="table", classes="panel")
        # Kept, because a screen that is being removed no longer finds its parts by their names.
        self._place_of_curves = Container(id="charts")
        set_title(self._table, "Epochs, * best test accuracy, loss")
        self._curves: Curves | None = None
        self._pane = "loss"
        self.add_class(f"-at-{self._pane}", update=False)

    def _open_panels(self) -> None:
        """Give up the sides of the borders where that is needed for what is in them."""
        for panel in (self._numbers, self._table, self._place_of_form):
            panel.set_class(self.app.size.width < ROOMY, "-open", update=panel.is_attached)
        self._frame_numbers()

    def _frame_numbers(self) -> None:
        """Leave the border out where the numbers are a line below another pane."""
        framed = not self._single or self._pane == "numbers"
        self._numbers.set_class(framed, "panel", update=self._numbers.is_attached)

    def action_chart(self, change: Change) -> None:
        """Change how the curves are drawn, once they are there."""
        if self._curves is not None:
            self._curves.change(change)

    def action_lines(self) -> None:
        """Draw the lines of charts thin or in blocks, here and on other screens."""
        self.turn_lines()
        self.show_progress()

    def action_gradients(self) -> None:
        """Show the gradients of all layers in place of the charts, or the charts again."""
        if self._curves is not None:
            shown = self._curves.show_gradients()
            self.app.stylesheet.update(self)  # What is not displayed cannot have the focus.
            if shown:
                self.set_focus(self._curves.flow)
            else:
                self._show_pane("loss")

    def action_move_pane(self, direction: int) -> None:
        """Go to the next (1) or previous (-1) pane."""
        panes = PANES if self._single else tuple(p for p in PANES if p != "numbers")
        here = panes.index(self._pane) if self._pane in panes else 0
        self._show_pane(panes[(here + direction) % len(panes)])

    @property
    def _single(self) -> bool:
        """Whether one pane is shown at a time."""
        return self.has_class("-narrow") or self.has_class("-short")

    def _show_pane(self, pane: str) -> None:
        self.remove_class(f"-at-{self._pane}")
        self._pane = pane
        self.add_class(f"-at-{pane}")
        self._frame_numbers()
        if self._curves is not None:
            self._curves.choose(pane)
        self._focus_pane()

    def _focus_pane(self) -> None:
        """Give the focus to the pane, or to none if it is the numbers, which take no keys."""
        # Styles are updated at once, because what is not displayed cannot have the focus.
        self.app.stylesheet.update(self)
        pane = self.query(f"#{self._pane}")
        self.set_focus(pane.first() if pane and pane.first().can_focus else None)
