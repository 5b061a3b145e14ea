"""Which digits are browsed, in which order, and the network's predictions of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from nn.analysis.metrics import confusion_matrix
from nn.data.dataset import Split
from nn.network.predictor import Predictions
from nn.spec import MNIST, DataSpec
from tui.app.state.shown_run import ShownRun, Snapshot
from tui.app.state.verdict import Verdict, verdict

Array = npt.NDArray[Any]
Outcome = Literal["all", "mistakes", "correct"]
Order = Literal["index", "loss", "confidence", "doubt"]

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
ORDERS: tuple[Order, ...] = get_args(Order)
# Snapshots that one digit is followed over: as many as a narrow chart has columns.
MAX_TRAJECTORY = 36


@dataclass(frozen=True, slots=True)
class Chosen:
    """Digits picked by their indices, and what they have in common, in `words` and in a few."""

    indices: tuple[int, ...]
    words: str
    short: str


@dataclass(frozen=True, slots=True)
class Query:
    """Which digits, and in which order.

    `label` and `predicted` keep those of one class, None all. `loss` is the highest first,
    `confidence` the highest probability of the predicted class first, `doubt` the lowest; so
    mistakes by loss or by confidence start with the most confident ones.
    """

    outcome: Outcome = "all"
    label: int | None = None
    predicted: int | None = None
    order: Order = "index"
    chosen: Chosen | None = None

    def words(self, *, short: bool, spec: DataSpec = MNIST) -> str:
        """The filters, nothing where there are none; 5>3 is short for "5 taken for 3"."""
        outcome = {"mistakes": "wrong", "correct": "right"} if short else {}
        label, predicted = (
            "?" if c is None else str(c) if short else spec.named(c)
            for c in (self.label, self.predicted)
        )
        if label == predicted == "?":
            classes = ""
        elif short:
            classes = f"{label}>{predicted}"
        elif predicted == "?":
            classes = f"label {label}"
        elif label == "?":
            classes = f"predicted {predicted}"
        else:
            classes = f"{label} taken for {predicted}"
        chosen = (self.chosen.short if short else self.chosen.words) if self.chosen else ""
        parts = (
            chosen,
            "" if self.outcome == "all" else outcome.get(self.outcome, self.outcome),
            classes,
        )
        return (" " if short else ", ").join(part for part in parts if part)


@dataclass(frozen=True, eq=False)
class SplitPredictions:
    """What one snapshot predicts for a whole split."""

    snapshot: Snapshot
    split: Split
    outputs: Predictions

    @cached_property
    def wrong(self) -> Array:
        """Which predictions are mistakes, bool (n,)."""
        wrong: Array = self.outputs.predicted != self.split.labels
        return wrong

    @cached_property
    def confusion(self) -> Array:
        """The confusion matrix, (classes, classes)."""
        classes = self.split.spec.classes
        return confusion_matrix(self.split.labels, self.outputs.predicted, classes)

    def keys(self, order: Order) -> Array:
        """What the digits are sorted by, rising, (n,)."""
        match order:
            case "index":
                return np.arange(len(self.split))
            case "loss":
                return -self.outputs.losses
            case "confidence":
                return -self._highest
            case "doubt":
                return self._highest

    @property
    def _highest(self) -> Array:
        highest: Array = self.outputs.probabilities.max(axis=1)
        return highest


class Listing:
    """The digits that a query selects: `indices` into the split, in order."""

    def __init__(self, indices: Array, places: Array) -> None:
        """`places` holds each digit's rank among all of the split, be it selected or not."""
        self.indices = indices
        self._places = places
        self._selected_places = places[indices]

    @classmethod
    def of(cls, predictions: SplitPredictions, query: Query) -> Listing:
        """Apply a query. Equals stay in the order of their indices."""
        keep = np.ones(len(predictions.split), bool)
        if query.outcome != "all":
            keep &= predictions.wrong == (query.outcome == "mistakes")
        if query.label is not None:
            keep &= predictions.split.labels == query.label
        if query.predicted is not None:
            keep &= predictions.outputs.predicted == query.predicted
        if query.chosen is not None:
            keep &= np.isin(np.arange(len(keep)), query.chosen.indices)
        order = np.argsort(predictions.keys(query.order), kind="stable")
        places = np.empty_like(order)
        places[order] = np.arange(len(order))
        return cls(order[keep[order]], places)

    @classmethod
    def everything(cls, count: int) -> Listing:
        """All digits by index, as long as nothing is known of them."""
        return cls(np.arange(count), np.arange(count))

    def __len__(self) -> int:
        return len(self.indices)

    def position(self, index: int) -> int | None:
        """Where digit `index` stands, None if it is not selected."""
        at = self.nearest(index)
        return at if at is not None and self.indices[at] == index else None

    def nearest(self, index: int) -> int | None:
        """The position of digit `index`, or of the one closest to it; None if all are out."""
        if not len(self):
            return None
        place = self._places[index]
        after = int(np.searchsorted(self._selected_places, place))
        around = range(max(after - 1, 0), min(after + 1, len(self)))
        return min(around, key=lambda at: abs(int(self._selected_places[at]) - int(place)))


def next_mistake(listing: Listing, wrong: Array, position: int, direction: int) -> int | None:
    """The position of the next mistake (direction 1) or the one before (-1); None without one."""
    ahead = wrong[listing.indices[position + 1 :] if direction > 0 else listing.indices[:position]]
    found = np.flatnonzero(ahead)
    if not len(found):
        return None
    return position + 1 + int(found[0]) if direction > 0 else int(found[-1])


@dataclass(eq=False)
class Browser:
    """The state of browsing that the screens share.

    `predictions` are the last that were made of a whole split: maybe of older weights, or of
    another split.
    """

    query: Query = Query()
    predictions: SplitPredictions | None = None
    _outer: tuple[Query, str] | None = None
    _frozen: tuple[ShownRun, Snapshot] | None = None
    _listed: tuple[SplitPredictions, Query, Listing] | None = None
    _followed: tuple[Split, int] | None = None
    _verdicts: dict[Snapshot, Verdict] = field(default_factory=dict)

    def snapshot(self, run: ShownRun | None) -> Snapshot | None:
        """The weights to show: the newest, unless it was decided to stay with some of this run."""
        if self._frozen is not None and self._frozen[0] is run:
            return self._frozen[1]
        return run.snapshot if run is not None else None

    def follows(self, run: ShownRun | None) -> bool:
        """Whether newer weights are to be shown as they come."""
        return self._frozen is None or self._frozen[0] is not run

    def toggle_following(self, run: ShownRun | None) -> None:
        """Stay with the present weights of the run, or go on with the newest."""
        snapshot = self.snapshot(run)
        stay = self.follows(run) and run is not None and snapshot is not None
        self._frozen = (run, snapshot) if stay and run and snapshot else None

    def of(self, split: Split) -> SplitPredictions | None:
        """The last predictions of a split, if they were the last at all."""
        known = self.predictions
        return known if known is not None and known.split is split else None

    def listing(self, split: Split) -> Listing:
        """The digits that the query selects; all of them as long as there are no predictions."""
        known = self.of(split)
        if known is None:
            return Listing.everything(len(split))
        if self._listed is None or self._listed[:2] != (known, self.query):
            self._listed = known, self.query, Listing.of(known, self.query)
        return self._listed[2]

    def open_cell(self, label: int, predicted: int) -> None:
        """Narrow the query to one cell of the confusion matrix; `close_cell` undoes it."""
        self._narrow(Query(label=label, predicted=predicted, order=self.query.order), "confusion")

    def choose(self, chosen: Chosen) -> None:
        """Narrow the query to some digits; `close_cell` undoes it."""
        self._narrow(Query(chosen=chosen), "compare")

    def _narrow(self, query: Query, mode: str) -> None:
        outer = self._outer[0] if self._outer else self.query
        self.query, self._outer = query, (outer, mode)

    @property
    def within_cell(self) -> bool:
        """Whether the query was narrowed by another screen, to which `close_cell` leads back."""
        return self._outer is not None

    def close_cell(self) -> str | None:
        """Restore the query from before; returns the mode it was narrowed in, or None."""
        if self._outer is None:
            return None
        (self.query, mode), self._outer = self._outer, None
        return mode

    def trajectory(
        self, snapshots: Sequence[Snapshot], split: Split, index: int
    ) -> list[tuple[Snapshot, Verdict]]:
        """The snapshots' predictions of a digit, thinned evenly; the newest is always there."""
        step = -(-len(snapshots) // MAX_TRAJECTORY) or 1
        chosen = snapshots[::-1][::step][::-1]
        if self._followed is None or self._followed[0] is not split or self._followed[1] != index:
            self._followed, self._verdicts = (split, index), {}
        known = self._verdicts
        self._verdicts = {s: known.get(s) or verdict(s, split, index) for s in chosen}
        return list(self._verdicts.items())
