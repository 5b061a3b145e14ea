"""What a run of the application is saved as: a new folder, one that goes on, or nothing.

Everything here is called on the training thread, where NumPy may be imported and disks may be slow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nn.config import TrainConfig
from nn.storage.records import Recorded
from nn.storage.runs import SavedRun

if TYPE_CHECKING:
    from nn.training.trainer import Trainer
    from tui.recording.recorder import Recorder
    from tui.recording.resumption import Resumption


@dataclass(frozen=True)
class Saving:
    """Whether and where runs are saved; `runs_dir` is what was typed."""

    save_run: bool = True
    runs_dir: Path | None = None


@dataclass(frozen=True)
class NewRun:
    """A run from its first step on; its folder is made when it starts."""

    config: TrainConfig
    recipe: str | None
    base: TrainConfig
    saving: Saving = field(default_factory=Saving)

    @property
    def folder(self) -> Path | None:
        """Where the run is saved already."""
        return None

    def open(self) -> TrainConfig:
        """Get hold of what the run needs; returns its configuration."""
        return self.config

    def restore(self, trainer: Trainer) -> list[Recorded]:
        """Bring the trainer to where the run was; returns the events up to there."""
        return []

    def recorder(self, trainer: Trainer) -> tuple[Recorder, list[str]]:
        """Begin to save, with what there is to warn of."""
        from tui.recording.new_run import start_recorder

        save_run, runs_dir = self.saving.save_run, self.saving.runs_dir
        return start_recorder(trainer, self.recipe, self.base, save_run=save_run, runs_dir=runs_dir)

    def close(self) -> None:
        """Let go of it."""


class ResumedRun:
    """A saved run that goes on; nobody else can write it from `open` on, and its files are as they were until `recorder`."""

    def __init__(self, saved: SavedRun, changes: Mapping[str, object]) -> None:
        """`changes` are of its configuration, as `nn.storage.runs.Run.config_with` allows them."""
        self.saved, self._changes = saved, changes
        self._resumption: Resumption | None = None

    @property
    def folder(self) -> Path | None:
        """Where the run is saved already."""
        return self.saved.path

    def open(self) -> TrainConfig:
        """Lock the run; returns its configuration. Raises `StorageError` or `ConfigError`."""
        from tui.recording.resumption import Resumption

        self._resumption = Resumption(self.saved, self._changes)
        return self._resumption.config

    def restore(self, trainer: Trainer) -> list[Recorded]:
        """Bring the trainer to where the run was; returns the events up to there."""
        assert self._resumption is not None
        return self._resumption.restore(trainer)

    def recorder(self, trainer: Trainer) -> tuple[Recorder, list[str]]:
        """Go on saving, with what there is to warn of."""
        assert self._resumption is not None
        return self._resumption.recorder(trainer)

    def close(self) -> None:
        """Unlock the run, unless it is being saved."""
        if self._resumption is not None:
            self._resumption.close()


Recording = NewRun | ResumedRun
