"""Selecting, ordering and walking through digits, against doing it one digit at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data.dataset import Split
from nn.network.predictor import Predictions, Predictor
from tests.support.scripted import ScriptedPredictor, ScriptedRun, digits, mistaken
from tui.app.state.browser import (
    MAX_TRAJECTORY,
    ORDERS,
    OUTCOMES,
    Browser,
    Listing,
    Query,
    SplitPredictions,
    next_mistake,
)
from tui.app.state.live_run import LiveRun
from tui.app.state.shown_run import Snapshot

CLASSES = st.integers(0, 9)
QUERIES = st.builds(
    Query,
    outcome=st.sampled_from(OUTCOMES),
    label=st.none() | CLASSES,
    predicted=st.none() | CLASSES,
    order=st.sampled_from(ORDERS),
)


def snapshot_of(predictor: object, epoch: int = 0) -> Snapshot:
    return Snapshot(cast(Predictor, predictor), 100 * epoch, float(epoch))


@st.composite
def predictions(draw: st.DrawFn) -> SplitPredictions:
    rows = draw(st.lists(st.tuples(CLASSES, CLASSES, st.integers(1, 5)), min_size=1, max_size=40))
    labels, predicted, sureness = np.array(rows).T
    probabilities = np.full((len(rows), 10), 0.01)
    probabilities[np.arange(len(rows)), predicted] = sureness / 10
    losses = -np.log(probabilities[np.arange(len(rows)), labels])
    split = Split(np.zeros((len(rows), 784), np.uint8), labels.astype(np.uint8))
    return SplitPredictions(snapshot_of(None), split, Predictions(probabilities, predicted, losses))


def selects(known: SplitPredictions, query: Query, i: int) -> bool:
    label, predicted = int(known.split.labels[i]), int(known.outputs.predicted[i])
    return (
        query.outcome in ("all", "mistakes" if label != predicted else "correct")
        and query.label in (None, label)
        and query.predicted in (None, predicted)
    )


def in_order(known: SplitPredictions, query: Query) -> list[int]:
    judged = known.outputs
    key = {
        "index": lambda i: i,
        "loss": lambda i: -judged.losses[i],
        "confidence": lambda i: -judged.probabilities[i].max(),
        "doubt": lambda i: judged.probabilities[i].max(),
    }[query.order]
    return sorted(range(len(known.split)), key=key)


@given(predictions(), QUERIES)
def test_a_listing_has_what_the_query_selects_in_order(
    known: SplitPredictions, query: Query
) -> None:
    expected = [i for i in in_order(known, query) if selects(known, query, i)]
    listing = Listing.of(known, query)
    assert listing.indices.tolist() == expected
    assert len(listing) == len(expected)
    for index in range(len(known.split)):
        at = expected.index(index) if index in expected else None
        assert listing.position(index) == at


@given(predictions(), QUERIES)
def test_the_nearest_digit_is_the_one_with_the_fewest_between(
    known: SplitPredictions, query: Query
) -> None:
    order, listing = in_order(known, query), Listing.of(known, query)
    for index in range(len(known.split)):
        at = listing.nearest(index)
        if not len(listing):
            assert at is None
            continue
        assert at is not None
        distance = {i: abs(order.index(i) - order.index(index)) for i in listing.indices.tolist()}
        assert distance[int(listing.indices[at])] == min(distance.values())


@given(predictions(), QUERIES, st.data())
def test_the_next_mistake_is_the_first_there_is(
    known: SplitPredictions, query: Query, data: st.DataObject
) -> None:
    listing = Listing.of(known, query)
    if not len(listing):
        return
    position = data.draw(st.integers(0, len(listing) - 1))
    wrong = [bool(known.wrong[i]) for i in listing.indices]
    later = [at for at in range(position + 1, len(wrong)) if wrong[at]]
    earlier = [at for at in range(position) if wrong[at]]
    assert next_mistake(listing, known.wrong, position, 1) == (later[0] if later else None)
    assert next_mistake(listing, known.wrong, position, -1) == (earlier[-1] if earlier else None)


@given(predictions(), CLASSES, CLASSES)
def test_a_cell_opens_exactly_the_digits_it_counts(
    known: SplitPredictions, label: int, predicted: int
) -> None:
    browser = Browser(predictions=known)
    browser.query = before = Query(outcome="mistakes", predicted=3, order="loss")
    browser.open_cell(label, predicted)
    listing = browser.listing(known.split)
    assert len(listing) == known.confusion[label, predicted]
    assert all(known.split.labels[listing.indices] == label)
    assert all(known.outputs.predicted[listing.indices] == predicted)
    browser.open_cell(9 - label, predicted)  # another one, without closing the first
    assert browser.close_cell()
    assert browser.query == before
    assert not browser.close_cell()


def test_without_predictions_everything_is_listed_by_index() -> None:
    browser = Browser(query=Query(outcome="mistakes"))
    assert browser.listing(digits(5)).indices.tolist() == [0, 1, 2, 3, 4]


def test_predictions_of_another_split_do_not_count() -> None:
    split = digits(30)
    judged = ScriptedPredictor(split, mistaken(split.labels, 3)).predict(split)
    browser = Browser(predictions=SplitPredictions(snapshot_of(None), split, judged))
    assert browser.of(split) is browser.predictions
    assert browser.of(digits(30)) is None


def test_following_and_staying() -> None:
    split = digits(20)
    run, other = (ScriptedRun({"test": split}) for _ in range(2))
    browser = Browser()
    assert browser.snapshot(None) is None
    browser.toggle_following(cast(LiveRun, run))  # nothing to stay with yet
    assert browser.follows(cast(LiveRun, run))
    run.advance(split.labels)
    browser.toggle_following(cast(LiveRun, run))
    run.advance(split.labels)
    assert not browser.follows(cast(LiveRun, run))
    assert browser.snapshot(cast(LiveRun, run)) is run.snapshots[0]
    assert browser.follows(cast(LiveRun, other)), "another run is followed"
    browser.toggle_following(cast(LiveRun, run))
    assert browser.snapshot(cast(LiveRun, run)) is run.snapshots[1]


@pytest.mark.parametrize("count", [1, 7, 99, 100, 101, 350])
def test_a_trajectory_is_thinned_but_has_the_newest(count: int) -> None:
    split = digits(20)
    predictor = ScriptedPredictor(split, split.labels)
    snapshots = [snapshot_of(predictor, epoch) for epoch in range(count)]
    steps = [s.step for s, _ in Browser().trajectory(snapshots, split, 3)]
    assert steps == sorted(steps)
    assert steps[-1] == snapshots[-1].step
    assert min(count, MAX_TRAJECTORY / 2) <= len(steps) <= MAX_TRAJECTORY


def test_a_trajectory_asks_only_the_new_snapshots() -> None:
    split = digits(20)
    first, second = (ScriptedPredictor(split, split.labels) for _ in range(2))
    browser, snapshots = Browser(), [snapshot_of(first)]
    browser.trajectory(snapshots, split, 3)
    snapshots.append(snapshot_of(second, 1))
    browser.trajectory(snapshots, split, 3)
    assert (first.asked, second.asked) == ([1], [1])
    assert [v.label for _, v in browser.trajectory(snapshots, split, 4)] == [4, 4]
    assert (first.asked, second.asked) == ([1, 1], [1, 1])


@pytest.mark.parametrize(
    ("query", "long", "short"),
    [
        (Query(), "", ""),
        (Query("mistakes"), "mistakes", "wrong"),
        (Query("correct", label=5), "correct, label 5", "right 5>?"),
        (Query(predicted=3), "predicted 3", "?>3"),
        (Query("mistakes", 5, 3), "mistakes, 5 taken for 3", "wrong 5>3"),
    ],
)
def test_filters_in_words(query: Query, long: str, short: str) -> None:
    assert query.words(short=False) == long
    assert query.words(short=True) == short
    assert replace(query, order="loss").words(short=False) == long
