"""Checkpoints: a run between two events as a file, from which it can go on.

A checkpoint is a model file (`nn.storage.model_file`) with these arrays besides:

checkpoint         "mnist-tui checkpoint 2"
data_sha256        hash of the data, `Dataset.sha256`
metrics_bytes      how many bytes of the run's metrics.jsonl belong to the checkpoint
values             a JSON object: position, clocks, early stopping (`TrainerState.values`); in a run
                   that is about to diverge it may hold NaN and Infinity, which strict readers
                   refuse
optimizer.*        the optimizer's vectors, in the layout of the parameters: for each linear layer,
                   input side first, the weight (in_features, out_features) row by row, then the
                   bias; with batch normalization then all scales, then all shifts
stopping.*         vectors of parameters that early stopping may go back to
finite             the parameters to go back to where training diverges, if they are others; with
                   `average_decay` also finite.average, their average

With `average_decay` the model in the file has the averaged weights, and `raw` those that training
goes on from.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.config import TrainConfig
from nn.data.preprocessing import Preprocessor
from nn.errors import StorageError
from nn.network.model import vector_size
from nn.network.predictor import Predictor
from nn.spec import MNIST, DataSpec
from nn.storage.model_file import (
    DAMAGE,
    MAX_BYTES,
    RAW,
    check_format,
    model_arrays,
    model_names,
    predictor_of,
    read_model,
    take_model,
)
from nn.storage.npz import NpzReader, open_npz, write_npz
from nn.storage.positions import BEST_FILE, LAST_FILE, read_position
from nn.storage.runs import SavedRun, Which
from nn.training.progress import TrainerState
from nn.training.trainer import Trainer

FORMAT = "mnist-tui checkpoint 2"
_ABOUT = ("checkpoint", "data_sha256", "metrics_bytes", "values")


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A trainer's state with what it belongs to."""

    config: TrainConfig
    data_sha256: str
    state: TrainerState
    preprocessor: Preprocessor
    metrics_bytes: int = 0
    spec: DataSpec = MNIST

    @classmethod
    def take(cls, trainer: Trainer) -> Checkpoint:
        """The state of a trainer between two events; training may go on while it is written."""
        return cls(
            trainer.config,
            trainer.dataset.sha256,
            trainer.state(),
            trainer.predictor.preprocessor,
            spec=trainer.dataset.spec,
        )

    def save(self, path: Path, *, metrics_bytes: int = 0) -> None:
        """Write the file, atomically; raises `StorageError`."""
        arrays = dict(self.state.arrays)
        weights = arrays.pop("parameters")
        if "average" in arrays:
            arrays[RAW], weights = weights, arrays.pop("average")
        model = model_arrays(self.config, weights, self.preprocessor, self.spec)
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
        with open_npz(path, max_bytes=MAX_BYTES) as reader:
            check_format(path, reader, "checkpoint", FORMAT, "checkpoint")
            try:
                return cls._read(reader)
            except DAMAGE as error:
                raise StorageError(f"{path}: damaged checkpoint: {error}") from error

    @classmethod
    def _read(cls, reader: NpzReader) -> Checkpoint:
        config, parameters, preprocessor, spec = take_model(reader)
        values = json.loads(str(reader.read("values")))
        if not isinstance(values, dict):
            raise ValueError("values are not a JSON object")
        arrays = {"parameters": parameters}
        size, trained = vector_size(config, spec)
        if config.average_decay:
            arrays = {"parameters": np.empty_like(parameters), "average": parameters}
            reader.read_into(RAW, arrays["parameters"])
        for name in sorted(set(reader.names) - model_names(config, reader) - set(_ABOUT)):
            of_optimizer = name.startswith("optimizer.")
            arrays[name] = np.empty(trained if of_optimizer else size, parameters.dtype)
            reader.read_into(name, arrays[name])
        return cls(
            config,
            str(reader.read("data_sha256")),
            TrainerState(arrays, values),
            preprocessor,
            int(reader.read("metrics_bytes")),
            spec,
        )

    def predictor(self) -> Predictor:
        """The network as it was after the last step, with averaged weights where there are any."""
        arrays = self.state.arrays
        parameters = arrays.get("average", arrays["parameters"])
        return predictor_of(self.config, parameters, self.preprocessor, self.spec)


def load_model(run: SavedRun, which: Which, *, raw: bool = False) -> Predictor:
    """The best network of a saved run, or the last one; raises `StorageError`.

    The weights are those that the record describes; if `raw`, those that were trained in place of
    their average. Where the files of the run are replaced just now, the run is read once more.
    """
    try:
        return _load_model(run, which, raw)
    except _OtherWeightsError:
        return _load_model(SavedRun.read(run.path, thorough=True), which, raw)


class _OtherWeightsError(StorageError):
    """A file holds the weights of another step than the record describes."""


def _absent(run: SavedRun, what: str, others: Which) -> StorageError:
    """The error of a run without some weights; its `others` are the remedy if their file exists."""
    exists = os.path.lexists(run.path / (LAST_FILE if others == "last" else BEST_FILE))
    remedy = (
        f"its {others} weights are there" if exists else f"to train it anew: {run.record.command}"
    )
    return StorageError(f"run {run.name} has {what}; {remedy}")


def _load_model(run: SavedRun, which: Which, raw: bool) -> Predictor:
    record, path = run.record, run.model_file(which)
    if path is None and which == "best":
        if record.best is not None:
            why = f"{BEST_FILE} is missing"
        else:
            why = record.save_error or "it was never evaluated"
        raise _absent(run, f"no best model: {why}", "last")
    claimed = record.best.step if which == "best" and record.best else record.step
    if path is None:
        path = run.path / LAST_FILE
        if not os.path.lexists(path):
            raise _absent(run, f"no last weights: {LAST_FILE} is missing", "best")
        predictor = read_model(path, raw=True) if raw else Checkpoint.load(path).predictor()
    else:
        predictor = read_model(path, raw=raw)
        if which == "last":
            claimed = record.kept_step if record.kept_step is not None else -1
    found = read_position(path)
    if found is not None and claimed >= 0 and found.step != claimed:
        raise _OtherWeightsError(
            f"{path}: holds the weights of step {found.step:,}, not those of step {claimed:,} that"
            " the record describes"
        )
    return predictor
