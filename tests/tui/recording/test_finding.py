"""Runs found by their hyperparameters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nn.config import TrainConfig
from nn.storage.runs import SavedRun
from tests.support.saved_runs import save_run
from tui.recording.finding import (
    Search,
    differing_fields,
    effective_values,
    short_name,
    short_text,
    value_text,
    words_of,
)


def found(run: SavedRun, text: str, **changes: Any) -> bool:
    config = TrainConfig.layered(run.record.config.to_dict(), changes)
    changed = SavedRun(run.path, replace(run.record, config=config))
    return Search(text).matches(effective_values(config), words_of(changed, run.status))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SavedRun:
    root: Path = tmp_path_factory.mktemp("runs")
    return save_run(root, "20261101-100000-my-net", recipe="lincoln-sigmoid")


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        ("", {}, True),
        ("MY-NET lincoln fin", {}, True),
        ("my-net failed", {}, False),
        ("adam relu cross-entropy", {}, True),
        ("momentum", {}, False),
        ("momentum", {"optimizer": "momentum"}, True),
        ("momentum=0.9", {}, False),  # Adam has no such hyperparameter
        ("momentum!=0.8", {}, True),
        ("momentum=0.9", {"optimizer": "nesterov"}, True),
        ("64-64", {}, False),
        ("64-64", {"hidden": (64, 64)}, True),
        ("784-64-10", {"hidden": (64,)}, True),
        ("early", {}, False),
        ("early", {"patience": 3, "stop_on": "test"}, True),
        ("dropout", {}, False),
        ("dropout deskew", {"dropout": 0.2, "deskew": True}, True),
        ("shuffle", {}, False),
        ("lr=0.1", {"learning_rate": 0.1}, True),
        ("--learning-rate=1e-1", {"learning_rate": 0.1}, True),
        ("learning_rate=.1", {"learning_rate": 0.2}, False),
        ("lr!=0.1", {"learning_rate": 0.2}, True),
        ("lr>0.1 lr<=0.2", {"learning_rate": 0.2}, True),
        ("lr>=0.1", {"learning_rate": 0.05}, False),
        ("lr=", {}, True),
        ("lr=fast", {}, False),
        ("opt=sgd", {"optimizer": "sgd"}, True),
        ("optimizer=adam", {"optimizer": "adamw"}, False),
        ("optimizer=ada", {"optimizer": "adamw"}, True),
        ("hidden=64-16", {"hidden": (64, 16)}, True),
        ("hidden=64", {"hidden": (64, 16)}, False),
        ("hidden>64", {}, False),
        ("deskew=yes", {"deskew": True}, True),
        ("deskew=no", {"deskew": True}, False),
        ("nothing=1", {}, False),
        ("seed=3 lr=0.1 relu", {"seed": 3, "learning_rate": 0.1}, True),
        ("seed=3 lr=0.1 relu", {"seed": 4, "learning_rate": 0.1}, False),
    ],
)
def test_every_word_must_be_true(
    run: SavedRun, text: str, changes: dict[str, Any], expected: bool
) -> None:
    assert found(run, text, **changes) is expected


def test_what_can_find_nothing_is_told() -> None:
    assert Search("lr=0.1 lr= relu").problem == ""
    assert Search("nothing=1").problem == "no hyperparameter begins with nothing"
    assert Search("lr=fast").problem == "learning-rate=fast compares with nothing"


def test_the_short_form_of_a_flag() -> None:
    assert [short_name(name) for name in ("learning_rate", "batch_size")] == ["lr", "batch-size"]


def test_a_number_of_many_digits_is_rounded_where_it_is_told_in_short() -> None:
    values = (0.17790613846114536, 1e-08, 0.0005, (64, 16), 60000, None)
    assert [short_text(each) for each in values] == [
        "0.1779",
        "1e-08",
        "0.0005",
        "64-16",
        "60000",
        "-",
    ]


def test_what_differs_is_told_without_what_follows_from_it() -> None:
    adam, rule = TrainConfig(), TrainConfig(optimizer="momentum")
    values = [effective_values(config) for config in (adam, rule)]
    assert differing_fields(values) == ["optimizer"]
    changed = effective_values(TrainConfig(optimizer="momentum", momentum=0.5))
    assert differing_fields([values[0], changed]) == ["optimizer", "momentum"]
    assert [value_text(each["momentum"]) for each in (values[0], changed)] == ["-", "0.5"]
    assert differing_fields([values[0], effective_values(TrainConfig(threads=1))]) == []
