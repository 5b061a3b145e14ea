"""Writing a run's folder: by one process at a time, and so that no crash loses what was there.

In this order: metrics are appended and flushed to disk, then the best model and the checkpoint
replace the former ones, then run.json. A checkpoint holds how much of the metrics belongs to it; a
run that goes on from it drops the rest.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from nn.arrays import Array
from nn.errors import StorageError, WriteError, reason_of
from nn.network.predictor import Predictor
from nn.storage.checkpoint import Checkpoint
from nn.storage.files import cannot_write, open_entry, sync_folder, temporary_prefix
from nn.storage.lock import LOCK_FILE, FolderLock
from nn.storage.metrics import METRICS_FILE
from nn.storage.model_file import write_model
from nn.storage.positions import BEST_FILE, FINAL_FILE, LAST_FILE, part_weights
from nn.storage.run_record import RUN_FILE, RunRecord, write_record
from nn.storage.runs import RUN_FILES, is_temporary


class RunWriter:
    """The only writer of a run's folder, until `close`; every method raises `StorageError`.

    Lines that could not be appended are kept, and written before later ones.
    """

    def __init__(self, path: Path, lock: FolderLock, metrics: int) -> None:
        """Takes over the lock and the descriptor; `create` and `reopen` make them."""
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
            raise WriteError(f"{root}: cannot save runs: {reason_of(error)}") from error
        return cls._open(path)

    @classmethod
    def reopen(cls, path: Path) -> RunWriter:
        """An existing folder; refused while another process writes it."""
        writer = cls._open(path)
        try:
            writer._discard_temporaries()
            writer.part_best()
        except BaseException:
            writer.close()
            raise
        return writer

    @classmethod
    def _open(cls, path: Path) -> RunWriter:
        lock = FolderLock.acquire(path)
        try:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
            return cls(path, lock, open_entry(path / METRICS_FILE, flags))
        except OSError as error:
            lock.release()
            raise cannot_write(path / METRICS_FILE, error) from error

    def cut_metrics(self, size: int) -> None:
        """Drop what was appended after the first `size` bytes."""
        if size > self._size:
            raise StorageError(
                f"{self.path / METRICS_FILE}: {self._size:,} bytes, where the checkpoint was"
                f" written after {size:,}"
            )
        try:
            os.ftruncate(self._metrics, size)
            os.fsync(self._metrics)
        except OSError as error:
            raise cannot_write(self.path / METRICS_FILE, error) from error
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
            raise cannot_write(self.path / METRICS_FILE, error) from error
        self._size += len(self._unwritten)
        self._unwritten = b""

    def save_checkpoint(self, checkpoint: Checkpoint, *, best: bool) -> None:
        """Replace last.npz, and best.npz too if it is the `best`; what was appended belongs to it.

        The two are then names of one file, which costs half as much as two files. The next
        checkpoint that is not the best parts them, and otherwise `part_best` does.
        """
        last = self.path / LAST_FILE
        if not best:
            checkpoint.save(last, metrics_bytes=self._size)
            return
        # The best is written first: if the process is killed in between, the run goes on from the
        # former last.npz and does this epoch again.
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
        """Give best.npz a file of its own, so that damage to last.npz spares it."""
        part_weights(self.path)

    def save_final(self, predictor: Predictor, step: int, raw: Array | None = None) -> None:
        """Write final.npz, the weights after `step` updates; `raw` is that of `write_model`."""
        write_model(self.path / FINAL_FILE, predictor, step=step, raw=raw)

    def discard_final(self) -> None:
        """Remove final.npz of a run that goes on."""
        _remove(self.path / FINAL_FILE)

    def save_record(self, record: RunRecord) -> None:
        """Replace run.json."""
        write_record(self.path, record)

    def close(self) -> None:
        """Let others write."""
        os.close(self._metrics)
        self._lock.release()

    def _discard_temporaries(self) -> None:
        """Remove what a killed process had half written."""
        for name in os.listdir(self.path):
            if is_temporary(name):
                _remove(self.path / name)


def delete_run(folder: Path) -> None:
    """Remove a run's files and its folder; raises `StorageError`, also while it is being written.

    Files that are not a run's stay where they are, and then the folder does too.
    """
    lock: FolderLock | None = FolderLock.acquire(folder)
    try:
        names = [name for name in os.listdir(folder) if name in RUN_FILES or is_temporary(name)]
        # run.json goes last but one: until then the run is listed, and can be removed again.
        order = {RUN_FILE: 1, LOCK_FILE: 2}
        for name in sorted(names, key=lambda name: order.get(name, 0)):
            if name == LOCK_FILE and os.name == "nt" and lock is not None:
                lock.release()  # Windows does not remove a file that is open
                lock = None
            _remove(folder / name)
        folder.rmdir()
    except OSError as error:
        raise WriteError(f"{folder}: cannot remove: {reason_of(error)}") from error
    finally:
        if lock is not None:
            lock.release()


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise WriteError(f"{path}: cannot remove: {reason_of(error)}") from error
