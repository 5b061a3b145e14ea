"""`mnist-tui lr-find` prints a chart, the rate to take, and JSON."""

from __future__ import annotations

import json

import pytest

from tests.support.commands import call_command, refused
from tui.system.cores import limit_threads

WORDS = ("lr-find", "--limit", "1000", "--hidden", "16", "--optimizer", "sgd")


def test_the_rate_to_take() -> None:
    result = call_command(*WORDS)
    assert result.returncode == 0
    assert "To take the steepest: --learning-rate " in result.stdout
    assert "steepest" in result.stdout
    assert max(map(len, result.stdout.splitlines()[:14])) <= 80


def test_json() -> None:
    record = json.loads(call_command(*WORDS, "--json").stdout)
    rates = [point["learning_rate"] for point in record["points"]]
    assert rates == sorted(rates)
    assert record["steepest"] in rates


@pytest.mark.slow
def test_threads_beyond_the_cores_are_told() -> None:
    try:
        result = call_command(*WORDS, "--threads", "1000")
    finally:
        limit_threads(0)
    (line,) = result.stderr.splitlines()
    assert line.startswith("mnist-tui: warning: threads=1000: ")


@pytest.mark.parametrize(
    "words", [("--lowest", "1", "--highest", "0.1"), ("--lowest", "0"), ("--highest", "inf")]
)
def test_bad_ranges(words: tuple[str, ...]) -> None:
    assert "must be above 0" in refused(call_command(*WORDS, *words))
