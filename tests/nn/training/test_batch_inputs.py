"""Inputs that are warped on a thread of their own are those that the step would compute itself."""

from __future__ import annotations

import gc
import threading
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.data.preprocessing import Preprocessor
from nn.parallel.cores import Cores
from nn.parallel.process_group import make_engine
from nn.training.batch_inputs import BatchInputs, InputsAhead
from nn.training.engine import EngineFactory, OneProcess
from nn.training.trainer import Trainer
from tests.support.training import follow, through_json

CONFIG = TrainConfig(
    hidden=(6,),
    batch_size=70,
    epochs=3,
    augment_shift=2.0,
    augment_rotation=15.0,
    elastic_alpha=30.0,
    preprocessing="standardize",
)
AHEAD = partial(OneProcess, inputs_ahead=True)


def both(small: Dataset) -> tuple[BatchInputs, InputsAhead]:
    preprocessor = Preprocessor.of(CONFIG, small.train)
    return tuple(kind(CONFIG, small.train, preprocessor) for kind in (BatchInputs, InputsAhead))  # type: ignore[return-value]


def warping_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "warping"}


@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        replace(CONFIG, deskew=True, dropout=0.2, noise=0.1, sampling="replacement"),
        replace(CONFIG, epochs=0, steps=8, dtype="float64", batch_size=1),
        replace(CONFIG, preprocessing="edges"),
        TrainConfig(hidden=(9,), epochs=2, batch_size=70, preprocessing="edges"),
    ],
    ids=["shuffled", "with replacement", "one image", "warped edges", "edges"],
)
def test_a_run_is_the_same_bit_for_bit_also_resumed(small: Dataset, config: TrainConfig) -> None:
    """Events and weights; the rate is changed in the second epoch."""
    inside, ahead = (
        Trainer(config, small, step_interval=0, engine=engine) for engine in (OneProcess, AHEAD)
    )
    expected = follow(inside, changed_at=6)
    assert list(map(repr, follow(ahead, changed_at=6))) == list(map(repr, expected))
    np.testing.assert_array_equal(ahead.model.parameters, inside.model.parameters)
    begun = Trainer(config, small, step_interval=0, engine=AHEAD)
    seen = follow(begun, 6, 4)
    resumed = Trainer(config, small, step_interval=0, engine=AHEAD)
    resumed.restore(through_json(begun.state()))
    _, *rest = follow(resumed, changed_at=6)
    assert list(map(repr, seen + rest)) == list(map(repr, expected))
    np.testing.assert_array_equal(resumed.model.parameters, inside.model.parameters)


def test_what_was_expected_need_not_come(small: Dataset) -> None:
    """Another step, other images of the same step and another size are computed anew."""
    inside, ahead = both(small)
    batch, other = np.arange(40), np.arange(100, 140)
    for index, step, expected in (
        (batch, 0, (other, 1)),
        (other, 1, (batch, 2)),  # as expected
        (other, 2, (batch, 3)),  # other images
        (other, 7, None),  # another step
        (batch[:9], 8, (batch, 20)),  # not the next step
        (batch, 9, None),
        (other, 9, None),
    ):
        if expected:
            ahead.expect(*expected)
        np.testing.assert_array_equal(ahead.of(index, step), inside.of(index, step))


def test_the_inputs_of_a_step_stay_while_the_next_are_computed(small: Dataset) -> None:
    _, ahead = both(small)
    batch, other = np.arange(40), np.arange(100, 140)
    for _ in range(20):
        ahead.expect(other, 1)
        found = ahead.of(batch, 0)
        before = found.copy()
        ahead.of(other, 1)
        np.testing.assert_array_equal(found, before)


def test_what_fails_there_is_raised_in_the_step(small: Dataset) -> None:
    _, ahead = both(small)
    with pytest.raises(TypeError):
        ahead.of(np.array(["x"]), 0)
    assert ahead.of(np.arange(3), 0).shape == (3, 784)  # and the thread goes on
    with pytest.raises(ValueError, match="whole batches"):
        ahead.of(np.arange(3), 0, first=1, batch_size=4)
    ahead.close()
    with pytest.raises(ValueError, match="closed"):
        ahead.of(np.arange(3), 0)


@pytest.mark.parametrize("engine", [AHEAD, make_engine(Cores(spare=1))], ids=["one", "on a core"])
@pytest.mark.parametrize("closed", [True, False])
def test_the_thread_ends_with_the_engine_and_none_is_started_in_vain(
    small: Dataset, engine: EngineFactory, closed: bool
) -> None:
    """At once where it is closed, and else when it is no longer in memory."""
    before = warping_threads()
    plain = replace(CONFIG, augment_shift=0.0, augment_rotation=0.0, elastic_alpha=0.0)
    follow(Trainer(plain, small, engine=engine), 0, 3)
    assert warping_threads() <= before
    trainer = Trainer(CONFIG, small, engine=engine)
    (thread,) = warping_threads() - before
    follow(trainer, 0, 3)
    if closed:
        trainer.close()
    else:
        del trainer
        gc.collect()
    thread.join(60)
    assert not thread.is_alive()


def test_the_share_of_the_time_is_told(small: Dataset) -> None:
    """Of a run with warps, also resumed; half of a step of a small network is a warp."""
    plain = replace(CONFIG, augment_shift=0.0, augment_rotation=0.0, elastic_alpha=0.0)
    trainer = Trainer(plain, small)
    follow(trainer, 0)
    assert trainer.warping_share is None
    for engine in (OneProcess, AHEAD):
        trainer = Trainer(CONFIG, small, engine=engine)
        follow(trainer, 0)
        share = trainer.warping_share
        assert share is not None
        assert 0 < share < 1
        again = Trainer(CONFIG, small, engine=engine)
        again.restore(through_json(trainer.state()))
        assert again.warping_share == share
