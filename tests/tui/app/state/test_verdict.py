"""What a network says of one digit, in numbers and in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data.dataset import Split
from nn.network.predictor import Predictions, Predictor
from nn.spec import DataSpec
from tests.support.scripted import ScriptedPredictor, digits, mistaken
from tui.app.screens.digits import headline
from tui.app.state.shown_run import Snapshot
from tui.app.state.verdict import Verdict, ordinal, verdict


def snapshot_of(predictor: object) -> Snapshot:
    return Snapshot(cast(Predictor, predictor), 0, 0.0)


def test_verdict() -> None:
    split = digits(20)
    snapshot = snapshot_of(ScriptedPredictor(split, mistaken(split.labels, 2)))
    wrong, right = verdict(snapshot, split, 4), verdict(snapshot, split, 5)
    assert (wrong.label, wrong.predicted, wrong.wrong, wrong.rank) == (4, 5, True, 10)
    assert (right.label, right.predicted, right.wrong, right.rank) == (5, 5, False, 1)
    assert wrong.loss == pytest.approx(-np.log(0.02))
    assert wrong.words(short=False) == (
        "predicted 5, label 4: mistake\nloss 3.912, the label ranks 10th"
    )
    assert wrong.words(short=True) == "5, label 4  !\nloss 3.91 10th"
    assert right.words(short=True).startswith("5, label 5\n")
    assert wrong.seen == f"a 4, seen as 5, {wrong.probabilities[5]:.1%}"
    named = replace(wrong, spec=DataSpec(names=tuple("abcdefghij")))
    assert named.seen.startswith("e, seen as f, ")


class Diverged:
    """Outputs that are no numbers, of which the first counts as the largest."""

    def predict(self, split: Split) -> Predictions:
        nothing: npt.NDArray[Any] = np.full((len(split), 10), np.nan)
        return Predictions(nothing, np.zeros(len(split), np.uint8), nothing[:, 0])


def test_a_network_that_diverged_gives_no_answer() -> None:
    said = verdict(snapshot_of(Diverged()), digits(3), 2)
    assert said.seen == "a 2, no answer"
    assert said.words(short=False) == "no answer, label 2\nthe network has diverged"
    assert said.words(short=True) == "label 2\nno answer"
    shown = headline(said, short=False)
    assert (shown.predicted, shown.words) == ("?", ["no answer", "diverged"])


class Tied:
    """Several outputs so high that each is a probability of one."""

    def predict(self, split: Split) -> Predictions:
        ones: npt.NDArray[Any] = np.ones((len(split), 10))
        return Predictions(ones, np.full(len(split), 7, np.uint8), np.zeros(len(split)))


def test_a_mistake_never_ranks_first() -> None:
    assert verdict(snapshot_of(Tied()), digits(3), 2).rank == 2


@given(st.lists(st.floats(0, 1), min_size=10, max_size=10), st.integers(0, 9))
def test_words_fit_their_places(probabilities: list[float], label: int) -> None:
    for wrong in (0, 1):
        said = Verdict(label, (label + wrong) % 10, tuple(probabilities), 123.456789, 10)
        assert max(map(len, said.words(short=True).splitlines())) <= 15
        assert max(map(len, said.words(short=False).splitlines())) <= 37


def test_ordinals() -> None:
    named = {1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th", 21: "21st"}
    assert {number: ordinal(number) for number in named} == named
