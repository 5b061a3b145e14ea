"""Stopped and continued by the shell: the terminal is right before, in between and afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.monkey.inputs import Action
from tests.monkey.sitting import Sitting


@pytest.mark.parametrize(
    "signals",
    [("SIGTSTP",), ("SIGCONT",), ("SIGCONT", "SIGCONT", "SIGTSTP"), ("SIGTSTP", "SIGCONT")],
    ids="-".join,
)
def test_signals_of_job_control(signals: tuple[str, ...], tmp_path: Path) -> None:
    """`Sitting` continues what has stopped, as `fg` does, and checks the terminal's settings."""
    sitting = Sitting(tmp_path, ["--limit=300", "--no-save"], {})
    try:
        for name in signals:
            sitting.act(Action("signal", name, 0.6))
        sitting.check_it_draws()
        sitting.check_it_reacts()
        assert "Epoch" in sitting.text()
        sitting.leave()
    finally:
        sitting.close()
