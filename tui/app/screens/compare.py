"""The screen that compares two saved runs: curves, configurations, and the test digits."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from tui.app.screens.comparing import ComparingScreen
from tui.app.state.comparison import Comparison, opened_cell
from tui.app.state.comparison_words import (
    AXES,
    Axis,
    chance_words,
    confusion_words,
    differing_rows,
    epoch_rows,
    more_words,
    same_words,
    seed_list,
    seeds_words,
    short_seed_lines,
    training_words,
    value_rows,
)
from tui.app.state.workbench import Workbench
from tui.app.widgets.agreement import AgreementTable
from tui.app.widgets.chart import Chart
from tui.app.widgets.charts import CHARTS
from tui.app.widgets.compared_curves import ComparedCurves
from tui.app.widgets.compared_rows import ComparedRows
from tui.app.widgets.strips import printable
from tui.recording.folder import display_name
from tui.system.terminal import Terminal

PANELS = ("curves", "values", "digits", "differing")
"""The panels in the order of the key that goes to the next one."""


class CompareScreen(ComparingScreen):
    """Four curves and the values at the cursor; what differs, and the test digits in four cells.

    A small screen shows one panel at a time.
    """

    DEFAULT_CSS = """
    CompareScreen {
        #note { height: auto; max-height: 3; color: $readable-accent; display: none; }
        #top { height: 1fr; }
        #bottom { height: 10; }
        #curves { width: 1fr; }
        #values { width: 31; overflow: hidden; }
        #digits, #differing { width: 1fr; }
        #differing, #words { scrollbar-size-vertical: 1; }
        #words { height: 1fr; }
        &.-tall.-wide #bottom, &.-tall.-huge #bottom { height: 16; }
        &.-wide #values { width: 36; }
        &.-huge #values, &.-huge #differing { width: 50; }
        &.-short, &.-narrow {
            #top, #bottom { display: none; height: 1fr; }
            #curves, #values, #digits, #differing { display: none; width: 1fr; }
            &.-at-curves #top, &.-at-values #top { display: block; }
            &.-at-digits #bottom, &.-at-differing #bottom { display: block; }
            &.-at-curves #curves, &.-at-values #values { display: block; }
            &.-at-digits #digits, &.-at-differing #differing { display: block; }
        }
    }
    """
    AUTO_FOCUS = "#curves Chart.-shown"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Digits", key_display="enter", id="compare.open"),
        Binding("tab", "move_panel(1)", "Panel", id="compare.next-panel"),
        Binding("shift+tab", "move_panel(-1)", "Panel before", id="compare.last-panel", show=False),
        Binding("v", "measure", "Accuracy/loss", id="compare.measure"),
        Binding("z", "axis", "Axis", id="compare.axis"),
        Binding("plus", "seeds", "More seeds", key_display="+", id="compare.seeds"),
        Binding("x", "stop", "Stop the seeds", id="compare.stop"),
        Binding("t", "train", "Train with B's configuration", id="compare.train", show=False),
        Binding("n", "cell(1)", "Next cell of digits", id="compare.next-cell", show=False),
        Binding("p", "cell(-1)", "Cell before", id="compare.previous-cell", show=False),
        Binding("d", "lines", "Thin lines or blocks", id="compare.lines", show=False),
        Binding("O", "swap", "Swap A and B", id="compare.swap", show=False),
        Binding("y", "log", "Logarithmic scale of the loss", id="compare.log", show=False),
        Binding("escape", "back", "Back to the runs", id="compare.back", show=False),
    ]

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self._axis: Axis = AXES[0]
        self._panel = PANELS[0]
        self._curves = ComparedCurves(terminal)
        self._table = AgreementTable(terminal)
        self._scores, self._fields = ComparedRows(terminal), ComparedRows(terminal)

    def compose_body(self) -> ComposeResult:
        yield Static(id="note", markup=False)
        with Horizontal(id="top"):
            yield self._curves
            with VerticalScroll(id="values", classes="panel", can_focus=False):
                yield self._scores
        with Horizontal(id="bottom"):
            with Vertical(id="digits", classes="panel"):
                yield self._table
                with VerticalScroll(id="words", can_focus=False):
                    yield Static(id="verdict", markup=False)
            with VerticalScroll(id="differing", classes="panel"):
                yield self._fields
                yield Static(id="same", markup=False)

    def on_mount(self) -> None:
        self.add_class(f"-at-{self._panel}")

    def on_resize(self, _event: events.Resize) -> None:
        """The words depend on the size."""
        self.call_after_refresh(self.draw)

    # What is shown

    def draw(self) -> None:
        """Show the present state."""
        waiting = "Comparing the two runs digit by digit ..."
        if not self._runs:
            waiting = (
                f"Two runs are compared: mark them in Runs ({self.key_of('app.runs', '6')}) with"
                f" {self.key_of('runs.overlay', 'space')}, then press"
                f" {self.key_of('runs.compare', 'v')}."
            )
        self.show_note(self.error or ("" if self.comparison else waiting))
        self._draw_curves()
        self._draw_values()
        self._draw_differing()
        self.draw_digits()

    def _draw_curves(self) -> None:
        self._curves.show(self.comparison, self._axis, thin=self.bench.drawing.thin_lines)

    @on(Chart.Looked)
    def _draw_values(self) -> None:
        comparison, x = self.comparison, self._curves.cursor_x
        at = f"at {self._axis} {x:g}" if x is not None else "last"
        self._title("#values", f"Values, {at}")
        rows = value_rows(comparison, self._axis, x) if comparison else []
        if comparison:
            room = self.query_one("#values").size.height - 1  # below the letters
            rows += epoch_rows(comparison, room - len(rows))
        self._scores.show(rows, words=False)

    def _draw_differing(self) -> None:
        comparison = self.comparison
        rows = differing_rows(comparison) if comparison else []
        self._title("#differing", "What differs" if rows or not comparison else "Nothing differs")
        self._fields.show(rows, words=True)
        lines = []
        if comparison is not None:
            if not comparison.same_loss:
                lines.append("The losses are of different functions: only accuracies compare.")
            lines.append(same_words(comparison))
            lines += [
                f"{side.letter} is {display_name(side.run.name)}, {side.run.status}"
                for side in comparison.sides
            ]
        self.put("#same", self._printable("\n".join(lines)))

    def draw_digits(self) -> None:
        comparison = self.comparison
        digits = comparison.digits if comparison else None
        total = f"The {digits.found.total:,} test digits" if digits else "The test digits"
        self._title("#digits", total)
        self._table.display = digits is not None
        self._table.show(digits.found if digits else None)
        if comparison is None:
            self.put("#verdict", "")
            return
        short = self.size.width < 120 or not self.has_class("-tall")
        arrow = ">" if self.terminal.ascii_only else "→"
        lines = [] if digits else [comparison.reason]
        if digits:
            for at, side in enumerate(comparison.sides):
                words = confusion_words(digits, at, 3 if short else 5, arrow)
                lines.append(f"{side.letter} mistakes {words}")
            lines.append(chance_words(digits.found, short=short))
        lines += self._seed_lines(comparison, short=short)
        self.put("#verdict", self._printable("\n".join(lines)))

    def _seed_lines(self, comparison: Comparison, *, short: bool) -> list[str]:
        seeds, training = comparison.seeds, self.bench.seeds
        key = self.key_of("compare.seeds", "+")
        if short:
            return short_seed_lines(seeds, training, key)
        stop = self.key_of("compare.stop", "x")
        doing = training_words(training, stop) if training else ""
        return [seeds_words(seeds), seed_list(seeds), doing or more_words(seeds, key)]

    def _title(self, selector: str, text: str) -> None:
        self.entitle(self.query_one(selector), text)

    def _printable(self, text: str) -> str:
        lines = text.split("\n")
        return "\n".join(printable(line, ascii_only=self.terminal.ascii_only) for line in lines)

    # Keys

    def action_measure(self) -> None:
        """Go to the loss in place of the accuracy, where losses compare, or back."""
        if self.comparison is not None and not self.comparison.same_loss:
            self.notify(
                "They minimize different functions, so their losses do not compare.",
                severity="warning",
            )
            return
        at = CHARTS.index(self._curves.kind) + 1
        self._curves.choose(CHARTS[at % len(CHARTS)])
        if self._panel == "curves":
            self._show_panel("curves")

    def action_log(self) -> None:
        """A logarithmic scale of the loss, or a linear one."""
        self._curves.turn_log()

    def action_lines(self) -> None:
        """Draw the lines of charts thin or in blocks, here and on other screens."""
        self.turn_lines()
        self._draw_curves()

    def action_axis(self) -> None:
        """Draw over epochs, steps or seconds."""
        self._axis = AXES[(AXES.index(self._axis) + 1) % len(AXES)]
        self._curves.point_at(None)
        self._draw_curves()
        self._draw_values()

    def action_train(self) -> None:
        """Put the configuration of B into the form of Train, and go there."""
        if self.bench.compared is not None:
            self.train_with(self.bench.compared[1])

    def action_cell(self, by: Literal[1, -1]) -> None:
        """Go to the next cell of the test digits, or to the one before."""
        self._table.go_on(by)
        if self._panel != "digits":
            self._show_panel("digits")

    def action_swap(self) -> None:
        """Make A of B and B of A."""
        if self.bench.compared is not None:
            self.bench.compared = self.bench.compared[::-1]
            self.catch_up()

    @on(AgreementTable.Chosen)
    def action_open(self) -> None:
        """Show the digits of the cell with the cursor."""
        comparison = self.comparison
        if comparison is None or comparison.digits is None:
            return
        cell = opened_cell(comparison, self._table.cell)
        if cell.indices:
            self.bench.open_cell(cell)
            self.app.switch_mode("digits")
        else:
            self.notify("There is no such digit.")

    def action_back(self) -> None:
        """Back to the list of runs."""
        self.app.switch_mode("runs")

    # Panels

    def action_move_panel(self, direction: Literal[1, -1]) -> None:
        """Go to the next or the previous panel that takes keys; on a small screen, to any."""
        single = self.has_class("-narrow") or self.has_class("-short")
        panels = PANELS if single else tuple(name for name in PANELS if name != "values")
        at = panels.index(self._panel) if self._panel in panels else 0
        self._show_panel(panels[(at + direction) % len(panels)])

    def _show_panel(self, panel: str) -> None:
        self.remove_class(f"-at-{self._panel}")
        self.query_one(f"#{self._panel}").remove_class("-chosen")
        self._panel = panel
        self.add_class(f"-at-{self._panel}")
        self.query_one(f"#{self._panel}").add_class("-chosen")
        # Styles are updated at once, because what is not displayed cannot have the focus.
        self.app.stylesheet.update(self)
        self.set_focus(self._focused_of(self._panel))
        self.call_after_refresh(self.draw)

    def _focused_of(self, panel: str) -> Widget | None:
        widgets = {"digits": self._table, "curves": self._curves.chosen}
        widget = widgets.get(panel) or self.query_one(f"#{panel}")
        return widget if widget.can_focus else None
