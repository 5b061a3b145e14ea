"""Moving among the digits of a split, and selecting and ordering them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType

from nn.data.dataset import Split
from nn.spec import MNIST
from tui.app.screens.predicting import PredictingScreen
from tui.app.state.browser import ORDERS, OUTCOMES, Listing, Query, next_mistake
from tui.app.state.verdict import verdict
from tui.app.widgets.prompt import Prompt

LINE, PAGE = 10, 100
"""Digits that the up and down keys, and the page keys, move by."""


class BrowsingScreen(PredictingScreen):
    """Keeps one digit of the selected ones in `bench.index`.

    A subclass has a `Prompt`, and calls `settle` before it draws.
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
        Binding("slash", "outcome", "Filter", key_display="/", id="digits.outcome"),
        Binding("o", "order", "Order", id="digits.order"),
        Binding("n", "mistake(1)", "Mistake", id="digits.next_mistake"),
        Binding("p,N", "mistake(-1)", "Mistake before", id="digits.previous_mistake", show=False),
        Binding("g", "index", "Index", id="digits.index"),
        Binding("R", "random", "A digit at random", id="digits.random", show=False),
        Binding("a", "label", "Filter by the actual label", id="digits.label", show=False),
        Binding(
            "A", "predicted", "Filter by the predicted label", id="digits.predicted", show=False
        ),
    ]

    listing = Listing.everything(0)
    """The digits that the query selects, in its order."""

    @property
    def line_length(self) -> int:
        """Digits that up and down move by."""
        return LINE

    @property
    def page_length(self) -> int:
        """Digits that the page keys move by."""
        return PAGE

    def settle(self, split: Split) -> None:
        """Stay on the digit as long as it is selected, else go to the nearest, with a note."""
        bench = self.bench
        bench.index = min(bench.index, len(split) - 1)
        self.listing = self.browser.listing(split)
        nearest = self.listing.nearest(bench.index)
        if nearest is None:
            self.show_note(f"No such digit; {self.key_of('digits.back', 'escape')} shows all")
        elif self.listing.position(bench.index) is None:
            index = int(self.listing.indices[nearest])
            self.show_note(f"Digit {bench.index} is no longer among these; {index} is the nearest")
            bench.index = index

    # Moving

    def _move(self, by: int) -> None:
        at = self.listing.position(self.bench.index)
        if at is not None:
            self.action_go(min(max(at + by, 0), len(self.listing) - 1))

    def action_go(self, position: int) -> None:
        """Show the digit at a position among the selected ones, -1 being the last."""
        if len(self.listing):
            self.show_digit(int(self.listing.indices[position]))

    def show_digit(self, index: int) -> None:
        """Show this digit of the split, whether or not it is among the selected ones."""
        self.show_note("")
        self.bench.index = index
        self.draw()

    def action_step(self, right: int, down: int) -> None:
        """Move by digits, and by lines of the sheet or tens."""
        self._move(right + down * self.line_length)

    def action_page(self, pages: int) -> None:
        """Move by pages of the sheet, or hundreds."""
        self._move(pages * self.page_length)

    def action_random(self) -> None:
        """Show any of the selected digits."""
        if len(self.listing):
            self.action_go(random.randrange(len(self.listing)))

    def action_mistake(self, direction: int) -> None:
        """Go to the next or the previous mistake among the selected digits."""
        split, snapshot = self.bench.images, self.snapshot
        known = self.browser.of(split) if split is not None else None
        at = self.listing.position(self.bench.index)
        if split is None or snapshot is None or at is None:
            return
        if known is None:
            self.show_note("What is a mistake is not known yet")
            return
        found = next_mistake(self.listing, known.wrong, at, direction)
        # The predictions may be of older weights than those that the digit will be shown with.
        while found is not None and known.snapshot is not snapshot:
            if verdict(snapshot, split, int(self.listing.indices[found])).wrong:
                break
            found = next_mistake(self.listing, known.wrong, found, direction)
        if found is None:
            self.show_note(f"No mistake {'after' if direction > 0 else 'before'} this one")
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
            self.show_note("" if index <= last else f"The last digit is {last}")
            self.bench.index = min(index, last)
            self.draw()

        self.query_one(Prompt).ask(f"Index, 0 to {last}", len(str(last)), go)

    # Selecting

    def _select(self, query: Query) -> None:
        """Another selection, from the nearest digit on; another order, from its first on."""
        reordered = query.order not in ("index", self.browser.query.order)
        self.browser.query = query
        self.show_note("")
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
        self._ask_class("True label", lambda label: replace(self.browser.query, label=label))

    def action_predicted(self) -> None:
        """Ask which prediction to keep."""
        self._ask_class("Prediction", lambda label: replace(self.browser.query, predicted=label))

    def _ask_class(self, what: str, query: Callable[[int | None], Query]) -> None:
        images = self.bench.images
        last = (MNIST if images is None else images.spec).classes - 1

        def answer(label: int | None) -> None:
            if label is not None and label > last:
                self.show_note(f"The last class is {last}")
            else:
                self._select(query(label))

        question = f"{what}, 0 to {last}, or enter for any"
        self.query_one(Prompt).ask(question, len(str(last)), answer)
