"""Dataclasses read from JSON: what may be missing, and what an error says."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict
from typing import Any

import pytest

from nn.events import Evaluation, Score
from nn.reading import read_as
from nn.spec import DataSpec

EVALUATION = Evaluation(3, 0.5, None, Score(0.5, 0.75), Score(0.25, 1.0), True, 2.0)


def test_what_was_written_is_read() -> None:
    assert read_as(Evaluation, json.loads(json.dumps(asdict(EVALUATION)))) == EVALUATION
    spec = DataSpec(5, 3, ("a", "b"))
    assert read_as(DataSpec, asdict(spec)) == spec  # also before it was JSON


def test_fields_with_a_default_may_be_missing_and_others_are_ignored() -> None:
    values = asdict(EVALUATION) | {"colour": "blue"}
    del values["raw"]
    assert read_as(Evaluation, values) == EVALUATION


def test_null_is_a_number_that_json_cannot_hold() -> None:
    assert math.isnan(read_as(Score, {"loss": None, "accuracy": 0.5}).loss)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"step": True}, "Evaluation.step: true is not valid"),
        ({"seconds": 2**63}, "Evaluation.seconds: 9223372036854775808 is not valid"),
        ({"test": None}, "Evaluation.test: null is not valid"),
        ({"test": {"loss": 1}}, "Evaluation.test: accuracy is missing"),
        ({"train": {"loss": "x" * 99}}, f'Evaluation.train.loss: "{"x" * 56}... is not valid'),
    ],
)
def test_an_error_names_the_field(damage: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        read_as(Evaluation, asdict(EVALUATION) | damage)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], r"DataSpec: \[\] is not valid"),
        ({"names": ["a"]}, "DataSpec: 1 classes"),
        ({"names": "ab"}, 'DataSpec.names: "ab" is not valid'),
        ({"names": ["a", "\x1b"]}, r'DataSpec.names: "\\u001b" is not valid'),
    ],
)
def test_what_is_no_dataset_is_refused(values: object, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}$"):
        read_as(DataSpec, values)
