"""A run that another engine goes on with, and when it does so by itself."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.data.preprocessing import fed_dataset
from nn.events import CoresReduced, EpochCompleted, Event, StepCompleted
from nn.parallel.cores import Cores
from nn.parallel.process_group import make_engine
from nn.training.engine import EngineFactory, OneProcess
from nn.training.trainer import Trainer
from tests.support.processes import needs_several
from tests.support.training import through_json, timeless

CONFIG = TrainConfig(hidden=(9,), epochs=3, batch_size=70)
KINDS: dict[str, dict[str, Any]] = {
    "adam": {},
    "averaged": {"average_decay": 0.9, "batch_norm": True, "optimizer": "nesterov"},
    "dropout": {"dropout": 0.3, "validation": 0.2, "patience": 2},
    "deskewed": {"deskew": True, "preprocessing": "standardize", "limit": 100},
    "edges": {"preprocessing": "edges", "limit": 100},
}
ONE = make_engine(Cores())
TWO = make_engine(Cores(2, threads=1))


def test_images_are_deskewed_once(small: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Dataset] = []

    def counted(config: TrainConfig, dataset: Dataset, bright_paper: bool) -> Dataset:
        calls.append(dataset)
        return fed_dataset(config, dataset, bright_paper)

    monkeypatch.setattr("nn.training.engine.fed_dataset", counted)
    with closing(Trainer(replace(CONFIG, deskew=True), small)) as trainer:
        trainer.compute_with(ONE)
    assert calls == [small]


@pytest.mark.parametrize(
    ("kind", "first", "then", "place"),
    [
        *((kind, ONE, ONE, 6) for kind in KINDS),
        pytest.param("averaged", ONE, TWO, 0, marks=needs_several),
        pytest.param("deskewed", ONE, TWO, 0, marks=needs_several),
        pytest.param("averaged", TWO, ONE, 6, marks=needs_several),
        pytest.param("dropout", TWO, ONE, 6, marks=needs_several),
    ],
)
def test_it_is_the_run_that_was_saved_and_resumed_with_that_engine(
    small: Dataset, kind: str, first: EngineFactory, then: EngineFactory, place: int
) -> None:
    config = replace(CONFIG, **KINDS[kind])
    with closing(Trainer(config, small, step_interval=0, engine=first)) as changed:
        events = changed.events()
        for _ in range(place + 1):
            next(events)
        state = changed.state()
        changed.compute_with(then)
        rest = list(events)
        with closing(Trainer(config, small, step_interval=0, engine=then)) as resumed:
            resumed.restore(through_json(state))
            expected = list(resumed.events())[1:]
            assert list(map(timeless, rest)) == list(map(timeless, expected))
            assert changed.model.parameters.tobytes() == resumed.model.parameters.tobytes()
            final = changed.predictor.predict(small.test).probabilities
            again = resumed.predictor.predict(small.test).probabilities
            assert final.tobytes() == again.tobytes()


def test_an_engine_that_cannot_be_made_changes_nothing(small: Dataset) -> None:
    def refuse(*_: object) -> OneProcess:
        raise MemoryError

    trainer, undisturbed = Trainer(CONFIG, small), Trainer(CONFIG, small)
    events = trainer.events()
    next(events)
    with pytest.raises(MemoryError):
        trainer.compute_with(refuse)
    for _ in events:
        pass
    for _ in undisturbed.events():
        pass
    assert trainer.model.parameters.tobytes() == undisturbed.model.parameters.tobytes()


class Busy(OneProcess):
    """An engine whose steps take a scripted time: `slow` says which epochs are slow ones."""

    now = 0.0
    slow: tuple[int, ...] = ()
    closed = 0

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        take = self.step

        def step(index: Array, step: int, learning_rate: float) -> float:
            Busy.now += 0.02 if step // STEPS in Busy.slow else 0.001
            return take(index, step, learning_rate)

        self.step = step

    def close(self) -> None:
        Busy.closed += 1

    @staticmethod
    def perf_counter() -> float:
        return Busy.now


STEPS = 150  # of an epoch


def events_of(
    small: Dataset, monkeypatch: pytest.MonkeyPatch, slow: tuple[int, ...], **options: Any
) -> list[Event]:
    monkeypatch.setattr("nn.training.trainer.time", Busy)
    monkeypatch.setattr(Busy, "slow", slow)
    config = replace(CONFIG, batch_size=2, hidden=(3,), epochs=4)
    return list(Trainer(config, small, step_interval=1e9, engine=Busy, **options).events())


@pytest.mark.parametrize(
    ("slow", "expected"),
    [((), []), ((0,), []), ((1,), [2 * STEPS]), ((1, 2), [2 * STEPS]), ((3,), [])],
    ids=["never", "from the first step on", "once", "and still", "in the last epoch"],
)
def test_it_falls_back_after_an_epoch_of_slow_steps(
    small: Dataset, monkeypatch: pytest.MonkeyPatch, slow: tuple[int, ...], expected: list[int]
) -> None:
    closed = Busy.closed
    events = events_of(small, monkeypatch, slow, fallback=Busy)
    reduced = [event for event in events if isinstance(event, CoresReduced)]
    assert [event.step for event in reduced] == expected
    assert all(event.slowdown == pytest.approx(20, rel=0.1) for event in reduced)
    assert Busy.closed - closed == len(expected)
    if expected:
        before = events[events.index(reduced[0]) - 1]
        assert isinstance(before, EpochCompleted)
        assert before.step == reduced[0].step
    plain = [each for each in events if not isinstance(each, CoresReduced | StepCompleted)]
    monkeypatch.undo()
    undisturbed = events_of(small, monkeypatch, slow)
    assert [timeless(each) for each in plain] == [
        timeless(each) for each in undisturbed if not isinstance(each, StepCompleted)
    ]
