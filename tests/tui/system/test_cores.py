"""What the machine has, and the threads of the matrix products."""

from __future__ import annotations

import pytest

import tui.system.cores
from nn.config import TrainConfig
from tests.support.machine import Machine
from tui.system.cores import core_warnings, limit_threads
from tui.system.quota import available_cores


def test_after_a_run_of_one_thread_the_choice_is_that_of_the_library_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Lessons train on one thread; the runs that followed in the same process once did, too."""
    own_choice = tui.system.cores._own_choice
    Machine(monkeypatch, 4)
    monkeypatch.setattr(tui.system.cores, "_own_choice", own_choice)
    own_choice.cache_clear()
    try:
        assert limit_threads(1) == 1
        assert limit_threads(0) == 4
    finally:
        own_choice.cache_clear()


def test_processes_beyond_the_cores_are_told() -> None:
    cores = available_cores()
    (line,) = core_warnings(TrainConfig(processes=cores + 1))
    assert line.startswith(f"processes={cores + 1}: {cores} core")
    assert core_warnings(TrainConfig(processes=cores, threads=cores)) == []
