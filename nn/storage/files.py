"""Files that a crash leaves either as they were or as they were to be, never in between."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from nn.errors import StorageError, WriteError, reason_of

# Flags of `os.open` that not every system has; 0 changes nothing. Windows alone has O_BINARY: it
# writes a carriage return before each line feed without it.
_NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT: int = getattr(os, "O_NONBLOCK", 0)
_BINARY: int = getattr(os, "O_BINARY", 0)

# On Windows a file that another process has open cannot be replaced. Readers here are done in an
# instant, so the replacement is tried again.
_REPLACE_ATTEMPTS = 50
_REPLACE_PAUSE = 0.02  # seconds

_CHUNK = 2**20  # bytes read at once


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a temporary file beside `path`, flush it to disk, and rename it onto `path`.

    Raises `WriteError` where that fails; `path` then is as it was.
    """
    if path.exists() and not path.is_file():
        # Renaming would replace the entry of a folder or of a device.
        raise WriteError(f"{path}: cannot write: exists and is not a regular file")
    temporary: Path | None = None
    try:
        # mkstemp would make the file private. Here the umask decides, as for any file of the user.
        temporary = Path(tempfile.mktemp(prefix=temporary_prefix(path.name), dir=path.parent))
        with temporary.open("xb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        _replace(temporary, path)
        sync_folder(path.parent)
    except BaseException as error:
        if temporary is not None:
            with suppress(OSError):  # the first error is the one to report
                temporary.unlink()
        if isinstance(error, OSError):
            raise cannot_write(path, error) from error
        raise


def _replace(temporary: Path, path: Path) -> None:
    for attempt in range(_REPLACE_ATTEMPTS):
        try:
            temporary.replace(path)
            return
        except PermissionError:
            if os.name != "nt" or attempt == _REPLACE_ATTEMPTS - 1:
                raise
            time.sleep(_REPLACE_PAUSE)


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading; raises OSError also for what is not a regular file.

    To open a pipe would wait for a writer that may never come.
    """
    if not _NO_WAIT and not stat.S_ISREG(path.stat().st_mode):
        raise OSError("not a regular file")
    descriptor = os.open(path, os.O_RDONLY | _NO_WAIT | _BINARY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return os.fdopen(descriptor, "rb")


def read_at_most(stream: BinaryIO, limit: int) -> bytes:
    """What is left in a stream, at most `limit` bytes; only as much memory is used as there are.

    `stream.read(limit)` would allocate all of the limit first.
    """
    content = BytesIO()
    while chunk := stream.read(min(_CHUNK, limit - content.tell())):
        content.write(chunk)
    return content.getvalue()


def why_missing(path: Path) -> str:
    """The reason why a path leads to no file, such as "No such file or directory"."""
    try:
        path.stat()
    except OSError as error:
        return reason_of(error)
    return "a folder" if os.path.isdir(path) else "not a regular file"


def open_entry(path: Path, flags: int) -> int:
    """A descriptor of the file `path` itself; raises OSError where `path` is a symbolic link."""
    if not _NO_FOLLOW and path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return os.open(path, flags | _NO_FOLLOW | _NO_WAIT | _BINARY, 0o666)


def temporary_prefix(name: str) -> str:
    """The beginning of the temporary files that a killed process may leave of the file `name`."""
    return f".{name}."


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk, on systems where a folder can be opened."""
    if not hasattr(os, "O_DIRECTORY"):  # Windows: its file systems keep a journal of entries
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def cannot_read(path: Path, error: OSError) -> StorageError:
    """The error of a file that cannot be read."""
    if isinstance(error, FileNotFoundError) and not path.parent.exists():
        return StorageError(f"{path.parent}: there is no such folder")
    return StorageError(f"{path}: {reason_of(error)}")


def cannot_write(path: Path, error: OSError) -> WriteError:
    """The error of a file that cannot be written."""
    reason = reason_of(error)
    if isinstance(error, FileNotFoundError) and not path.parent.exists():
        reason = f"there is no folder {path.parent}"
    return WriteError(f"{path}: cannot write: {reason}")
