"""The screen of sweeps: live from their files, and from where they are started and stopped."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Static

from tui.app.screens.listing import list_bindings
from tui.app.screens.watching import WatchingScreen
from tui.app.state.sweep_process import example_command
from tui.app.state.sweep_view import (
    TrialRow,
    arranged,
    best_words,
    orders,
)
from tui.app.state.workbench import Workbench
from tui.app.widgets.charts import ROOMY
from tui.app.widgets.panel import Panel
from tui.app.widgets.parallel_coordinates import ParallelCoordinates
from tui.app.widgets.strips import printable
from tui.app.widgets.sweep_pictures import SweepPictures
from tui.app.widgets.trials_table import TrialsTable, accuracy_text
from tui.system.terminal import Terminal

_OF_A_SWEEP = frozenset({"open", "picture", "stop", "resume", "filter", "order", "clear"})


class SweepScreen(WatchingScreen):
    """A table of the trials of one sweep, beside or above pictures of it.

    A small screen shows one of the two at a time, and only a wide one the parallel coordinates.
    """

    DEFAULT_CSS = """
    SweepScreen {
        #body { height: 1fr; layout: vertical; }
        #found { height: 1fr; }
        #best { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #errors { height: auto; max-height: 50%; color: $readable-error; display: none; }
        #empty { height: 1fr; padding: 1 1; color: $text-muted; display: none; }
        #pictures { height: 11; }
        #parallel { height: 13; display: none; }

        &.-wide #body, &.-huge #body { layout: horizontal; }
        &.-wide #best, &.-huge #best {
            height: auto; max-height: 2; text-wrap: wrap; text-overflow: fold;
        }
        &.-wide #pictures, &.-huge #pictures { width: 40%; height: 1fr; }
        &.-wide #parallel, &.-huge #parallel { display: block; }
        &.-wide.-medium #parallel, &.-huge.-medium #parallel { height: 11; }
        &.-huge.-tall #parallel { height: 17; }

        &.-narrow, &.-short {
            #pictures { display: none; height: 1fr; width: 1fr; }
            #parallel { display: none; }
            &.-at-pictures {
                #pictures { display: block; }
                #found { display: none; }
            }
        }

        &.-empty #pictures, &.-empty #parallel, &.-empty #best, &.-empty #trials { display: none; }
        &.-empty #empty, &.-empty #found { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Curves", key_display="enter", id="sweep.open"),
        Binding("v", "picture(1)", "Picture", id="sweep.picture"),
        Binding("f", "new", "New", id="sweep.new"),
        Binding("x", "stop", "Stop", id="sweep.stop"),
        Binding("u", "resume", "Resume", id="sweep.resume"),
        Binding("slash", "filter", "Filter", key_display="/", id="sweep.filter"),
        Binding("o", "order", "Order", id="sweep.order"),
        Binding("tab", "picture(1)", "Next picture", id="sweep.next-picture", show=False),
        Binding("shift+tab", "picture(-1)", "Picture before", id="sweep.last-picture", show=False),
        Binding("left,h", "sweep(-1)", "Newer sweep", id="sweep.newer", show=False),
        Binding("right,l", "sweep(1)", "Older sweep", id="sweep.older", show=False),
        *list_bindings("sweep"),
        Binding("escape", "clear", "Show all trials", id="sweep.clear", show=False),
    ]

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal, "best")

    def compose_body(self) -> ComposeResult:
        with Container(id="body"):
            with Panel(id="found", classes="-chosen"):
                yield Static(id="errors", markup=False)
                yield Static(id="empty", markup=False)
                yield Static(id="best", markup=False)
                yield TrialsTable(self.terminal, id="trials")
            yield SweepPictures(self.terminal, id="pictures", classes="panel")
        yield ParallelCoordinates(self.terminal, id="parallel", classes="panel")

    def on_resize(self, _event: events.Resize) -> None:
        """Draw all sides of the borders where there is room for them."""
        for panel in self.query(".panel"):
            panel.set_class(self.size.width < ROOMY, "-open")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key does anything: where there is no sweep, one can only be begun."""
        if action == "sweep":  # where one cannot be read, others may be there
            return bool(self.last.names)
        return self.view is not None or action not in _OF_A_SWEEP

    # What is shown

    def orders(self) -> Iterable[str]:
        return orders(self.view.spec) if self.view is not None else ()

    def draw(self) -> None:
        """Show the present state."""
        view = self.view
        if self.has_class("-empty") != (view is None):
            self.set_class(view is None, "-empty")
            self.refresh_bindings()
        self.show_note(self.last.error, "#errors")
        head = printable(self._head(), ascii_only=self.terminal.ascii_only)
        self.query_one(Panel).show_titles(head)
        self.put("#empty", self._about_sweeps() if not self.last.error else "")
        if view is not None:
            self.put("#best", best_words(view, self._score))
            if self._order not in self.orders():
                self._order = "best"
            rows = arranged(view, self._filter.text, self._order)
            empty = "no trial matches" if view.rows else "no trials yet"
            self.query_one(TrialsTable).show(rows, view.spec.space.fields, view.best, empty=empty)
        for part in (self.query_one(SweepPictures), self.query_one(ParallelCoordinates)):
            part.show(view)
            self.entitle(part, part.title)

    def _score(self, row: TrialRow) -> str:
        if self.view is not None and self.view.spec.objective == "loss":
            return f"validation loss {row.loss[0]:.4f}"
        text = accuracy_text(row, 20)
        return f"validation {text.replace('±', '+-') if self.terminal.ascii_only else text}"

    def _head(self) -> str:
        view, names = self.view, self.last.names
        if view is None:
            return "Sweeps"
        name = view.name  # between the signs of the form for what left and right change
        if len(names) > 1:
            name = f"< {name} > {names.index(name) + 1} of {len(names)}"
        wide = not self.has_class("-narrow")
        trials = f"{view.ended}/{view.spec.size}{' trials' if wide else ''}"
        seeds = f" x {view.spec.seeds} seeds" if view.spec.seeds > 1 else ""
        order = f"by {self._order}"
        parts = (name, view.state, f"{trials}{seeds}", order, self._filter.words)
        return ("   " if wide else "  ").join(part for part in parts if part)

    def _about_sweeps(self) -> str:
        if not self.looked:
            return "reading ..."
        command = example_command(self.bench.experiment)
        key = self.key_of("sweep.new", "f")
        if self.has_class("-narrow"):
            return (
                f"No sweep yet. {key} begins one, as does:\n\n{command}\n\n"
                "It trains many settings and finds the best on images held out from training."
            )
        return (
            f"No sweep yet. {key} begins one with the configuration of the form, as does this"
            f" command:\n\n{command}\n\n"
            "It trains many settings and finds the best on images that are held out from training."
            " Its trials, the best so far, and pictures of what each field does would be here, as"
            " they come."
        )

    # Moving

    def action_sweep(self, direction: int) -> None:
        """Show a newer (-1) or an older sweep (1)."""
        names = self.last.names
        if names:
            shown = self.wanted if self.wanted in names else names[0]
            at = min(max(names.index(shown) + direction, 0), len(names) - 1)
            self.want(names[at])

    def action_picture(self, direction: int) -> None:
        """Draw the next picture; a small screen also has the table among them."""
        pictures = self.query_one(SweepPictures)
        small = self.has_class("-narrow") or self.has_class("-short")
        if small and not self.has_class("-at-pictures"):
            self.add_class("-at-pictures")
            return
        pictures.turn(direction)
        self.entitle(pictures, pictures.title)
        if small and pictures.first == 0:
            self.remove_class("-at-pictures")

    # What is done with a trial

    def action_open(self) -> None:
        """Show the best run of the trial in place of the present run."""
        row = self.query_one(TrialsTable).current if self.view is not None else None
        if row is None:
            return
        if not row.run:
            self.notify("It has not begun: there is no run to show.", severity="warning")
            return
        self.find(row.run)

    # Starting and stopping

    def action_new(self) -> None:
        """Begin a sweep over the configuration of the form, after what it varies is typed."""
        from tui.app.screens.new_sweep import NewSweepScreen

        def begin(words: list[str] | None) -> None:
            if words is not None:
                name = f"{datetime.now():%Y%m%d-%H%M%S}"
                self.start(name, [*words, "--name", name])

        self.app.push_screen(NewSweepScreen(self.bench.experiment, self.under_way), begin)

    def action_resume(self) -> None:
        """Go on with a sweep that was left before its end."""
        view = self.view
        if view is None:
            return
        if view.state == "left":
            self.start(view.name, ["sweep", "--resume", view.name])
        else:
            words = "It is running." if view.state == "running" else "It has come to its end."
            self.notify(words, severity="warning")

    def action_stop(self) -> None:
        """Stop the sweep, after a question."""
        view = self.view
        if view is None:
            return
        if view.state != "running":
            self.notify("No process works on it.", severity="warning")
            return
        from tui.app.screens.stop_sweep import StopSweepScreen

        def answer(stop: bool | None) -> None:
            if stop:
                self.stop(view)

        self.app.push_screen(StopSweepScreen(view.name), answer)
