"""The folder of a run as one value, which travels where no disk is shared."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from nn.errors import StorageError
from nn.storage.lock import LOCK_FILE
from nn.storage.run_record import RUN_FILE


def pack(folder: Path) -> bytes:
    """A run's folder as one value."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(folder.iterdir()):
            if path.is_file() and not path.name.startswith(".") and path.name != LOCK_FILE:
                archive.write(path, f"{folder.name}/{path.name}")
    return content.getvalue()


def unpack(state: bytes, root: Path) -> Path:
    """Write a packed folder into `root`, each file in one step, the record last.

    Returns the folder; raises `StorageError`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(state)) as archive:
            names = sorted(archive.namelist(), key=lambda name: name.endswith(f"/{RUN_FILE}"))
            folder = root / Path(names[0]).parts[0]
            if any(name != f"{folder.name}/{Path(name).name}" for name in names):
                raise StorageError("a packed run with files of other folders")
            folder.mkdir(parents=True, exist_ok=True)
            for name in names:
                path = folder / Path(name).name
                temporary = path.with_name(f".{path.name}.part")
                temporary.write_bytes(archive.read(name))
                temporary.replace(path)
    except (OSError, zipfile.BadZipFile, IndexError) as error:
        raise StorageError(f"{root}: cannot save a run that a worker sent: {error}") from error
    return folder
