"""The train screen: the form, the charts, the numbers and the table of a run."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Static

from tui.app.screens.panes import PanedScreen
from tui.app.screens.run_status import describe, layout_words, rate_factor, way_back
from tui.app.state.continuing import has_diverged
from tui.app.state.shown_run import Status
from tui.app.state.workbench import Workbench
from tui.app.widgets.text import set_text, set_title
from tui.app.widgets.welcome import Welcome
from tui.formatting import count
from tui.system.terminal import Terminal

CHART_KEYS = {
    "train.log": "Log scale",
    "train.smooth": "Smoothing",
    "train.zoom": "Zoom",
    "train.next-pane": "Next pane",
    "train.gradients": "Gradients",
}
"""The words by which the line of keys names those of the charts, in short."""

_AROUND = 4  # lines above and below what is told of a network without curves


class TrainScreen(PanedScreen):
    """Where a run is set up, started, watched and steered.

    The charts are mounted a moment after the first frame, because they need NumPy. A small screen
    shows one of the panes at a time; only a wide screen shows the form beside the others.
    """

    DEFAULT_CSS = """
    TrainScreen {
        #status { height: auto; max-height: 4; text-style: bold; }
        #body { layout: horizontal; height: 1fr; }
        #form { width: 42; display: none; }
        #run { layout: vertical; width: 1fr; }
        #charts { height: 1fr; }
        #welcome { display: none; }
        &.-welcome #welcome { display: block; }
        &.-welcome #charts { display: none; }
        &.-untrained #details { display: none; }
        #details { layout: horizontal; height: 10; }
        #numbers { width: 31; padding: 0 1 0 0; }
        #table { width: 1fr; }

        &.-tall Curves { layout: vertical; }
        &.-tall #details { height: 14; }
        &.-wide #form, &.-huge #form { display: block; }
        &.-wide.-medium #details, &.-huge.-medium #details { height: 11; }
        &.-wide #numbers, &.-huge #numbers { width: 36; }
        &.-huge.-tall #run { layout: horizontal; }
        &.-huge.-tall #details { layout: vertical; width: 66; height: 1fr; }
        &.-huge.-tall #numbers { width: 1fr; height: 2fr; }
        &.-huge.-tall #table { width: 1fr; height: 3fr; }

        &.-narrow.-form, &.-normal.-form {
            #form { display: block; width: 1fr; }
            #run { display: none; }
        }
        &.-narrow, &.-short {
            #details { height: 2; }
            #numbers { width: 1fr; padding: 0; }
            #table { display: none; }
            Curves Chart { display: none; }
            Curves Chart.-chosen { display: block; }
            &.-at-numbers, &.-at-table {
                #charts { display: none; }
                #details { height: 1fr; }
            }
            &.-at-table {
                #numbers { display: none; }
                #table { display: block; width: 1fr; }
            }
        }
    }
    """
    AUTO_FOCUS = ""  # The charts get the focus as soon as they are mounted.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "run", "Run/pause", id="train.run"),
        Binding("f", "form", "Form", id="train.form"),
        Binding("u", "more", "More epochs", id="train.more"),
        Binding("b", "back_to_best", "Back to the best", id="train.best", show=False),
        Binding("e", "go('EPOCH')", "Epoch", id="train.epoch"),
        Binding("s", "go('STEP')", "Step", id="train.step"),
        Binding("x", "stop", "Stop for good", id="train.stop", show=False),
        Binding("r", "reset", "New run", id="train.reset"),
        Binding("slash", "recipes", "Recipes", key_display="/", id="train.recipes"),
        Binding(
            "plus",
            "rate(1)",
            "Learning rate up",
            key_display="+",
            id="train.rate-up",
            show=False,
        ),
        Binding(
            "minus",
            "rate(-1)",
            "Learning rate down",
            key_display="-",
            id="train.rate-down",
            show=False,
        ),
        Binding(
            "less_than_sign", "pace(1)", "Slower", key_display="<", id="train.slower", show=False
        ),
        Binding(
            "greater_than_sign",
            "pace(-1)",
            "Faster",
            key_display=">",
            id="train.faster",
            show=False,
        ),
        Binding("p", "play(-1)", "The epoch before, played back", id="train.play-back", show=False),
        Binding("n", "play(1)", "The next epoch", id="train.play-on", show=False),
        Binding("P", "play_all", "Play back", id="train.play-all"),
        Binding("M", "find_rate", "Measure a learning rate", id="train.find-rate", show=False),
        Binding("d", "lines", "Thin lines or blocks", id="train.draw", show=False),
        Binding("y", "chart('log')", "Log scale of the loss", id="train.log", show=False),
        Binding("S", "chart('smooth')", "Smoothing", id="train.smooth", show=False),
        Binding("z", "chart('zoom')", "Zoom to the recent part", id="train.zoom", show=False),
        Binding(
            "v", "chart('overlay')", "Earlier runs on the charts", id="train.overlay", show=False
        ),
        Binding("G", "gradients", "Gradients by layer", id="train.gradients", show=False),
        Binding("c", "forget", "Forget earlier runs", id="train.forget", show=False),
        Binding("tab", "move_pane(1)", "Next pane", id="train.next-pane", show=False),
        Binding("shift+tab", "move_pane(-1)", "Previous pane", id="train.last-pane", show=False),
    ]

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self._status = Static(id="status", markup=False)
        self._welcome = Welcome(terminal)
        self.set_class(self._welcomes, "-welcome", update=False)

    def compose_body(self) -> ComposeResult:
        self._open_panels()
        yield self._status
        yield from self.remarks
        with Container(id="body"):
            yield self._place_of_form
            with Container(id="run"):
                yield self._welcome
                yield self._place_of_curves
                with Container(id="details"):
                    yield self._numbers
                    yield self._table
        yield self.prompt

    def complete(self) -> None:
        """Mount the charts and the form."""
        self._complete()

    @work(group="train-screen")
    async def _complete(self) -> None:
        """Mount the charts, whose libraries are imported on a thread, and the form."""
        curves = await asyncio.to_thread(importlib.import_module, "tui.app.widgets.curves")
        self._curves = curves.Curves(self.terminal)
        self._curves.choose(self._pane)
        await self._place_of_curves.mount(self._curves)
        self.show_progress()
        if self.form is None:  # a key that came early may be in it already
            self._focus_pane()
        await self.mount_form()

    def on_resize(self, event: events.Resize) -> None:
        """Another width has room for other borders and words."""
        if event.size != self.outer_size:  # Textual sends the first size twice
            self._open_panels()
            self.call_after_refresh(self._show_welcome)
            self.call_after_refresh(self._show_status)

    # What is shown

    def show_progress(self) -> None:
        """Draw the present state of the run's history."""
        super().show_progress()
        bench = self.bench
        history = bench.shown_history
        self._show_status()
        set_title(self._place_of_form, "Form" if bench.opened is None else "Form of the next run")
        set_title(self._numbers, f"Run  {layout_words(bench)}".rstrip())
        self.show_remarks()
        self._show_welcome()
        self._numbers.show(
            history, rate_factor(bench), bench.pace if bench.opened is None else None
        )
        if history is None:
            self._table.show((), None, None, None)
        else:
            self._table.show(history.rows, history.highest, history.lowest, history.config)
        if self._curves is not None:
            at_once = bench.opened is not None or bench.status is not Status.RUNNING
            self._curves.draw_lines(thin=bench.drawing.thin_lines)
            self._curves.show(bench.earlier, history, at_once=at_once)

    def _show_status(self) -> None:
        """Say how the run stands, on a line that is there only while there is something to say."""
        key = self.key_of("train.reset", "r")
        words = "" if self._has_no_curves else describe(self.bench, self.told, key)
        set_text(self._status, words)
        self._status.display = bool(words)

    @property
    def _welcomes(self) -> bool:
        """Whether there is nothing to draw."""
        bench = self.bench
        if bench.opened is not None:
            return self._has_no_curves
        history = bench.history
        drawn = bench.earlier or (history is not None and history.latest)
        return not drawn and not bench.training

    @property
    def _has_no_curves(self) -> bool:
        """Whether a network is opened that was not trained here, and no other run is drawn."""
        opened = self.bench.opened
        if opened is None or not opened.in_place_of_curves:
            return False
        return not any(history.step for history in self.bench.earlier)

    def _show_welcome(self) -> None:
        """Say what to do first, as long as there is nothing to draw."""
        bench = self.bench
        history = bench.shown_history
        self.set_class(self._welcomes, "-welcome")
        self.set_class(self._has_no_curves, "-untrained")
        if not self.has_class("-welcome"):
            return
        if bench.opened is not None:
            self._welcome.tell(bench.opened.in_place_of_curves, self.app.size.height - _AROUND)
            return
        if bench.error is not None:
            title = "There is no run: press the key of the form, and correct what is named above."
        elif bench.loading or bench.status is None or bench.status is Status.PREPARING:
            title = "Reading the images ..."
        elif has_diverged(bench):
            title = "This network was lost before its first result: its loss is no longer a number."
        elif history is not None and history.step:
            title = f"This network has learned for {count(history.step, 'step')}, and goes on."
        elif history is not None and history.experiment.init_from is not None:
            title = "This network begins with given weights."
        else:
            title = "This network has not learned anything yet."
        keys = self.first_keys()
        if has_diverged(bench):  # such a run cannot be gone on with
            keys.pop("train.run", None)
        self._welcome.show(title, keys, *self.app.size)

    def draw_played(self) -> None:
        """Draw the epoch that is played back, with the cursor of the charts at it."""
        played = self.bench.played
        if self._curves is not None:
            self._curves.point_at(played.epoch if played is not None else None)
        self.show_progress()

    # Keys

    def hinted(self) -> Mapping[str, str]:
        """The way back where the run is lost; of a saved run, which is not steered, the charts."""
        hinted = super().hinted()
        if self.bench.opened is not None:
            return hinted if self._has_no_curves else {**hinted, **CHART_KEYS}
        back = way_back(self.bench)
        return {**hinted, "train.best": back} if back else hinted

    def action_forget(self) -> None:
        """Drop earlier runs from the charts, and say which."""
        self.notify(self.bench.forget_earlier())
        self.show_progress()

    async def action_form(self) -> None:
        """Go to the form."""
        form = await self.mount_form()
        self.add_class("-form")
        self.app.stylesheet.update(self)
        form.take_focus()

    def on_config_form_closed(self) -> None:
        """Go back to the charts."""
        self.remove_class("-form")
        self._focus_pane()
