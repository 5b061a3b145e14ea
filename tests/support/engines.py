"""A run that several processes can compute together."""

from __future__ import annotations

from nn.config import TrainConfig
from nn.parallel.cores import Cores
from nn.parallel.process_group import make_engine
from nn.training.engine import EngineFactory

BASE = TrainConfig(
    hidden=(9, 5), dtype="float64", optimizer="sgd", learning_rate=0.1, epochs=2, batch_size=70
)


def several(processes: int) -> EngineFactory:
    return make_engine(Cores(processes, threads=1))
