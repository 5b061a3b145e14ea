"""What a screen sees of a run: how the weights of a moment are named."""

from __future__ import annotations

from typing import cast

import pytest

from nn.network.predictor import Predictor
from tui.app.state.shown_run import Snapshot


@pytest.mark.parametrize(
    ("step", "epoch", "source", "name"),
    [
        (0, 0.0, None, "untrained"),
        (0, 0.0, "relu-net", "relu-net"),
        (1, 1 / 469, None, "step 1"),
        (1_200, 0.5, "relu-net", "step 1,200"),
        (469, 1.0, None, "epoch 1"),
        (1_172, 2.5, None, "epoch 2.5"),
    ],
)
def test_weights_are_named_for_what_they_have_learned(
    step: int, epoch: float, source: str | None, name: str
) -> None:
    assert Snapshot(cast(Predictor, None), step, epoch, source).name == name
