"""What changes in the course of a run, and how it is saved between two events and restored."""

from __future__ import annotations

import numpy as np

from nn.arrays import Array
from nn.config import TrainConfig
from nn.errors import StorageError
from nn.reading import read_as
from nn.training.early_stopping import EarlyStopping
from nn.training.engine import Engine
from nn.training.progress import Progress, TrainerState

# Names, in a saved state, of the weights that a diverged run falls back to.
_FINITE = {"parameters": "finite", "average": "finite.average"}


class RunState:
    """The progress of a run, its early stopping, and the weights that it falls back to.

    The weights as they are and the vectors of the optimizer belong to `engine`; they are saved and
    restored along with the rest.
    """

    def __init__(self, config: TrainConfig, engine: Engine, steps_per_epoch: int) -> None:
        self._engine, self._steps_per_epoch = engine, steps_per_epoch
        self._vectors = _weights(engine)
        self.stopping = EarlyStopping(config)
        self.progress = Progress(step=0, epoch=0, finite_step=0, stopping=self.stopping.state)
        self.masks_changed = False  # whether `restore` was given a state with `masks_change`
        self._norms_step = 0  # the step that `progress.gradient_norms` belongs to
        self._finite = self._copies()  # the weights of `progress.finite_step`

    def start_from(self, parameters: Array) -> None:
        """Begin with these parameters in place of random ones."""
        for vector in self._vectors.values():
            vector[...] = parameters
        self._finite = self._copies()

    def move_to(self, engine: Engine) -> None:
        """Go on with another engine of the same run, which takes over the vectors."""
        self.gradient_norms()
        self._engine.settle()
        vectors, state = _weights(engine), self._engine.optimizer_state
        for name, vector in vectors.items():
            vector[...] = self._vectors[name]
        for name, vector in engine.optimizer_state.items():
            vector[...] = state[name]
        self._engine, self._vectors = engine, vectors

    def keep_finite(self) -> None:
        """Copy the weights between two epochs, for a run that diverges later."""
        progress = self.progress
        if progress.finite_step != progress.step and self._is_finite():
            progress.finite_step, self._finite = progress.step, self._copies()

    def fall_back(self) -> int:
        """Replace weights that are not finite by the last copy; returns the step of the weights."""
        if self._is_finite():
            return self.progress.step
        for name, vector in self._vectors.items():
            vector[...] = self._finite[name]
        return self.progress.finite_step

    def _is_finite(self) -> bool:
        return all(bool(np.isfinite(vector).all()) for vector in self._vectors.values())

    def _copies(self) -> dict[str, Array]:
        return {name: vector.copy() for name, vector in self._vectors.items()}

    def gradient_norms(self) -> tuple[float, ...]:
        """L2 norm of each layer's gradient before clipping, computed at most once for each step."""
        progress = self.progress
        if self._norms_step != progress.step:
            progress.gradient_norms = self._engine.gradient_norms()
            self._norms_step = progress.step
        return progress.gradient_norms

    def save(self) -> TrainerState:
        """All that the rest of the run depends on, as it is between two events."""
        progress, engine = self.progress, self._engine
        engine.settle()
        if progress.step == progress.epoch * self._steps_per_epoch:
            self.keep_finite()
        arrays = dict(self._finite)
        if progress.finite_step != progress.step:
            arrays = self._copies()
            arrays |= {_FINITE[name]: vector for name, vector in self._finite.items()}
        for name, vector in engine.optimizer_state.items():
            arrays[f"optimizer.{name}"] = vector.copy()
        for name, weights in self.stopping.weights.items():
            arrays[f"stopping.{name}"] = weights
        return TrainerState(arrays, progress.to_dict())

    def restore(self, state: TrainerState) -> None:
        """Take the place of the state that was saved; raises `StorageError` if it does not fit."""
        try:
            self._restore(state)
        except (KeyError, ValueError) as error:
            message = f"a saved state that does not fit the run: {type(error).__name__}: {error}"
            raise StorageError(message) from error

    def _restore(self, state: TrainerState) -> None:
        arrays, parameters = state.arrays, self._vectors["parameters"]
        slots = self._engine.optimizer_state
        for name, array in arrays.items():
            slot = slots.get(name.removeprefix("optimizer."), parameters)
            if array.shape != slot.shape or array.dtype != parameters.dtype:
                raise ValueError(f"{name} is {array.dtype} {array.shape}")
        progress = read_as(Progress, state.values)
        steps_of_epoch = progress.step - progress.epoch * self._steps_per_epoch
        if not 0 <= steps_of_epoch <= self._steps_per_epoch:
            raise ValueError(f"step {progress.step} is not in epoch {progress.epoch}")
        if steps_of_epoch and (progress.epoch_images <= 0 or progress.epoch_seconds <= 0):
            raise ValueError(f"{steps_of_epoch} steps of an epoch without images or seconds")
        weights = {
            name.removeprefix("stopping."): array
            for name, array in arrays.items()
            if name.startswith("stopping.")
        }
        self.stopping.restore(progress.stopping, weights)
        for name, vector in self._vectors.items():
            vector[...] = arrays[name]
        for name, vector in self._engine.optimizer_state.items():
            vector[...] = arrays[f"optimizer.{name}"]
        others = progress.finite_step != progress.step
        self._finite = {name: arrays[_FINITE[name] if others else name] for name in self._vectors}
        self.progress, self._norms_step = progress, progress.step
        self.masks_changed = state.masks_change


def _weights(engine: Engine) -> dict[str, Array]:
    """The weights that are trained, and those that are evaluated where they are others."""
    weights = {"parameters": engine.model.parameters}
    if engine.predictor.model is not engine.model:
        weights["average"] = engine.predictor.model.parameters
    return weights
