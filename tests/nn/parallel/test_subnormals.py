"""Numbers too small for full precision are zero while a step is computed, and nowhere else."""

from __future__ import annotations

import platform
import sys
from contextlib import closing

import numpy as np
import pytest

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.parallel.cores import Cores
from nn.parallel.process_group import make_engine
from nn.parallel.subnormals import flush_subnormals, keep_subnormals
from nn.training.engine import EngineFactory, OneProcess
from nn.training.trainer import Trainer
from tests.support.processes import needs_several

CONFIG = TrainConfig(limit=200, epochs=2, hidden=(8,), batch_size=20)
SMALLEST = np.finfo(np.float32).tiny  # that is not subnormal

needs_flushing = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine().lower() not in ("x86_64", "amd64"),
    reason="subnormal numbers stay",
)


def product() -> float:
    """A subnormal number."""
    (value,) = np.full(1, 1e-30, np.float32) * np.float32(1e-10)
    return float(value)


def trained(data: Dataset, engine: EngineFactory, *, moment: float) -> tuple[Array, Array]:
    """Adam's first moment, which begins with a number, and the parameters after a short run."""
    with closing(Trainer(CONFIG, data, step_interval=0, engine=engine)) as trainer:
        trainer.engine.optimizer_state["first_moment"][...] = moment
        for _ in trainer.events():
            assert product() > 0, "between two events they are what they always are"
        state = trainer.engine.optimizer_state["first_moment"]
        return state.copy(), trainer.model.parameters.copy()


def subnormal(values: Array) -> int:
    return int(((values != 0) & (np.abs(values) < SMALLEST)).sum())


@needs_flushing
@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=needs_several)])
def test_no_moment_is_left_where_it_takes_long_to_compute_with(
    small: Dataset, processes: int
) -> None:
    """The weights from the corners have no gradient, so that their moments decay."""
    plain, _ = trained(small, OneProcess, moment=2e-38)
    assert subnormal(plain)
    flushed, _ = trained(small, make_engine(Cores(processes)), moment=2e-38)
    assert not subnormal(flushed)
    np.testing.assert_allclose(flushed, plain, rtol=1e-3, atol=1e-7)


def test_the_network_is_the_same(small: Dataset) -> None:
    _, plain = trained(small, OneProcess, moment=0)
    _, flushed = trained(small, make_engine(Cores(1)), moment=0)
    np.testing.assert_array_equal(flushed, plain)


@needs_flushing
def test_they_are_switched_off_and_on() -> None:
    flush_subnormals()
    try:
        assert product() == 0
    finally:
        keep_subnormals()
    assert product() > 0
