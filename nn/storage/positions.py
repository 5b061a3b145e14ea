"""Which step the weights in a run's folder are of; the record is corrected where it claims another.

The record and the files of weights are written one after the other. So a full disk, a killed
process or a file copied by hand can make them disagree. Weights must never be shown under the
numbers of others, so the files decide: a record's description of the weights is read from the
files that hold them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nn.errors import StorageError, reason_of
from nn.events import Evaluation
from nn.reading import read_as
from nn.storage.files import write_atomically
from nn.storage.lock import FolderLock, is_locked
from nn.storage.run_record import RUN_FILE, RunRecord

LAST_FILE, BEST_FILE, FINAL_FILE = "last.npz", "best.npz", "final.npz"


@dataclass(frozen=True, slots=True)
class Position:
    """The step that a file of weights is of; `evaluation` is that of these weights, or None."""

    step: int
    seconds: float
    evaluation: Evaluation | None


def read_position(path: Path) -> Position | None:
    """The position of a checkpoint or of a final model.

    None where there is no such file, where it is damaged, or where it does not contain its step,
    as the final models of release 0.1.0 do not.
    """
    from nn.storage.model_file import MAX_BYTES  # with it comes NumPy, which a list can do without
    from nn.storage.npz import open_npz

    with suppress(StorageError), open_npz(path, max_bytes=MAX_BYTES) as reader:
        if "values" in reader.names:
            return _position(json.loads(str(reader.read("values"))))
        if "step" in reader.names:
            return Position(int(reader.read("step")), 0.0, None)
    return None


def _position(values: dict[str, Any]) -> Position:
    """The position that a checkpoint's values describe; raises one of many errors for damage."""
    found = values["evaluation"]
    evaluation = None if found is None else read_as(Evaluation, found)
    step = int(values["step"])
    return Position(
        step,
        float(values["training_seconds"]) + float(values["evaluating_seconds"]),
        evaluation if evaluation and evaluation.step == step else None,
    )


def is_doubtful(folder: Path, record: RunRecord) -> bool:
    """Whether the files of weights may not be those that the record describes, at a glance.

    The record is written last. So it is doubtful where saving failed, where the process was killed,
    and where a file of weights is newer than the record.
    """
    if record.save_error is not None or (record.status == "running" and not is_locked(folder)):
        return True
    try:
        written = os.stat(folder / RUN_FILE).st_mtime_ns
        return any(
            os.stat(folder / name).st_mtime_ns > written
            for name in (LAST_FILE, BEST_FILE)
            if (folder / name).exists()
        )
    except OSError:
        return False


def as_saved(folder: Path, record: RunRecord) -> RunRecord:
    """The record of what the folder really holds: the record itself, unless the files disagree."""
    last, best = read_position(folder / LAST_FILE), read_position(folder / BEST_FILE)
    changes: dict[str, Any] = {}
    if best is not None and best.evaluation is not None:
        if record.best is None or record.best.step != best.step:
            changes["best"] = best.evaluation
    elif record.save_error is not None and not (folder / BEST_FILE).exists():
        changes["best"] = None
    if has_final(folder, record):
        saved_step = last.step if last else 0
    elif last is not None:
        saved_step = last.step
        if last.step != record.step:
            changes |= {
                "step": last.step,
                "epoch": last.step / record.steps_per_epoch,
                "seconds": last.seconds,
                "latest": _latest(
                    [record.latest, changes.get("best", record.best), last.evaluation], last.step
                ),
            }
    elif record.save_error is not None and not (folder / LAST_FILE).exists():
        saved_step = 0
        changes |= {"step": 0, "epoch": 0.0, "seconds": 0.0, "latest": None, "best": None}
    else:
        saved_step = record.step
    if "step" in changes and record.status == "finished":
        changes |= {"status": "interrupted", "reason": "interrupted"}
    if record.save_error is not None and (changes or saved_step < record.step):
        epoch = round(saved_step / record.steps_per_epoch, 2)
        extent = f"saved up to epoch {epoch:g}" if saved_step else "no weights are saved"
        if not record.save_error.startswith(extent):
            changes["save_error"] = f"{extent}; {record.save_error}"
    return replace(record, **changes)


def _latest(evaluations: Iterable[Evaluation | None], step: int) -> Evaluation | None:
    """The last of some evaluations that is not of a later step."""
    fitting = [each for each in evaluations if each is not None and each.step <= step]
    return max(fitting, key=lambda each: each.step, default=None)


def has_final(folder: Path, record: RunRecord) -> bool:
    """Whether final.npz holds the weights that the run ended with."""
    path = folder / FINAL_FILE
    if record.status not in ("finished", "failed") or not path.is_file():
        return False
    if record.kept_step is None:  # recorded by release 0.1.0
        return True
    final = read_position(path)
    return final is None or final.step == record.kept_step


def part_weights(folder: Path) -> None:
    """Give best.npz a file of its own where it and last.npz are two names of one file.

    Damage to one of the two then spares the other. The caller holds the folder's lock. Raises
    `StorageError` where that cannot be written.
    """
    best, last = folder / BEST_FILE, folder / LAST_FILE
    try:
        if best.exists() and last.exists() and best.samefile(last):
            content = best.read_bytes()
            write_atomically(best, lambda stream: stream.write(content))
    except OSError as error:
        raise StorageError(f"{best}: {reason_of(error)}") from error


def put_in_order(folder: Path, record: RunRecord) -> None:
    """Part the weights of a run whose process was killed, if the folder may be written."""
    with suppress(StorageError, OSError):
        best, last = folder / BEST_FILE, folder / LAST_FILE
        if record.status != "running" or not best.samefile(last) or is_locked(folder):
            return
        lock = FolderLock.acquire(folder)
        try:
            part_weights(folder)
        finally:
            lock.release()
