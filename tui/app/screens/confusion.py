"""The confusion screen: which digits are taken for which."""

from __future__ import annotations

from time import monotonic
from typing import ClassVar

import numpy as np
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.geometry import Size
from textual.widgets import Static

from nn.analysis.metrics import accuracy, f1, precision, recall
from nn.spec import MNIST, DataSpec
from tui.app.screens.predicting import PredictingScreen
from tui.app.state.browser import Array, Listing, Query
from tui.app.state.shown_run import Status
from tui.app.state.workbench import SplitName
from tui.app.widgets.confusion import ConfusionMatrix
from tui.app.widgets.confusion_cells import legend
from tui.app.widgets.digit_sheet import CellSheet
from tui.app.widgets.panel import Panel
from tui.formatting import percent

SHEET_PACE = 6.0
"""Least seconds between two looks at the same cell while a run trains: pictures are many bytes."""


class ConfusionScreen(PredictingScreen):
    """The matrix, and in words the cell with the cursor."""

    SHOWS_NETWORK = True
    DEFAULT_CSS = """
    ConfusionScreen {
        #body { height: 1fr; }
        #matrix { height: 14; }
        #examples { height: 1fr; }
        #cell { display: none; height: 1fr; max-height: 2; }
        &.-tall #matrix { height: 26; }
        &.-huge.-tall {
            #body { layout: horizontal; }
            #matrix { width: 128; height: 1fr; }
            #examples { width: 1fr; }
        }
        &.-narrow, &.-short {
            #matrix { height: 12; }
            #examples { display: none; }
            #cell { display: block; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(0, -1)", "Left", id="confusion.left", show=False),
        Binding("right,l", "move(0, 1)", "Right", id="confusion.right", show=False),
        Binding("up,k", "move(-1, 0)", "Up", id="confusion.up", show=False),
        Binding("down,j", "move(1, 0)", "Down", id="confusion.down", show=False),
        Binding("enter", "open", "Digits", key_display="enter", id="confusion.open"),
        Binding("n", "confusion(1)", "Frequent mistake", id="confusion.next"),
        Binding(
            "p,N",
            "confusion(-1)",
            "Rarer to more frequent mistake",
            id="confusion.previous",
            show=False,
        ),
    ]

    _shown: tuple[SplitName, tuple[int, int], Size] | None = None  # what the examples are of
    _shown_at = 0.0

    def compose_body(self) -> ComposeResult:
        with Container(id="body"):
            with Panel(id="matrix"):
                yield ConfusionMatrix(self.terminal)
            with Panel(id="examples"):
                yield CellSheet(self.terminal, mode=self.bench.drawing.pictures)
            yield Static(id="cell", markup=False)

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.draw())

    def on_resize(self, _event: events.Resize) -> None:
        """The words depend on the width."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Show the matrix of the split, as far as it is known."""
        counts = self._counts
        spec = MNIST if self.bench.images is None else self.bench.images.spec
        self.query_one(ConfusionMatrix).set_counts(counts, spec)
        panel, examples = self.query_one("#matrix", Panel), self.query_one("#examples", Panel)
        shares = legend(self.terminal)
        if counts is None:
            known = self.bench.images is not None and self.snapshot is not None
            panel.show_titles("Predicting ..." if known else self.waiting(), shares)
            examples.show_titles("")
            self.put("#cell", "")
            self.query_one(CellSheet).set_items((), (), ())
            return
        what = "images" if spec.has_names else "digits"
        digits = "" if self.size.width < 80 else f", {counts.sum():,} {what}"
        title = f"{self.bench.split.capitalize()}{digits}: accuracy {percent(accuracy(counts))}"
        panel.show_titles(f"{title}, {self.predicted_weights}", shares)
        cell, ratios = self._words(counts, spec)
        self.put("#cell", f"{cell}\n{ratios}")
        examples.show_titles(cell, ratios)
        self._draw_examples()

    def _draw_examples(self) -> None:
        """Show digits of the cell, in the order in which they are browsed."""
        split = self.bench.images
        known = self.browser.of(split) if split is not None else None
        sheet = self.query_one(CellSheet)
        run, cell = self.bench.shown, self.query_one(ConfusionMatrix).cursor
        if split is None or known is None or not sheet.size:
            return
        shown = (self.bench.split, cell, sheet.size)
        moving = run is not None and run.status is Status.RUNNING
        if moving and shown == self._shown and monotonic() - self._shown_at < SHEET_PACE:
            return
        self._shown, self._shown_at = shown, monotonic()
        sheet.mode = self.bench.drawing.pictures
        query = Query(label=cell[0], predicted=cell[1], order=self.browser.query.order)
        sheet.show_cell(split, Listing.of(known, query))

    @property
    def _counts(self) -> Array | None:
        """What is known of the split; without weights to show, it would be of another run."""
        split = self.bench.images if self.snapshot is not None else None
        known = self.browser.of(split) if split is not None else None
        return known.confusion if known is not None else None

    def _words(self, counts: Array, spec: DataSpec) -> tuple[str, str]:
        """A line on the cell with the cursor and one on its row's class."""
        label, predicted = self.query_one(ConfusionMatrix).cursor
        count, total = int(counts[label, predicted]), int(counts[label].sum())
        share = percent(count / total) if total else "-"
        what = "recognized" if label == predicted else f"taken for {spec.named(predicted)}"
        ratios = [percent(float(of(counts)[label])) for of in (precision, recall, f1)]
        names = ("prec", "rec", "F1") if self.size.width < 80 else ("precision", "recall", "F1")
        class_words = " ".join(f"{n} {r}" for n, r in zip(names, ratios, strict=True))
        return (
            f"{spec.named(label)} {what}: {count:,} of {total:,}, {share}",
            f"{label}: {class_words}",
        )

    def action_move(self, down: int, right: int) -> None:
        """Move the cursor, up to the edge."""
        label, predicted = self.query_one(ConfusionMatrix).cursor
        self._move_to(label + down, predicted + right)

    def action_confusion(self, direction: int) -> None:
        """Move the cursor through the mistakes, the most frequent first."""
        if (counts := self._counts) is None:
            return
        mistakes = counts * (1 - np.eye(len(counts), dtype=np.int64))
        ranked = np.argsort(-mistakes, axis=None, kind="stable")
        order = [divmod(int(at), len(counts)) for at in ranked]
        cells = [cell for cell in order if mistakes[cell]]
        if cells:
            cursor = self.query_one(ConfusionMatrix).cursor
            at = cells.index(cursor) + direction if cursor in cells else 0
            self._move_to(*cells[at % len(cells)])

    def _move_to(self, label: int, predicted: int) -> None:
        matrix = self.query_one(ConfusionMatrix)
        last = matrix.class_count - 1
        matrix.move_to(min(max(label, 0), last), min(max(predicted, 0), last))
        self.draw()

    @on(ConfusionMatrix.Moved)
    def _describe(self) -> None:
        self.draw()

    def on_contact_sheet_selected(self, event: CellSheet.Selected) -> None:
        """Browse from the digit that was clicked on, also where newer weights see it otherwise."""
        self._open(event.index)

    @on(ConfusionMatrix.Chosen)
    def action_open(self) -> None:
        """Browse the digits of the cell, from their first on."""
        counts = self._counts
        if counts is not None and counts[self.query_one(ConfusionMatrix).cursor]:
            self._open(None)

    def _open(self, index: int | None) -> None:
        """Browse the digits of the cell, from this one of the split, or from their first on."""
        if (split := self.bench.images) is None:
            return
        self.browser.open_cell(*self.query_one(ConfusionMatrix).cursor)
        first = self.browser.listing(split).indices[0] if index is None else index
        self.bench.index = int(first)
        self.app.switch_mode("digits")
