"""The lock of a run's folder: one process writes a run, and every other process can see that.

The lock is held on the file `lock` in the folder, whose content is the number of the process. The
system lets go of it when that process ends, however it ends. POSIX systems have `flock`, which
release 0.1.0 used too; Windows has `msvcrt.locking`. Where Python has neither, a run is protected
within one process only. To see the state of a lock, no file is created and none is written, so
folders that may only be read are fine.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path

from nn.errors import StorageError
from nn.storage.files import cannot_read, cannot_write, open_entry

LOCK_FILE = "lock"

# Another process tests a lock by taking it for an instant, so one refusal may be by chance.
_ATTEMPTS = 10
_PAUSE = 0.02  # seconds
_CONTENT = 20  # bytes that are enough for the number of a process

if sys.platform == "win32":
    import msvcrt

    # Others cannot read the bytes that are locked, so the locked one lies far behind the content.
    _LOCKED_BYTE = 2**30

    def _try_lock(descriptor: int, *, shared: bool) -> bool:
        """Lock the file unless another holds it; `shared` makes no difference here."""
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EDEADLK):
                return False
            raise
        return True
else:
    try:
        import fcntl
    except ImportError:  # WebAssembly, for one

        def _try_lock(descriptor: int, *, shared: bool) -> bool:
            """Grant every lock; `_held` still protects against this process itself."""
            return True
    else:

        def _try_lock(descriptor: int, *, shared: bool) -> bool:
            """Lock the file unless another holds it; any number of processes may share a lock."""
            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True


_held: set[str] = set()  # the lock files, by absolute path, that this process holds


class FolderLock:
    """The lock of a folder, held from `acquire` to `release`."""

    def __init__(self, descriptor: int, name: str) -> None:
        """Takes over a descriptor that is locked already; `acquire` is how to get one."""
        self._descriptor, self._name = descriptor, name
        _held.add(name)

    @classmethod
    def acquire(cls, folder: Path) -> FolderLock:
        """Lock a folder; raises `StorageError` that names the process which holds the lock."""
        path, name = folder / LOCK_FILE, _key(folder)
        try:
            descriptor = open_entry(path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            if not folder.exists():
                raise cannot_read(path, error) from error
            raise cannot_write(path, error) from error
        try:
            if name in _held or not _lock_soon(descriptor):
                holder = _content(descriptor)
                raise StorageError(f"run {folder.name} is being written by process {holder}")
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        except OSError as error:
            os.close(descriptor)
            raise cannot_write(path, error) from error
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor, name)

    def release(self) -> None:
        """Let others lock the folder."""
        _held.discard(self._name)
        os.close(self._descriptor)


def is_locked(folder: Path) -> bool:
    """Whether a process writes the run in this folder at the moment."""
    if _key(folder) in _held:
        return True
    try:
        descriptor = open_entry(folder / LOCK_FILE, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _try_lock(descriptor, shared=True)
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(descriptor)


def _key(folder: Path) -> str:
    return os.path.realpath(folder)


def _lock_soon(descriptor: int) -> bool:
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE)
        if _try_lock(descriptor, shared=False):
            return True
    return False


def _content(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, _CONTENT).decode(errors="replace").strip()
