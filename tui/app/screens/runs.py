"""The screen of saved runs, where they are opened, resumed, compared and deleted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static

from nn.errors import ConfigError
from nn.storage.runs import SavedRun
from tui.app.screens.delete import DeleteScreen
from tui.app.screens.listing import list_bindings
from tui.app.screens.looking import LookingScreen
from tui.app.screens.path import PathScreen
from tui.app.state.catalogue import ORDERS, Entry, arranged
from tui.app.state.run_facts import changes, results, short_facts
from tui.app.state.workbench import Workbench
from tui.app.widgets.legend import run_glyph
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.runs_table import RunsTable
from tui.formatting import count
from tui.recording.finding import Search
from tui.system.terminal import Terminal

MAX_BUDGET_DIGITS = 7
IMPORTED = "Weights: .npz, .safetensors, .keras, .h5 or .onnx. They are kept as a saved run."

EMPTY = (
    "No saved runs yet. Every run is saved by itself and listed here, with what it was made of and"
    " what it came to, to be looked at, compared or gone on with. {train} goes to Train, where"
    " {run} starts one; {file} opens a network of another program."
)
ABOUT_A_RUN = (
    "Once a run is saved: how it ended, and the command that repeats it."
    "\n{train}, then {run}, trains the first one."
)
NONE_MATCHES = "No run matches the filter: {clear} shows all of them again."
_OF_A_ROW = frozenset({"open", "overlay", "resume", "train", "delete"})
_OF_A_LIST = frozenset({"compare", "committee", "filter", "order", "clear"})


class RunsScreen(LookingScreen):
    """A table of the saved runs, and a few lines about the one with the cursor."""

    DEFAULT_CSS = """
    RunsScreen {
        #body { height: 1fr; layout: vertical; }
        #list { height: 1fr; }
        #about { height: 4; }
        #facts, #results, #changes { text-wrap: nowrap; text-overflow: ellipsis; }
        #facts { color: $text-muted; }
        &.-without-row #facts { text-wrap: wrap; text-overflow: fold; }
        #details { display: none; height: 1fr; margin-top: 1; }
        #results, #changes { width: 1fr; }
        #errors { height: auto; max-height: 50%; color: $readable-error; display: none; }
        #note { height: 1; color: $readable-accent; display: none; }
        &.-short #about { height: 3; }
        &.-tall #about { height: 14; }
        &.-tall #details, &.-huge #details { display: block; }
        &.-huge #body { layout: horizontal; }
        &.-huge #details { layout: vertical; }
        &.-huge #results, &.-huge #changes { width: 100%; margin-bottom: 1; }
        &.-huge #about { width: 62; height: 1fr; }
        }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Curves", key_display="enter", id="runs.open"),
        Binding("space", "overlay", "Mark", id="runs.overlay"),
        Binding("u", "resume", "Resume", id="runs.resume"),
        Binding("v", "compare", "Compare", id="runs.compare"),
        Binding("slash", "filter", "Filter", key_display="/", id="runs.filter"),
        Binding("o", "order", "Order", id="runs.order"),
        Binding("ctrl+o", "import", "Open a file", id="runs.import"),
        Binding("C", "committee", "Committee of the marked runs", id="runs.committee", show=False),
        Binding("t", "train", "Train with its configuration", id="runs.train", show=False),
        Binding("x,delete", "delete", "Delete for good", id="runs.delete", show=False),
        *list_bindings("runs"),
        Binding("escape", "clear", "Show all", id="runs.clear", show=False),
    ]

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal, "newest")
        self._offered = (True, True)  # whether there are runs, and whether any is shown

    def compose_body(self) -> ComposeResult:
        yield Static(id="errors", markup=False)
        with Container(id="body"):
            with Vertical(id="list", classes="panel -chosen"):
                yield RunsTable(self.terminal, id="runs")
            with Vertical(id="about", classes="panel"):
                yield Static(id="facts", markup=False)
                with Horizontal(id="details"):
                    yield Static(id="results", markup=False)
                    yield Static(id="changes", markup=False)
        yield Static(id="note", markup=False)
        yield Prompt()

    # In the background

    def on_looking_screen_failed(self, message: LookingScreen.Failed) -> None:
        self.show_note("")
        self.notify(message.error, severity="error", timeout=15)

    def on_looking_screen_imported(self, message: LookingScreen.Imported) -> None:
        self.show_note("")
        self.notify(
            "\n".join(message.remarks) or "The network is opened, and kept as a run.",
            timeout=15,
        )
        if self.app.screen is self:
            self.bench.open(message.run)
            self.app.switch_mode("digits")

    # What is shown

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key does anything: without a run none does what is done with runs."""
        if self.entries is None:  # keys that come early wait for what is read
            return True
        if action in _OF_A_ROW:
            return self._current is not None
        return bool(self.entries) or action not in _OF_A_LIST

    @property
    def _current(self) -> Entry | None:
        return self.query_one(RunsTable).current

    def orders(self) -> Iterable[str]:
        return ORDERS

    def draw(self) -> None:
        search = Search(self._filter.text)
        entries = arranged(self.entries or (), search, self._order)
        if self.entries is None:
            empty = "reading ..."
        else:
            none = search.problem or "no run matches"
            empty = none if self.entries else self._with_keys(EMPTY)
        self.query_one(RunsTable).show(entries, self._marks(), empty=empty)
        self._draw_head(len(entries))
        self.draw_row()
        unread = self.entries is None
        offered = unread or bool(self.entries), unread or bool(entries)
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def _marks(self) -> dict[Path, str]:
        """For each marked run the glyph that draws it on the charts; `+` for the shown run.

        Other runs of this sitting are on the charts too, but have no mark: they are not compared.
        """
        marks = dict.fromkeys(self.bench.overlays, "+")
        for number, run in enumerate(self.bench.earlier, 1):
            if run.folder in self.bench.overlays:
                marks[run.folder] = run_glyph(number)
        return marks

    def _draw_head(self, shown: int) -> None:
        count = len(self.entries or ())
        runs = f"{count:,} run{'' if count == 1 else 's'}"
        runs = f"{shown:,} of {runs}" if self._filter.text else runs
        parts = (runs, f"by {self._order}", self._filter.words)
        title = "   ".join(part for part in parts if part)
        self.entitle(self.query_one("#list"), title)
        more = f" and {len(self.errors) - 1} more" if len(self.errors) > 1 else ""
        self.show_note(f"{self.errors[0]}{more}" if self.errors else "", "#errors")

    def draw_row(self) -> None:
        """Show how the run ended, what differs from the other runs, and what repeats it."""
        entry, about = self._current, self.query_one("#about")
        self.set_class(entry is None, "-without-row")
        self.entitle(about, entry.name if entry else "")
        texts: dict[str, list[str]] = {"#facts": [], "#results": [], "#changes": []}
        if entry is not None:
            differing = self.query_one(RunsTable).values_of(entry)
            texts["#facts"] = short_facts(entry, differing)
            if self.query_one("#details").display:
                texts |= {"#results": results(entry), "#changes": changes(entry)}
        elif self.entries is not None:
            texts["#facts"] = [self._with_keys(NONE_MATCHES if self.entries else ABOUT_A_RUN)]
        for selector, lines in texts.items():
            self.put(selector, "\n".join(lines))

    def _with_keys(self, text: str) -> str:
        return text.format(
            train=self.key_of("app.train", "1"),
            run=self.key_of("train.run", "space"),
            file=self.key_of("runs.import", "ctrl+o"),
            clear=self.key_of("runs.clear", "escape"),
        )

    # What is done with a run

    def action_overlay(self) -> None:
        """Mark it: its curves are drawn on the train screen's charts too, and two are compared."""
        if (entry := self._current) is not None:
            self.bench.overlay(entry.run)
            self.draw()

    def action_open(self) -> None:
        """Show its curves, as they come; the other screens then show its best network."""
        if (entry := self._current) is not None:
            self.show_run(entry.run)

    def action_train(self) -> None:
        """Put its configuration into the form of Train, and go there."""
        if (entry := self._current) is not None:
            self.train_with(entry.run)

    def action_resume(self) -> None:
        """Make it ready to go on in place of the present run; ask for a larger budget if needed."""
        if (entry := self._current) is None:
            return
        run = entry.run
        if self.bench.is_present(run):
            self.action_open()
        elif entry.status == "running":
            key = self.key_of("runs.open", "enter")
            self.notify(
                f"Another process trains it; {key} shows its curves.",
                severity="warning",
            )
        elif budget := entry.budget_to_raise:
            name, least = budget

            def answer(number: int | None) -> None:
                if number is not None:
                    self._resume(run, {name: number})

            question = f"{entry.name} is complete. Go on to how many {name}, above {least}"
            self.query_one(Prompt).ask(question, MAX_BUDGET_DIGITS, answer)
        else:
            self._resume(run, {})

    def _resume(self, run: SavedRun, changes: dict[str, object]) -> None:
        try:
            self.bench.resume(run, changes)
        except ConfigError as error:
            self.notify(str(error), severity="error", timeout=15)
        else:
            self.app.switch_mode("train")

    def action_delete(self) -> None:
        """Remove it, after a question."""
        if (entry := self._current) is None:
            return
        run = entry.run

        def work() -> Message:
            from nn.storage.run_writer import delete_run

            delete_run(run.path)
            return self.Deleted(run)

        def answer(delete: bool | None) -> None:
            if delete:
                self.work(work)

        self.app.push_screen(DeleteScreen(run.name), answer)

    def action_compare(self) -> None:
        """Compare the two marked runs, or the marked one with that of the cursor."""
        runs = [followed.saved for followed in self.bench.overlays.values()]
        if len(runs) == 1 and (entry := self._current) is not None:
            runs += [entry.run] if entry.run.path != runs[0].path else []
        if len(runs) == 2:
            self.bench.compared = runs[0], runs[1]
            self.app.switch_mode("compare")
        else:
            marked = f"{count(len(runs), 'run')} marked" if runs else "no run is marked"
            key = self.key_of("runs.overlay", "space")
            self.notify(
                f"Two runs are compared, and {marked}: {key} marks a run, or no longer.",
                severity="warning",
            )

    def action_committee(self) -> None:
        """Have the marked runs answer together: save their committee, and show it."""
        runs = [followed.saved for followed in self.bench.overlays.values()]
        if len(runs) > 1:
            self.form_committee(runs)
        else:
            key = self.key_of("runs.overlay", "space")
            self.notify(
                f"A committee averages what several runs predict: mark two or more with {key}.",
                severity="warning",
            )

    def action_import(self) -> None:
        """Ask for a file, keep the network in it as a run, and show it on all screens."""
        if self.bench.dataset is None:
            self.notify("The data are still being read.", severity="warning")
        else:
            self.app.push_screen(PathScreen("Open a file", IMPORTED), self.import_file)
