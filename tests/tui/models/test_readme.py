"""The lines of the documentation that save weights write files that can be opened."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.training.trainer import Trainer
from tests.support.commands import ROOT
from tui.models.opening import open_model

BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "tui/models/README.md").read_text(), re.DOTALL)


class Tensor:
    """What the lines use of a tensor of PyTorch."""

    def __init__(self, array: Array) -> None:
        self._array = array

    def cpu(self) -> Tensor:
        return self

    def numpy(self) -> Array:
        return self._array


class Model:
    """What the lines use of a model of the notes, of PyTorch and of Keras."""

    def __init__(self, layers: list[tuple[Array, Array]]) -> None:
        self._layers = layers
        self.params = {
            f"{name}{number}": array
            for number, layer in enumerate(layers, 1)
            for name, array in zip("Wb", layer, strict=True)
        }

    def state_dict(self) -> dict[str, Tensor]:
        return {
            f"{2 * number}.{name}": Tensor(array)
            for number, (weight, bias) in enumerate(self._layers)
            for name, array in (("weight", weight.T), ("bias", bias))
        }

    def get_weights(self) -> list[Array]:
        return [array for layer in self._layers for array in layer]


@pytest.mark.parametrize("block", BLOCKS)
def test_the_lines_that_save_weights(
    block: str, mnist: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(TrainConfig(hidden=(16,), limit=4000, epochs=2), mnist)
    list(trainer.events())
    model = Model([(layer.weight, layer.bias) for layer in trainer.model.linears])
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"model": model, "net": model}
    exec(block, names)
    opened = open_model(tmp_path / "model.npz", lambda: mnist).predictor
    np.testing.assert_allclose(opened.model.parameters, trainer.model.parameters, rtol=1e-6)


def test_there_is_a_way_for_each_program() -> None:
    assert len(BLOCKS) == 3
