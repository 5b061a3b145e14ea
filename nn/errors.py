"""The errors that `nn` raises: each message names the thing, the value and the remedy."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable


class NNError(Exception):
    """Base of every error that `nn` raises on purpose; any other exception is a bug."""


class ConfigError(NNError):
    """A configuration field that is unknown, out of range, or contradicts another field.

    `field` is the name of the field at fault, or None where no single field is.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class DataError(NNError):
    """A data folder or file that is missing, unreadable, damaged or of another format."""


class WorkerError(NNError):
    """A process that shares the computation cannot be started, or has ended."""


class StorageError(NNError):
    """A saved model or run that cannot be read or written."""


class WriteError(StorageError):
    """A file that cannot be written: the disk is full, say, or the folder has gone."""


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """`"; did you mean 'x'?"` for the nearest of the known names, or an empty string."""
    near = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def reason_of(error: OSError) -> str:
    """Why a file or folder cannot be used; where the one is in place of the other, which it is."""
    if isinstance(error, IsADirectoryError):
        return "a folder, where a file is wanted"
    if isinstance(error, NotADirectoryError | FileExistsError) and isinstance(error.filename, str):
        found = file_in_place_of(error.filename)
        if found is not None:
            subject = "a file" if found == error.filename else f"{found} is a file"
            return f"{subject}, where a folder is wanted"
    return error.strerror or str(error)


def file_in_place_of(folder: str) -> str | None:
    """The file that has the path of a folder, or of one above it; None where there is no file."""
    while not os.path.lexists(folder):
        above = os.path.dirname(folder)
        if above in ("", folder):
            return None
        folder = above
    return None if os.path.isdir(folder) else folder
