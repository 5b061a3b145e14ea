"""Random inputs to the real application find nothing; see `python -m tests.monkey --help`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.monkey.__main__ import report, run
from tests.monkey.inputs import actions
from tests.monkey.terminal import FaultError


def play(seed: int, seconds: float, sitting: float, folder: Path) -> None:
    try:
        run(seed, seconds, sitting)
    except FaultError as fault:
        pytest.fail(f"{fault}; inputs in {report(fault, folder)}")


def test_random_inputs(tmp_path: Path) -> None:
    """Twenty seconds of one start, which show that nothing simple is amiss; more is a slow test."""
    play(1, 20, 20, tmp_path)


@pytest.mark.slow
def test_random_inputs_for_long(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    """As long as --monkey-seconds, a minute unless it is given, a new start every two minutes."""
    seconds = pytestconfig.getoption("--monkey-seconds")
    play(pytestconfig.getoption("--monkey-seed"), seconds, 120, tmp_path)


def test_the_same_seed_gives_the_same_inputs() -> None:
    def first(seed: int) -> list[object]:
        return [action for action, _ in zip(actions(seed), range(500), strict=False)]

    assert first(1) == first(1) != first(2)
