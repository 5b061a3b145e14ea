"""The errors that `nn` raises: each message names the thing, the value and the remedy."""

from __future__ import annotations

import difflib
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


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """`"; did you mean 'x'?"` for the nearest of the known names, or an empty string."""
    near = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""
