"""Files that a command is to write, looked at before it computes what they are for."""

from __future__ import annotations

import tempfile
from pathlib import Path

from nn.errors import reason_of
from tui.system.exits import CommandError, ExitCode


def require_writable(path: Path, option: str) -> None:
    """Refuse a file that could not be written in the end, without touching what is there."""
    try:
        if path.exists() and not path.is_file():  # saving would replace even a device
            raise CommandError(f"{option} {path}: exists and is not a file", ExitCode.USAGE)
        if not path.parent.exists():
            raise CommandError(f"{option} {path}: there is no folder {path.parent}", ExitCode.USAGE)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise CommandError(f"{option} {path}: {reason_of(error)}", ExitCode.USAGE) from error
