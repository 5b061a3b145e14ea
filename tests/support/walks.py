"""Walks on small data, of networks with any fields."""

from __future__ import annotations

from typing import Any

from nn.analysis.walk import DEFAULT_FIELDS, Walk
from nn.config import REQUIRED_OUTPUT, TrainConfig
from nn.data.dataset import Dataset


def config_of(**fields: Any) -> TrainConfig:
    loss = fields.get("loss", "cross-entropy")
    output = REQUIRED_OUTPUT.get(loss, ("sigmoid", ""))[0]
    return TrainConfig.layered(DEFAULT_FIELDS, {"output_activation": output}, fields)


def walk_of(small: Dataset, **fields: Any) -> Walk:
    return Walk.of(config_of(**fields), small.train)
