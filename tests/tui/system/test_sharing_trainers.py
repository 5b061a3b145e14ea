"""Trainers with the processes and threads chosen for them, and what changes on the way."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

import tui.system.sharing
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import WorkerError
from nn.events import CoresReduced, EpochCompleted
from nn.parallel.cores import Cores
from nn.training.trainer import Trainer
from tests.support.machine import Machine, SlowingClock, processes_are_faster
from tests.support.processes import needs_several
from tui.system.layouts import Layout
from tui.system.sharing import choice_of, cores_of, make_trainer

pytestmark = pytest.mark.usefixtures("nothing_remembered")


@needs_several
def test_where_others_do_not_start_one_trains_unless_several_are_asked_for(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(monkeypatch, 2, seconds=processes_are_faster)
    monkeypatch.setattr(os, "memfd_create", refuse, raising=False)
    with closing(make_trainer(TrainConfig(), dataset)) as trainer:
        assert cores_of(trainer) == Cores(1, 2)
        assert trainer.config == TrainConfig()
    assert machine.limited == 2
    with pytest.raises(WorkerError, match="share: Function not implemented; --processes 1"):
        make_trainer(TrainConfig(processes=2), dataset)


def refuse(name: str) -> int:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


@needs_several
def test_processes_that_were_measured_at_the_first_step_compute_as_those_from_the_start(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even the timing of real steps changes a bit."""
    monkeypatch.setattr(tui.system.sharing, "LEAST_STEPS", 1)
    time_layouts = tui.system.sharing.time_layouts
    machine = Machine(monkeypatch, 2, seconds=processes_are_faster)

    def time(*arguments: Any, seconds: float) -> dict[Layout, float]:
        assert len(time_layouts(*arguments, seconds=0.2)) >= 2
        return machine.time(*arguments, seconds=seconds)

    monkeypatch.setattr(tui.system.sharing, "time_layouts", time)
    config = TrainConfig(hidden=(9,), epochs=2, dropout=0.2)
    with closing(make_trainer(config, small, measure=False)) as late:
        events = late.events()
        next(events)
        assert cores_of(late) == Cores(1, 2)
        late.measure()
        assert cores_of(late).processes == 2
        assert choice_of(late).by == "measured"
        expected = weights(late, events)
    with closing(make_trainer(config, small)) as early:
        assert choice_of(early).by == "remembered"
        assert weights(early, early.events()) == expected
    with closing(make_trainer(replace(config, processes=2), small)) as given:
        assert weights(given, given.events()) == expected


def weights(trainer: Trainer, events: Iterator[object]) -> bytes:
    for _ in events:
        pass
    return trainer.model.parameters.tobytes()


@pytest.mark.parametrize(
    ("fields", "reduced"), [({}, True), ({"threads": 2}, False), ({"processes": 1}, False)]
)
def test_only_what_was_not_given_is_reduced_to_one_thread(
    small: Dataset, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], reduced: bool
) -> None:
    machine = Machine(monkeypatch, 2)
    config = TrainConfig.layered({"hidden": (4,), "batch_size": 1, "epochs": 3}, fields)
    clock = SlowingClock(monkeypatch, after=300)
    with closing(make_trainer(replace(config, limit=300), small, step_interval=1e9)) as trainer:
        clock.trainer = trainer
        events = list(trainer.events())
    assert machine.limited == (1 if reduced else 2)
    found = [event for event in events if isinstance(event, CoresReduced)]
    assert [event.step for event in found] == ([600] if reduced else [])
    assert sum(isinstance(event, EpochCompleted) for event in events) == 3
