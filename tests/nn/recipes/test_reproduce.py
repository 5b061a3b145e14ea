"""Verdicts: which of our numbers is compared with which of theirs, and how."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.events import EpochCompleted, Evaluation, Event, RunFinished, RunStarted, Score
from nn.recipes import Published, parse_recipe
from nn.recipes.reproduce import compare
from nn.training.trainer import Trainer

CLAIM = Published(None, None, "test_accuracy", 0.90, 0.92, 0.005, 1.0, "", "")


def evaluation(epoch: int) -> Evaluation:
    """Accuracies of 0.90, 0.91, ... and losses of 1, 1/2, ... on test; less so in training."""
    train = Score(0.5 / epoch, 0.5 + epoch / 100)
    return Evaluation(
        10 * epoch, epoch, train, None, Score(1 / epoch, 0.89 + epoch / 100), True, 0.0
    )


def events(epochs: int, reason: str = "completed") -> Iterator[Event]:
    """A run of 10 steps an epoch."""
    yield RunStarted(TrainConfig(), (), 0, 100, 0, 10, 10, 10 * epochs, 0, "", "")
    for epoch in range(1, epochs + 1):
        yield EpochCompleted(epoch, 10 * epoch, 0.0, 0.0, (), 0.0, 0.0, evaluation(epoch))
    yield RunFinished(reason, 10 * epochs, epochs, 10, evaluation(1), 0.0, 0.0)  # type: ignore[arg-type]


def judge(low: float, high: float, tolerance: float, above: str = "", below: str = "") -> str:
    """The verdict on an accuracy of 0.91, with its reason."""
    claim = Published(2, None, "test_accuracy", low, high, tolerance, 1.0, above, below)
    (row,) = compare([claim], events(3))
    assert row.obtained == pytest.approx(0.91)
    assert row.reproduced == (row.verdict in ("within", "better"))
    return f"{row.verdict} {row.reason}".strip()


def test_verdicts_by_the_band() -> None:
    assert judge(0.90, 0.92, 0.0) == "within"
    assert judge(0.92, 0.93, 0.0101) == "within"
    assert judge(0.92, 0.93, 0.0099) == "below"
    assert judge(0.88, 0.90, 0.0101) == "within"
    assert judge(0.88, 0.90, 0.0099) == "above"


def test_verdicts_with_a_reason() -> None:
    """An explained "above" is "better", an explained "below" stays what it is."""
    assert (
        judge(0.88, 0.90, 0.0099, "the gradient is right", "no") == "better the gradient is right"
    )
    assert judge(0.92, 0.93, 0.0099, "no", "another scale") == "below another scale"
    assert judge(0.92, 0.93, 0.0099, "no") == "below"
    assert judge(0.88, 0.90, 0.0101, "no", "no") == "within"


def test_each_number_is_taken_at_its_time() -> None:
    claims = [
        dataclasses.replace(CLAIM, epoch=3),
        dataclasses.replace(CLAIM, step=20),
        dataclasses.replace(CLAIM, epoch=1, metric="train_accuracy"),
        dataclasses.replace(CLAIM, epoch=2, metric="test_loss"),
        dataclasses.replace(CLAIM, epoch=2, metric="train_loss", scale=0.1),
    ]
    rows = {row.published: row for row in compare(claims, events(4))}
    assert [rows[claim].obtained for claim in claims] == pytest.approx(
        [0.92, 0.91, 0.51, 0.5, 0.025]
    )
    assert [rows[claim].step for claim in claims] == [30, 20, 10, 20, 20]
    assert [rows[claim].epoch for claim in claims] == [3, 2, 1, 2, 2]


def test_what_has_no_time_is_taken_at_the_last_evaluation() -> None:
    """Not at the restored weights, which `RunFinished` describes."""
    (row,) = compare([CLAIM], events(3, "early-stopped"))
    assert (row.step, row.verdict) == (30, "within")
    assert row.obtained == pytest.approx(0.92)


def test_what_was_never_measured_is_missing() -> None:
    claims = [dataclasses.replace(CLAIM, epoch=9), dataclasses.replace(CLAIM, step=25)]
    rows = list(compare(claims, events(3)))
    assert [row.verdict for row in rows] == ["missing", "missing"]
    assert all(row.obtained is row.step is row.epoch is None for row in rows)
    assert not any(row.reproduced for row in rows)


def test_a_diverged_run_has_no_last_evaluation() -> None:
    claims = [CLAIM, dataclasses.replace(CLAIM, epoch=1)]
    rows = {row.published: row.verdict for row in compare(claims, events(2, "diverged"))}
    assert rows == {claims[0]: "missing", claims[1]: "within"}


def test_rows_come_as_soon_as_they_can() -> None:
    seen = []

    def watched() -> Iterator[Event]:
        for event in events(3):
            seen.append(type(event).__name__)
            yield event

    next(compare([dataclasses.replace(CLAIM, epoch=1)], watched()))
    assert seen == ["RunStarted", "EpochCompleted"]


RECIPE = """
description = "a small run"
source = "this test"
[train]
hidden = [8]
batch_size = 50
epochs = 2
eval_train = false
[published]
accuracy_tolerance = 100
checkpoints = [
    { epoch = 1, test_accuracy = 50 },
    { epoch = 2, train_accuracy = 50 },
    { test_accuracy = [40, 60] },
]
"""


def test_a_recipe_runs_and_is_judged(small: Dataset) -> None:
    recipe = parse_recipe("small", RECIPE)
    rows = list(compare(recipe.published, Trainer(recipe.config, small).events()))
    assert [row.verdict for row in rows] == ["within", "missing", "within"]
    assert [row.step for row in rows] == [6, None, 12]
