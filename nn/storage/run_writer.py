"""Writing a run's folder: by one process at a time, and so that no crash loses what was there.

In this order: metrics are appended and flushed to disk, then the best model and the checkpoint
replace the former ones, then run.json. A checkpoint says how much of the metrics belongs to it; a
run that goes on from it drops the rest.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from nn.errors import StorageError
from nn.network.predictor import Predictor
from nn.storage.checkpoint import Checkpoint
from nn.storage.files import sync_folder, temporary_prefix, write_atomically
from nn.storage.model_file import write_model
from nn.storage.records import without_infinities
from nn.storage.runs import (
    BEST_FILE,
    FINAL_FILE,
    LAST_FILE,
    LOCK_FILE,
    METRICS_FILE,
    RUN_FILE,
    RUN_FILES,
    RunRecord,
    SavedRun,
)

_LOCK_ATTEMPTS = 10  # others test the lock by taking it for an instant


class RunWriter:
    """The only writer of a run's folder, until `close`; every method raises `StorageError`.

    What could not be appended is kept, and written before what comes later.
    """

    def __init__(self, path: Path, lock: int, metrics: int) -> None:
        """Takes over both descriptors; `create` and `reopen` make them."""
        self.path = path
        self._lock, self._metrics = lock, metrics
        self._size = os.fstat(metrics).st_size
        self._unwritten = b""

    @classmethod
    def create(cls, root: Path, label: str, now: datetime) -> RunWriter:
        """A new folder, named after the time and `label`, in `root`, which is made if need be."""
        stem = f"{now:%Y%m%d-%H%M%S}-{label}"
        try:
            root.mkdir(parents=True, exist_ok=True)
            path, number = root / stem, 1
            while True:
                try:
                    path.mkdir()
                    break
                except FileExistsError:
                    number += 1
                    path = root / f"{stem}-{number}"
            sync_folder(root)
        except OSError as error:
            raise StorageError(f"{root}: cannot save runs: {error.strerror or error}") from error
        return cls._open(path)

    @classmethod
    def reopen(cls, path: Path) -> RunWriter:
        """An existing folder; refused while another process writes it."""
        writer = cls._open(path)
        writer._discard_temporaries()
        return writer

    @classmethod
    def _open(cls, path: Path) -> RunWriter:
        lock = _lock(path)
        try:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
            return cls(path, lock, os.open(path / METRICS_FILE, flags, 0o666))
        except OSError as error:
            os.close(lock)
            raise _failure(path / METRICS_FILE, error) from error

    def cut_metrics(self, size: int) -> None:
        """Drop what was appended after the first `size` bytes."""
        if size > self._size:
            raise StorageError(
                f"{self.path / METRICS_FILE}: {self._size:,} bytes, where the checkpoint was written"
                f" after {size:,}"
            )
        try:
            os.ftruncate(self._metrics, size)
            os.fsync(self._metrics)
        except OSError as error:
            raise _failure(self.path / METRICS_FILE, error) from error
        self._size = size

    def append(self, lines: Iterable[str]) -> None:
        """Append to the metrics, and wait for the disk."""
        self._unwritten += "".join(lines).encode()
        if not self._unwritten:
            return
        try:
            status = os.fstat(self._metrics)
            if status.st_nlink == 0:
                raise OSError("deleted while the run went on")
            if status.st_size != self._size:  # an attempt that failed has left a part
                os.ftruncate(self._metrics, self._size)
            left = memoryview(self._unwritten)
            while left:
                left = left[os.write(self._metrics, left) :]
            os.fsync(self._metrics)
        except OSError as error:
            raise _failure(self.path / METRICS_FILE, error) from error
        self._size += len(self._unwritten)
        self._unwritten = b""

    def save_checkpoint(self, checkpoint: Checkpoint, *, best: bool) -> None:
        """Replace last.npz, and best.npz too if it is the `best`; what was appended belongs to it.

        The two are then names of one file, which costs half as much as two; `part_best` parts them.
        """
        last = self.path / LAST_FILE
        if not best:
            checkpoint.save(last, metrics_bytes=self._size)
            return
        # First the best: a run that then goes on from the former last.npz does this epoch again.
        self.save_best(checkpoint)
        link = self.path / f"{temporary_prefix(LAST_FILE)}link"
        try:
            os.link(self.path / BEST_FILE, link)
            link.replace(last)
        except OSError:  # a file system without links
            checkpoint.save(last, metrics_bytes=self._size)

    def save_best(self, checkpoint: Checkpoint) -> None:
        """Replace best.npz."""
        checkpoint.save(self.path / BEST_FILE, metrics_bytes=self._size)

    def part_best(self) -> None:
        """Give best.npz, of a run that ends, a file of its own, so that damage to one spares the other."""
        best, last = self.path / BEST_FILE, self.path / LAST_FILE
        try:
            if best.exists() and last.exists() and best.samefile(last):
                content = best.read_bytes()
                write_atomically(best, lambda stream: stream.write(content))
        except OSError as error:
            raise _failure(best, error) from error

    def save_final(self, predictor: Predictor) -> None:
        """Write final.npz."""
        write_model(self.path / FINAL_FILE, predictor)

    def discard_final(self) -> None:
        """Remove final.npz of a run that goes on."""
        _remove(self.path / FINAL_FILE)

    def save_record(self, record: RunRecord) -> None:
        """Replace run.json."""
        fields = without_infinities(asdict(record))
        lines = (f' "{name}": {json.dumps(fields[name], allow_nan=False)}' for name in fields)
        text = "{\n" + ",\n".join(lines) + "\n}\n"  # indented values would take longer
        write_atomically(self.path / RUN_FILE, lambda stream: stream.write(text.encode()))

    def close(self) -> None:
        """Let others write."""
        os.close(self._metrics)
        os.close(self._lock)

    def _discard_temporaries(self) -> None:
        """What a killed process was writing."""
        prefixes = tuple(map(temporary_prefix, RUN_FILES))
        for name in os.listdir(self.path):
            if name.startswith(prefixes):
                _remove(self.path / name)


def delete_run(run: SavedRun) -> None:
    """Remove a run's files and its folder; raises `StorageError`, also while it is being written.

    Files that are not a run's stay where they are, and then the folder does too.
    """
    lock = _lock(run.path)
    try:
        prefixes = tuple(map(temporary_prefix, RUN_FILES))
        # run.json goes last: until then the run is listed, and can be removed again.
        names = [
            name for name in os.listdir(run.path) if name in RUN_FILES or name.startswith(prefixes)
        ]
        for name in sorted(names, key=RUN_FILE.__eq__):
            _remove(run.path / name)
        run.path.rmdir()
    except OSError as error:
        raise StorageError(f"{run.path}: cannot remove: {error.strerror or error}") from error
    finally:
        os.close(lock)


def _lock(path: Path) -> int:
    """A descriptor that holds the folder's lock."""
    file = path / LOCK_FILE
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        raise _failure(file, error) from error
    try:
        for attempt in range(_LOCK_ATTEMPTS):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if attempt == _LOCK_ATTEMPTS - 1:
                    raise
                time.sleep(0.02)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
    except BlockingIOError as error:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
        os.close(descriptor)
        raise StorageError(f"run {path.name} is being written by process {holder}") from error
    except OSError as error:
        os.close(descriptor)
        raise _failure(file, error) from error
    return descriptor


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: cannot remove: {error.strerror or error}") from error


def _failure(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path}: cannot write: {error.strerror or error}")
