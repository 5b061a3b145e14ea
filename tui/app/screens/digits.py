"""The digits screen: browse a split, and see what the network says of each digit."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from nn.data.dataset import Split
from tui.app.screens.predicting import PredictingScreen
from tui.app.state.browser import ORDERS, OUTCOMES, Listing, Query, next_mistake, verdict
from tui.app.widgets.digit import DigitView
from tui.app.widgets.digit_pane import DigitPane
from tui.app.widgets.digit_sheet import DigitSheet, picture
from tui.app.widgets.hints import KeyHints
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.raster import MODES
from tui.app.widgets.trajectory import Trajectory
from tui.recording.folder import display_name

LINE, PAGE = 10, 100  # digits that up and down, and the page keys, move by


class DigitsScreen(PredictingScreen):
    """One digit large, or a contact sheet of them."""

    DEFAULT_CSS = """
    DigitsScreen {
        #head { height: 1; }
        #line { height: auto; min-height: 1; }
        #place { width: 1fr; text-style: bold; }
        #weights { width: auto; color: $text-muted; }
        #trail, #note, #sheet { display: none; }
        #trail, #note { height: 1; }
        #note { color: $text-accent; }
        &.-sheet DigitPane { display: none; }
        &.-sheet #sheet { display: block; }
        &.-narrow #weights { display: none; }
        &.-short #trail { display: block; }
        &.-short.-sheet #trail { display: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "step(-1, 0)", "Previous digit", id="digits.previous", show=False),
        Binding("right,l", "step(1, 0)", "Next digit", id="digits.next", show=False),
        Binding("up,k", "step(0, -1)", "Ten back, or a row up", id="digits.up", show=False),
        Binding("down,j", "step(0, 1)", "Ten on, or a row down", id="digits.down", show=False),
        Binding("pageup", "page(-1)", "A page back", id="digits.page_back", show=False),
        Binding("pagedown", "page(1)", "A page on", id="digits.page_on", show=False),
        Binding("home", "go(0)", "First digit", id="digits.first", show=False),
        Binding("end", "go(-1)", "Last digit", id="digits.last", show=False),
        Binding("f", "outcome", "Filter", id="digits.outcome"),
        Binding("o", "order", "Order", id="digits.order"),
        Binding("n", "mistake(1)", "Mistake", id="digits.next_mistake"),
        Binding("p,N", "mistake(-1)", "Mistake before", id="digits.previous_mistake", show=False),
        Binding("g", "index", "Index", id="digits.index"),
        Binding("R", "random", "A digit at random", id="digits.random", show=False),
        Binding("t", "label", "Filter by true label", id="digits.label", show=False),
        Binding("d", "predicted", "Filter by prediction", id="digits.predicted", show=False),
        Binding("c", "sheet", "Sheet", id="digits.sheet"),
        Binding("v", "mode", "Characters, half blocks or braille", id="digits.mode", show=False),
        Binding("x", "swap", "Other way round", id="digits.swap"),
        Binding("enter", "open", "Open the digit", id="digits.open", show=False),
        Binding("escape", "back", "Back, or show all", id="digits.back", show=False),
    ]

    _listing = Listing.everything(0)

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield Static(id="place", markup=False)
            yield Static(id="weights", markup=False)
        yield DigitPane(self.terminal)
        yield DigitSheet(self.terminal, id="sheet")
        with Vertical(id="line"):  # of the three the first that is there
            yield Prompt()
            yield Static(id="note", markup=False)
            yield Trajectory(self.terminal, id="trail")
        yield KeyHints()

    def on_resize(self, _event: events.Resize) -> None:
        """The words depend on the size."""
        self.call_after_refresh(self.draw)

    # What is shown

    @property
    def showing_sheet(self) -> bool:
        """Whether the contact sheet is shown in place of one digit."""
        return self.has_class("-sheet")

    @property
    def _sheet(self) -> DigitSheet:
        return self.query_one("#sheet", DigitSheet)

    def draw(self) -> None:
        """Show the present digit, or the sheet that it is on."""
        split, snapshot = self.bench.images, self.snapshot
        if split is None or snapshot is None:
            self._clear()
            return
        self._settle(split)
        self.put("#place", self._place(split))
        self.put("#weights", self.weights())
        known = self.browser.of(split)
        for sheet in self.query(DigitSheet):
            sheet.show_listing(self._listing, split, known, self.bench.index)
        if not self.showing_sheet:
            self._draw_digit(split)

    def _clear(self) -> None:
        self._listing = Listing.everything(0)
        self.put("#place", self.waiting())
        self.put("#weights", "")
        self.query_one(DigitPane).show_digit(None)
        self.query_one("#trail", Trajectory).set_points((), 0)
        for sheet in self.query(DigitSheet):
            sheet.show_nothing()

    def _settle(self, split: Split) -> None:
        """Stay on the digit as long as it is selected, else go to the nearest and say so."""
        bench = self.bench
        bench.index = min(bench.index, len(split) - 1)
        self._listing = self.browser.listing(split)
        nearest = self._listing.nearest(bench.index)
        if nearest is None:
            self.tell("No such digit; escape shows all")
        elif self._listing.position(bench.index) is None:
            index = int(self._listing.indices[nearest])
            self.tell(f"Digit {bench.index} is no longer among these; {index} is the nearest")
            bench.index = index

    def _place(self, split: Split) -> str:
        """Which digit of which is shown."""
        bench, query, narrow = self.bench, self.browser.query, self.size.width < 80
        at, count = self._listing.position(bench.index), len(self._listing)
        name = bench.split[:5] if narrow else bench.split
        place = "none" if at is None else f"{at + 1:,} of {count:,}"
        if self.browser.of(split) is None and query != Query():
            place = "..."
        return ("  " if narrow else "   ").join(
            part
            for part in (
                f"{name} {bench.index}",
                place.replace(" of ", "/").replace(",", "") if narrow else place,
                query.words(short=narrow),
                query.order if narrow else f"by {query.order}",
            )
            if part
        )

    def _draw_digit(self, split: Split) -> None:
        run, shown, index = self.bench.shown, self.snapshot, self.bench.index
        assert run is not None
        assert shown is not None
        earlier = [s for s in run.snapshots if s.step < shown.step]
        verdicts = self.browser.trajectory([*earlier, shown], split, index)
        verdict = verdicts[-1][1]
        points = [(s.epoch, v.probabilities[v.label], v.predicted) for s, v in verdicts]
        words = verdict.words(short=self.size.width < 80)
        self.query_one(DigitPane).show_digit(
            picture(split, index), words, verdict.probabilities, points, verdict.label
        )
        self.query_one("#trail", Trajectory).set_points(points, verdict.label)

    # Moving

    def _move(self, by: int) -> None:
        at = self._listing.position(self.bench.index)
        if at is not None:
            self.action_go(min(max(at + by, 0), len(self._listing) - 1))

    def action_go(self, position: int) -> None:
        """Show the digit at a position among the selected ones, -1 being the last."""
        if len(self._listing):
            self.tell("")
            self.bench.index = int(self._listing.indices[position])
            self.draw()

    def action_step(self, right: int, down: int) -> None:
        """Move by digits, and by lines of the sheet or tens."""
        line = self._sheet.columns if self.showing_sheet else LINE
        self._move(right + down * line)

    def action_page(self, pages: int) -> None:
        """Move by pages of the sheet, or hundreds."""
        page = self._sheet.page_size if self.showing_sheet else PAGE
        self._move(pages * page)

    def action_random(self) -> None:
        """Show any of the selected digits."""
        if len(self._listing):
            self.action_go(random.randrange(len(self._listing)))

    def action_mistake(self, direction: int) -> None:
        """Go to the next or the previous mistake among the selected digits."""
        split, snapshot = self.bench.images, self.snapshot
        known = self.browser.of(split) if split is not None else None
        at = self._listing.position(self.bench.index)
        if split is None or snapshot is None or at is None:
            return
        if known is None:
            self.tell("What is a mistake is not known yet")
            return
        found = next_mistake(self._listing, known.wrong, at, direction)
        # The predictions may be of weights a moment ago; the digit will be shown with those of now.
        while found is not None and known.snapshot is not snapshot:
            if verdict(snapshot, split, int(self._listing.indices[found])).wrong:
                break
            found = next_mistake(self._listing, known.wrong, found, direction)
        if found is None:
            self.tell(f"No mistake {'after' if direction > 0 else 'before'} this one")
        else:
            self.action_go(found)

    def action_index(self) -> None:
        """Ask for an index and go there."""
        split = self.bench.images
        if split is None:
            return
        last = len(split) - 1

        def go(index: int | None) -> None:
            if index is None:
                return
            self.tell("" if index <= last else f"The last digit is {last}")
            self.bench.index = min(index, last)
            self.draw()

        self.query_one(Prompt).ask(f"Index, 0 to {last}", len(str(last)), go)

    # Selecting

    def _select(self, query: Query) -> None:
        """Another selection, from the nearest digit on; another order, from its first on."""
        reordered = query.order not in ("index", self.browser.query.order)
        self.browser.query = query
        self.tell("")
        if (split := self.bench.images) is not None:
            listing = self.browser.listing(split)
            at = 0 if reordered else listing.nearest(self.bench.index)
            if at is not None and len(listing):
                self.bench.index = int(listing.indices[at])
        self.draw()

    def action_outcome(self) -> None:
        """All digits, the mistakes, the correct ones."""
        query = self.browser.query
        at = OUTCOMES.index(query.outcome) + 1
        self._select(replace(query, outcome=OUTCOMES[at % len(OUTCOMES)]))

    def action_order(self) -> None:
        """By index, highest loss first, most confident first, least confident first."""
        query = self.browser.query
        self._select(replace(query, order=ORDERS[(ORDERS.index(query.order) + 1) % len(ORDERS)]))

    def action_label(self) -> None:
        """Ask which true label to keep."""
        self.query_one(Prompt).ask(
            "True label, 0 to 9, or enter for any",
            1,
            lambda label: self._select(replace(self.browser.query, label=label)),
        )

    def action_predicted(self) -> None:
        """Ask which prediction to keep."""
        self.query_one(Prompt).ask(
            "Predicted label, 0 to 9, or enter for any",
            1,
            lambda label: self._select(replace(self.browser.query, predicted=label)),
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key does anything."""
        return action != "swap" or self.bench.comparison is not None

    def show_configuration(self) -> None:
        """Another run, or a comparison of two, brings other weights and maybe other data."""
        self.refresh_bindings()
        super().show_configuration()
        if (comparison := self.bench.comparison) is not None:
            runs = sorted((comparison.right, comparison.wrong), key=lambda side: side.letter)
            names = [f"{side.letter} {display_name(side.run.name)}" for side in runs]
            self.tell(", ".join(["x: swap", *(names if self.size.width >= 80 else [])]))

    def action_swap(self) -> None:
        """Show what the other one of two compared runs gets wrong."""
        if (comparison := self.bench.comparison) is not None:
            self.bench.open_comparison(comparison.swapped)
            self.catch_up()

    # One digit and the sheet

    def action_mode(self) -> None:
        """Draw with characters, half blocks or braille."""
        if self.terminal.ascii_only:
            self.tell("This terminal's encoding has ASCII characters only")
            return
        view = self.query_one(DigitView)
        view.mode = MODES[(MODES.index(view.mode) + 1) % len(MODES)]
        for sheet in self.query(DigitSheet):
            sheet.mode = view.mode

    def action_sheet(self) -> None:
        """Many digits, or one."""
        self.toggle_class("-sheet")
        self.draw()

    def action_open(self) -> None:
        """From the sheet to its selected digit."""
        self.remove_class("-sheet")
        self.draw()

    def on_contact_sheet_selected(self, event: DigitSheet.Selected) -> None:
        """A click on the sheet."""
        self.remove_class("-sheet")
        self.action_go(event.index)

    def action_back(self) -> None:
        """From the sheet to the digit, from a confusion cell or a comparison to where it was opened, from a selection to all."""
        if mode := self.browser.close_cell():
            self.remove_class("-sheet")
            if mode == "runs":
                self.bench.close()
            self.app.switch_mode(mode)
        elif self.showing_sheet:
            self.action_open()
        else:
            self._select(Query(order=self.browser.query.order))
