"""Files that a crash leaves as they were or as they were to be, never in between."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from nn.errors import StorageError


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a temporary file beside `path`, flush it to disk, and rename it onto `path`.

    Raises `StorageError` where that fails; `path` then is as it was.
    """
    if (
        path.exists() and not path.is_file()
    ):  # a rename would replace a folder's or a device's entry
        raise StorageError(f"{path}: cannot write: exists and is not a regular file")
    temporary: Path | None = None
    try:
        # Not mkstemp's private mode: the umask decides, as for any file the user creates.
        temporary = Path(tempfile.mktemp(prefix=temporary_prefix(path.name), dir=path.parent))
        with temporary.open("xb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StorageError(f"{path}: cannot write: {error.strerror or error}") from error
        raise


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading; a pipe is refused, whose other end may never come."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return os.fdopen(descriptor, "rb")


def temporary_prefix(name: str) -> str:
    """How the temporary files begin that a killed process may leave of the file `name`."""
    return f".{name}."


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
