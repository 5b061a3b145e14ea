"""How a new run is saved, as the command line asks for it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from nn.config import TrainConfig
from nn.errors import StorageError
from nn.storage.runs import read_record, run_names, utc_now
from nn.training.trainer import Trainer
from tui.recording.folder import runs_folder
from tui.recording.recorder import Recorder, on_one_line


def start_recorder(
    trainer: Trainer,
    recipe: str | None,
    base: TrainConfig,
    *,
    save_run: bool,
    runs_dir: Path | None,
) -> tuple[Recorder, list[str]]:
    """The recorder of a new run as the command line asks for it, and what there is to warn of.

    Where a run cannot be saved it is a `StorageError` if `runs_dir` was typed, else a warning.
    """
    if not save_run:
        return Recorder.unsaved(trainer, recipe, base), []
    try:
        root = runs_folder(runs_dir)
        warning = _clock_warning(root)
        return Recorder.start(trainer, root, recipe, base), [warning] if warning else []
    except StorageError as error:
        if runs_dir is not None:
            raise
        warning = on_one_line(f"this run is not saved: {error}")
        return Recorder.unsaved(trainer, recipe, base), [warning]


def _clock_warning(root: Path) -> str | None:
    newest = max(run_names(root), default=None)
    if newest is None:
        return None
    with suppress(StorageError):
        if read_record(root / newest).created > utc_now():
            return f"the clock is behind that of run {newest}, which `last` will mean"
    return None
