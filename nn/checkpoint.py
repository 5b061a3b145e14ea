"""The file a run goes on from: a NumPy `.npz` without pickle, of one run between two events.

format             "mnist-tui checkpoint 1"
config             the configuration as a JSON object
data_sha256        hash of the four unpacked IDX files
metrics_bytes      how much of the run's metrics.jsonl belongs to it
values             a JSON object: position, random state, clocks, early stopping (`TrainerState.values`);
                   of a run about to diverge it may hold NaN and Infinity, which strict readers refuse
parameters         all weights and biases as one vector: of each linear layer, input side first, the
                   weight (in_features, out_features) row by row, then the bias
finite             the vector to fall back to where training diverges
optimizer.*        the optimizer's vectors, as long as `parameters`
stopping.*         the vectors early stopping may go back to
preprocessing.scale, preprocessing.shift      as in a model file
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.config import TrainConfig
from nn.data import PIXELS, Preprocessor
from nn.errors import CheckpointError, ConfigError
from nn.layers import Array
from nn.npz import read_npz, write_npz
from nn.predictor import Predictor, parameter_count, untrained
from nn.runs import LAST_FILE, Run, Which
from nn.trainer import Trainer, TrainerState

FORMAT = "mnist-tui checkpoint 1"
MAX_BYTES = 32 * 2**30

_OWN = ("format", "config", "data_sha256", "metrics_bytes", "values")


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A trainer's state with what it belongs to."""

    config: TrainConfig
    data_sha256: str
    state: TrainerState
    preprocessing: dict[str, Array]
    metrics_bytes: int = 0

    @classmethod
    def take(cls, trainer: Trainer) -> Checkpoint:
        """Of a trainer between two events; training may go on while it is written."""
        preprocessor = trainer.predictor.preprocessor
        preprocessing = {"scale": preprocessor.scale, "shift": preprocessor.shift}
        return cls(
            trainer.config,
            trainer.dataset.sha256,
            trainer.state(),
            {name: array for name, array in preprocessing.items() if array is not None},
        )

    def save(self, path: Path, *, metrics_bytes: int = 0) -> None:
        """Write the file, atomically; raises `CheckpointError`."""
        arrays = {
            "format": np.array(FORMAT),
            "config": np.array(json.dumps(self.config.to_dict())),
            "data_sha256": np.array(self.data_sha256),
            "metrics_bytes": np.array(metrics_bytes),
            "values": np.array(json.dumps(self.state.values)),
        }
        arrays |= {f"preprocessing.{name}": a for name, a in self.preprocessing.items()}
        write_npz(path, arrays | self.state.arrays)

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read a file; raises `CheckpointError` for anything that `save` did not write.

        What the values mean is for `Trainer.restore` to check.
        """
        arrays = read_npz(path, max_bytes=MAX_BYTES)
        if str(arrays.get("format")) != FORMAT:
            raise CheckpointError(f"{path}: not a checkpoint ({FORMAT!r} expected)")
        try:
            texts = {name: str(arrays.pop(name)) for name in _OWN}
            config = TrainConfig.layered(json.loads(texts["config"]))
            values = json.loads(texts["values"])
            if not isinstance(values, dict):
                raise ValueError("values are not a JSON object")
            preprocessing = {
                name.removeprefix("preprocessing."): arrays.pop(name)
                for name in list(arrays)
                if name.startswith("preprocessing.")
            }
            shape = (parameter_count(config),)
            for name, array in {"parameters": arrays["parameters"], **arrays}.items():
                if array.shape != shape or array.dtype != config.dtype:
                    raise ValueError(f"{name} is {array.dtype} {array.shape}")
            for name, array in preprocessing.items():
                if array.shape not in ((), (PIXELS,)) or array.dtype != config.dtype:
                    raise ValueError(f"preprocessing.{name} is {array.dtype} {array.shape}")
            return cls(
                config,
                texts["data_sha256"],
                TrainerState(arrays, values),
                {"scale": preprocessing["scale"], **preprocessing},
                int(texts["metrics_bytes"]),
            )
        except (
            ConfigError,
            KeyError,
            TypeError,
            AttributeError,
            ValueError,
            RecursionError,
        ) as error:
            raise CheckpointError(f"{path}: damaged checkpoint: {error}") from error

    def predictor(self) -> Predictor:
        """The network as it was after the last step."""
        model = untrained(self.config)
        model.parameters[...] = self.state.arrays["parameters"]
        scale, shift = self.preprocessing["scale"], self.preprocessing.get("shift")
        return Predictor(self.config, model, Preprocessor(scale, shift))


def load_model(run: Run, which: Which) -> Predictor:
    """The best network of a saved run, or the last one; raises `CheckpointError`."""
    path = run.model_file(which)
    if path is not None:
        return Predictor.load(path)
    if which == "best":
        raise CheckpointError(f"run {run.name} has no best model: it was never evaluated")
    return Checkpoint.load(run.path / LAST_FILE).predictor()
