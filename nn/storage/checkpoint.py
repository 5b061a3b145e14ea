"""The file a run goes on from: a model file (`nn.network.predictor`) of one run between two events, and besides

checkpoint         "mnist-tui checkpoint 2"
data_sha256        hash of the four unpacked IDX files
metrics_bytes      how much of the run's metrics.jsonl belongs to it
values             a JSON object: position, random state, clocks, early stopping (`TrainerState.values`);
                   of a run about to diverge it may hold NaN and Infinity, which strict readers refuse
optimizer.*        the optimizer's vectors: of each linear layer, input side first, what belongs to the
                   weight (in_features, out_features) row by row, then to the bias
stopping.*         such vectors of parameters, which early stopping may go back to
finite             one to fall back to where training diverges, unless that is the model itself
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.config import TrainConfig
from nn.data.preprocessing import Preprocessor
from nn.errors import StorageError
from nn.network.predictor import Predictor
from nn.storage.model_file import DAMAGE, MAX_BYTES, model_arrays, read_model, take_model
from nn.storage.npz import read_npz, write_npz
from nn.storage.runs import BEST_FILE, LAST_FILE, SavedRun, Which
from nn.training.progress import TrainerState
from nn.training.trainer import Trainer

FORMAT = "mnist-tui checkpoint 2"


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A trainer's state with what it belongs to."""

    config: TrainConfig
    data_sha256: str
    state: TrainerState
    preprocessor: Preprocessor
    metrics_bytes: int = 0

    @classmethod
    def take(cls, trainer: Trainer) -> Checkpoint:
        """Of a trainer between two events; training may go on while it is written."""
        return cls(
            trainer.config, trainer.dataset.sha256, trainer.state(), trainer.predictor.preprocessor
        )

    def save(self, path: Path, *, metrics_bytes: int = 0) -> None:
        """Write the file, atomically; raises `StorageError`."""
        arrays = dict(self.state.arrays)
        model = model_arrays(self.config, arrays.pop("parameters"), self.preprocessor)
        about = {
            "checkpoint": np.array(FORMAT),
            "data_sha256": np.array(self.data_sha256),
            "metrics_bytes": np.array(metrics_bytes),
            "values": np.array(json.dumps(self.state.values)),
        }
        write_npz(path, model | about | arrays)

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read a file; raises `StorageError` for anything that `save` did not write.

        What the values mean is for `Trainer.restore` to check.
        """
        arrays = read_npz(path, max_bytes=MAX_BYTES)
        if (found := str(arrays.pop("checkpoint", ""))) != FORMAT:
            raise StorageError(
                f"{path}: not a checkpoint ({FORMAT!r} expected, found {found[:60]!r})"
            )
        try:
            config, parameters, preprocessor = take_model(arrays)
            data_sha256, metrics_bytes = str(arrays.pop("data_sha256")), arrays.pop("metrics_bytes")
            values = json.loads(str(arrays.pop("values")))
            if not isinstance(values, dict):
                raise ValueError("values are not a JSON object")
            for name, array in arrays.items():
                if array.shape != parameters.shape or array.dtype != config.dtype:
                    raise ValueError(f"{name} is {array.dtype} {array.shape}")
            state = TrainerState({"parameters": parameters, **arrays}, values)
            return cls(config, data_sha256, state, preprocessor, int(metrics_bytes))
        except DAMAGE as error:
            raise StorageError(f"{path}: damaged checkpoint: {error}") from error

    def predictor(self) -> Predictor:
        """The network as it was after the last step."""
        return Predictor.of(self.config, self.state.arrays["parameters"], self.preprocessor)


def load_model(run: SavedRun, which: Which) -> Predictor:
    """The best network of a saved run, or the last one; raises `StorageError`."""
    path = run.model_file(which)
    if path is not None:
        return read_model(path)
    if which == "best":
        why = f"{BEST_FILE} is missing" if run.record.best else "it was never evaluated"
        raise StorageError(f"run {run.name} has no best model: {why}")
    return Checkpoint.load(run.path / LAST_FILE).predictor()
