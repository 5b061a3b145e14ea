"""The confusion screen: which digits are taken for which."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from nn.analysis.metrics import accuracy, f1, precision, recall
from nn.spec import MNIST, DataSpec
from tui.app.screens.predicting import PredictingScreen
from tui.app.state.browser import Array
from tui.app.widgets.confusion import LEVELS, MARKS, ConfusionMatrix
from tui.formatting import percent

LEGEND = "Share of the true class: " + ", ".join(
    f"{mark} from {level:.1%}" for mark, level in zip(MARKS[1:], LEVELS, strict=True)
)


class ConfusionScreen(PredictingScreen):
    """The matrix, and in words the cell with the cursor."""

    SHOWS_NETWORK = True
    DEFAULT_CSS = """
    ConfusionScreen {
        #head { height: 1; }
        #score { width: 1fr; text-style: bold; }
        #weights { width: auto; color: $text-muted; }
        #cell { height: 2; }
        #legend { height: 1; color: $text-muted; }
        &.-short #legend { display: none; }
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

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield Static(id="score", markup=False)
            yield Static(id="weights", markup=False)
        yield ConfusionMatrix(self.terminal)
        yield Static(id="cell", markup=False)
        yield Static(LEGEND, id="legend", markup=False)

    def on_resize(self, _event: events.Resize) -> None:
        """The words depend on the width."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Show the matrix of the split, as far as it is known."""
        counts = self._counts
        spec = MNIST if self.bench.images is None else self.bench.images.spec
        self.query_one(ConfusionMatrix).set_counts(counts, spec)
        self.put("#weights", self.weights())
        if counts is None:
            known = self.bench.images is not None and self.snapshot is not None
            self.put("#score", "Predicting ..." if known else self.waiting())
            self.put("#cell", "")
        else:
            what = "images" if spec.has_names else "digits"
            digits = "" if self.size.width < 80 else f", {counts.sum():,} {what}"
            self.put("#score", f"{self.bench.split}{digits}: accuracy {percent(accuracy(counts))}")
            self.put("#cell", self._words(counts, spec))

    @property
    def _counts(self) -> Array | None:
        split = self.bench.images
        known = self.browser.of(split) if split is not None else None
        return known.confusion if known is not None else None

    def _words(self, counts: Array, spec: DataSpec) -> str:
        """Two lines on the cell with the cursor and on its row's class."""
        label, predicted = self.query_one(ConfusionMatrix).cursor
        count, total = int(counts[label, predicted]), int(counts[label].sum())
        share = percent(count / total) if total else "-"
        what = "recognized" if label == predicted else f"taken for {spec.named(predicted)}"
        ratios = [percent(float(of(counts)[label])) for of in (precision, recall, f1)]
        names = ("prec", "rec", "F1") if self.size.width < 80 else ("precision", "recall", "F1")
        class_words = " ".join(f"{n} {r}" for n, r in zip(names, ratios, strict=True))
        return (
            f"{spec.named(label)} {what}: {count:,} of {total:,}, {share}\n{label}: {class_words}"
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

    @on(ConfusionMatrix.Chosen)
    def action_open(self) -> None:
        """Browse the digits of the cell, from their first on."""
        label, predicted = self.query_one(ConfusionMatrix).cursor
        counts, split = self._counts, self.bench.images
        if counts is None or split is None or not counts[label, predicted]:
            return
        self.browser.open_cell(label, predicted)
        self.bench.index = int(self.browser.listing(split).indices[0])
        self.app.switch_mode("digits")
